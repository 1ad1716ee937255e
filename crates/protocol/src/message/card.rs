//! 模板卡片消息 Template cards (page 90236). Lengths that the page only advises (建议) are no limits.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{MediaId, UserId};

mod check;
mod write;
mod xml;

pub use check::CardMoment;

/// The types of card: 文本通知型, 图文展示型, 按钮交互型, 投票选择型, 多项选择型.
pub const CARD_TYPES: [&str; 5] = [
    "text_notice",
    "news_notice",
    "button_interaction",
    "vote_interaction",
    "multiple_interaction",
];

/// The refusals of an endpoint that takes cards: its own, and those of a card.
macro_rules! with_card_refusals {
    ($($own:ident),* $(,)?) => {
        &[
            $($crate::Refusal::$own,)*
            $crate::Refusal::MediaId,
            $crate::Refusal::InvalidParameter,
            $crate::Refusal::TooLong,
            $crate::Refusal::UrlTooLong,
            $crate::Refusal::CardTask,
            $crate::Refusal::CardActionKey,
            $crate::Refusal::CardActionKeyMissing,
            $crate::Refusal::CardActionText,
            $crate::Refusal::CardKeyName,
            $crate::Refusal::CardUrl,
            $crate::Refusal::CardMediaId,
            $crate::Refusal::CardAppId,
            $crate::Refusal::CardType,
            $crate::Refusal::CardTitle,
            $crate::Refusal::CardContentCount,
            $crate::Refusal::CardVerticalCount,
            $crate::Refusal::CardOptionCount,
            $crate::Refusal::CardButtonText,
            $crate::Refusal::CardButtonKey,
            $crate::Refusal::CardOptionId,
            $crate::Refusal::CardOptionText,
            $crate::Refusal::CardJumpCount,
            $crate::Refusal::CardQuestionKey,
            $crate::Refusal::CardImageUrl,
            $crate::Refusal::CardAction,
            $crate::Refusal::CardSubmitKey,
            $crate::Refusal::CardSelectCount,
            $crate::Refusal::CardSubmitText,
            $crate::Refusal::CardUserId,
            $crate::Refusal::CardActionKeyTaken,
        ]
    };
}
pub(super) use with_card_refusals;

fn is_blank<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Objects all of whose fields may be absent, and are left out where they are.
macro_rules! objects {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(default)]
        pub struct $name {
            $($(#[$field_doc])* #[serde(skip_serializing_if = "is_blank")] pub $field: $type,)*
        }
    )*};
}

