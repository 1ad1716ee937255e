//! Short ways to write cards.

use super::{
    ActionMenu, CardAction, CardButton, CardImage, CardOption, CardSource, CardText, Checkbox,
    HorizontalContent, Jump, MenuAction, QuoteArea, Selection, SubmitButton, TemplateCard,
};
use crate::{MediaId, UserId};

impl TemplateCard {
    fn of(card_type: &str, title: impl Into<String>) -> Self {
        Self {
            card_type: Some(card_type.to_owned()),
            main_title: Some(CardText {
                title: Some(title.into()),
                desc: None,
            }),
            ..Self::default()
        }
    }

    /// 文本通知型 A text that leads somewhere.
    ///
    /// ```
    /// # use qun_protocol::message::{CardAction, TemplateCard};
    /// let card = TemplateCard::text_notice("发布完成", CardAction::url("https://example.com/release"))
    ///     .desc("二期已上线")
    ///     .emphasis("100%", "成功率");
    /// assert_eq!(card.check(), Ok(()));
    /// ```
    pub fn text_notice(title: impl Into<String>, action: CardAction) -> Self {
        Self {
            card_action: Some(action),
            ..Self::of("text_notice", title)
        }
    }

    /// 图文展示型 A picture with texts that leads somewhere.
    ///
    /// ```
    /// # use qun_protocol::message::{CardAction, TemplateCard};
    /// let action = CardAction::url("https://example.com/week");
    /// let card = TemplateCard::news_notice("周报", "https://example.com/week.png", action).vertical("本周", "三项完成");
    /// assert_eq!(card.check(), Ok(()));
    /// ```
    pub fn news_notice(
        title: impl Into<String>,
        picture: impl Into<String>,
        action: CardAction,
    ) -> Self {
        Self {
            card_image: Some(CardImage {
                url: Some(picture.into()),
                aspect_ratio: None,
            }),
            card_action: Some(action),
            ..Self::of("news_notice", title)
        }
    }

    /// 按钮交互型 Buttons that tell the app which one was tapped, with a task id that this app never used before.
    ///
    /// ```
    /// # use qun_protocol::message::{CardButton, TemplateCard};
    /// let buttons = [CardButton::new("同意", "agree"), CardButton::new("驳回", "reject").style(2)];
    /// let card = TemplateCard::button_interaction("请假申请", "leave-17", buttons).content("申请人", "张三");
    /// assert_eq!(card.check(), Ok(()));
    /// ```
    pub fn button_interaction(
        title: impl Into<String>,
        task_id: impl Into<String>,
        buttons: impl IntoIterator<Item = CardButton>,
    ) -> Self {
        Self {
            button_list: buttons.into_iter().collect(),
            ..Self::of("button_interaction", title).task(task_id)
        }
    }

    /// 投票选择型 A question with one or several answers.
    ///
    /// ```
    /// # use qun_protocol::message::{CardOption, Checkbox, SubmitButton, TemplateCard};
    /// let question = Checkbox::new("lunch", [CardOption::new("a", "面"), CardOption::new("b", "饭")]).several();
    /// let card = TemplateCard::vote_interaction("午餐", "lunch-3", question, SubmitButton::new("send"));
    /// assert_eq!(card.check(), Ok(()));
    /// ```
    pub fn vote_interaction(
        title: impl Into<String>,
        task_id: impl Into<String>,
        question: Checkbox,
        submit: SubmitButton,
    ) -> Self {
        Self {
            checkbox: Some(question),
            submit_button: Some(submit),
            ..Self::of("vote_interaction", title).task(task_id)
        }
    }

