//! What the API would cut or refuse, found before it is sent.

use std::{collections::BTreeSet, fmt};

use super::{
    Article, ArticlePage, Create, File, Image, Markdown, MpNews, News, Send, Text, TextCard,
    Update, Video, Voice,
};
use crate::{Limit, MediaId, Name, Refusal as R, Rulebook, Rules, UserId, text::given};

/// A value that would not arrive as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unfit {
    /// The API would cut it and say nothing.
    Cut {
        /// The field, as `news.articles[2].title`.
        field: String,
        /// How long it is, in the limit's unit.
        length: usize,
        /// How much of it would stay.
        most: usize,
        /// The limit.
        limit: Limit,
    },
    /// The API would refuse it.
    Refused {
        /// The field.
        field: String,
        /// The reason.
        refusal: R,
    },
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unfit::Cut {
                field,
                length,
                most,
                limit,
            } => {
                let unit = if limit.is_of_chars() {
                    "characters"
                } else {
                    "bytes"
                };
                write!(
                    f,
                    "{field} has {length} {unit}, of which the API would keep {most}"
                )
            }
            Unfit::Refused { field, refusal } => {
                let meaning = refusal.meaning().trim_end_matches('.');
                write!(f, "{field} would be refused: {meaning}")
            }
        }
    }
}

impl std::error::Error for Unfit {}

type Fits = Result<(), Unfit>;

fn refused(field: impl Into<String>, refusal: R) -> Fits {
    Err(Unfit::Refused {
        field: field.into(),
        refusal,
    })
}

/// One field that is looked at.
struct Field<'a> {
    rules: &'a Rules,
    name: String,
    text: Option<&'a str>,
}

impl<'a> Field<'a> {
    fn of(rules: &'a Rules, name: impl Into<String>, text: &'a Option<String>) -> Self {
        Field {
            rules,
            name: name.into(),
            text: given(text),
        }
    }

    fn there(self, refusal: R) -> Result<Self, Unfit> {
        match self.text {
            Some(_) => Ok(self),
            None => Err(Unfit::Refused {
                field: self.name,
                refusal,
            }),
        }
    }

    fn uncut(self, limit: Limit) -> Fits {
        let text = self.text.unwrap_or_default();
        let length = if limit.is_of_chars() {
            text.chars().count()
        } else {
            text.len()
        };
        let most = self.rules.size(limit);
        if length <= most {
            return Ok(());
        }
        Err(Unfit::Cut {
            field: self.name,
            length,
            most,
            limit,
        })
    }

    fn within(self, limit: Limit, refusal: R) -> Fits {
        if self.text.unwrap_or_default().len() <= self.rules.size(limit) {
            Ok(())
        } else {
            refused(self.name, refusal)
        }
    }

    fn url(self) -> Fits {
        self.there(R::UrlMissing)?
            .within(Limit::UrlBytes, R::UrlTooLong)
    }
}

fn media(field: impl Into<String>, media_id: &Option<MediaId>) -> Fits {
    match media_id {
        Some(id) if !id.is_empty() => Ok(()),
        _ => refused(field, R::MediaId),
    }
}

fn articles<T>(rules: &Rules, field: &str, articles: &[T]) -> Fits {
    if (1..=rules.size(Limit::ArticlesMax)).contains(&articles.len()) {
        Ok(())
    } else {
        refused(field, R::ArticleCount)
    }
}

/// Something that is sent, which can be checked.
macro_rules! checked {
    ($($kind:ident |$this:ident, $rules:ident| $body:expr)*) => {$(
        impl $kind {
            /// Finds what the API would cut or refuse, by the numbers of `live-2026`.
            ///
            /// # Errors
            /// The first such value.
            pub fn check(&self) -> Result<(), Unfit> {
                self.check_by(&Rules::of(Rulebook::Live2026))
            }

            /// The same by other numbers.
            ///
            /// # Errors
            /// The first such value.
            pub fn check_by(&self, rules: &Rules) -> Result<(), Unfit> {
                let ($this, $rules) = (self, rules);
                $body
            }
        }
    )*};
}