objects! {
    /// A card, with the fields of every type; a card ignores those of other types.
    TemplateCard {
        /// 模板卡片类型 text_notice, news_notice, button_interaction, vote_interaction or multiple_interaction
        card_type: Option<String>,
        /// 卡片来源样式信息
        source: Option<CardSource>,
        /// 卡片右上角更多操作按钮 text_notice, news_notice and button_interaction; needs `task_id`
        action_menu: Option<ActionMenu>,
        /// 任务id digits, letters and `_-@`, at most 128 bytes, unique per app; not where a card is changed
        task_id: Option<String>,
        /// 一级标题 of every type; its title may be absent where text_notice has a `sub_title_text`
        main_title: Option<CardText>,
        /// 引用文献样式 text_notice, news_notice and button_interaction
        quote_area: Option<QuoteArea>,
        /// 关键数据样式 text_notice
        emphasis_content: Option<CardText>,
        /// 二级普通文本 text_notice and button_interaction
        sub_title_text: Option<String>,
        /// 左图右文样式 news_notice; this or `card_image`
        image_text_area: Option<ImageTextArea>,
        /// 图片样式 news_notice; this or `image_text_area`
        card_image: Option<CardImage>,
        /// 卡片二级垂直内容 news_notice; at most 4
        vertical_content_list: Vec<CardText>,
        /// 二级标题+文本列表 text_notice, news_notice and button_interaction; at most 6
        horizontal_content_list: Vec<HorizontalContent>,
        /// 跳转指引样式的列表 text_notice, news_notice and button_interaction; at most 3
        jump_list: Vec<Jump>,
        /// 整体卡片的点击跳转事件 text_notice and news_notice, which need it, and button_interaction
        card_action: Option<CardAction>,
        /// 下拉式的选择器 button_interaction; at most 10 options
        button_selection: Option<Selection>,
        /// 按钮列表 button_interaction; 1 to 6
        button_list: Vec<CardButton>,
        /// 选择题样式 vote_interaction
        checkbox: Option<Checkbox>,
        /// 下拉式的选择器列表 multiple_interaction; 1 to 3, each with at most 10 options
        select_list: Vec<Selection>,
        /// 提交按钮样式 vote_interaction and multiple_interaction
        submit_button: Option<SubmitButton>,
        /// 按钮替换文案 where a card is changed: one grey button with this text in place of the card's buttons
        replace_text: Option<String>,
    }

    /// 卡片来源样式信息 Where a card comes from.
    CardSource {
        /// 来源图片的url
        icon_url: Option<String>,
        /// 来源图片的描述
        desc: Option<String>,
        /// 来源文字的颜色 0 grey (default), 1 black, 2 red, 3 green
        desc_color: Option<i64>,
    }

    /// A title and what belongs to it.
    CardText {
        /// 标题
        title: Option<String>,
        /// 描述
        desc: Option<String>,
    }

    /// 卡片右上角更多操作按钮 The menu at a card's upper right.
    ActionMenu {
        /// 更多操作界面的描述
        desc: Option<String>,
        /// 操作列表 1 to 3; up to 10 in a passive reply
        action_list: Vec<MenuAction>,
    }

    /// An entry of [`ActionMenu`].
    MenuAction {
        /// 操作的描述文案
        text: Option<String>,
        /// 操作key值 at most 1024 bytes, unique in the menu; comes back as `EventKey`
        key: Option<String>,
    }

    /// 引用文献样式 A quotation.
    QuoteArea {
        /// 点击事件 0 (default) none, 1 link, 2 mini program
        r#type: Option<i64>,
        /// 点击跳转的url at most 2048 bytes
        url: Option<String>,
        /// 小程序的appid
        appid: Option<String>,
        /// 小程序的pagepath
        pagepath: Option<String>,
        /// 引用文献样式的标题
        title: Option<String>,
        /// 引用文献样式的引用文案
        quote_text: Option<String>,
    }

    /// 左图右文样式 A picture with a text beside it.
    ImageTextArea {
        /// 点击事件 0 (default) none, 1 link, 2 mini program
        r#type: Option<i64>,
        /// 点击跳转的url at most 2048 bytes
        url: Option<String>,
        /// 小程序的appid
        appid: Option<String>,
        /// 小程序的pagepath
        pagepath: Option<String>,
        /// 左图右文样式的标题
        title: Option<String>,
        /// 左图右文样式的描述
        desc: Option<String>,
        /// 左图右文样式的图片url
        image_url: Option<String>,
    }

    /// 图片样式 A picture.
    CardImage {
        /// 图片的url
        url: Option<String>,
        /// 图片的宽高比 1.3 (default) to 2.25
        aspect_ratio: Option<f64>,
    }

    /// 二级标题+文本 A line of two columns.
    HorizontalContent {
        /// 链接类型 0 (default) none, 1 link, 2 attachment, 3 a person's details
        r#type: Option<i64>,
        /// 二级标题
        keyname: Option<String>,
        /// 二级文本 for an attachment its file name
        value: Option<String>,
        /// 链接跳转的url at most 2048 bytes
        url: Option<String>,
        /// 附件的media_id
        media_id: Option<MediaId>,
        /// 成员详情的userid
        userid: Option<UserId>,
    }

    /// 跳转指引样式 A line that leads elsewhere.
    Jump {
        /// 跳转链接类型 0 (default) none, 1 link, 2 mini program
        r#type: Option<i64>,
        /// 跳转链接样式的文案内容
        title: Option<String>,
        /// 跳转链接的url at most 2048 bytes
        url: Option<String>,
        /// 小程序的appid
        appid: Option<String>,
        /// 小程序的pagepath
        pagepath: Option<String>,
    }

    /// 整体卡片的点击跳转事件 Where a tap on the card itself leads.
    CardAction {
        /// 跳转事件类型 1 link, 2 mini program; 0 none, for button_interaction
        r#type: Option<i64>,
        /// 跳转事件的url at most 2048 bytes
        url: Option<String>,
        /// 小程序的appid
        appid: Option<String>,
        /// 小程序的pagepath
        pagepath: Option<String>,
    }

    /// 下拉式的选择器 A question with one answer out of a list.
    Selection {
        /// 选择器的key at most 1024 bytes, unique in the card; comes back as `QuestionKey`
        question_key: Option<String>,
        /// 选择器的标题
        title: Option<String>,
        /// 默认选定的id the first where absent or unknown
        selected_id: Option<String>,
        /// Whether nothing else can be chosen any more
        disable: Option<bool>,
        /// 选项列表 1 to 10
        option_list: Vec<CardOption>,
    }

    /// 选择题样式 A question with one or several answers.
    Checkbox {
        /// 选择题key值 at most 1024 bytes; comes back as `QuestionKey`
        question_key: Option<String>,
        /// 选项列表 1 to 20
        option_list: Vec<CardOption>,
        /// Whether nothing else can be chosen any more
        disable: Option<bool>,
        /// 选择题模式 0 (default) one answer, 1 several
        mode: Option<i64>,
    }

    /// An option of a question.
    CardOption {
        /// 选项id at most 128 bytes, unique in the question; comes back as `OptionId`
        id: Option<String>,
        /// 选项的文案
        text: Option<String>,
        /// 该选项是否要默认选中 in a checkbox
        is_checked: Option<bool>,
    }

    /// 按钮 A button.
    CardButton {
        /// 按钮点击事件类型 0 (default) tells the app, 1 link
        r#type: Option<i64>,
        /// 按钮文案
        text: Option<String>,
        /// 按钮样式 1 (default) to 4
        style: Option<i64>,
        /// 按钮key值 at most 1024 bytes, unique in the card; comes back as `EventKey`
        key: Option<String>,
        /// 跳转事件的url at most 2048 bytes
        url: Option<String>,
    }

    /// 提交按钮样式 The button that sends what was chosen.
    SubmitButton {
        /// 按钮文案 提交 where absent
        text: Option<String>,
        /// 提交按钮的key at most 1024 bytes; comes back as `EventKey`
        key: Option<String>,
    }
}