    /// 多项选择型 One to three questions, each with one answer out of a list.
    ///
    /// ```
    /// # use qun_protocol::message::{CardOption, Selection, SubmitButton, TemplateCard};
    /// let day = Selection::new("day", [CardOption::new("1", "周一"), CardOption::new("2", "周二")]).title("哪天");
    /// let card = TemplateCard::multiple_interaction("评审", "review-8", [day], SubmitButton::new("send").text("预约"));
    /// assert_eq!(card.check(), Ok(()));
    /// ```
    pub fn multiple_interaction(
        title: impl Into<String>,
        task_id: impl Into<String>,
        questions: impl IntoIterator<Item = Selection>,
        submit: SubmitButton,
    ) -> Self {
        Self {
            select_list: questions.into_iter().collect(),
            submit_button: Some(submit),
            ..Self::of("multiple_interaction", title).task(task_id)
        }
    }

    /// With this task id, which a card with a menu needs too.
    #[must_use]
    pub fn task(mut self, task_id: impl Into<String>) -> Self {
        self.task_id = Some(task_id.into());
        self
    }

    /// With a text below its title.
    #[must_use]
    pub fn desc(mut self, desc: impl Into<String>) -> Self {
        self.main_title.get_or_insert_default().desc = Some(desc.into());
        self
    }

    /// Saying where it comes from.
    #[must_use]
    pub fn source(mut self, desc: impl Into<String>) -> Self {
        self.source = Some(CardSource {
            desc: Some(desc.into()),
            ..Default::default()
        });
        self
    }

    /// With a second text, for text_notice and button_interaction.
    #[must_use]
    pub fn sub_title(mut self, text: impl Into<String>) -> Self {
        self.sub_title_text = Some(text.into());
        self
    }

    /// With a figure in large type and what it means, for text_notice.
    #[must_use]
    pub fn emphasis(mut self, title: impl Into<String>, desc: impl Into<String>) -> Self {
        self.emphasis_content = Some(CardText {
            title: Some(title.into()),
            desc: Some(desc.into()),
        });
        self
    }

    /// With a quotation.
    #[must_use]
    pub fn quote(mut self, title: impl Into<String>, text: impl Into<String>) -> Self {
        self.quote_area = Some(QuoteArea {
            title: Some(title.into()),
            quote_text: Some(text.into()),
            ..Default::default()
        });
        self
    }

    /// With one more line of two columns, of at most 6.
    #[must_use]
    pub fn content(self, keyname: impl Into<String>, value: impl Into<String>) -> Self {
        self.line(HorizontalContent {
            keyname: Some(keyname.into()),
            value: Some(value.into()),
            ..Default::default()
        })
    }

    /// With one more line of two columns that leads to a page.
    #[must_use]
    pub fn content_link(
        self,
        keyname: impl Into<String>,
        value: impl Into<String>,
        url: impl Into<String>,
    ) -> Self {
        self.line(HorizontalContent {
            r#type: Some(1),
            keyname: Some(keyname.into()),
            value: Some(value.into()),
            url: Some(url.into()),
            ..Default::default()
        })
    }

    /// With one more line of two columns, an uploaded file under this name.
    #[must_use]
    pub fn attachment(
        self,
        keyname: impl Into<String>,
        filename: impl Into<String>,
        media_id: impl Into<MediaId>,
    ) -> Self {
        self.line(HorizontalContent {
            r#type: Some(2),
            keyname: Some(keyname.into()),
            value: Some(filename.into()),
            media_id: Some(media_id.into()),
            ..Default::default()
        })
    }

    /// With one more line of two columns that shows a person.
    #[must_use]
    pub fn person(
        self,
        keyname: impl Into<String>,
        value: impl Into<String>,
        userid: impl Into<UserId>,
    ) -> Self {
        self.line(HorizontalContent {
            r#type: Some(3),
            keyname: Some(keyname.into()),
            value: Some(value.into()),
            userid: Some(userid.into()),
            ..Default::default()
        })
    }

    fn line(mut self, content: HorizontalContent) -> Self {
        self.horizontal_content_list.push(content);
        self
    }

    /// With one more text below the picture of a news_notice, of at most 4.
    #[must_use]
    pub fn vertical(mut self, title: impl Into<String>, desc: impl Into<String>) -> Self {
        self.vertical_content_list.push(CardText {
            title: Some(title.into()),
            desc: Some(desc.into()),
        });
        self
    }

