//! What each kind of message may be, in a group and to people.

use super::{Field, Fits, To, ignored, refused};
use crate::{
    Limit, MediaId, Refusal as R, Rules,
    appchat::{
        Article, ArticlePage, File, Image, Markdown, MpNews, News, Text, TextCard, Video, Voice,
    },
    message::{MiniprogramNotice, TemplateCard},
    text::given,
};

/// Checks the object that a message's `msgtype` names; every kind is a field of `$send` and a function here.
macro_rules! named {
    ($send:ident, $rules:ident, $to:expr, [$($kind:ident)*]) => {{
        let msgtype = $send.msgtype.as_deref().unwrap_or_default();
        match msgtype {
            $(stringify!($kind) => match &$send.$kind {
                Some(body) => $crate::check::body::$kind($rules, $to, body),
                None => $crate::check::refused(msgtype, $crate::Refusal::EmptyContent),
            },)*
            _ => $crate::check::refused("msgtype", $crate::Refusal::MessageType),
        }
    }};
}
pub(crate) use named;

/// Whether a kind of message can be confidential.
pub(crate) fn safe(to: To, msgtype: Option<&str>, safe: Option<i64>) -> Fits {
    match (msgtype.unwrap_or_default(), safe.unwrap_or(0)) {
        (_, 0) => Ok(()),
        ("news", 1) => refused("safe", R::SafeUnsupported),
        ("text" | "image" | "video" | "file" | "mpnews", 1) => Ok(()),
        ("mpnews", 2) if to == To::People => Ok(()),
        (_, 1) => ignored("safe"),
        _ => refused("safe", R::InvalidParameter),
    }
}

pub(crate) fn text(rules: &Rules, to: To, text: &Text) -> Fits {
    if text.mentioned_list.len() > rules.size(Limit::MentionsMax) {
        return refused("text.mentioned_list", R::TooLong);
    }
    if to == To::People && !text.mentioned_list.is_empty() {
        return ignored("text.mentioned_list");
    }
    Field::of(rules, "text.content", &text.content)
        .there(R::EmptyContent)?
        .uncut(Limit::TextBytes)
}

pub(crate) fn markdown(rules: &Rules, _: To, markdown: &Markdown) -> Fits {
    Field::of(rules, "markdown.content", &markdown.content)
        .there(R::EmptyContent)?
        .within(Limit::MarkdownBytes, R::TooLong)
}

pub(crate) fn image(_: &Rules, _: To, image: &Image) -> Fits {
    media("image.media_id", &image.media_id)
}

pub(crate) fn voice(_: &Rules, _: To, voice: &Voice) -> Fits {
    media("voice.media_id", &voice.media_id)
}

pub(crate) fn file(_: &Rules, _: To, file: &File) -> Fits {
    media("file.media_id", &file.media_id)
}

pub(crate) fn video(rules: &Rules, _: To, video: &Video) -> Fits {
    media("video.media_id", &video.media_id)?;
    Field::of(rules, "video.title", &video.title).uncut(Limit::TitleBytes)?;
    Field::of(rules, "video.description", &video.description).uncut(Limit::DescriptionBytes)
}

pub(crate) fn textcard(rules: &Rules, to: To, card: &TextCard) -> Fits {
    let (of_title, of_description) = to.of_card();
    Field::of(rules, "textcard.title", &card.title)
        .there(R::TitleMissing)?
        .uncut(of_title)?;
    Field::of(rules, "textcard.description", &card.description)
        .there(R::DescriptionMissing)?
        .uncut(of_description)?;
    Field::of(rules, "textcard.url", &card.url).url(to)?;
    Field::of(rules, "textcard.btntxt", &card.btntxt).uncut(Limit::ButtonChars)
}

pub(crate) fn news(rules: &Rules, to: To, news: &News) -> Fits {
    articles(rules, "news.articles", &news.articles)?;
    let mut articles = news.articles.iter().enumerate();
    articles.try_for_each(|(n, article)| page(rules, to, n, article))
}