impl TemplateCard {
    /// Its type, empty where it has none.
    pub fn kind(&self) -> &str {
        self.card_type.as_deref().unwrap_or_default()
    }

    /// Whether it has buttons that tell the app: of the types that a person answers.
    pub fn has_buttons(&self) -> bool {
        CARD_TYPES[2..].contains(&self.kind())
    }

    /// Whether the app is told of taps on it (可回调): its type, or its menu.
    pub fn is_interactive(&self) -> bool {
        self.has_buttons() || self.action_menu.is_some()
    }

    /// A field that a card of its type does not show.
    pub fn foreign(&self) -> Option<String> {
        let fields = |card: &Self| match serde_json::to_value(card) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        let own = fields(&self.own());
        let mut all = fields(self)
            .into_iter()
            .filter(|(_, value)| !value.is_null());
        all.find(|(name, value)| own.get(name) != Some(value))
            .map(|(name, _)| name)
    }

    /// The card with the fields of its type alone.
    #[must_use]
    pub fn own(&self) -> Self {
        let this = self.clone();
        let all = Self {
            card_type: this.card_type,
            source: this.source,
            task_id: this.task_id,
            main_title: this.main_title,
            ..Self::default()
        };
        match self.kind() {
            "text_notice" => Self {
                action_menu: this.action_menu,
                quote_area: this.quote_area,
                emphasis_content: this.emphasis_content,
                sub_title_text: this.sub_title_text,
                horizontal_content_list: this.horizontal_content_list,
                jump_list: this.jump_list,
                card_action: this.card_action,
                ..all
            },
            "news_notice" => Self {
                action_menu: this.action_menu,
                quote_area: this.quote_area,
                image_text_area: this.image_text_area,
                card_image: this.card_image,
                vertical_content_list: this.vertical_content_list,
                horizontal_content_list: this.horizontal_content_list,
                jump_list: this.jump_list,
                card_action: this.card_action,
                ..all
            },
            "button_interaction" => Self {
                action_menu: this.action_menu,
                quote_area: this.quote_area,
                sub_title_text: this.sub_title_text,
                horizontal_content_list: this.horizontal_content_list,
                jump_list: this.jump_list,
                card_action: this.card_action,
                button_selection: this.button_selection,
                button_list: this.button_list,
                replace_text: this.replace_text,
                ..all
            },
            "vote_interaction" => Self {
                checkbox: this.checkbox,
                submit_button: this.submit_button,
                replace_text: this.replace_text,
                ..all
            },
            "multiple_interaction" => Self {
                select_list: this.select_list,
                submit_button: this.submit_button,
                replace_text: this.replace_text,
                ..all
            },
            _ => all,
        }
    }
}
