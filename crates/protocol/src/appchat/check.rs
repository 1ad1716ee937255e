//! What the API would cut, ignore or refuse of the requests of internal groups.

use std::collections::BTreeSet;

use super::{
    Create, File, Image, Markdown, MpNews, News, Send, Text, TextCard, Update, Video, Voice,
};
use crate::{
    Limit, Name, Refusal as R, Rulebook, Rules, UserId,
    check::{
        Field, Fits, To, Unfit,
        body::{self, named},
        refused,
    },
};

/// Something that is sent, which can be checked.
macro_rules! checked {
    ($($kind:ident |$this:ident, $rules:ident| $body:expr)*) => {$(
        impl $kind {
            /// Finds what the API would cut, ignore or refuse in a group, by the numbers of `live-2026`.
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
    Text |text, rules| body::text(rules, To::Group, text)
    Markdown |markdown, rules| body::markdown(rules, To::Group, markdown)
    Image |image, rules| body::image(rules, To::Group, image)
    Voice |voice, rules| body::voice(rules, To::Group, voice)
    File |file, rules| body::file(rules, To::Group, file)
    Video |video, rules| body::video(rules, To::Group, video)
    TextCard |card, rules| body::textcard(rules, To::Group, card)
    News |news, rules| body::news(rules, To::Group, news)
    MpNews |news, rules| body::mpnews(rules, To::Group, news)
    Send |send, rules| {
        body::safe(To::Group, send.msgtype.as_deref(), send.safe)?;
        named!(send, rules, To::Group, [text image voice video file textcard news mpnews markdown])
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
    use crate::appchat::{Article, ArticlePage};

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
