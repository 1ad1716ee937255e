//! Ids as the wire has them. They hold any text; alphabets and lengths are rules.

use std::{
    borrow::Cow,
    fmt,
    hash::{Hash, Hasher},
    ops::Deref,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Default, Eq, Hash, PartialEq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub String);

        id!(text $name);
    };
    (text $name:ident) => {
        impl Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

id! {
    /// 企业ID: a company, `ww` and 16 hex digits in practice.
    CorpId
}
id! {
    /// The id of an internal group made by an app. Never a customer group's `chat_id`.
    ChatId
}
id! {
    /// 客户群ID: a customer group, `wr…`. Never an internal group's chatid.
    GroupChatId
}
id! {
    /// 外部联系人id: a customer, `wm…` of WeChat or `wo…` of another company's WeCom. Unlike a userid, case counts.
    ExternalUserId
}
id! {
    /// 配置id: a way to join customer groups, 32 hex digits.
    ConfigId
}
id! {
    /// The id of an uploaded file, good for three days.
    MediaId
}

/// An employee's id. Unique within a company ignoring case, shown as it was written.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct UserId(pub String);

id!(text UserId);

impl UserId {
    /// The form that is compared and stored as a key.
    pub fn folded(&self) -> Cow<'_, str> {
        fold(&self.0)
    }
}

impl PartialEq for UserId {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for UserId {}

impl Hash for UserId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded().hash(state);
    }
}

/// Text without the difference of ASCII case.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

/// A text, or something that is none: callers send numbers and lists where a name belongs, and that is a refusal of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// A string.
    Text(String),
    /// Any other JSON value.
    NotText,
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Name::Text(text.to_owned())
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Name::Text(text)
    }
}

impl Serialize for Name {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Name::Text(text) => serializer.serialize_str(text),
            Name::NotText => serializer.serialize_i64(0),
        }
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => Name::Text(text),
            _ => Name::NotText,
        })
    }
}

impl JsonSchema for Name {
    fn schema_name() -> Cow<'static, str> {
        "Name".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}
