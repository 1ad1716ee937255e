//! An endpoint's fields, read from the schema of its request.

use anyhow::Result;
use qun_protocol::{all::Entry, rulebook};
use serde_json::{Map, Value};

use crate::failure::usage;

/// The schema of one endpoint's request.
pub(crate) struct Shape {
    definitions: Map<String, Value>,
    root: Value,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Integer,
    Boolean,
    /// A list of texts.
    Texts,
    /// A list of integers.
    Integers,
    /// Anything deeper.
    Deep,
}

/// A field of the request itself.
#[derive(Debug)]
pub(crate) struct Field {
    pub name: String,
    pub kind: Kind,
    pub help: String,
}

impl Shape {
    pub(crate) fn of(entry: &Entry) -> Self {
        let mut generator = schemars::SchemaGenerator::default();
        let root = (entry.request)(&mut generator).to_value();
        Shape {
            definitions: generator.take_definitions(true),
            root,
        }
    }

    /// The request's own fields, in the order of the documents.
    pub(crate) fn fields(&self) -> Vec<Field> {
        let Some(properties) = self.properties(&self.root) else {
            return Vec::new();
        };
        properties
            .iter()
            .map(|(name, schema)| Field {
                name: name.clone(),
                kind: self.kind(schema),
                help: self.help(schema),
            })
            .collect()
    }

    /// The paths and docs of all values below the request's own fields.
    pub(crate) fn deep(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for (name, schema) in self.properties(&self.root).into_iter().flatten() {
            if self.kind(schema) == Kind::Deep {
                self.descend(name.clone(), schema, 0, &mut found);
            }
        }
        found
    }

    fn descend(
        &self,
        path: String,
        schema: &Value,
        depth: usize,
        found: &mut Vec<(String, String)>,
    ) {
        let resolved = self.resolve(schema);
        if let (Some(items), true) = (resolved.get("items"), self.kind(schema) == Kind::Deep) {
            self.descend(format!("{path}[0]"), items, depth, found);
        } else if let (Some(properties), true) = (self.properties(schema), depth < 4) {
            for (name, inner) in properties {
                self.descend(format!("{path}.{name}"), inner, depth + 1, found);
            }
        } else {
            found.push((path, self.help(schema)));
        }
    }

    /// Puts a value to a path such as `news.articles[0].title`.
    pub(crate) fn assign(
        &self,
        request: &mut Map<String, Value>,
        path: &str,
        text: &str,
    ) -> Result<()> {
        let steps = steps(path)?;
        let mut tree = Value::Object(std::mem::take(request));
        let result = self.put(&mut tree, &self.root, &steps, path, text);
        if let Value::Object(fields) = tree {
            *request = fields;
        }
        result
    }

    fn put(
        &self,
        place: &mut Value,
        schema: &Value,
        steps: &[Step],
        path: &str,
        text: &str,
    ) -> Result<()> {
        let resolved = self.resolve(schema);
        let Some((step, rest)) = steps.split_first() else {
            *place = self.read(schema, path, text)?;
            return Ok(());
        };
        match step {
            Step::Key(key) => {
                let inner = match self.properties(schema) {
                    Some(properties) => match properties.get(key) {
                        Some(inner) => inner,
                        None => {
                            let near =
                                rulebook::nearest(key, properties.keys().map(String::as_str));
                            return Err(usage(match near {
                                Some(near) => {
                                    format!("{path}: there is no {key:?}; did you mean {near:?}?")
                                }
                                None => format!("{path}: there is no {key:?} there"),
                            }));
                        }
                    },
                    // A map with any keys.
                    None => match resolved.get("additionalProperties") {
                        Some(inner) => inner,
                        None => return Err(usage(format!("{path}: nothing lies below {key:?}"))),
                    },
                };
                if !place.is_object() {
                    *place = Value::Object(Map::new());
                }
                match place {
                    Value::Object(fields) => {
                        let next = fields.entry(key.clone()).or_insert(Value::Null);
                        self.put(next, inner, rest, path, text)
                    }
                    _ => Ok(()),
                }
            }
            Step::Index(index) => {
                let Some(inner) = resolved.get("items") else {
                    return Err(usage(format!("{path}: [{index}] stands behind no list")));
                };
                if !place.is_array() {
                    *place = Value::Array(Vec::new());
                }
                match place {
                    Value::Array(items) if *index <= items.len() => {
                        if *index == items.len() {
                            items.push(Value::Null);
                        }
                        self.put(&mut items[*index], inner, rest, path, text)
                    }
                    _ => Err(usage(format!(
                        "{path}: [{index}] comes before the items below it are there"
                    ))),
                }
            }
        }
    }

