//! Requests as values, made without I/O.

use std::borrow::Cow;

use bytes::Bytes;
use http::{
    HeaderValue, Request, Uri, header,
    uri::{Authority, Parts, PathAndQuery, Scheme},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use qun_protocol::{
    Auth, Body, ChatId, Endpoint, Meta, Method,
    message::{EVERYBODY, ids},
    query,
};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::{Map, Value};

use super::multipart::Form;
use crate::{Error, pace::Cost};

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
    let draft = match (E::META.auth, token) {
        (Auth::Juzi, Some(token)) => Draft::with(&E::META, with_token(fields(request)?, token))?,
        _ => Draft::of(request)?,
    };
    draft.request(&Base::new(base_url)?, token, None)
}

/// Where the API is.
pub(crate) struct Base {
    scheme: Scheme,
    authority: Authority,
    /// Before every path, without a slash at its end.
    path: String,
}

impl Base {
    pub(crate) fn new(url: &str) -> Result<Self, Error> {
        let none = |why: &str| Error::invalid(format!("the base URL is none: {why}"));
        let url: Uri = url.parse().map_err(|_| none("it cannot be read"))?;
        let path = url.path().trim_end_matches('/').to_owned();
        let Parts {
            scheme: Some(scheme),
            authority: Some(authority),
            ..
        } = url.into_parts()
        else {
            return Err(none("it begins with http:// or https:// and names a host"));
        };
        Ok(Self {
            scheme,
            authority,
            path,
        })
    }
}

/// A request's fields in the order in which they are declared.
pub(crate) fn fields<E: Endpoint>(request: &E) -> Result<Map<String, Value>, Error> {
    match serde_json::to_value(request) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(no_object()),
        Err(error) => Err(unwritable(&error)),
    }
}

/// The fields with a Juzi token, which is the first of them.
pub(crate) fn with_token(mut fields: Map<String, Value>, token: &str) -> Map<String, Value> {
    fields.shift_insert(0, "token".into(), token.into());
    fields
}

fn no_object() -> Error {
    Error::invalid("a request is an object of named fields")
}

fn unwritable(error: &serde_json::Error) -> Error {
    Error::invalid(format!("the request cannot be written: {error}"))
}

/// A request but for its token and where it goes, so that it can be made again.
pub(crate) struct Draft {
    pub meta: &'static Meta,
    path: Cow<'static, str>,
    query: String,
    body: Bytes,
}

/// What a request or an answer tells of a group, or of the people it addresses.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Told {
    chatid: Option<ChatId>,
    userlist: Option<Vec<IgnoredAny>>,
    chat_info: Option<Box<Told>>,
    touser: Option<String>,
    toparty: Option<String>,
    totag: Option<String>,
}

impl Told {
    /// What can be read of a JSON object.
    pub(crate) fn by(json: &[u8]) -> Self {
        serde_json::from_slice(json).unwrap_or_default()
    }

    /// Which group it is about.
    pub(crate) fn chatid(self) -> Option<ChatId> {
        self.chatid.filter(|chatid| !chatid.is_empty())
    }

    /// How many people a message costs, as far as it tells.
    pub(crate) fn people(&self) -> Cost {
        let lists = [&self.touser, &self.toparty, &self.totag];
        if ids(&self.touser).any(|id| id == EVERYBODY) {
            return Cost::Everyone;
        }
        let listed: usize = lists.into_iter().map(|list| ids(list).count()).sum();
        Cost::People(i64::try_from(listed).unwrap_or(i64::MAX))
    }

    /// How many members are listed.
    pub(crate) fn members(&self) -> Option<usize> {
        let inner = || self.chat_info.as_ref()?.members();
        self.userlist.as_ref().map(Vec::len).or_else(inner)
    }
}

impl Draft {
    /// Of a request whose type is the call.
    pub(crate) fn of<E: Endpoint>(request: &E) -> Result<Self, Error> {
        let meta = &E::META;
        if meta.body != Body::Json || meta.path.contains('{') {
            return Self::with(meta, fields(request)?);
        }
        let body = json(request)?;
        if !body.starts_with(b"{") {
            return Err(no_object());
        }
        Ok(Self {
            meta,
            path: meta.path.into(),
            query: String::new(),
            body,
        })
    }

