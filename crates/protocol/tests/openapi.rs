//! The OpenAPI document.

#![allow(missing_docs)]

use std::collections::BTreeSet;

use qun_protocol::{Auth, all::ALL, openapi};
use serde_json::Value;

fn document() -> Value {
    openapi::document("0.0.0", "http://127.0.0.1:7800")
}

#[test]
fn the_document_is_as_released() {
    insta::assert_json_snapshot!(document());
}

#[test]
fn every_endpoint_is_in_the_document_and_nothing_else() {
    let document = document();
    let mut operations = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            assert!(
                ALL.iter().any(|entry| entry.meta.path == path
                    && entry.meta.method.as_str().eq_ignore_ascii_case(method)),
                "{method} {path}"
            );
            operations += 1;
        }
    }
    assert_eq!(operations, ALL.len());
    for entry in ALL {
        let meta = entry.meta;
        let operation = &document["paths"][meta.path][meta.method.as_str().to_ascii_lowercase()];
        assert_eq!(operation["operationId"], meta.name());
        assert_eq!(operation["summary"], meta.title);
        let in_path: BTreeSet<&str> = operation["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|p| p["in"] == "path")
            .map(|p| p["name"].as_str().unwrap())
            .collect();
        assert_eq!(in_path, meta.path_fields().collect(), "{}", meta.path);
        let security = match meta.auth {
            // A Juzi token is a field of the request.
            Auth::Open | Auth::Juzi => Value::Null,
            Auth::AccessToken => serde_json::json!([{ "access_token": [] }]),
            Auth::Manage => serde_json::json!([{ "manage_token": [] }]),
        };
        assert_eq!(operation["security"], security, "{}", meta.path);
        for (field, _) in meta.required {
            let named = operation["parameters"]
                .as_array()
                .unwrap()
                .iter()
                .any(|p| p["name"] == *field && p["required"] == true);
            let body =
                &operation["requestBody"]["content"]["application/json"]["schema"]["required"];
            assert!(
                named
                    || body
                        .as_array()
                        .is_some_and(|list| list.iter().any(|name| name == field)),
                "{field} of {}",
                meta.path
            );
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                found.extend(
                    fields
                        .get("$ref")
                        .and_then(Value::as_str)
                        .map(str::to_owned),
                );
                fields.values().for_each(|value| walk(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            _ => {}
        }
    }
    for document in [document(), openapi::world_schema()] {
        let mut found = Vec::new();
        walk(&document, &mut found);
        assert!(!found.is_empty());
        for reference in found {
            let pointer = reference
                .strip_prefix('#')
                .unwrap_or_else(|| panic!("{reference} leaves the document"));
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }
}
