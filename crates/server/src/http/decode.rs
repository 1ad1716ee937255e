//! Parameters of the own API: strict, with the place of what is wrong. (The cloud's API is read by `qun_protocol::lenient`.)

use std::collections::BTreeSet;

use qun_protocol::{Body, Endpoint, Refusal as R, Refused, lenient, rulebook::nearest};
use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::Pairs;

/// The fields of a request type, read off its schema once.
#[derive(Debug)]
pub(super) struct Fields {
    names: BTreeSet<String>,
    integers: BTreeSet<String>,
}

impl Fields {
    pub(super) fn of<E: JsonSchema>() -> Self {
        let schema = schemars::schema_for!(E).to_value();
        let properties = schema["properties"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        let is_integer = |property: &Value| match &property["type"] {
            Value::String(kind) => kind == "integer",
            Value::Array(kinds) => kinds.iter().any(|kind| kind == "integer"),
            _ => false,
        };
        Fields {
            integers: properties
                .iter()
                .filter(|(_, property)| is_integer(property))
                .map(|(name, _)| name.clone())
                .collect(),
            names: properties.into_iter().map(|(name, _)| name).collect(),
        }
    }

    fn known(&self, name: &str) -> Result<(), Refused> {
        if self.names.contains(name) {
            return Ok(());
        }
        let near = nearest(name, self.names.iter().map(String::as_str));
        let hint = near
            .map(|near| format!("; did you mean {near:?}?"))
            .unwrap_or_default();
        Err(bad(format!("there is no field {name:?}{hint}")))
    }

    fn text(&self, fields: &mut Map<String, Value>, name: &str, text: &str) -> Result<(), Refused> {
        if text.contains('\0') {
            return Err(R::IllegalCharacter.into());
        }
        self.known(name)?;
        let value = if self.integers.contains(name) {
            Value::from(
                text.parse::<i64>()
                    .map_err(|_| bad(format!("{name} is no whole number: {text:?}")))?,
            )
        } else {
            Value::from(text)
        };
        fields.insert(name.to_owned(), value);
        Ok(())
    }
}

/// Reads a request from its path, query and body.
pub(super) fn strict<E: Endpoint>(
    fields: &Fields,
    path: &[(String, String)],
    pairs: &Pairs,
    body: &[u8],
) -> Result<E, Refused> {
    let mut object = match E::META.body {
        Body::Query | Body::Upload => Map::new(),
        Body::Json => match json(body)? {
            Value::Object(object) => object,
            _ => return Err(bad("the body is no JSON object")),
        },
        Body::Item(name) => Map::from_iter([(name.to_owned(), json(body)?)]),
    };
    for name in object.keys() {
        fields.known(name)?;
    }
    for (name, text) in pairs {
        fields.text(&mut object, name, text)?;
    }
    for (name, text) in path {
        fields.text(&mut object, name, text)?;
    }
    serde_path_to_error::deserialize(Value::Object(object)).map_err(|error| {
        let place = error.path().to_string();
        bad(format!("{place}: {}", error.into_inner()))
    })
}

fn json(body: &[u8]) -> Result<Value, Refused> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(Map::new()));
    }
    let value = serde_json::from_slice(body)
        .map_err(|error| bad(format!("the body is no JSON: {error}")))?;
    // Looked for in all of a value only where it may be there.
    if memchr::memmem::find(body, b"\\u0000").is_some() && lenient::has_nul(&value) {
        return Err(R::IllegalCharacter.into());
    }
    Ok(value)
}

fn bad(detail: impl Into<String>) -> Refused {
    Refused::because(R::BadRequest, detail)
}
