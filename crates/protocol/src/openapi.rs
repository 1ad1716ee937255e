//! The OpenAPI document, made from the list of endpoints.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::{
    Auth, Body, Envelope, Meta, Rulebook,
    all::{ALL, Entry},
};

/// The document, OpenAPI 3.1, of a server at a URL.
pub fn document(version: &str, server: &str) -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        })
        .into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for entry in ALL {
        let operation = operation(entry, &mut generator);
        let path = paths.entry(entry.meta.path).or_insert_with(|| json!({}));
        path[entry.meta.method.as_str().to_ascii_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "qun 群", "version": version, "description": "WeCom group chats: the documented API below /cgi-bin/, Juzi's rooms below /room/, the people and the operator below /_qun/." },
        "servers": [{ "url": server }],
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": {
                "access_token": { "type": "apiKey", "in": "query", "name": "access_token", "description": "of GET /cgi-bin/gettoken" },
                "manage_token": { "type": "http", "scheme": "bearer", "description": "printed at start and kept in DATA/credentials.json" },
            },
        },
    })
}

fn operation(entry: &Entry, generator: &mut schemars::SchemaGenerator) -> Value {
    let meta = entry.meta;
    let request = resolved(&(entry.request)(generator), generator);
    let response = (entry.response)(generator).to_value();
    let mut operation = json!({
        "operationId": meta.name(),
        "summary": meta.title,
        "tags": [tag(meta)],
        "parameters": parameters(meta, &request),
        "responses": responses(meta, response),
    });
    if let Some(description) = request.get("description") {
        operation["description"] = description.clone();
    }
    if meta.page != 0 {
        let url = format!(
            "https://developer.work.weixin.qq.com/document/path/{}",
            meta.page
        );
        operation["externalDocs"] = json!({ "url": url });
    }
    match meta.auth {
        Auth::Open => {}
        Auth::AccessToken => operation["security"] = json!([{ "access_token": [] }]),
        Auth::Manage => operation["security"] = json!([{ "manage_token": [] }]),
        // A field of the request.
        Auth::Juzi => {}
    }
    if let Some(body) = body(meta, &request) {
        operation["requestBody"] = body;
    }
    if !meta.spends.is_empty() {
        operation["x-limits"] = meta.spends.iter().map(|limit| limit.key()).collect();
    }
    operation
}

fn tag(meta: &Meta) -> &'static str {
    let mut parts = meta.path.trim_start_matches('/').split('/');
    let first = parts.next().unwrap_or_default();
    let second = parts.next().unwrap_or_default();
    match first {
        "cgi-bin" if parts.next().is_none() => "auth",
        "room" => first,
        _ => second,
    }
}

/// A schema with its reference followed.
fn resolved(schema: &schemars::Schema, generator: &schemars::SchemaGenerator) -> Value {
    let value = schema.clone().to_value();
    let name = value
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|path| path.rsplit('/').next());
    match name.and_then(|name| generator.definitions().get(name)) {
        Some(definition) => definition.clone(),
        None => value,
    }
}

fn properties(schema: &Value) -> Map<String, Value> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}

fn parameters(meta: &Meta, request: &Value) -> Vec<Value> {
    let in_path: Vec<&str> = meta.path_fields().collect();
    let mut parameters = Vec::new();
    for (name, mut schema) in properties(request) {
        let place = if in_path.contains(&name.as_str()) {
            "path"
        } else if matches!(meta.body, Body::Query | Body::Upload) {
            "query"
        } else {
            continue;
        };
        let description = schema
            .as_object_mut()
            .and_then(|s| s.remove("description"))
            .unwrap_or_default();
        let required = place == "path" || meta.required.iter().any(|(field, _)| *field == name);
        parameters.push(json!({ "name": name, "in": place, "required": required, "description": description, "schema": schema }));
    }
    parameters
}