checked! {
    Text |text, rules| {
        if text.mentioned_list.len() > rules.size(Limit::MentionsMax) {
            return refused("text.mentioned_list", R::TooLong);
        }
        Field::of(rules, "text.content", &text.content)
            .there(R::EmptyContent)?
            .uncut(Limit::TextBytes)
    }
    Markdown |markdown, rules| {
        Field::of(rules, "markdown.content", &markdown.content)
            .there(R::EmptyContent)?
            .within(Limit::MarkdownBytes, R::TooLong)
    }
    Image |image, _rules| media("image.media_id", &image.media_id)
    Voice |voice, _rules| media("voice.media_id", &voice.media_id)
    File |file, _rules| media("file.media_id", &file.media_id)
    Video |video, rules| {
        media("video.media_id", &video.media_id)?;
        Field::of(rules, "video.title", &video.title).uncut(Limit::TitleBytes)?;
        Field::of(rules, "video.description", &video.description).uncut(Limit::DescriptionBytes)
    }
    TextCard |card, rules| {
        Field::of(rules, "textcard.title", &card.title)
            .there(R::TitleMissing)?
            .uncut(Limit::TitleBytes)?;
        Field::of(rules, "textcard.description", &card.description)
            .there(R::DescriptionMissing)?
            .uncut(Limit::DescriptionBytes)?;
        Field::of(rules, "textcard.url", &card.url).url()?;
        Field::of(rules, "textcard.btntxt", &card.btntxt).uncut(Limit::ButtonChars)
    }
    News |news, rules| {
        articles(rules, "news.articles", &news.articles)?;
        news.articles.iter().enumerate().try_for_each(|(n, article)| page(rules, n, article))
    }
    MpNews |news, rules| {
        articles(rules, "mpnews.articles", &news.articles)?;
        news.articles.iter().enumerate().try_for_each(|(n, article)| stored(rules, n, article))
    }
    Send |send, rules| {
        match send.safe {
            None | Some(0) => {}
            Some(1) => match send.msgtype.as_deref() {
                Some("news") => return refused("safe", R::SafeUnsupported),
                Some("voice" | "textcard" | "markdown") => return refused("safe", R::InvalidParameter),
                _ => {}
            },
            Some(_) => return refused("safe", R::InvalidParameter),
        }
        let (field, found) = match send.msgtype.as_deref().unwrap_or_default() {
            "text" => ("text", send.text.as_ref().map(|body| body.check_by(rules))),
            "image" => ("image", send.image.as_ref().map(|body| body.check_by(rules))),
            "voice" => ("voice", send.voice.as_ref().map(|body| body.check_by(rules))),
            "video" => ("video", send.video.as_ref().map(|body| body.check_by(rules))),
            "file" => ("file", send.file.as_ref().map(|body| body.check_by(rules))),
            "textcard" => ("textcard", send.textcard.as_ref().map(|body| body.check_by(rules))),
            "news" => ("news", send.news.as_ref().map(|body| body.check_by(rules))),
            "mpnews" => ("mpnews", send.mpnews.as_ref().map(|body| body.check_by(rules))),
            "markdown" => ("markdown", send.markdown.as_ref().map(|body| body.check_by(rules))),
            _ => return refused("msgtype", R::MessageType),
        };
        found.unwrap_or_else(|| refused(field, R::EmptyContent))
    }
    Create |create, rules| {
        chat_name(rules, create.name.as_ref())?;
        if let Some(chatid) = &create.chatid
            && chatid.chars().count() > rules.size(Limit::ChatIdChars)
        {
            return refused("chatid", R::ChatIdTooLong);
        }
        let people = distinct(&create.userlist);
        let allowed = rules.size(Limit::ChatMembersMin)..=rules.size(Limit::ChatMembersMax);
        if allowed.contains(&people) { Ok(()) } else { refused("userlist", R::MemberCount) }
    }
    Update |update, rules| {
        if update.chatid.as_ref().is_none_or(|chatid| chatid.is_empty()) {
            return refused("chatid", R::ChatIdMissing);
        }
        chat_name(rules, update.name.as_ref())?;
        for (field, list) in [("add_user_list", &update.add_user_list), ("del_user_list", &update.del_user_list)] {
            if distinct(list) > rules.size(Limit::ChatMembersMax) {
                return refused(field, R::MemberCount);
            }
        }
        Ok(())
    }
}

