use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Limit, Refusal as R, endpoint};

/// 上传图片 Uploads a picture for good; it travels beside this as a multipart part of any name with a file name.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UploadImg {}

/// The picture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Picture {
    /// 图片URL on this server, for good
    pub url: String,
}

endpoint! { Post "/cgi-bin/media/uploadimg", UploadImg => Picture {
    auth: AccessToken, body: crate::Body::Upload,
    title: "上传图片 Upload a picture for good", page: 90256,
    refuses: &[R::EmptyMedia, R::MediaSize, R::MediaTooLarge, R::ImageFormat],
    spends: &[Limit::PicturesPerCorpDay, Limit::PicturesPerCorpMonth],
} }
