//! What the API would refuse of a card, for both ends of the wire.

use std::collections::BTreeSet;

use super::{
    ActionMenu, CARD_TYPES, CardAction, CardButton, CardImage, CardOption, CardText, Checkbox,
    HorizontalContent, ImageTextArea, Jump, QuoteArea, Selection, SubmitButton, TemplateCard,
};
use crate::{Limit, Refusal as R, Refused, Rulebook, Rules, check::Unfit, text::given};

type Fits = Result<(), Refused>;

/// In what a card stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardMoment {
    /// In message/send.
    Sent,
    /// In message/update_template_card.
    Updated,
    /// In a passive reply.
    Replied,
}

impl TemplateCard {
    /// Finds what message/send would refuse, by the numbers of `live-2026`.
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
        Ok(self.check_in(CardMoment::Sent, rules)?)
    }

    /// What the API refuses where a card stands in this; fields of other types are not looked at.
    ///
    /// # Errors
    /// The first such value: its reason, its field, and its limit.
    pub fn check_in(&self, moment: CardMoment, rules: &Rules) -> Result<(), Refused> {
        if !CARD_TYPES.contains(&self.kind()) {
            return Err(at(R::CardType, "card_type"));
        }
        let card = self.own();
        let look = Look { rules, moment };
        look.frame(&card)?;
        match card.kind() {
            "text_notice" => look.text_notice(&card),
            "news_notice" => look.news_notice(&card),
            "button_interaction" => look.button_interaction(&card),
            "vote_interaction" => look.vote_interaction(&card),
            _ => look.multiple_interaction(&card),
        }
    }
}

/// A refusal of a field of the card.
fn at(refusal: R, field: impl AsRef<str>) -> Refused {
    Refused {
        field: format!("template_card.{}", field.as_ref()).into(),
        ..refusal.into()
    }
}

fn there(text: &Option<String>, refusal: R, field: impl AsRef<str>) -> Result<&str, Refused> {
    given(text).ok_or_else(|| at(refusal, field))
}

fn title(text: Option<&CardText>, field: impl AsRef<str>) -> Fits {
    match text.and_then(|text| given(&text.title)) {
        Some(_) => Ok(()),
        None => Err(at(R::CardTitle, field)),
    }
}

/// Where a tap leads, and the field that says so.
struct Link<'a> {
    field: String,
    kind: Option<i64>,
    url: &'a Option<String>,
    appid: &'a Option<String>,
}

struct Look<'a> {
    rules: &'a Rules,
    moment: CardMoment,
}