    /// A value from text, as its schema wants it.
    fn read(&self, schema: &Value, path: &str, text: &str) -> Result<Value> {
        let items = |kind| -> Result<Value> {
            if text.starts_with('[') {
                return serde_json::from_str(text)
                    .map_err(|error| usage(format!("{path}: {error}")));
            }
            text.split(',')
                .map(|item| scalar(kind, path, item))
                .collect()
        };
        match self.kind(schema) {
            Kind::Texts => items(Kind::Text),
            Kind::Integers => items(Kind::Integer),
            Kind::Deep => serde_json::from_str(text)
                .map_err(|error| usage(format!("{path} takes JSON, or values below it: {error}"))),
            kind => scalar(kind, path, text),
        }
    }

    fn kind(&self, schema: &Value) -> Kind {
        let resolved = self.resolve(schema);
        match type_of(resolved) {
            Some("string") => Kind::Text,
            Some("integer") => Kind::Integer,
            Some("boolean") => Kind::Boolean,
            Some("array") => match resolved.get("items").map(|items| self.kind(items)) {
                Some(Kind::Text) => Kind::Texts,
                Some(Kind::Integer) => Kind::Integers,
                _ => Kind::Deep,
            },
            // An enum whose members have docs.
            None => match resolved.get("oneOf").and_then(Value::as_array) {
                Some(members) if members.iter().all(|m| type_of(m) == Some("string")) => Kind::Text,
                _ => Kind::Deep,
            },
            Some(_) => Kind::Deep,
        }
    }

    fn properties<'a>(&'a self, schema: &'a Value) -> Option<&'a Map<String, Value>> {
        self.resolve(schema).get("properties")?.as_object()
    }

    /// The first paragraph of what is said of a field, in one line.
    fn help(&self, schema: &Value) -> String {
        let own = schema.get("description");
        let text = own
            .or_else(|| self.resolve(schema).get("description"))
            .and_then(Value::as_str)
            .unwrap_or_default();
        let paragraph = text.split("\n\n").next().unwrap_or_default();
        paragraph.replace('\n', " ")
    }

    /// The schema behind references and behind "or null".
    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let mut schema = schema;
        loop {
            let target = schema
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|path| path.rsplit('/').next())
                .and_then(|name| self.definitions.get(name));
            let either = schema.get("anyOf").and_then(Value::as_array);
            let member = either.and_then(|members| {
                let mut real = members.iter().filter(|m| type_of(m) != Some("null"));
                real.next()
            });
            match target.or(member) {
                Some(next) => schema = next,
                None => return schema,
            }
        }
    }
}

/// The type, where `null` beside it does not count.
fn type_of(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::String(one) => Some(one),
        Value::Array(several) => several
            .iter()
            .filter_map(Value::as_str)
            .find(|one| *one != "null"),
        _ => None,
    }
}

/// A single value from text.
pub(crate) fn scalar(kind: Kind, name: &str, text: &str) -> Result<Value> {
    match kind {
        Kind::Integer => match text.parse::<i64>() {
            Ok(number) => Ok(number.into()),
            Err(_) => Err(usage(format!("{name} is a whole number, not {text:?}"))),
        },
        Kind::Boolean => match text {
            "true" | "1" => Ok(true.into()),
            "false" | "0" => Ok(false.into()),
            _ => Err(usage(format!("{name} is true or false, not {text:?}"))),
        },
        _ => Ok(text.into()),
    }
}

#[derive(Debug, PartialEq)]
enum Step {
    Key(String),
    Index(usize),
}

