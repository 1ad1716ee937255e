use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    CorpId, Done, Refusal as R, endpoint,
    world::{App, AppKind, Range},
};

/// Lists the apps of a company.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Apps {
    /// 企业ID
    pub corpid: CorpId,
}

/// The apps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AppsOf {
    /// By agentid.
    pub apps: Vec<AppShown>,
}

/// An app, without its secret.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AppShown {
    /// 应用id
    pub agentid: i64,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: AppKind,
    /// 可调用应用
    pub customer_contact: bool,
    /// Switched off.
    pub disabled: bool,
    /// 可见范围
    pub visible: Range,
    /// 企业可信IP
    pub trusted_addresses: Vec<String>,
}

/// Makes an app.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CreateApp {
    /// 企业ID
    pub corpid: CorpId,
    /// The app.
    pub app: App,
}

/// An app's secret, shown this once.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AppSecret {
    /// 应用id
    pub agentid: i64,
    /// 应用的凭证密钥
    pub secret: String,
    /// The app's name.
    pub name: String,
}

impl fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppSecret")
            .field("agentid", &self.agentid)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Changes the named settings of an app.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ChangeApp {
    /// 企业ID
    pub corpid: CorpId,
    /// 应用id
    pub agentid: i64,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// 可调用应用
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_contact: Option<bool>,
    /// Switched off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// 可见范围
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visible: Option<Range>,
    /// 企业可信IP: addresses and networks that may call it; all where empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_addresses: Option<Vec<String>>,
}

/// Gives an app a new secret; the old one and its tokens are dead at once.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ResetSecret {
    /// 企业ID
    pub corpid: CorpId,
    /// 应用id
    pub agentid: i64,
}

/// Makes an app's tokens dead before their end; the secret stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RevokeTokens {
    /// 企业ID
    pub corpid: CorpId,
    /// 应用id
    pub agentid: i64,
}

endpoint! { Get "/_qun/companies/{corpid}/apps", Apps => AppsOf {
    auth: Manage, envelope: crate::Envelope::Manage, title: "List the apps of a company",
} }
endpoint! { Post "/_qun/companies/{corpid}/apps", CreateApp => AppSecret {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Item("app"), title: "Make an app",
    refuses: &[R::AppExists, R::PersonUnknown, R::DepartmentUnknown, R::TagUnknown],
} }
endpoint! { Patch "/_qun/companies/{corpid}/apps/{agentid}", ChangeApp => AppShown {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json, title: "Change an app",
    refuses: &[R::AppUnknown, R::PersonUnknown, R::DepartmentUnknown, R::TagUnknown],
} }
endpoint! { Post "/_qun/companies/{corpid}/apps/{agentid}/secret", ResetSecret => AppSecret {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json, title: "Give an app a new secret", refuses: &[R::AppUnknown],
} }
endpoint! { Post "/_qun/companies/{corpid}/apps/{agentid}/revoke", RevokeTokens => Done {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json, title: "Revoke an app's tokens", refuses: &[R::AppUnknown],
} }
