use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{MediaId, Refusal as R, endpoint};

/// 获取临时素材 Reads an uploaded file; `Range` is understood.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Get {
    /// 媒体文件id
    pub media_id: Option<MediaId>,
}

/// What stands in the headers of the answer; the body is the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct File {
    /// The file's name as it was uploaded.
    pub filename: String,
    /// Its MIME type.
    pub content_type: String,
    /// Its size in bytes.
    pub size: i64,
}

endpoint! { Get "/cgi-bin/media/get", Get => File {
    auth: AccessToken, file: true,
    title: "获取临时素材 Read an uploaded file", page: 90254,
    required: &[("media_id", R::MediaIdMissing)],
    refuses: &[R::MediaId, R::RangeNeeded],
} }
