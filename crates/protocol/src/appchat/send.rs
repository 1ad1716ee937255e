use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ChatId, Done, Limit, MediaId, Refusal as R, UserId, endpoint};

/// The kinds of message that a group takes.
pub const MESSAGE_TYPES: [&str; 9] = [
    "text", "image", "voice", "video", "file", "textcard", "news", "mpnews", "markdown",
];

/// 应用推送消息 Sends a message to a group that the same app made. The field named like `msgtype` holds it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Send {
    /// 群聊id
    pub chatid: Option<ChatId>,
    /// 消息类型 text, image, voice, video, file, textcard, news, mpnews or markdown
    pub msgtype: Option<String>,
    /// 文本消息
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// 图片消息
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// 语音消息
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voice: Option<Voice>,
    /// 视频消息
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<Video>,
    /// 文件消息
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<File>,
    /// 文本卡片消息
    #[serde(skip_serializing_if = "Option::is_none")]
    pub textcard: Option<TextCard>,
    /// 图文消息
    #[serde(skip_serializing_if = "Option::is_none")]
    pub news: Option<News>,
    /// 图文消息（mpnews）
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mpnews: Option<MpNews>,
    /// markdown消息
    #[serde(skip_serializing_if = "Option::is_none")]
    pub markdown: Option<Markdown>,
    /// 是否是保密消息 0 (default) or 1; for text, image, video, file and mpnews
    #[serde(skip_serializing_if = "Option::is_none")]
    pub safe: Option<i64>,
}

/// A text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Text {
    /// 消息内容 at most 2048 bytes, the rest is cut; `<@userid>` mentions
    pub content: Option<String>,
    /// 提醒群中的指定成员 userids, or `@all`
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mentioned_list: Vec<UserId>,
}

/// An uploaded image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Image {
    /// 图片媒体文件id
    pub media_id: Option<MediaId>,
}

/// An uploaded voice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Voice {
    /// 语音文件id
    pub media_id: Option<MediaId>,
}

/// An uploaded video.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Video {
    /// 视频媒体文件id
    pub media_id: Option<MediaId>,
    /// 视频消息的标题 at most 128 bytes, the rest is cut
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// 视频消息的描述 at most 512 bytes, the rest is cut
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// An uploaded file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct File {
    /// 文件id
    pub media_id: Option<MediaId>,
}

/// A card with a title, a text and a button.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TextCard {
    /// 标题 at most 128 bytes, in message/send characters; the rest is cut
    pub title: Option<String>,
    /// 描述 at most 512 bytes, in message/send characters; the rest is cut
    pub description: Option<String>,
    /// 点击后跳转的链接 at most 2048 bytes
    pub url: Option<String>,
    /// 按钮文字 at most 4 characters, the rest is cut; 详情 where absent
    #[serde(skip_serializing_if = "Option::is_none")]
    pub btntxt: Option<String>,
}

/// Articles that link elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct News {
    /// 图文消息 1 to 8
    pub articles: Vec<Article>,
}

/// One article of [`News`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Article {
    /// 标题 at most 128 bytes, the rest is cut
    pub title: Option<String>,
    /// 描述 at most 512 bytes, the rest is cut
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// 点击后跳转的链接 at most 2048 bytes
    pub url: Option<String>,
    /// 图文消息的图片链接 JPG or PNG
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picurl: Option<String>,
    /// 小程序appid in message/send, together with pagepath; url is ignored then
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appid: Option<String>,
    /// 点击消息卡片后的小程序页面 in message/send, at most 128 bytes
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pagepath: Option<String>,
}

/// Articles that are stored with the message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MpNews {
    /// 图文消息 1 to 8
    pub articles: Vec<ArticlePage>,
}

/// One article of [`MpNews`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ArticlePage {
    /// 标题 at most 128 bytes, the rest is cut
    pub title: Option<String>,
    /// 缩略图的media_id an uploaded image
    pub thumb_media_id: Option<MediaId>,
    /// 作者 at most 64 bytes
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// 点击“阅读原文”之后的页面链接
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_source_url: Option<String>,
    /// 图文消息的内容 HTML, at most 666 KiB
    pub content: Option<String>,
    /// 图文消息的描述 at most 512 bytes, the rest is cut
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// A markdown text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Markdown {
    /// markdown内容 at most 2048 bytes
    pub content: Option<String>,
}

endpoint! { Post "/cgi-bin/appchat/send", Send => Done {
    auth: AccessToken, callers: crate::Callers::RootApp, body: crate::Body::Json,
    title: "应用推送消息 Send a message to an internal group", page: 90248,
    required: &[("chatid", R::ChatIdMissing), ("msgtype", R::MessageType)],
    refuses: &[
        R::ChatIdMalformed, R::ChatIdTooLong, R::ChatNotFound, R::OtherAppsChat, R::EmptyContent, R::MediaId, R::TitleMissing, R::DescriptionMissing,
        R::UrlMissing, R::UrlTooLong, R::ArticleCount, R::AuthorTooLong, R::ContentTooLong, R::TooLong, R::InvalidParameter, R::SafeUnsupported,
    ],
    spends: &[Limit::ChatSendsPerCorpMinute, Limit::ChatSendsPerCorpHour],
} }
