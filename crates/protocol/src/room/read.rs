//! Reading what the pages type as a string here and as something else there.

use serde::{Deserialize, Deserializer, de::Error};

use super::ContactType;

#[derive(Deserialize)]
#[serde(untagged)]
enum Loose {
    Flag(bool),
    Number(f64),
    Text(String),
    Nothing(()),
}

/// A boolean, also as a string or as 0 and 1.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match Loose::deserialize(deserializer)? {
        Loose::Flag(flag) => Ok(flag),
        Loose::Number(number) => Ok(number != 0.0),
        Loose::Nothing(()) => Ok(false),
        Loose::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(true),
            "false" | "0" | "" => Ok(false),
            other => Err(D::Error::custom(format!("{other:?} is no boolean"))),
        },
    }
}

/// A whole number, also as a string.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    match Loose::deserialize(deserializer)? {
        Loose::Flag(flag) => Ok(flag.into()),
        Loose::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => Ok(number as i64),
        Loose::Number(number) => Err(D::Error::custom(format!("{number} is no whole number"))),
        Loose::Nothing(()) => Ok(0),
        Loose::Text(text) => match text.trim() {
            "" => Ok(0),
            text => text
                .parse()
                .map_err(|_| D::Error::custom(format!("{text:?} is no whole number"))),
        },
    }
}

/// The same for a kind of contact.
pub(super) fn contact_type<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<ContactType, D::Error> {
    number(deserializer).map(ContactType::from)
}
