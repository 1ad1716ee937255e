//! Requests as values, made without I/O.

use bytes::Bytes;
use http::{HeaderValue, Request, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use qun_protocol::{Auth, Body, Endpoint, Meta, query};
use serde_json::{Map, Value};

use super::multipart::Form;
use crate::Error;

/// What a path segment may hold as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// The HTTP request of a call, as the endpoint's facts make it: `base_url` without a slash at its end, and the token as
/// the endpoint takes it (in the query, as a bearer or as a field), if there is one.
///
/// # Errors
/// [`Error::Invalid`] where a part of the path is empty, the URL or the token is none, or a file would have to be attached.
///
/// ```
/// use qun_client::{http_request, protocol::appchat};
///
/// let get = appchat::Get { chatid: Some("launch".into()) };
/// let request = http_request("http://127.0.0.1:7800", &get, Some("TOKEN"))?;
/// assert_eq!(
///     request.uri(),
///     "http://127.0.0.1:7800/cgi-bin/appchat/get?access_token=TOKEN&chatid=launch"
/// );
/// # Ok::<(), qun_client::Error>(())
/// ```
pub fn http_request<E: Endpoint>(
    base_url: &str,
    request: &E,
    token: Option<&str>,
) -> Result<Request<Bytes>, Error> {
    build(base_url, &E::META, fields(request)?, token, None)
}

/// A request's fields in the order in which they are declared.
pub(crate) fn fields<E: Endpoint>(request: &E) -> Result<Map<String, Value>, Error> {
    match serde_json::to_value(request) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Error::invalid("a request is an object of named fields")),
        Err(error) => Err(Error::invalid(format!(
            "the request cannot be written: {error}"
        ))),
    }
}

/// The request; where a form goes with it, its body is the form's.
pub(crate) fn build(
    base_url: &str,
    meta: &Meta,
    mut fields: Map<String, Value>,
    token: Option<&str>,
    form: Option<&Form<'_>>,
) -> Result<Request<Bytes>, Error> {
    let mut url = format!("{base_url}{}", path(meta, &mut fields)?);
    if let (Auth::Juzi, Some(token)) = (meta.auth, token) {
        fields.shift_insert(0, "token".into(), token.into());
    }
    let mut in_query = Map::new();
    if let (Auth::AccessToken, Some(token)) = (meta.auth, token) {
        in_query.insert("access_token".into(), token.into());
    }
    let mut body = Bytes::new();
    let (mut kind, mut length) = (None, None);
    match meta.body {
        Body::Query => in_query.extend(fields),
        Body::Json => {
            body = Value::Object(fields).to_string().into();
            kind = Some("application/json".to_owned());
        }
        Body::Item(field) => {
            let item = fields.get(field).unwrap_or(&Value::Null);
            body = item.to_string().into();
            kind = Some("application/json".to_owned());
        }
        Body::Upload => {
            let Some(form) = form else {
                return Err(Error::invalid(format!("{} takes a file", meta.path)));
            };
            in_query.extend(fields);
            kind = Some(form.content_type());
            length = Some(form.length());
        }
    }
    let query = query::write(&in_query);
    if !query.is_empty() {
        url = format!("{url}?{query}");
    }
    let mut builder = Request::builder().method(meta.method.as_str()).uri(url);
    if let Some(kind) = kind {
        builder = builder.header(header::CONTENT_TYPE, kind);
    }
    if let Some(length) = length {
        builder = builder.header(header::CONTENT_LENGTH, length);
    }
    if let (Auth::Manage, Some(token)) = (meta.auth, token) {
        let mut bearer = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| {
            Error::invalid("the manage token holds characters that no header can carry")
        })?;
        bearer.set_sensitive(true);
        builder = builder.header(header::AUTHORIZATION, bearer);
    }
    builder
        .body(body)
        .map_err(|_| Error::invalid(format!("{} makes no valid URL", meta.path)))
}

