use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ResponseCode, TemplateCard, card::with_card_refusals};
use crate::{
    Limit, Refusal as R,
    appchat::{File, Image, Markdown, MpNews, News, Text, TextCard, Video, Voice},
    endpoint,
};

/// The kinds of message that people take.
pub const MESSAGE_TYPES: [&str; 11] = [
    "text",
    "image",
    "voice",
    "video",
    "file",
    "textcard",
    "news",
    "mpnews",
    "markdown",
    "miniprogram_notice",
    "template_card",
];

/// What `touser` holds for everybody whom the app sees.
pub const EVERYBODY: &str = "@all";

/// The ids of a list such as `touser`: blanks round them are no part of them, and empty ones are none.
pub fn ids(list: &Option<String>) -> impl Iterator<Item = &str> {
    let ids = list.as_deref().unwrap_or_default().split('|');
    ids.map(str::trim).filter(|id| !id.is_empty())
}

/// 发送应用消息 Sends a message to people. The field named like `msgtype` holds it; `touser`, `toparty` and `totag` must not
/// all be empty, and who is addressed several times gets it once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Send {
    /// 成员ID列表 at most 1000 userids with `|` between them, or `@all` for everybody whom the app sees
    #[serde(skip_serializing_if = "Option::is_none")]
    pub touser: Option<String>,
    /// 部门ID列表 at most 100 with `|` between them, each with all departments below it; ignored where touser is `@all`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toparty: Option<String>,
    /// 标签ID列表 at most 100 with `|` between them; ignored where touser is `@all`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub totag: Option<String>,
    /// 企业应用的id of the calling app; a miniprogram_notice may go without
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agentid: Option<i64>,
    /// 消息类型 text, image, voice, video, file, textcard, news, mpnews, markdown, miniprogram_notice or template_card
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
    /// 小程序通知消息
    #[serde(skip_serializing_if = "Option::is_none")]
    pub miniprogram_notice: Option<MiniprogramNotice>,
    /// 模板卡片消息
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_card: Option<TemplateCard>,
    /// 是否是保密消息 0 (default), 1, or for mpnews 2: may be shared inside the company; for text, image, video, file and mpnews
    #[serde(skip_serializing_if = "Option::is_none")]
    pub safe: Option<i64>,
    /// 是否开启id转译 1 puts names in the place of `$userName=ID$`, `$userAlias=ID$`, `$userAliasOrName=ID$`, `$departmentName=ID$` and `$chatName=ID$`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_id_trans: Option<i64>,
    /// 是否开启重复消息检查 1 delivers the same request only once within the interval
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_duplicate_check: Option<i64>,
    /// 重复消息检查的时间间隔 seconds, 1800 where absent, at most 14400
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate_check_interval: Option<i64>,
}

/// A notice that leads into a mini program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MiniprogramNotice {
    /// 小程序appid
    pub appid: Option<String>,
    /// 点击消息卡片后的小程序页面 at most 1024 bytes
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// 消息标题 4 to 12 characters
    pub title: Option<String>,
    /// 消息描述 4 to 12 characters
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// 是否放大第一个content_item
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emphasis_first_item: Option<bool>,
    /// 消息内容键值对 at most 10; those without key and value are left out
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub content_item: Vec<NoticeItem>,
}

/// One line of a [`MiniprogramNotice`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NoticeItem {
    /// at most 10 characters
    pub key: String,
    /// at most 30 characters
    pub value: String,
}

/// What became of a message. Ids of people are in lower case; whoever is named in none of the lists gets it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Sent {
    /// 不合法的userid unknown, gone or outside the app's visible range, with `|` between them
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invaliduser: Option<String>,
    /// 不合法的partyid
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invalidparty: Option<String>,
    /// 不合法的标签id
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invalidtag: Option<String>,
    /// 没有基础接口许可的userid who sees the app, but has no licence or an ended one
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unlicenseduser: Option<String>,
    /// 消息id for message/recall
    #[serde(skip_serializing_if = "String::is_empty")]
    pub msgid: String,
    /// 更新模版卡片消息 of cards that can be updated
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_code: Option<ResponseCode>,
}

endpoint! { Post "/cgi-bin/message/send", Send => Sent {
    auth: AccessToken, callers: crate::Callers::SelfBuiltApp, body: crate::Body::Json,
    title: "发送应用消息 Send a message to people", page: 90236,
    required: &[("agentid", R::AgentMissing), ("msgtype", R::MessageType)],
    refuses: with_card_refusals![
        AgentUnknown, OtherAgent, NobodyAddressed, UsersTooMany, PartiesTooMany, TagsTooMany, NobodyReached,
        EmptyContent, TitleMissing, DescriptionMissing, UrlMissing, UrlScheme, ArticleCount, AuthorTooLong,
        ContentTooLong, SafeUnsupported, NoticeAppMissing, NoticeItems, NoticeKey, NoticeValue, NoticePage,
        CallbackNeeded,
    ],
    spends: &[Limit::MessageSendsPerAppDay],
} }
