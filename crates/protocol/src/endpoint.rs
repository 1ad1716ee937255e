//! The endpoint as a type: its request type carries everything that is known of it.

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};

use crate::{Limit, Refusal};

/// One endpoint of one API. The request type itself implements it.
pub trait Endpoint:
    Default + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static
{
    /// What comes back, without `errcode` and `errmsg`.
    type Response: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static;
    /// Who may call it; a client of one API cannot send a request of another.
    type Auth: Authorised;
    /// The facts.
    const META: Meta;
}

/// A kind of authorisation, as a type.
pub trait Authorised: Send + Sync + 'static {
    /// The same as a value.
    const AUTH: Auth;
}

/// No authorisation.
#[derive(Debug)]
pub enum Open {}
/// An app's access token, in the query.
#[derive(Debug)]
pub enum AccessToken {}
/// The operator's manage token, in the `Authorization` header.
#[derive(Debug)]
pub enum Manage {}

impl Authorised for Open {
    const AUTH: Auth = Auth::Open;
}
impl Authorised for AccessToken {
    const AUTH: Auth = Auth::AccessToken;
}
impl Authorised for Manage {
    const AUTH: Auth = Auth::Manage;
}

/// How a caller shows who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Not at all.
    Open,
    /// `access_token` in the query.
    AccessToken,
    /// `Authorization: Bearer` with the manage token.
    Manage,
}

/// Which apps may call an endpoint; others get 48002, a too narrow range 60011.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers {
    /// Every enabled app of the company.
    AnyApp,
    /// Self-built apps, whatever they see.
    SelfBuiltApp,
    /// Self-built apps whose visible range is the root department.
    RootApp,
    /// 客户联系: the customer-contact app, and self-built apps that are 可调用应用.
    CustomerContact,
    /// 通讯录同步, which alone changes people and departments.
    ContactsSync,
    /// 通讯录同步 and self-built apps, each within its visible range.
    DirectoryReader,
}

/// The HTTP method that the documents name. The server accepts any and reads a wrong one as an empty request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Parameters in the query.
    Get,
    /// Parameters in the body.
    Post,
    /// Creates or replaces; own API only.
    Put,
    /// Changes the named fields; own API only.
    Patch,
    /// Removes; own API only.
    Delete,
}

impl Method {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

/// How success and failure are wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope {
    /// HTTP 200 with `errcode` and `errmsg`.
    Wecom,
    /// HTTP status and `{"error": {…}}`.
    Manage,
}

/// Where the parameters travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// In the query.
    Query,
    /// As a JSON object.
    Json,
    /// As a JSON object that is one named field of the request; the other fields come from the path.
    Item(&'static str),
    /// In the query, with a file beside them as `multipart/form-data`.
    Upload,
}

/// What an endpoint is, as data: routes, the client, the OpenAPI document and the checks are made from it.
#[derive(Clone, Copy, Debug)]
pub struct Meta {
    /// The documented method.
    pub method: Method,
    /// The path; parts in braces are fields of the request.
    pub path: &'static str,
    /// What it does, in the words of the official page and in English.
    pub title: &'static str,
    /// The official page, 0 where there is none.
    pub page: u32,
    /// Who may call.
    pub auth: Auth,
    /// Which apps may call.
    pub callers: Callers,
    /// The wrapping of the answer.
    pub envelope: Envelope,
    /// Where the parameters are.
    pub body: Body,
    /// What `errmsg` says of success.
    pub done: &'static str,
    /// Whether a good answer is a file instead of JSON.
    pub file: bool,
    /// Fields that must be there, and what is answered where one is not.
    pub required: &'static [(&'static str, Refusal)],
    /// What it can refuse beyond what every endpoint of its kind of authorisation can.
    pub refuses: &'static [Refusal],
    /// The limits it spends beyond the base call rates.
    pub spends: &'static [Limit],
    /// Lists of the answer that a refusal has too, empty.
    pub empty: &'static [&'static str],
}

impl Meta {
    /// The fields that most endpoints share.
    pub const BLANK: Meta = Meta {
        method: Method::Get,
        path: "",
        title: "",
        page: 0,
        auth: Auth::Open,
        callers: Callers::AnyApp,
        envelope: Envelope::Wecom,
        body: Body::Query,
        done: "ok",
        file: false,
        required: &[],
        refuses: &[],
        spends: &[],
        empty: &[],
    };

    /// The short name that `qun call` takes: the path without its common prefix, and the method where own paths share it.
    pub fn name(&self) -> String {
        match self.path.strip_prefix("/cgi-bin/") {
            Some(rest) => rest.to_owned(),
            None => format!("{} {}", self.method.as_str(), self.path),
        }
    }

    /// What every endpoint with this kind of authorisation can refuse.
    pub fn common_refusals(&self) -> &'static [Refusal] {
        use Refusal as R;
        match self.auth {
            Auth::Open => &[
                R::SystemBusy,
                R::Frequency,
                R::BodyTooLarge,
                R::IllegalCharacter,
            ],
            Auth::AccessToken => &[
                R::SystemBusy,
                R::Frequency,
                R::BodyTooLarge,
                R::IllegalCharacter,
                R::TokenMissing,
                R::TokenInvalid,
                R::TokenExpired,
                R::AppDisabled,
                R::AddressNotAllowed,
                R::ApiForbidden,
                R::NoPrivilege,
            ],
            Auth::Manage => &[
                R::SystemBusy,
                R::BodyTooLarge,
                R::IllegalCharacter,
                R::Unauthorised,
                R::BadRequest,
                R::CompanyUnknown,
                R::CompanyNotNamed,
            ],
        }
    }

    /// Whether a refusal is one that this endpoint declares.
    pub fn declares(&self, refusal: Refusal) -> bool {
        self.refuses.contains(&refusal)
            || self.common_refusals().contains(&refusal)
            || self.required.iter().any(|(_, missing)| *missing == refusal)
    }

    /// The names in braces of the path, in order.
    pub fn path_fields(&self) -> impl Iterator<Item = &'static str> {
        self.path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }
}

/// Declares a request type as an endpoint.
#[macro_export]
macro_rules! endpoint {
    ($method:ident $path:literal, $request:ty => $response:ty { auth: $auth:ident, $($key:ident: $value:expr),* $(,)? }) => {
        impl $crate::Endpoint for $request {
            type Response = $response;
            type Auth = $crate::endpoint::$auth;
            const META: $crate::Meta = $crate::Meta {
                method: $crate::endpoint::Method::$method,
                path: $path,
                auth: $crate::endpoint::Auth::$auth,
                $($key: $value,)*
                ..$crate::Meta::BLANK
            };
        }
    };
}
