//! Reading requests as real clients send them.
//!
//! Numbers come as strings and strings as numbers, `""` and `null` mean absent, a list may be `null`, a field of an
//! impossible type is dropped with a warning, and a body that is no JSON object at all is read as an empty one.
//! The usual request has none of this and is read by plain serde; only odd ones take the slower way.

use std::{borrow::Cow, cell::RefCell, fmt};

use memchr::memmem;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, Visitor,
};
use serde_json::Value;

/// A request as read.
#[derive(Debug, PartialEq, Eq)]
pub struct Decoded<T> {
    /// The request; what could not be read is at its default.
    pub value: T,
    /// Something could not be read: the answer says `Warning: wrong json format.`
    pub warning: bool,
}

/// The request holds a NUL character, which no store can keep.
#[derive(Debug, PartialEq, Eq)]
pub struct Nul;

/// A request may have this many unreadable fields before all of it is taken as unreadable.
const DROPPED: usize = 64;

/// Reads a JSON body.
pub fn json<T: DeserializeOwned + Default>(body: &[u8]) -> Result<Decoded<T>, Nul> {
    let odd = memmem::find(body, b"\"\"").is_some()
        || memmem::find(body, b"null").is_some()
        || memmem::find(body, b"\\u0000").is_some();
    // Serde would read an array as the fields of a struct in their order.
    let object = body.trim_ascii_start().starts_with(b"{");
    if object
        && !odd
        && let Ok(value) = serde_json::from_slice(body)
    {
        return Ok(Decoded {
            value,
            warning: false,
        });
    }
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Decoded {
            value: T::default(),
            warning: false,
        });
    }
    match serde_json::from_slice(body) {
        Ok(tree @ Value::Object(_)) => tolerant(tree),
        _ => Ok(Decoded {
            value: T::default(),
            warning: true,
        }),
    }
}

/// Reads query parameters; of a key given twice the last counts.
pub fn query<T: DeserializeOwned + Default>(
    pairs: &[(Cow<'_, str>, Cow<'_, str>)],
) -> Result<Decoded<T>, Nul> {
    let tree = pairs
        .iter()
        .map(|(key, value)| (key.to_string(), Value::String(value.to_string())))
        .collect();
    tolerant(Value::Object(tree))
}

/// Reads a value that is there already.
pub fn value<T: DeserializeOwned + Default>(tree: Value) -> Result<T, Nul> {
    Ok(tolerant(tree)?.value)
}

fn tolerant<T: DeserializeOwned + Default>(mut tree: Value) -> Result<Decoded<T>, Nul> {
    if has_nul(&tree) {
        return Err(Nul);
    }
    for dropped in 0..=DROPPED {
        let trail = RefCell::new(Vec::new());
        match T::deserialize(Node {
            value: &tree,
            trail: &trail,
        }) {
            Ok(value) => {
                return Ok(Decoded {
                    value,
                    warning: dropped > 0,
                });
            }
            Err(Unreadable) => {
                if !remove(&mut tree, &trail.into_inner()) {
                    break;
                }
            }
        }
    }
    Ok(Decoded {
        value: T::default(),
        warning: true,
    })
}

/// Whether a NUL character stands anywhere in a value, in names too.
pub fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields
            .iter()
            .any(|(key, value)| key.contains('\0') || has_nul(value)),
        _ => false,
    }
}

#[derive(Debug)]
enum Step {
    Key(String),
    Index(usize),
}

fn remove(mut tree: &mut Value, path: &[Step]) -> bool {
    let Some((last, way)) = path.split_last() else {
        return false;
    };
    for step in way {
        let next = match step {
            Step::Key(key) => tree.get_mut(key),
            Step::Index(index) => tree.get_mut(index),
        };
        let Some(next) = next else { return false };
        tree = next;
    }
    match (tree, last) {
        (Value::Object(fields), Step::Key(key)) => fields.shift_remove(key).is_some(),
        (Value::Array(items), Step::Index(index)) if *index < items.len() => {
            items.remove(*index);
            true
        }
        _ => false,
    }
}