impl Look<'_> {
    /// What all types have in common.
    fn frame(&self, card: &TemplateCard) -> Fits {
        self.task(card)?;
        if let Some(source) = &card.source
            && !(0..=3).contains(&source.desc_color.unwrap_or(0))
        {
            return Err(at(R::InvalidParameter, "source.desc_color"));
        }
        if let Some(menu) = &card.action_menu {
            self.menu(menu)?;
        }
        if let Some(QuoteArea {
            r#type, url, appid, ..
        }) = &card.quote_area
        {
            self.link(Link {
                field: "quote_area".into(),
                kind: *r#type,
                url,
                appid,
            })?;
        }
        let contents = &card.horizontal_content_list;
        if contents.len() > self.rules.size(Limit::CardContentsMax) {
            return Err(at(R::CardContentCount, "horizontal_content_list"));
        }
        for (n, content) in contents.iter().enumerate() {
            self.content(format!("horizontal_content_list[{n}]"), content)?;
        }
        if card.jump_list.len() > self.rules.size(Limit::CardJumpsMax) {
            return Err(at(R::CardJumpCount, "jump_list"));
        }
        for (n, jump) in card.jump_list.iter().enumerate() {
            self.jump(format!("jump_list[{n}]"), jump)?;
        }
        Ok(())
    }

    fn task(&self, card: &TemplateCard) -> Fits {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-@".contains(&byte);
        match given(&card.task_id) {
            Some(id)
                if id.len() > self.rules.size(Limit::CardTaskBytes) || !id.bytes().all(allowed) =>
            {
                Err(at(R::CardTask, "task_id"))
            }
            // A card that is changed keeps its task.
            None if self.moment == CardMoment::Sent && card.is_interactive() => {
                Err(at(R::CardTask, "task_id"))
            }
            _ => Ok(()),
        }
    }

    fn menu(&self, menu: &ActionMenu) -> Fits {
        let field = "action_menu.action_list";
        let most = self.rules.size(match self.moment {
            CardMoment::Replied => Limit::CardReplyActionsMax,
            _ => Limit::CardActionsMax,
        });
        if menu.action_list.is_empty() {
            return Err(at(R::InvalidParameter, field));
        }
        if menu.action_list.len() > most {
            return Err(Refused {
                limit: most as i64,
                ..at(R::TooLong, field)
            });
        }
        let mut keys = BTreeSet::new();
        for (n, action) in menu.action_list.iter().enumerate() {
            there(
                &action.text,
                R::CardActionText,
                format!("{field}[{n}].text"),
            )?;
            let field = format!("{field}[{n}].key");
            let key = there(&action.key, R::CardActionKeyMissing, &field)?;
            if key.len() > self.rules.size(Limit::CardKeyBytes) {
                return Err(at(R::CardActionKey, field));
            }
            if !keys.insert(key) {
                return Err(at(R::CardActionKeyTaken, field));
            }
        }
        Ok(())
    }

    fn link(&self, link: Link<'_>) -> Fits {
        match link.kind.unwrap_or(0) {
            0 => Ok(()),
            1 => self.url(link.url, format!("{}.url", link.field)),
            2 => there(link.appid, R::CardAppId, format!("{}.appid", link.field)).map(drop),
            _ => Err(at(R::InvalidParameter, format!("{}.type", link.field))),
        }
    }

    fn url(&self, url: &Option<String>, field: String) -> Fits {
        let limit = self.rules.size(Limit::UrlBytes);
        if there(url, R::CardUrl, &field)?.len() > limit {
            return Err(Refused {
                limit: limit as i64,
                ..at(R::UrlTooLong, field)
            });
        }
        Ok(())
    }

    fn content(&self, field: String, content: &HorizontalContent) -> Fits {
        there(&content.keyname, R::CardKeyName, format!("{field}.keyname"))?;
        match content.r#type.unwrap_or(0) {
            0 => Ok(()),
            1 => self.url(&content.url, format!("{field}.url")),
            2 if content.media_id.as_deref().is_none_or(str::is_empty) => {
                Err(at(R::CardMediaId, format!("{field}.media_id")))
            }
            3 if content.userid.as_deref().is_none_or(str::is_empty) => {
                Err(at(R::CardUserId, format!("{field}.userid")))
            }
            2 | 3 => Ok(()),
            _ => Err(at(R::InvalidParameter, format!("{field}.type"))),
        }
    }

    fn jump(&self, field: String, jump: &Jump) -> Fits {
        there(&jump.title, R::CardTitle, format!("{field}.title"))?;
        self.link(Link {
            field,
            kind: jump.r#type,
            url: &jump.url,
            appid: &jump.appid,
        })
    }

    /// The card's own link: of one of the two kinds where it must be there.
    fn action(&self, action: Option<&CardAction>, needed: bool) -> Fits {
        let kind = action.and_then(|action| action.r#type).unwrap_or(0);
        match action {
            Some(action) if (i64::from(needed)..=2).contains(&kind) => self.link(Link {
                field: "card_action".into(),
                kind: Some(kind),
                url: &action.url,
                appid: &action.appid,
            }),
            None if !needed => Ok(()),
            _ => Err(at(R::CardAction, "card_action")),
        }
    }

    fn text_notice(&self, card: &TemplateCard) -> Fits {
        if given(&card.sub_title_text).is_none() {
            title(card.main_title.as_ref(), "main_title.title")?;
        }
        self.action(card.card_action.as_ref(), true)
    }

    fn news_notice(&self, card: &TemplateCard) -> Fits {
        title(card.main_title.as_ref(), "main_title.title")?;
        if card.card_image.is_none() && card.image_text_area.is_none() {
            return Err(at(R::CardImageUrl, "card_image"));
        }
        if let Some(CardImage { url, aspect_ratio }) = &card.card_image {
            there(url, R::CardImageUrl, "card_image.url")?;
            if !(1.3..=2.25).contains(&aspect_ratio.unwrap_or(1.3)) {
                return Err(at(R::InvalidParameter, "card_image.aspect_ratio"));
            }
        }
        if let Some(ImageTextArea {
            r#type,
            url,
            appid,
            image_url,
            ..
        }) = &card.image_text_area
        {
            there(image_url, R::CardImageUrl, "image_text_area.image_url")?;
            self.link(Link {
                field: "image_text_area".into(),
                kind: *r#type,
                url,
                appid,
            })?;
        }
        let verticals = &card.vertical_content_list;
        if verticals.len() > self.rules.size(Limit::CardVerticalsMax) {
            return Err(at(R::CardVerticalCount, "vertical_content_list"));
        }
        for (n, text) in verticals.iter().enumerate() {
            title(Some(text), format!("vertical_content_list[{n}].title"))?;
        }
        self.action(card.card_action.as_ref(), true)
    }

    fn button_interaction(&self, card: &TemplateCard) -> Fits {
        title(card.main_title.as_ref(), "main_title.title")?;
        self.action(card.card_action.as_ref(), false)?;
        if let Some(selection) = &card.button_selection {
            self.question(&selection.question_key, "button_selection")?;
            self.options(selection, "button_selection")?;
        }
        if card.button_list.is_empty() {
            return Err(at(R::InvalidParameter, "button_list"));
        }
        let most = self.rules.size(Limit::CardButtonsMax);
        if card.button_list.len() > most {
            return Err(Refused {
                limit: most as i64,
                ..at(R::TooLong, "button_list")
            });
        }
        let mut keys = BTreeSet::new();
        for (n, button) in card.button_list.iter().enumerate() {
            self.button(format!("button_list[{n}]"), button, &mut keys)?;
        }
        Ok(())
    }

    fn button<'c>(
        &self,
        field: String,
        button: &'c CardButton,
        keys: &mut BTreeSet<&'c str>,
    ) -> Fits {
        there(&button.text, R::CardButtonText, format!("{field}.text"))?;
        match button.r#type.unwrap_or(0) {
            0 => {
                let field = format!("{field}.key");
                let key = self.key(&button.key, R::CardButtonKey, &field)?;
                if keys.insert(key) {
                    Ok(())
                } else {
                    Err(at(R::CardButtonKey, field))
                }
            }
            1 => self.url(&button.url, format!("{field}.url")),
            _ => Err(at(R::InvalidParameter, format!("{field}.type"))),
        }
    }

    fn key<'c>(
        &self,
        key: &'c Option<String>,
        refusal: R,
        field: &str,
    ) -> Result<&'c str, Refused> {
        let key = there(key, refusal, field)?;
        if key.len() > self.rules.size(Limit::CardKeyBytes) {
            return Err(at(refusal, field));
        }
        Ok(key)
    }

    fn question<'c>(&self, key: &'c Option<String>, field: &str) -> Result<&'c str, Refused> {
        self.key(key, R::CardQuestionKey, &format!("{field}.question_key"))
    }

    fn options(&self, selection: &Selection, field: &str) -> Fits {
        self.option_list(&selection.option_list, Limit::CardOptionsMax, field)
    }

    fn option_list(&self, options: &[CardOption], most: Limit, field: &str) -> Fits {
        if !(1..=self.rules.size(most)).contains(&options.len()) {
            return Err(at(R::CardOptionCount, format!("{field}.option_list")));
        }
        let mut ids = BTreeSet::new();
        for (n, option) in options.iter().enumerate() {
            let field = format!("{field}.option_list[{n}]");
            let id = there(&option.id, R::CardOptionId, format!("{field}.id"))?;
            if id.len() > self.rules.size(Limit::CardOptionIdBytes) || !ids.insert(id) {
                return Err(at(R::CardOptionId, format!("{field}.id")));
            }
            there(&option.text, R::CardOptionText, format!("{field}.text"))?;
        }
        Ok(())
    }

    fn vote_interaction(&self, card: &TemplateCard) -> Fits {
        title(card.main_title.as_ref(), "main_title.title")?;
        let none = Checkbox::default();
        let checkbox = card.checkbox.as_ref().unwrap_or(&none);
        self.question(&checkbox.question_key, "checkbox")?;
        if !(0..=1).contains(&checkbox.mode.unwrap_or(0)) {
            return Err(at(R::InvalidParameter, "checkbox.mode"));
        }
        self.option_list(&checkbox.option_list, Limit::CardChoicesMax, "checkbox")?;
        self.submit(card.submit_button.as_ref())
    }

    fn multiple_interaction(&self, card: &TemplateCard) -> Fits {
        title(card.main_title.as_ref(), "main_title.title")?;
        if !(1..=self.rules.size(Limit::CardSelectsMax)).contains(&card.select_list.len()) {
            return Err(at(R::CardSelectCount, "select_list"));
        }
        let mut keys = BTreeSet::new();
        for (n, selection) in card.select_list.iter().enumerate() {
            let field = format!("select_list[{n}]");
            if !keys.insert(self.question(&selection.question_key, &field)?) {
                return Err(at(R::CardQuestionKey, format!("{field}.question_key")));
            }
            self.options(selection, &field)?;
        }
        self.submit(card.submit_button.as_ref())
    }

    fn submit(&self, button: Option<&SubmitButton>) -> Fits {
        let Some(button) = button else {
            // A card that is changed may have nothing left to send.
            return match self.moment {
                CardMoment::Sent => Err(at(R::CardSubmitText, "submit_button")),
                _ => Ok(()),
            };
        };
        // Absent it is 提交.
        if given(&button.text).is_some_and(|text| text.trim().is_empty()) {
            return Err(at(R::CardSubmitText, "submit_button.text"));
        }
        self.key(&button.key, R::CardSubmitKey, "submit_button.key")
            .map(drop)
    }
}

#[cfg(test)]
mod tests;
