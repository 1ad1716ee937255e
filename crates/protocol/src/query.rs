//! Query strings, for both ends of the wire.

use std::borrow::Cow;

use serde_json::Value;

/// The pairs of a query string, in order.
pub fn pairs(query: &str) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    form_urlencoded::parse(query.as_bytes()).collect()
}

/// The last value of a key: clients that retry send a stale token first and the fresh one after it.
pub fn last<'a>(pairs: &'a [(Cow<'_, str>, Cow<'_, str>)], key: &str) -> Option<&'a str> {
    pairs
        .iter()
        .rev()
        .find(|(name, _)| name == key)
        .map(|(_, value)| value.as_ref())
}

/// A value as it stands in a query string, in pieces.
pub fn encoded(value: &str) -> impl Iterator<Item = &str> {
    form_urlencoded::byte_serialize(value.as_bytes())
}

/// Writes the scalar fields of an object as a query string; absent ones are left out.
pub fn write(fields: &serde_json::Map<String, Value>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (key, value) in fields {
        match value {
            Value::Null | Value::Array(_) | Value::Object(_) => {}
            Value::String(text) => {
                query.append_pair(key, text);
            }
            scalar => {
                query.append_pair(key, &scalar.to_string());
            }
        }
    }
    query.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_two_tokens_counts() {
        let pairs = pairs("access_token=old&chatid=a%2Bb&access_token=new");
        assert_eq!(last(&pairs, "access_token"), Some("new"));
        assert_eq!(last(&pairs, "chatid"), Some("a+b"));
        assert_eq!(last(&pairs, "debug"), None);
    }
}
