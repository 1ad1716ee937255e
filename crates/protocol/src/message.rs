//! 应用消息: what an app says to people (document 003), and cards that it changes afterwards (94888).

mod card;
mod check;
mod recall;
mod response_code;
mod send;
mod update_card;
mod write;

pub use card::{
    ActionMenu, CARD_TYPES, CardAction, CardButton, CardImage, CardMoment, CardOption, CardSource,
    CardText, Checkbox, HorizontalContent, ImageTextArea, Jump, MenuAction, QuoteArea, Selection,
    SubmitButton, TemplateCard,
};
pub use recall::Recall;
pub use response_code::ResponseCode;
pub use send::{EVERYBODY, MESSAGE_TYPES, MiniprogramNotice, NoticeItem, Send, Sent, ids};
pub use update_card::{ReplacedButton, UpdateTemplateCard, UpdatedCard};
