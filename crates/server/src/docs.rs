//! `/_qun/docs`: the OpenAPI document as a page, without a script and without a network.

use std::fmt::Write;

use qun_protocol::openapi;
use serde_json::Value;

/// The page for a server at a URL.
pub(crate) fn page(url: &str) -> String {
    let document = openapi::document(env!("CARGO_PKG_VERSION"), url);
    let mut page = String::with_capacity(256 * 1024);
    page.push_str(HEAD);
    let _ = write!(
        page,
        "<header><h1>qun 群 <small>{}</small></h1><p>{}</p><p>Base URL <code>{}</code> · <a href=\"/_qun/openapi.json\">openapi.json</a> · \
         <a href=\"/_qun/world.schema.json\">world.schema.json</a></p></header><nav><ul>",
        text(&document["info"]["version"]),
        text(&document["info"]["description"]),
        escape(url),
    );
    let operations: Vec<(&str, &str, &Value)> = object(&document["paths"])
        .flat_map(|(path, methods)| {
            object(methods).map(move |(method, operation)| (path, method, operation))
        })
        .collect();
    for (path, method, operation) in &operations {
        let _ = write!(
            page,
            "<li><a href=\"#{}\"><b>{}</b> {}</a></li>",
            anchor(operation),
            method.to_uppercase(),
            escape(path)
        );
    }
    page.push_str("</ul></nav><main>");
    for (path, method, operation) in &operations {
        write_operation(&mut page, &document, path, method, operation);
    }
    page.push_str("</main></body></html>\n");
    page
}

const HEAD: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>qun API</title>\
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style>\
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:0;display:grid;grid-template-columns:22rem 1fr;grid-template-areas:\"h h\" \"n m\"}\
header{grid-area:h;padding:1rem 2rem;border-bottom:1px solid #8884}h1{margin:0}small{font-weight:400;opacity:.6}\
nav{grid-area:n;padding:1rem;font-size:.85rem;overflow-wrap:anywhere}nav ul{list-style:none;margin:0;padding:0;position:sticky;top:1rem;max-height:95vh;overflow:auto}\
nav a{text-decoration:none;color:inherit}main{grid-area:m;padding:1rem 2rem;max-width:60rem}section{margin-bottom:3rem}\
h2{margin-bottom:.2rem;font-size:1.1rem;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #8883}\
code{font-family:ui-monospace,monospace}pre{white-space:pre-wrap}@media(max-width:50rem){body{display:block}nav{display:none}}\
</style></head><body>";

fn write_operation(
    page: &mut String,
    document: &Value,
    path: &str,
    method: &str,
    operation: &Value,
) {
    let _ = write!(
        page,
        "<section id=\"{}\"><h2><code>{} {}</code></h2><p><b>{}</b><br>{}</p>",
        anchor(operation),
        method.to_uppercase(),
        escape(path),
        text(&operation["summary"]),
        text(&operation["description"])
    );
    if let Some(url) = operation["externalDocs"]["url"].as_str() {
        let _ = write!(
            page,
            "<p>Official page <a href=\"{0}\">{0}</a></p>",
            escape(url)
        );
    }
    let mut rows = String::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        row(
            &mut rows,
            &text(&parameter["name"]),
            &text(&parameter["in"]),
            parameter["required"] == true,
            &text(&parameter["description"]),
        );
    }
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    let required: Vec<&str> = body["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for (name, schema) in object(&resolve(document, body)["properties"]) {
        row(
            &mut rows,
            &escape(name),
            "body",
            required.contains(&name),
            &text(&schema["description"]),
        );
    }
    if !rows.is_empty() {
        let _ = write!(
            page,
            "<h3>Request</h3><table><tr><th>field<th>in<th>required<th>what</tr>{rows}</table>"
        );
    }
    for (status, response) in object(&operation["responses"]) {
        let _ = write!(
            page,
            "<h3>{}</h3><pre>{}</pre>",
            escape(status),
            text(&response["description"])
        );
        let mut schema = &response["content"]["application/json"]["schema"];
        if let Some(own) = schema["allOf"].as_array().and_then(|all| all.get(1)) {
            schema = own;
        }
        let mut rows = String::new();
        for (name, schema) in object(&resolve(document, schema)["properties"]) {
            row(
                &mut rows,
                &escape(name),
                "",
                false,
                &text(&schema["description"]),
            );
        }
        if !rows.is_empty() {
            let _ = write!(
                page,
                "<table><tr><th>field<th><th><th>what</tr>{rows}</table>"
            );
        }
    }
    page.push_str("</section>");
}

fn row(rows: &mut String, name: &str, place: &str, required: bool, what: &str) {
    let required = if required { "yes" } else { "" };
    let _ = write!(
        rows,
        "<tr><td><code>{name}</code><td>{place}<td>{required}<td>{what}</tr>"
    );
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"]
        .as_str()
        .and_then(|path| document.pointer(path.trim_start_matches('#')))
    {
        Some(definition) => definition,
        None => schema,
    }
}

fn object(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value))
}

fn anchor(operation: &Value) -> String {
    let id = operation["operationId"].as_str().unwrap_or_default();
    id.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect()
}

fn text(value: &Value) -> String {
    escape(value.as_str().unwrap_or_default())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