/// The error carries nothing: where it happened is in the trail.
#[derive(Debug)]
struct Unreadable;

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unreadable")
    }
}
impl std::error::Error for Unreadable {}
impl serde::de::Error for Unreadable {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Unreadable
    }
}

#[derive(Clone, Copy)]
struct Node<'de, 't> {
    value: &'de Value,
    trail: &'t RefCell<Vec<Step>>,
}

impl<'de> Node<'de, '_> {
    fn is_absent(&self) -> bool {
        match self.value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            _ => false,
        }
    }

    fn integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.value {
            Value::Number(number) => {
                if let Some(n) = number.as_i64() {
                    visitor.visit_i64(n)
                } else if let Some(n) = number.as_u64() {
                    visitor.visit_u64(n)
                } else {
                    match number.as_f64() {
                        Some(n) if n.fract() == 0.0 && n.abs() < 9e15 => {
                            visitor.visit_i64(n as i64)
                        }
                        _ => Err(Unreadable),
                    }
                }
            }
            Value::Bool(flag) => visitor.visit_i64(i64::from(*flag)),
            Value::String(text) => match text.trim().parse::<i64>() {
                Ok(n) => visitor.visit_i64(n),
                Err(_) => Err(Unreadable),
            },
            _ => Err(Unreadable),
        }
    }
}