fn page(rules: &Rules, n: usize, article: &Article) -> Fits {
    let name = |field: &str| format!("news.articles[{n}].{field}");
    Field::of(rules, name("title"), &article.title)
        .there(R::TitleMissing)?
        .uncut(Limit::TitleBytes)?;
    Field::of(rules, name("description"), &article.description).uncut(Limit::DescriptionBytes)?;
    Field::of(rules, name("url"), &article.url).url()
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

fn chat_name(rules: &Rules, name: Option<&Name>) -> Fits {
    match name {
        None => Ok(()),
        Some(Name::Text(text)) if text.trim().is_empty() || text.chars().any(char::is_control) => {
            refused("name", R::ChatName)
        }
        Some(Name::Text(text)) => Field {
            rules,
            name: "name".into(),
            text: Some(text),
        }
        .uncut(Limit::ChatNameChars),
        Some(Name::NotText) => refused("name", R::ChatName),
    }
}

fn distinct(people: &[UserId]) -> usize {
    let folded: BTreeSet<_> = people.iter().map(UserId::folded).collect();
    folded.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(bytes: usize) -> String {
        "x".repeat(bytes)
    }

    #[test]
    fn the_last_length_fits_and_the_next_does_not() {
        let card = |title: usize, description: usize, url: usize, button: usize| {
            TextCard::new(long(title), long(description), long(url)).button(long(button))
        };
        for (fits, unfit, limit) in [
            (
                Send::from(Text::new(long(2048))),
                Send::from(Text::new(long(2049))),
                Limit::TextBytes,
            ),
            (
                card(128, 1, 1, 1).into(),
                card(129, 1, 1, 1).into(),
                Limit::TitleBytes,
            ),
            (
                card(1, 512, 1, 1).into(),
                card(1, 513, 1, 1).into(),
                Limit::DescriptionBytes,
            ),
            (
                card(1, 1, 1, 4).into(),
                card(1, 1, 1, 5).into(),
                Limit::ButtonChars,
            ),
        ] {
            assert_eq!(fits.check(), Ok(()));
            match unfit.check() {
                Err(Unfit::Cut {
                    limit: found,
                    length,
                    most,
                    ..
                }) => {
                    assert_eq!((found, length), (limit, most + 1));
                }
                other => panic!("{limit:?}: {other:?}"),
            }
        }
        for (fits, unfit, refusal) in [
            (
                Send::from(Markdown::new(long(2048))),
                Send::from(Markdown::new(long(2049))),
                R::TooLong,
            ),
            (
                card(1, 1, 2048, 1).into(),
                card(1, 1, 2049, 1).into(),
                R::UrlTooLong,
            ),
            (
                News::new(vec![Article::new("t", "u"); 8]).into(),
                News::new(vec![Article::new("t", "u"); 9]).into(),
                R::ArticleCount,
            ),
            (
                MpNews::new([ArticlePage::new("t", "m", long(666 * 1024)).author(long(64))]).into(),
                MpNews::new([ArticlePage::new("t", "m", "c").author(long(65))]).into(),
                R::AuthorTooLong,
            ),
            (
                Send::from(Text::new("x")).confidential(),
                Send::from(News::new([Article::new("t", "u")])).confidential(),
                R::SafeUnsupported,
            ),
            (Image::new("m").into(), Image::new("").into(), R::MediaId),
            (Text::new("x").into(), Text::new("").into(), R::EmptyContent),
            (Text::new("x").into(), Send::default(), R::MessageType),
        ] {
            assert_eq!(fits.check(), Ok(()), "{refusal:?}");
            assert!(
                matches!(unfit.check(), Err(Unfit::Refused { refusal: found, .. }) if found == refusal),
                "{refusal:?}: {:?}",
                unfit.check()
            );
        }
    }

    #[test]
    fn a_group_is_checked_by_its_rulebook() {
        let people = |n: usize| (0..n).map(|n| format!("p{n}"));
        let (documented, live) = (
            Rules::of(Rulebook::Documented),
            Rules::of(Rulebook::Live2026),
        );
        assert_eq!(Create::new(people(501)).check_by(&live), Ok(()));
        assert!(Create::new(people(501)).check_by(&documented).is_err());
        assert!(Create::new(["a", "A"]).check().is_err(), "one person twice");
        assert!(
            Create::new(people(2))
                .name("群".repeat(51))
                .check()
                .is_err()
        );
        assert!(Create::new(people(2)).name(" ").check().is_err());
        assert!(Update::new("").check().is_err());
        assert_eq!(Update::new("c").name("群".repeat(50)).check(), Ok(()));
    }

    #[test]
    fn the_text_names_field_and_length() {
        let unfit = News::new([Article::new("t", "u"), Article::new(long(129), "u")])
            .check()
            .unwrap_err();
        assert_eq!(
            unfit.to_string(),
            "news.articles[1].title has 129 bytes, of which the API would keep 128"
        );
        assert_eq!(
            Text::new("").check().unwrap_err().to_string(),
            "text.content would be refused: A message without content"
        );
    }
}