fn body(meta: &Meta, request: &Value) -> Option<Value> {
    let content = match meta.body {
        Body::Query => return None,
        Body::Upload => {
            json!({ "multipart/form-data": { "schema": { "type": "object", "required": ["media"], "properties": {
            "media": { "type": "string", "format": "binary", "description": "needs a file name" } } } } })
        }
        Body::Item(field) => {
            json!({ "application/json": { "schema": properties(request).get(field) } })
        }
        Body::Json => {
            let mut fields = properties(request);
            fields.retain(|name, _| !meta.path_fields().any(|field| field == name));
            let required: Vec<&str> = meta.required.iter().map(|(field, _)| *field).collect();
            let mut schema = json!({ "type": "object", "properties": fields });
            if !required.is_empty() {
                schema["required"] = json!(required);
            }
            json!({ "application/json": { "schema": schema } })
        }
    };
    Some(json!({ "required": true, "content": content }))
}

fn responses(meta: &Meta, response: Value) -> Value {
    match meta.envelope {
        Envelope::Wecom => {
            let status = json!({ "type": "object", "required": ["errcode", "errmsg"], "properties": {
                "errcode": { "type": "integer" }, "errmsg": { "type": "string" } } });
            let mut content = json!({ "application/json": { "schema": if meta.file { status } else { json!({ "allOf": [status, response] }) } } });
            if meta.file {
                content["application/octet-stream"] =
                    json!({ "schema": { "type": "string", "format": "binary" } });
            }
            let refusals: Vec<String> = meta
                .refuses
                .iter()
                .map(|refusal| {
                    let (old, new) = (
                        refusal.code(Rulebook::Documented, meta),
                        refusal.code(Rulebook::Live2026, meta),
                    );
                    let codes = if old == new {
                        old.to_string()
                    } else {
                        format!("{old} (documented) / {new} (live-2026)")
                    };
                    format!("- {codes}: {}", refusal.meaning())
                })
                .collect();
            let description = if refusals.is_empty() {
                "Success, or a refusal with its errcode.".to_owned()
            } else {
                format!(
                    "Success, or a refusal with its errcode:\n{}",
                    refusals.join("\n")
                )
            };
            json!({ "200": { "description": description, "content": content } })
        }
        Envelope::Room | Envelope::RoomErrcode => {
            let (number, text) = meta.envelope.status_fields().unwrap_or_default();
            let status = json!({ "type": "object", "required": [number], "properties": {
                number: { "type": "integer" }, text: { "type": "string" } } });
            let refusals: Vec<String> = meta
                .codes
                .iter()
                .map(|(refusal, code, text)| format!("- {code} {text}: {}", refusal.meaning()))
                .collect();
            let description = format!(
                "Success, or a refusal with its {number}:\n{}",
                refusals.join("\n")
            );
            json!({
                "200": { "description": description, "content": { "application/json": { "schema": { "allOf": [status, response] } } } },
                "429": { "description": "Too many calls with this token.", "content": { "text/plain": { "schema": { "type": "string" } } } },
            })
        }
        Envelope::Manage => {
            let mut responses = Map::new();
            responses.insert("200".into(), json!({ "description": "Done.", "content": { "application/json": { "schema": response } } }));
            for refusal in meta.refuses.iter().chain(meta.common_refusals()) {
                let line = format!("`{}`: {}", refusal.name(), refusal.meaning());
                let known = responses
                    .entry(refusal.status().to_string())
                    .or_insert_with(|| json!({ "description": "" }));
                let text = known["description"].as_str().unwrap_or_default();
                known["description"] = if text.is_empty() {
                    line.into()
                } else {
                    format!("{text}\n{line}").into()
                };
            }
            Value::Object(responses)
        }
    }
}

/// The JSON Schema of a world document.
pub fn world_schema() -> Value {
    let mut schema = schemars::schema_for!(crate::world::World).to_value();
    schema["properties"]["version"]["const"] = 1.into();
    // Where a path names the same thing, its body may leave it out; a world has no path.
    for (part, fields) in crate::world::REQUIRED.iter().copied() {
        schema["$defs"][part]["required"] = json!(fields);
    }
    schema
}