macro_rules! integers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
            self.integer(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Node<'de, '_> {
    type Error = Unreadable;

    integers! { deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.value.deserialize_any(visitor).map_err(|_| Unreadable)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.value {
            Value::String(text) => match text.trim().parse::<f64>() {
                Ok(n) => visitor.visit_f64(n),
                Err(_) => Err(Unreadable),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.value {
            Value::Bool(flag) => visitor.visit_bool(*flag),
            Value::Number(n) if n.as_i64() == Some(0) => visitor.visit_bool(false),
            Value::Number(n) if n.as_i64() == Some(1) => visitor.visit_bool(true),
            Value::String(text) => match text.as_str() {
                "0" | "false" => visitor.visit_bool(false),
                "1" | "true" => visitor.visit_bool(true),
                _ => Err(Unreadable::invalid_value(
                    Unexpected::Str(text),
                    &"a boolean",
                )),
            },
            _ => Err(Unreadable),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.value {
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Number(number) => visitor.visit_string(number.to_string()),
            _ => Err(Unreadable),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if self.is_absent() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        let items: &[Value] = match self.value {
            Value::Array(items) => items,
            _ if self.is_absent() => &[],
            _ => return Err(Unreadable),
        };
        visitor.visit_seq(Items {
            rest: items.iter().enumerate(),
            trail: self.trail,
        })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.value {
            Value::Object(fields) => visitor.visit_map(Fields {
                rest: fields.iter(),
                next: None,
                trail: self.trail,
            }),
            _ if self.is_absent() => visitor.visit_map(serde::de::value::MapDeserializer::<
                std::iter::Empty<(&str, &str)>,
                Unreadable,
            >::new(std::iter::empty())),
            _ => Err(Unreadable),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        match self.value {
            Value::String(text) => visitor.visit_enum(text.as_str().into_deserializer()),
            _ => Err(Unreadable),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! { i128 u128 f32 char bytes byte_buf unit unit_struct tuple tuple_struct identifier }
}

struct Fields<'de, 't> {
    rest: serde_json::map::Iter<'de>,
    next: Option<(&'de str, &'de Value)>,
    trail: &'t RefCell<Vec<Step>>,
}

impl<'de> MapAccess<'de> for Fields<'de, '_> {
    type Error = Unreadable;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Unreadable> {
        let Some((key, value)) = self.rest.next() else {
            return Ok(None);
        };
        self.next = Some((key, value));
        seed.deserialize(key.as_str().into_deserializer()).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, Unreadable> {
        let (key, value) = self.next.take().ok_or(Unreadable)?;
        step(self.trail, Step::Key(key.to_owned()), || {
            seed.deserialize(Node {
                value,
                trail: self.trail,
            })
        })
    }
}

struct Items<'de, 't> {
    rest: std::iter::Enumerate<std::slice::Iter<'de, Value>>,
    trail: &'t RefCell<Vec<Step>>,
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = Unreadable;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Unreadable> {
        let Some((index, value)) = self.rest.next() else {
            return Ok(None);
        };
        step(self.trail, Step::Index(index), || {
            seed.deserialize(Node {
                value,
                trail: self.trail,
            })
        })
        .map(Some)
    }
}

/// Goes one step down; a failure below leaves the way to it in the trail.
fn step<T>(
    trail: &RefCell<Vec<Step>>,
    step: Step,
    read: impl FnOnce() -> Result<T, Unreadable>,
) -> Result<T, Unreadable> {
    trail.borrow_mut().push(step);
    let value = read()?;
    trail.borrow_mut().pop();
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(default)]
    struct Request {
        chatid: Option<String>,
        agentid: Option<i64>,
        safe: i64,
        flag: bool,
        userlist: Vec<String>,
        text: Option<Inner>,
    }

    #[derive(Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
    #[serde(default)]
    struct Inner {
        content: Option<String>,
        mentioned_list: Vec<String>,
    }

    fn read(body: &str) -> (Request, bool) {
        let decoded = json(body.as_bytes()).unwrap();
        (decoded.value, decoded.warning)
    }

    #[test]
    fn clients_oddities_are_read() {
        let (request, warning) = read(
            r#"{"chatid": "", "agentid": "1000002", "safe": "0", "flag": 1, "userlist": null, "x": [1], "text": {"content": 5, "mentioned_list": null}}"#,
        );
        assert!(!warning);
        let text = Inner {
            content: Some("5".into()),
            ..Default::default()
        };
        assert_eq!(
            request,
            Request {
                agentid: Some(1_000_002),
                flag: true,
                text: Some(text),
                ..Default::default()
            }
        );
    }

    #[test]
    fn an_unreadable_field_alone_is_dropped() {
        let (request, warning) = read(
            r#"{"chatid": "c", "userlist": ["a", {}, "b"], "safe": [], "text": {"content": []}}"#,
        );
        assert!(warning);
        assert_eq!(request.chatid.as_deref(), Some("c"));
        assert_eq!(request.userlist, ["a", "b"]);
        assert_eq!(request.text, Some(Inner::default()));
    }

    #[test]
    fn what_is_no_object_is_an_empty_request_with_a_warning() {
        for body in [
            "name=a&owner=b",
            "{'chatid': 1}",
            "[1]",
            r#" ["c"]"#,
            "{\"chatid\": \"c\"",
            "\u{feff}{}",
        ] {
            assert_eq!(read(body), (Request::default(), true), "{body}");
        }
        for body in ["", " \r\n"] {
            assert_eq!(read(body), (Request::default(), false), "{body}");
        }
    }

    #[test]
    fn of_two_keys_the_last_counts() {
        assert_eq!(read(r#"{"safe": 1, "safe": 2}"#).0.safe, 2);
        let pairs = [
            ("agentid".into(), "1".into()),
            ("agentid".into(), "2".into()),
        ];
        assert_eq!(query::<Request>(&pairs).unwrap().value.agentid, Some(2));
    }

    #[test]
    fn nul_is_found_however_it_is_written() {
        assert_eq!(json::<Request>(br#"{"chatid": "a\u0000b"}"#), Err(Nul));
        assert_eq!(
            query::<Request>(&[("chatid".into(), "a\0".into())]),
            Err(Nul)
        );
    }

    proptest::proptest! {
        /// Both ways of reading agree wherever plain serde can read at all.
        #[test]
        fn the_slow_way_agrees_with_the_fast_one(chatid in "[a-z]{1,5}", agentid: i64, safe: i64, users in proptest::collection::vec("[a-z]{1,3}", 0..4)) {
            let request = Request { chatid: Some(chatid), agentid: Some(agentid), safe, userlist: users, flag: safe % 2 == 0, text: None };
            let tree = serde_json::to_value(&request).unwrap();
            proptest::prop_assert_eq!(tolerant::<Request>(tree).unwrap(), Decoded { value: request, warning: false });
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(body: Vec<u8>) {
            let _ = json::<Request>(&body);
        }
    }
}
