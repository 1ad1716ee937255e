use qun_crypt::xml::Element;

use super::Part;
use crate::message::ResponseCode;

/// `template_card_event` (page 90240): a person tapped a button of a card, or sent what was chosen on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateCard {
    /// The key of the button, or of the submit button.
    pub event_key: String,
    /// The card's task id.
    pub task_id: String,
    /// The card's type.
    pub card_type: String,
    /// With this the card can be changed, once, within 72 hours.
    pub response_code: ResponseCode,
    /// What was chosen.
    pub selected_items: Vec<SelectedItem>,
}

/// `template_card_menu_event` (page 90240): a person chose an entry of a card's menu.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateCardMenu {
    /// The key of the entry.
    pub event_key: String,
    /// The card's task id.
    pub task_id: String,
    /// The card's type.
    pub card_type: String,
    /// With this the card can be changed, once, within 72 hours.
    pub response_code: ResponseCode,
}

/// What was chosen for one question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SelectedItem {
    /// The question.
    pub question_key: String,
    /// The chosen options.
    pub option_ids: Vec<String>,
}

impl Part for TemplateCard {
    fn read(xml: &Element) -> Self {
        let items = xml.get("SelectedItems").map_or(&[][..], |it| &it.children);
        Self {
            event_key: xml.text_of("EventKey").to_owned(),
            task_id: xml.text_of("TaskId").to_owned(),
            card_type: xml.text_of("CardType").to_owned(),
            response_code: xml.text_of("ResponseCode").into(),
            selected_items: items.iter().map(SelectedItem::read).collect(),
        }
    }

    fn write(&self, xml: Element) -> Element {
        let xml = xml
            .text("EventKey", &self.event_key)
            .text("TaskId", &self.task_id)
            .text("CardType", &self.card_type)
            .text("ResponseCode", &*self.response_code);
        if self.selected_items.is_empty() {
            return xml;
        }
        let items = Element::new("SelectedItems");
        xml.child(
            self.selected_items
                .iter()
                .fold(items, |items, item| items.child(item.write())),
        )
    }
}

impl Part for TemplateCardMenu {
    fn read(xml: &Element) -> Self {
        let TemplateCard {
            event_key,
            task_id,
            card_type,
            response_code,
            ..
        } = TemplateCard::read(xml);
        Self {
            event_key,
            task_id,
            card_type,
            response_code,
        }
    }

    fn write(&self, xml: Element) -> Element {
        let Self {
            event_key,
            task_id,
            card_type,
            response_code,
        } = self.clone();
        let card = TemplateCard {
            event_key,
            task_id,
            card_type,
            response_code,
            selected_items: Vec::new(),
        };
        card.write(xml)
    }
}

impl SelectedItem {
    fn read(xml: &Element) -> Self {
        let options = xml.get("OptionIds").map_or(&[][..], |it| &it.children);
        Self {
            question_key: xml.text_of("QuestionKey").to_owned(),
            option_ids: options.iter().map(|option| option.text.clone()).collect(),
        }
    }

    fn write(&self) -> Element {
        let options = Element::new("OptionIds");
        let options = self
            .option_ids
            .iter()
            .fold(options, |options, id| options.text("OptionId", id));
        Element::new("SelectedItem")
            .text("QuestionKey", &self.question_key)
            .child(options)
    }
}