pub(crate) fn mpnews(rules: &Rules, _: To, news: &MpNews) -> Fits {
    articles(rules, "mpnews.articles", &news.articles)?;
    let mut articles = news.articles.iter().enumerate();
    articles.try_for_each(|(n, article)| stored(rules, n, article))
}

pub(crate) fn miniprogram_notice(rules: &Rules, _: To, notice: &MiniprogramNotice) -> Fits {
    let field = |name: &str, text| Field::of(rules, format!("miniprogram_notice.{name}"), text);
    field("appid", &notice.appid).there(R::NoticeAppMissing)?;
    field("page", &notice.page).within(Limit::NoticePageBytes, R::NoticePage)?;
    field("title", &notice.title).there(R::TitleMissing)?;
    for (name, text) in [
        ("title", &notice.title),
        ("description", &notice.description),
    ] {
        field(name, text).within(Limit::NoticeTitleChars, R::TooLong)?;
        if given(text).is_some() {
            field(name, text).at_least(Limit::NoticeTitleMinChars, R::InvalidParameter)?;
        }
    }
    if notice.content_item.len() > rules.size(Limit::NoticeItemsMax) {
        return refused("miniprogram_notice.content_item", R::NoticeItems);
    }
    for (n, item) in notice.content_item.iter().enumerate() {
        let field = |name: &str, text| Field {
            rules,
            name: format!("miniprogram_notice.content_item[{n}].{name}"),
            text: Some(text),
        };
        field("key", &item.key).within(Limit::NoticeKeyChars, R::NoticeKey)?;
        field("value", &item.value).within(Limit::NoticeValueChars, R::NoticeValue)?;
    }
    Ok(())
}

pub(crate) fn template_card(rules: &Rules, _: To, card: &TemplateCard) -> Fits {
    card.check_by(rules)?;
    match card.foreign() {
        Some(field) => ignored(format!("template_card.{field}")),
        None => Ok(()),
    }
}

fn media(field: impl Into<String>, media_id: &Option<MediaId>) -> Fits {
    match media_id {
        Some(id) if !id.is_empty() => Ok(()),
        _ => refused(field, R::MediaId),
    }
}

fn articles<T>(rules: &Rules, field: &str, articles: &[T]) -> Fits {
    match (1..=rules.size(Limit::ArticlesMax)).contains(&articles.len()) {
        true => Ok(()),
        false => refused(field, R::ArticleCount),
    }
}

fn page(rules: &Rules, to: To, n: usize, article: &Article) -> Fits {
    let name = |field: &str| format!("news.articles[{n}].{field}");
    Field::of(rules, name("title"), &article.title)
        .there(R::TitleMissing)?
        .uncut(Limit::TitleBytes)?;
    Field::of(rules, name("description"), &article.description).uncut(Limit::DescriptionBytes)?;
    match (to, given(&article.appid), given(&article.pagepath)) {
        (_, None, None) => Field::of(rules, name("url"), &article.url).url(to)?,
        (To::People, Some(_), Some(_)) => {
            Field::of(rules, name("pagepath"), &article.pagepath)
                .within(Limit::PagepathBytes, R::TooLong)?;
        }
        (_, Some(_), _) => return ignored(name("appid")),
        (_, None, Some(_)) => return ignored(name("pagepath")),
    }
    match to {
        To::People => {
            Field::of(rules, name("picurl"), &article.picurl).within(Limit::UrlBytes, R::TooLong)
        }
        To::Group => Ok(()),
    }
}

fn stored(rules: &Rules, n: usize, article: &ArticlePage) -> Fits {
    let name = |field: &str| format!("mpnews.articles[{n}].{field}");
    Field::of(rules, name("title"), &article.title)
        .there(R::TitleMissing)?
        .uncut(Limit::TitleBytes)?;
    media(name("thumb_media_id"), &article.thumb_media_id)?;
    Field::of(rules, name("author"), &article.author)
        .within(Limit::AuthorBytes, R::AuthorTooLong)?;
    Field::of(rules, name("content"), &article.content)
        .there(R::EmptyContent)?
        .within(Limit::ArticleBytes, R::ContentTooLong)?;
    Field::of(rules, name("digest"), &article.digest).uncut(Limit::DescriptionBytes)
}