    /// With one more line that leads to a page, of at most 3.
    #[must_use]
    pub fn jump(mut self, title: impl Into<String>, url: impl Into<String>) -> Self {
        self.jump_list.push(Jump {
            r#type: Some(1),
            title: Some(title.into()),
            url: Some(url.into()),
            ..Default::default()
        });
        self
    }

    /// With one more entry, text and key, in the menu at its upper right, of at most 3; needs a task id.
    #[must_use]
    pub fn menu(mut self, text: impl Into<String>, key: impl Into<String>) -> Self {
        let menu = self.action_menu.get_or_insert_default();
        menu.action_list.push(MenuAction {
            text: Some(text.into()),
            key: Some(key.into()),
        });
        self
    }

    /// With a list to choose from beside the buttons of a button_interaction.
    #[must_use]
    pub fn selection(mut self, selection: Selection) -> Self {
        self.button_selection = Some(selection);
        self
    }

    /// With one grey button of this text in place of its buttons, where a card is changed.
    #[must_use]
    pub fn replaced(mut self, text: impl Into<String>) -> Self {
        self.replace_text = Some(text.into());
        self
    }
}

impl ActionMenu {
    /// The key of each entry.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.action_list
            .iter()
            .filter_map(|action| action.key.as_deref())
    }
}

impl CardAction {
    /// To a page.
    pub fn url(url: impl Into<String>) -> Self {
        Self {
            r#type: Some(1),
            url: Some(url.into()),
            ..Self::default()
        }
    }

    /// To a page of a mini program (小程序).
    pub fn mini_program(appid: impl Into<String>, pagepath: impl Into<String>) -> Self {
        Self {
            r#type: Some(2),
            appid: Some(appid.into()),
            pagepath: Some(pagepath.into()),
            ..Self::default()
        }
    }
}

impl CardButton {
    /// A button that tells the app its key.
    pub fn new(text: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            text: Some(text.into()),
            key: Some(key.into()),
            ..Self::default()
        }
    }

    /// A button that leads to a page.
    pub fn url(text: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            r#type: Some(1),
            text: Some(text.into()),
            url: Some(url.into()),
            ..Self::default()
        }
    }

    /// In another of the four looks than 1.
    #[must_use]
    pub fn style(mut self, style: i64) -> Self {
        self.style = Some(style);
        self
    }
}

impl CardOption {
    /// An option with its id.
    pub fn new(id: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            id: Some(id.into()),
            text: Some(text.into()),
            is_checked: None,
        }
    }

    /// Chosen from the beginning, in a [`Checkbox`].
    #[must_use]
    pub fn checked(mut self) -> Self {
        self.is_checked = Some(true);
        self
    }
}

impl Checkbox {
    /// A question with its key and 1 to 20 options, one of which is chosen.
    pub fn new(
        question_key: impl Into<String>,
        options: impl IntoIterator<Item = CardOption>,
    ) -> Self {
        Self {
            question_key: Some(question_key.into()),
            option_list: options.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Several of which can be chosen.
    #[must_use]
    pub fn several(mut self) -> Self {
        self.mode = Some(1);
        self
    }
}

impl Selection {
    /// A question with its key and 1 to 10 options.
    pub fn new(
        question_key: impl Into<String>,
        options: impl IntoIterator<Item = CardOption>,
    ) -> Self {
        Self {
            question_key: Some(question_key.into()),
            option_list: options.into_iter().collect(),
            ..Self::default()
        }
    }

    /// With a title.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// With this option chosen from the beginning instead of the first.
    #[must_use]
    pub fn selected(mut self, id: impl Into<String>) -> Self {
        self.selected_id = Some(id.into());
        self
    }
}

impl SubmitButton {
    /// 提交, with its key.
    pub fn new(key: impl Into<String>) -> Self {
        Self {
            text: None,
            key: Some(key.into()),
        }
    }

    /// With another text than 提交.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }
}