    /// Of fields that are known only at run time.
    pub(crate) fn with(meta: &'static Meta, mut fields: Map<String, Value>) -> Result<Self, Error> {
        let path = path(meta, &mut fields)?;
        let (query, body) = match meta.body {
            Body::Query | Body::Upload => (query::write(&fields), Bytes::new()),
            Body::Json => (String::new(), json(&fields)?),
            Body::Item(field) => {
                let item = fields.get(field).unwrap_or(&Value::Null);
                (String::new(), json(item)?)
            }
        };
        Ok(Self {
            meta,
            path,
            query,
            body,
        })
    }

    /// What it says of a group.
    pub(crate) fn told(&self) -> Told {
        if !self.body.is_empty() {
            return Told::by(&self.body);
        }
        let pairs = query::pairs(&self.query);
        Told {
            chatid: query::last(&pairs, "chatid").map(ChatId::from),
            ..Told::default()
        }
    }

    /// The request; where a form goes with it, its body is the form's.
    pub(crate) fn request(
        &self,
        base: &Base,
        token: Option<&str>,
        form: Option<&Form<'_>>,
    ) -> Result<Request<Bytes>, Error> {
        let meta = self.meta;
        let mut request = Request::new(self.body.clone());
        *request.method_mut() = method(meta.method);
        *request.uri_mut() = self.uri(base, token)?;
        let headers = request.headers_mut();
        match (meta.body, form) {
            (Body::Query, _) => {}
            (Body::Json | Body::Item(_), _) => {
                let kind = HeaderValue::from_static("application/json");
                headers.insert(header::CONTENT_TYPE, kind);
            }
            (Body::Upload, Some(form)) => {
                let kind = HeaderValue::try_from(form.content_type());
                let kind = kind.map_err(|error| Error::invalid(error.to_string()))?;
                headers.insert(header::CONTENT_TYPE, kind);
                headers.insert(header::CONTENT_LENGTH, form.length().into());
            }
            (Body::Upload, None) => {
                return Err(Error::invalid(format!("{} takes a file", meta.path)));
            }
        }
        if let (Auth::Manage, Some(token)) = (meta.auth, token) {
            let mut bearer = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| {
                Error::invalid("the manage token holds characters that no header can carry")
            })?;
            bearer.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, bearer);
        }
        Ok(request)
    }

    fn uri(&self, base: &Base, token: Option<&str>) -> Result<Uri, Error> {
        let mut path = String::with_capacity(512);
        path.push_str(&base.path);
        path.push_str(&self.path);
        let mut between = '?';
        if let (Auth::AccessToken, Some(token)) = (self.meta.auth, token) {
            path.push_str("?access_token=");
            path.extend(query::encoded(token));
            between = '&';
        }
        if !self.query.is_empty() {
            path.push(between);
            path.push_str(&self.query);
        }
        let path = PathAndQuery::from_maybe_shared(Bytes::from(path));
        let path = path.map_err(|_| self.no_url())?;
        let mut parts = Parts::default();
        parts.scheme = Some(base.scheme.clone());
        parts.authority = Some(base.authority.clone());
        parts.path_and_query = Some(path);
        Uri::from_parts(parts).map_err(|_| self.no_url())
    }

    fn no_url(&self) -> Error {
        Error::invalid(format!("{} makes no valid URL", self.meta.path))
    }
}

fn json(value: &impl Serialize) -> Result<Bytes, Error> {
    match serde_json::to_vec(value) {
        Ok(text) => Ok(text.into()),
        Err(error) => Err(unwritable(&error)),
    }
}

fn method(method: Method) -> http::Method {
    match method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
    }
}

/// The path with its fields filled in; they leave the request.
fn path(meta: &'static Meta, fields: &mut Map<String, Value>) -> Result<Cow<'static, str>, Error> {
    if !meta.path.contains('{') {
        return Ok(meta.path.into());
    }
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
    Ok(path.into())
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
        assert_eq!(body.to_string(), r#"{"token":"T/1","roomWxid":"R:1"}"#);
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
        let base = Base::new(BASE).unwrap();
        let draft = Draft::of(&upload).unwrap();
        let request = draft.request(&base, Some("T"), Some(&form)).unwrap();
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
