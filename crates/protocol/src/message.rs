//! 消息推送 Messages of an app to people (pages 90236, 94888).

mod card;

pub use card::{
    ActionMenu, CARD_TYPES, CardAction, CardButton, CardImage, CardMoment, CardOption, CardSource,
    CardText, Checkbox, HorizontalContent, ImageTextArea, Jump, MenuAction, QuoteArea, Selection,
    SubmitButton, TemplateCard,
};