/// The path with its fields filled in; they leave the request.
fn path(meta: &Meta, fields: &mut Map<String, Value>) -> Result<String, Error> {
    let mut path = String::new();
    for part in meta.path.split('/').skip(1) {
        path.push('/');
        let Some(name) = part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'))
        else {
            path.push_str(part);
            continue;
        };
        let text = match fields.shift_remove(name) {
            Some(Value::String(text)) => text,
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        // Dots alone are taken as steps between folders, even when they are encoded.
        if text.is_empty() || text == "." || text == ".." {
            return Err(Error::invalid(format!(
                "{} needs {name}, and it cannot be {text:?}",
                meta.path
            )));
        }
        path.extend(utf8_percent_encode(&text, SEGMENT));
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use qun_protocol::{appchat, gettoken, manage, media, people, room, world};
    use serde_json::json;

    use super::*;

    const BASE: &str = "http://127.0.0.1:7800";

    fn shown<E: Endpoint>(request: &E, token: Option<&str>) -> (String, String, Value) {
        let request = http_request(BASE, request, token).unwrap();
        let body = if request.body().is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(request.body()).unwrap()
        };
        (
            request.method().to_string(),
            request.uri().to_string(),
            body,
        )
    }

    #[test]
    fn a_query_is_written_with_the_token_first() {
        let get = appchat::Get {
            chatid: Some("a b+群".into()),
        };
        assert_eq!(
            shown(&get, Some("T/1")),
            (
                "GET".into(),
                format!("{BASE}/cgi-bin/appchat/get?access_token=T%2F1&chatid=a+b%2B%E7%BE%A4"),
                Value::Null
            )
        );
        let token = gettoken::GetToken {
            corpid: Some("ww1".into()),
            corpsecret: Some("s&t".into()),
        };
        assert_eq!(
            shown(&token, None).1,
            format!("{BASE}/cgi-bin/gettoken?corpid=ww1&corpsecret=s%26t")
        );
    }

    #[test]
    fn a_juzi_token_is_a_field_of_the_request() {
        let exit = room::Exit {
            room_wxid: Some("R:1".into()),
            ..Default::default()
        };
        let (method, url, body) = shown(&exit, Some("T/1"));
        assert_eq!(
            (method.as_str(), url),
            ("POST", format!("{BASE}/room/exit"))
        );
        assert_eq!(
            body.to_string(),
            r#"{"token":"T/1","roomWxid":"R:1"}"#,
            "the token first"
        );
        let list = room::ListByLabel {
            mh_tag_id: Some("5eda".into()),
            current: Some(2),
            ..Default::default()
        };
        assert_eq!(
            shown(&list, Some("T/1")).1,
            format!("{BASE}/room/listByMHTag?token=T%2F1&mhTagId=5eda&current=2")
        );
    }

    #[test]
    fn a_body_is_the_request_as_json() {
        let update = appchat::Update {
            chatid: Some("c".into()),
            add_user_list: vec!["a".into()],
            ..Default::default()
        };
        let (method, url, body) = shown(&update, Some("T"));
        assert_eq!(
            (method.as_str(), url),
            (
                "POST",
                format!("{BASE}/cgi-bin/appchat/update?access_token=T")
            )
        );
        assert_eq!(body, json!({ "chatid": "c", "add_user_list": ["a"] }));
    }

    #[test]
    fn path_fields_are_encoded_and_leave_the_body() {
        let say = people::Say {
            corpid: Some("ww1".into()),
            userid: "a/b@群".into(),
            chatid: "c d".into(),
            text: Some("你好".into()),
            ..Default::default()
        };
        let request = http_request(BASE, &say, Some("M")).unwrap();
        assert_eq!(
            request.uri().to_string(),
            format!("{BASE}/_qun/people/a%2Fb%40%E7%BE%A4/groups/c%20d/say")
        );
        assert_eq!(request.headers()[header::AUTHORIZATION], "Bearer M");
        assert!(request.headers()[header::AUTHORIZATION].is_sensitive());
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(body, json!({ "corpid": "ww1", "text": "你好" }));
    }

    #[test]
    fn an_item_is_the_body_and_numbers_fit_into_paths() {
        let put = manage::PutTag {
            corpid: "ww1".into(),
            tagid: 7,
            tag: world::Tag {
                tagid: 7,
                tagname: "on call".into(),
                ..Default::default()
            },
        };
        let (method, url, body) = shown(&put, None);
        assert_eq!(
            (method.as_str(), url),
            ("PUT", format!("{BASE}/_qun/companies/ww1/tags/7"))
        );
        assert_eq!(
            body,
            json!({ "tagid": 7, "tagname": "on call", "users": [], "departments": [] })
        );
    }

    #[test]
    fn a_path_never_loses_a_part() {
        for userid in ["", ".", ".."] {
            let groups = people::Groups {
                userid: userid.into(),
                ..Default::default()
            };
            let error = http_request(BASE, &groups, None).unwrap_err();
            assert!(matches!(error, Error::Invalid { .. }), "{userid:?}");
        }
        let groups = people::Groups {
            userid: "...".into(),
            ..Default::default()
        };
        assert_eq!(
            shown(&groups, None).1,
            format!("{BASE}/_qun/people/.../groups")
        );
    }

    #[test]
    fn an_upload_needs_its_file() {
        let upload = media::Upload {
            kind: Some("file".into()),
        };
        assert!(http_request(BASE, &upload, Some("T")).is_err());
        let file = crate::Attachment::bytes("a.txt", "hello!");
        let form = Form::new(&file, 6);
        let request = build(
            BASE,
            &media::Upload::META,
            fields(&upload).unwrap(),
            Some("T"),
            Some(&form),
        )
        .unwrap();
        assert_eq!(
            request.uri().to_string(),
            format!("{BASE}/cgi-bin/media/upload?access_token=T&type=file")
        );
        let kind = request.headers()[header::CONTENT_TYPE].to_str().unwrap();
        assert!(kind.starts_with("multipart/form-data; boundary="), "{kind}");
        let length = request.headers()[header::CONTENT_LENGTH].to_str().unwrap();
        assert_eq!(length, form.length().to_string());
    }
}
