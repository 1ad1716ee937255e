//! Finding the endpoint that is meant.

use anyhow::Result;
use qun_protocol::{
    Method,
    all::{ALL, Entry},
    rulebook,
};
use serde_json::{Map, Value};

use crate::failure::usage;

/// An endpoint with the fields that its path held already, and how many words named it.
pub(crate) struct Found {
    pub entry: &'static Entry,
    pub fields: Map<String, Value>,
    pub words: usize,
}

/// Finds `appchat/create`, `/cgi-bin/appchat/create`, `POST /_qun/clock` and `/_qun/people/zhangsan/inbox`. A path that
/// several methods share means GET unless one is said.
pub(crate) fn find(words: &[String]) -> Result<Found> {
    let first = words.first().map(String::as_str).unwrap_or_default();
    let (method, name, used) = match (first.split_once(' '), words.get(1)) {
        (Some((method, path)), _) => (Some(method), path, 1),
        (None, Some(path)) if is_method(first) => (Some(first), path.as_str(), 2),
        _ => (None, first, 1),
    };
    let mut candidates: Vec<Found> = ALL
        .iter()
        .filter(|entry| method.is_none_or(|m| entry.meta.method.as_str().eq_ignore_ascii_case(m)))
        .filter_map(|entry| {
            let fields = matched(entry, name)?;
            Some(Found {
                entry,
                fields,
                words: used,
            })
        })
        .collect();
    // A path that is written out exactly goes before one that fits a pattern.
    candidates.sort_by_key(|found| (found.fields.len(), found.entry.meta.method != Method::Get));
    match candidates.into_iter().next() {
        Some(found) => Ok(found),
        None => Err(unknown(first, name)),
    }
}

fn is_method(word: &str) -> bool {
    ["GET", "POST", "PUT", "PATCH", "DELETE"]
        .iter()
        .any(|method| method.eq_ignore_ascii_case(word))
}

fn matched(entry: &Entry, name: &str) -> Option<Map<String, Value>> {
    let path = entry.meta.path;
    let name = name.trim_start_matches('/');
    if entry.meta.name() == name || path.trim_start_matches('/') == name {
        return Some(Map::new());
    }
    let (mut pattern, mut given) = (path.split('/').skip(1), name.split('/'));
    let mut fields = Map::new();
    loop {
        match (pattern.next(), given.next()) {
            (None, None) => return Some(fields),
            (Some(part), Some(word)) if part == word => {}
            (Some(part), Some(word)) if !word.is_empty() => {
                let field = part.strip_prefix('{')?.strip_suffix('}')?;
                fields.insert(field.to_owned(), word.into());
            }
            _ => return None,
        }
    }
}

fn unknown(first: &str, name: &str) -> anyhow::Error {
    let names: Vec<String> = ALL.iter().map(|entry| entry.meta.name()).collect();
    let short = name.trim_start_matches('/').trim_start_matches("cgi-bin/");
    let shown = if is_method(first) { name } else { first };
    usage(
        match rulebook::nearest(short, names.iter().map(String::as_str)) {
            Some(near) => format!("no endpoint {shown:?}; did you mean {near:?}?"),
            None => format!("no endpoint {shown:?}; qun call --list names them all"),
        },
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(words: &[&str]) -> Result<(String, Value, usize)> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let found = find(&words)?;
        Ok((
            found.entry.meta.name(),
            Value::Object(found.fields),
            found.words,
        ))
    }

    #[test]
    fn every_endpoint_is_found_by_its_name() {
        for entry in ALL {
            let (name, fields, words) = found(&[&entry.meta.name()]).unwrap();
            assert_eq!((name, fields, words), (entry.meta.name(), json!({}), 1));
        }
    }

    #[test]
    fn paths_may_hold_values_and_methods_may_be_said() {
        let inbox = "/_qun/people/zhangsan/inbox";
        let (name, fields, _) = found(&[inbox]).unwrap();
        assert_eq!(
            (name.as_str(), fields),
            (
                "GET /_qun/people/{userid}/inbox",
                json!({ "userid": "zhangsan" })
            )
        );
        assert_eq!(found(&["/_qun/clock", "--x"]).unwrap().0, "GET /_qun/clock");
        let (name, _, words) = found(&["post", "/_qun/clock"]).unwrap();
        assert_eq!((name.as_str(), words), ("POST /_qun/clock", 2));
        assert_eq!(found(&["/cgi-bin/appchat/get"]).unwrap().0, "appchat/get");
        assert_eq!(
            found(&["DELETE", "/_qun/companies/ww1/tags/7"]).unwrap().1,
            json!({ "corpid": "ww1", "tagid": "7" })
        );
    }

    #[test]
    fn a_wrong_name_gets_the_nearest_one() {
        let error = found(&["appchat/creat"]).err().unwrap().to_string();
        assert!(error.contains("did you mean \"appchat/create\""), "{error}");
        for wrong in ["", "/", "GET", "/_qun/people//inbox"] {
            assert!(found(&[wrong]).is_err(), "{wrong}");
        }
    }
}
