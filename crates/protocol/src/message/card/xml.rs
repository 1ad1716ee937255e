//! Cards in passive replies (page 90241): the same objects as XML, lists as repeated elements.

use qun_crypt::xml::Element;
use serde_json::{Map, Value};

use super::TemplateCard;
use crate::lenient;

/// Names that are not made of the key's words.
const NAMES: [(&str, &str); 4] = [
    ("keyname", "KeyName"),
    ("userid", "UserId"),
    ("appid", "AppId"),
    ("pagepath", "PagePath"),
];

/// Fields that are lists.
const LISTS: [&str; 7] = [
    "action_list",
    "horizontal_content_list",
    "vertical_content_list",
    "jump_list",
    "button_list",
    "select_list",
    "option_list",
];

fn name(key: &str) -> String {
    if let Some((_, name)) = NAMES.iter().find(|(known, _)| *known == key) {
        return (*name).to_owned();
    }
    key.split('_')
        .flat_map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(letters)
        })
        .collect()
}

/// The key of an element. The page writes both `AppId` and `Appid`.
fn key(name: &str) -> String {
    if let Some((key, _)) = NAMES
        .iter()
        .find(|(_, known)| known.eq_ignore_ascii_case(name))
    {
        return (*key).to_owned();
    }
    let mut key = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !key.is_empty() {
            key.push('_');
        }
        key.push(letter.to_ascii_lowercase());
    }
    key
}

impl TemplateCard {
    /// The element `TemplateCard` of a passive reply.
    pub fn write_xml(&self) -> Element {
        let mut element = Element::new("TemplateCard");
        // Of plain fields, this cannot fail.
        if let Ok(Value::Object(fields)) = serde_json::to_value(self) {
            write(&mut element, fields);
        }
        element
    }

    /// Reads the element `TemplateCard` of a passive reply. What cannot be read is left out, and so are links of kinds that there
    /// are not: the page takes them for none (错填代表不是链接).
    pub fn read_xml(element: &Element) -> Self {
        let mut card: Self = lenient::value(read(element)).unwrap_or_default();
        for kind in card.links() {
            if !matches!(kind, Some(0..=3)) {
                *kind = None;
            }
        }
        card
    }

    fn links(&mut self) -> impl Iterator<Item = &mut Option<i64>> {
        let contents = self.horizontal_content_list.iter_mut();
        let jumps = self.jump_list.iter_mut();
        let action = self.card_action.iter_mut();
        contents
            .map(|it| &mut it.r#type)
            .chain(jumps.map(|it| &mut it.r#type))
            .chain(action.map(|it| &mut it.r#type))
    }
}

fn write(element: &mut Element, fields: Map<String, Value>) {
    for (key, value) in fields {
        let name = name(&key);
        match value {
            Value::Array(items) => {
                for item in items {
                    add(element, &name, item);
                }
            }
            value => add(element, &name, value),
        }
    }
}

fn add(element: &mut Element, name: &str, value: Value) {
    let mut child = Element::new(name);
    match value {
        Value::Object(fields) => write(&mut child, fields),
        Value::String(text) => {
            child.text = text;
            child.cdata = true;
        }
        value => child.text = value.to_string(),
    }
    element.children.push(child);
}

fn read(element: &Element) -> Value {
    if element.children.is_empty() {
        return Value::String(element.text.clone());
    }
    let mut fields = Map::new();
    for child in &element.children {
        let key = key(&child.name);
        let value = read(child);
        if LISTS.contains(&key.as_str()) {
            match fields.get_mut(&key) {
                Some(Value::Array(items)) => items.push(value),
                _ => {
                    fields.insert(key, Value::Array(vec![value]));
                }
            }
        } else {
            fields.insert(key, value);
        }
    }
    Value::Object(fields)
}