fn steps(path: &str) -> Result<Vec<Step>> {
    let wrong = || {
        usage(format!(
            "{path:?} is no path to a field; it looks like text.content or news.articles[0].title"
        ))
    };
    let mut steps = Vec::new();
    for part in path.split('.') {
        let (key, mut rest) = match part.find('[') {
            Some(at) => part.split_at(at),
            None => (part, ""),
        };
        if key.is_empty() {
            return Err(wrong());
        }
        steps.push(Step::Key(key.to_owned()));
        while !rest.is_empty() {
            let inner = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
            let (number, next) = inner.ok_or_else(wrong)?;
            steps.push(Step::Index(number.parse().map_err(|_| wrong())?));
            rest = next;
        }
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use qun_protocol::{all, appchat, manage};
    use serde_json::json;

    use super::*;

    fn assigned(entry: &Entry, pairs: &[(&str, &str)]) -> Result<Value> {
        let shape = Shape::of(entry);
        let mut request = Map::new();
        for (path, text) in pairs {
            shape.assign(&mut request, path, text)?;
        }
        Ok(Value::Object(request))
    }

    #[test]
    fn scalars_and_their_lists_are_known_from_deeper_fields() {
        let kinds = |entry: &Entry| -> Vec<(String, Kind)> {
            let fields = Shape::of(entry).fields();
            fields.into_iter().map(|f| (f.name, f.kind)).collect()
        };
        let create = kinds(&Entry::of::<appchat::Create>());
        assert_eq!(
            create,
            [
                ("name", Kind::Text),
                ("owner", Kind::Text),
                ("userlist", Kind::Texts),
                ("chatid", Kind::Text)
            ]
            .map(|(name, kind)| (name.to_owned(), kind))
        );
        let send = kinds(&Entry::of::<appchat::Send>());
        assert!(
            send.contains(&("text".into(), Kind::Deep))
                && send.contains(&("safe".into(), Kind::Integer))
        );
        let change = kinds(&Entry::of::<manage::ChangeApp>());
        assert!(change.contains(&("disabled".into(), Kind::Boolean)));
        let rules = kinds(&Entry::of::<manage::ChangeRules>());
        assert!(
            rules.contains(&("rulebook".into(), Kind::Text))
                && rules.contains(&("limits".into(), Kind::Deep))
        );
    }

    #[test]
    fn assignments_build_the_request() {
        let send = Entry::of::<appchat::Send>();
        let request = assigned(
            &send,
            &[
                ("text.content", "5=五"),
                ("text.mentioned_list", "a,b"),
                ("news.articles[0].title", "t"),
                ("news.articles[1].title", "u"),
                ("safe", "1"),
            ],
        );
        assert_eq!(
            request.unwrap(),
            json!({ "text": { "content": "5=五", "mentioned_list": ["a", "b"] },
                "news": { "articles": [{ "title": "t" }, { "title": "u" }] }, "safe": 1 })
        );
        let rules = Entry::of::<manage::ChangeRules>();
        let request = assigned(&rules, &[("limits.chat_members_max", "3")]).unwrap();
        assert_eq!(request, json!({ "limits": { "chat_members_max": 3 } }));
    }

    #[test]
    fn wrong_assignments_are_told() {
        let send = Entry::of::<appchat::Send>();
        for (path, text, said) in [
            ("text.contnt", "x", "did you mean \"content\""),
            ("text.content.more", "x", "nothing lies below"),
            ("text", "x", "takes JSON"),
            ("news.articles[1].title", "x", "[1] comes before"),
            ("chatid[0]", "x", "behind no list"),
            ("safe", "x", "whole number"),
            ("", "x", "no path"),
            ("a..b", "x", "no path"),
            ("a[", "x", "no path"),
        ] {
            let error = assigned(&send, &[(path, text)]).unwrap_err().to_string();
            assert!(error.contains(said), "{path}: {error}");
        }
    }

    #[test]
    fn every_endpoint_has_a_shape() {
        for entry in all::ALL {
            let shape = Shape::of(entry);
            let fields = shape.fields();
            for name in entry.meta.path_fields() {
                assert!(
                    fields
                        .iter()
                        .any(|field| field.name == name && field.kind != Kind::Deep)
                );
            }
            for (path, _) in shape.deep() {
                steps(&path).unwrap();
            }
        }
    }
}
