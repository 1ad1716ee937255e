//! What a message may be: its fields, what is cut, what is refused.

mod draft;

use qun_protocol::{
    MediaId, Refusal as R, Refused, Rules,
    appchat::{self, File, Image, Markdown, MpNews, News, Text, TextCard, Video, Voice},
    check::To,
    media::MediaType,
    message::{self, MiniprogramNotice, TemplateCard},
};
use serde_json::Value;

use draft::Draft;

/// File name endings that a confidential file may have (90248).
const SAFE_FILES: [&str; 14] = [
    "txt", "pdf", "doc", "docx", "ppt", "pptx", "xls", "xlsx", "xml", "jpg", "jpeg", "png", "bmp",
    "gif",
];

/// A message that the rules accept.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its kind.
    pub kind: &'static str,
    /// The object of its kind, as it is drawn.
    pub body: Value,
    /// The files that it needs, and where in the body each belongs.
    pub files: Vec<Needed>,
    /// 1 where it is confidential, 2 where it stays in the company.
    pub safe: i64,
    /// What the cloud would not have done.
    pub lints: Vec<String>,
}

/// A file that a message needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// The file.
    pub media_id: MediaId,
    /// Its kind.
    pub kind: MediaType,
    /// The article that needs it; absent where the message itself does.
    pub article: Option<usize>,
}

/// What is to be sent, of either endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// To whom.
    pub to: To,
    /// Its kind, which names the field that counts.
    pub msgtype: &'a str,
    /// 是否是保密消息
    pub safe: i64,
    /// 文本消息
    pub text: Option<&'a Text>,
    /// 图片消息
    pub image: Option<&'a Image>,
    /// 语音消息
    pub voice: Option<&'a Voice>,
    /// 视频消息
    pub video: Option<&'a Video>,
    /// 文件消息
    pub file: Option<&'a File>,
    /// 文本卡片消息
    pub textcard: Option<&'a TextCard>,
    /// 图文消息
    pub news: Option<&'a News>,
    /// 图文消息（mpnews）
    pub mpnews: Option<&'a MpNews>,
    /// markdown消息
    pub markdown: Option<&'a Markdown>,
    /// 小程序通知消息
    pub miniprogram_notice: Option<&'a MiniprogramNotice>,
    /// 模板卡片消息
    pub template_card: Option<&'a TemplateCard>,
}

macro_rules! content {
    ($send:expr, $to:expr, $notice:expr, $card:expr) => {
        Content {
            to: $to,
            msgtype: $send.msgtype.as_deref().unwrap_or_default(),
            safe: $send.safe.unwrap_or(0),
            text: $send.text.as_ref(),
            image: $send.image.as_ref(),
            voice: $send.voice.as_ref(),
            video: $send.video.as_ref(),
            file: $send.file.as_ref(),
            textcard: $send.textcard.as_ref(),
            news: $send.news.as_ref(),
            mpnews: $send.mpnews.as_ref(),
            markdown: $send.markdown.as_ref(),
            miniprogram_notice: $notice,
            template_card: $card,
        }
    };
}

impl<'a> From<&'a appchat::Send> for Content<'a> {
    fn from(send: &'a appchat::Send) -> Self {
        content!(send, To::Group, None, None)
    }
}

impl<'a> From<&'a message::Send> for Content<'a> {
    fn from(send: &'a message::Send) -> Self {
        content!(
            send,
            To::People,
            send.miniprogram_notice.as_ref(),
            send.template_card.as_ref()
        )
    }
}

/// Checks a message, and cuts it where the rules cut.
pub fn check<'a>(rules: &Rules, send: impl Into<Content<'a>>) -> Result<Message, Refused> {
    let send = send.into();
    let mut draft = Draft::new(rules, send.to);
    let (kind, body) = match (send.msgtype, send.to) {
        ("text", _) => ("text", draft.text(send.text)?),
        ("image", _) => ("image", draft.image(send.image)?),
        ("voice", _) => ("voice", draft.voice(send.voice)?),
        ("video", _) => ("video", draft.video(send.video)?),
        ("file", _) => ("file", draft.file(send.file)?),
        ("textcard", _) => ("textcard", draft.textcard(send.textcard)?),
        ("news", _) => ("news", draft.news(send.news)?),
        ("mpnews", _) => ("mpnews", draft.mpnews(send.mpnews)?),
        ("markdown", _) => ("markdown", draft.markdown(send.markdown)?),
        ("miniprogram_notice", To::People) => {
            ("miniprogram_notice", draft.notice(send.miniprogram_notice)?)
        }
        ("template_card", To::People) => ("template_card", draft.card(send.template_card)?),
        _ => return Err(R::MessageType.into()),
    };
    let safe = match (kind, send.safe) {
        (_, 0) => 0,
        ("news", 1) => return Err(R::SafeUnsupported.into()),
        ("text" | "image" | "video" | "file" | "mpnews", 1) => 1,
        ("mpnews", 2) if send.to == To::People => 2,
        (_, 1) => {
            draft.lints.push(format!("safe has no effect on {kind}"));
            0
        }
        _ => return Err(Refused::invalid("safe")),
    };
    if kind == "markdown" {
        draft
            .lints
            .push("markdown is not shown in WeChat's plugin (微信插件)".into());
    }
    Ok(Message {
        kind,
        body,
        files: draft.files,
        safe,
        lints: draft.lints,
    })
}

/// Whether a file may be sent confidentially, by its name.
pub fn may_be_safe(filename: &str) -> bool {
    filename.rsplit_once('.').is_some_and(|(_, ending)| {
        SAFE_FILES
            .iter()
            .any(|known| known.eq_ignore_ascii_case(ending))
    })
}

/// Whether a message mentions a person: by its list, by `@all`, or by `<@userid>` in its text.
pub fn mentions(kind: &str, body: &Value, userid: &str) -> bool {
    let listed = body["mentioned_list"].as_array().is_some_and(|list| {
        list.iter()
            .filter_map(Value::as_str)
            .any(|id| id == "@all" || id.eq_ignore_ascii_case(userid))
    });
    let inline = || {
        let content = body["content"].as_str().unwrap_or_default();
        content.split("<@").skip(1).any(|rest| {
            rest.split_once('>')
                .is_some_and(|(id, _)| id.eq_ignore_ascii_case(userid))
        })
    };
    matches!(kind, "text" | "markdown") && (listed || inline())
}
