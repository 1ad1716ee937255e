use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{MediaId, Refusal as R, endpoint};

/// 上传临时素材 Uploads a file for three days; it travels beside this as the multipart part `media`, which needs a file name.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Upload {
    /// 媒体文件类型 image, voice, video or file
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MediaType {
    /// JPG or PNG, at most 10 MiB.
    Image,
    /// AMR, at most 2 MiB and 60 seconds.
    Voice,
    /// MP4, at most 10 MiB.
    Video,
    /// Anything, at most 20 MiB.
    File,
}

impl MediaType {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            MediaType::Image => "image",
            MediaType::Voice => "voice",
            MediaType::Video => "video",
            MediaType::File => "file",
        }
    }
}

impl FromStr for MediaType {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        [
            MediaType::Image,
            MediaType::Voice,
            MediaType::Video,
            MediaType::File,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or(())
    }
}

/// The uploaded file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Uploaded {
    /// 媒体文件类型
    #[serde(rename = "type")]
    pub kind: String,
    /// 媒体文件上传后获取的唯一标识 good for three days
    pub media_id: MediaId,
    /// 媒体文件上传时间戳 seconds UTC, a string on the wire; some servers send a number
    #[serde(deserialize_with = "string_or_number")]
    pub created_at: String,
}

fn string_or_number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(text) => Ok(text),
        serde_json::Value::Number(number) => Ok(number.to_string()),
        other => Err(serde::de::Error::custom(format!("created_at is {other}"))),
    }
}

endpoint! { Post "/cgi-bin/media/upload", Upload => Uploaded {
    auth: AccessToken, body: crate::Body::Upload,
    title: "上传临时素材 Upload a file for three days", page: 90253,
    required: &[("type", R::MediaType)],
    refuses: &[R::MediaSize, R::ImageSize, R::VideoSize, R::MediaTooLarge, R::ImageFormat, R::VoiceFormat, R::VoiceTooLong, R::EmptyMedia],
} }
