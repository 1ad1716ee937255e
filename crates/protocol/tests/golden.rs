//! What the documents and the official pages that go with them print, through our types and back.

#![allow(missing_docs)]

use std::{collections::BTreeSet, fs, path::Path};

use qun_protocol::{
    Auth, Endpoint, Envelope, Method, all::named, appchat, envelope::Status, message,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

/// A request, or an answer, or both, as a document prints them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    document: String,
    title: String,
    endpoint: String,
    request: Option<Value>,
    response: Option<Value>,
}

fn pairs() -> Vec<(String, Pair)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut pairs = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let text = fs::read_to_string(entry.path()).unwrap();
        let pair: Pair =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(
            name.starts_with(&pair.document) && !pair.title.is_empty(),
            "{name}"
        );
        pairs.push((name, pair));
    }
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    pairs
}

/// Reads a sample as our type and writes it again.
fn again<T: DeserializeOwned + Serialize>(name: &str, sample: &Value) -> Value {
    let typed: T =
        serde_json::from_value(sample.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
    serde_json::to_value(&typed).unwrap()
}

/// Whether a value is what an absent field becomes.
fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Asserts that nothing of a sample is lost or changed, and nothing added but absent fields.
fn same(place: &str, sample: &Value, written: &Value) {
    match (sample, written) {
        (Value::Object(sample), Value::Object(written)) => {
            for (key, value) in sample {
                let found = written
                    .get(key)
                    .unwrap_or_else(|| panic!("{place}.{key} is lost"));
                same(&format!("{place}.{key}"), value, found);
            }
            for (key, value) in written {
                assert!(
                    sample.contains_key(key) || is_blank(value),
                    "{place}.{key} is added: {value}"
                );
            }
        }
        (Value::Array(sample), Value::Array(written)) => {
            assert_eq!(sample.len(), written.len(), "{place}");
            for (n, (sample, written)) in sample.iter().zip(written).enumerate() {
                same(&format!("{place}[{n}]"), sample, written);
            }
        }
        _ => assert_eq!(sample, written, "{place}"),
    }
}

fn round_trip<E: Endpoint>(name: &str, pair: &Pair) {
    if let Some(request) = &pair.request {
        let mut sample = request.clone();
        if E::META.auth == Auth::Juzi && E::META.method == Method::Get {
            // The page shows where values go, and leaves most of them out.
            let fields = sample.as_object_mut().unwrap();
            fields.retain(|_, value| value != "");
        }
        same(
            &format!("{name} request"),
            &sample,
            &again::<E>(name, &sample),
        );
        if E::META.method == Method::Get {
            assert!(
                request.as_object().unwrap().values().all(Value::is_string),
                "{name}: a query holds texts"
            );
        }
    }
    if let Some(response) = &pair.response {
        let mut own = response.clone();
        let fields = own.as_object_mut().unwrap();
        if E::META.envelope == Envelope::Room {
            assert_eq!(fields.shift_remove("code"), Some(0.into()), "{name}");
        } else {
            let status: Status = serde_json::from_value(response.clone()).unwrap();
            assert_eq!(
                (status.errcode, status.errmsg.as_str()),
                (0, "ok"),
                "{name}"
            );
            for key in ["errcode", "errmsg"] {
                fields.shift_remove(key);
            }
        }
        same(
            &format!("{name} response"),
            &own,
            &again::<E::Response>(name, response),
        );
    }
}

macro_rules! dispatch {
    ($($kind:ident $endpoint:ty;)*) => {
        /// Round-trips a pair through the types of its endpoint.
        fn check(name: &str, pair: &Pair) {
            $(
                if <$endpoint as Endpoint>::META.name() == pair.endpoint {
                    return round_trip::<$endpoint>(name, pair);
                }
            )*
            panic!("{name}: no endpoint {}", pair.endpoint);
        }
    };
}

qun_protocol::endpoints!(dispatch);

#[test]
fn what_is_printed_survives_our_types() {
    let pairs = pairs();
    for (name, pair) in &pairs {
        assert!(pair.request.is_some() || pair.response.is_some(), "{name}");
        check(name, pair);
    }
    assert!(pairs.len() > 30, "the samples are there");
}

#[test]
fn every_endpoint_of_the_documents_has_a_sample() {
    let sampled: BTreeSet<String> = pairs().into_iter().map(|(_, pair)| pair.endpoint).collect();
    for name in [
        "gettoken",
        "appchat/create",
        "appchat/update",
        "appchat/get",
        "appchat/send",
        "appchat/quit",
        "appchat/members",
        "room/addMember",
        "room/create",
        "room/exit",
        "room/listByMHTag",
        "room/listByMember",
        "externalcontact/groupchat/transfer",
        "externalcontact/groupchat/list",
        "externalcontact/groupchat/get",
        "externalcontact/groupchat/statistic",
        "externalcontact/groupchat/statistic_group_by_day",
        "message/send",
        "message/recall",
        "user/getuserid",
        "externalcontact/groupchat/add_join_way",
        "externalcontact/groupchat/get_join_way",
        "externalcontact/groupchat/update_join_way",
        "externalcontact/groupchat/del_join_way",
    ] {
        assert!(sampled.contains(name) && named(name).is_some(), "{name}");
    }
}

#[test]
fn the_samples_of_messages_pass_their_checks() {
    let sends = |endpoint: &str| {
        let mut pairs = pairs();
        pairs.retain(|(_, pair)| pair.endpoint == endpoint && pair.request.is_some());
        assert!(pairs.len() > 4, "{endpoint}");
        let request = |(name, pair): (String, Pair)| {
            // It stands for a link.
            let request = pair.request.unwrap().to_string();
            (name, request.replace("\"URL\"", "\"https://example.com\""))
        };
        pairs.into_iter().map(request).collect::<Vec<_>>()
    };
    for (name, request) in sends("message/send") {
        let send: message::Send = serde_json::from_str(&request).unwrap();
        assert_eq!(send.check(), Ok(()), "{name}");
    }
    for (name, request) in sends("appchat/send") {
        let send: appchat::Send = serde_json::from_str(&request).unwrap();
        assert_eq!(send.check(), Ok(()), "{name}");
    }
}
