use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CorpId, Refusal as R, Rulebook, endpoint};

/// Lists the companies, by corpid.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Companies {
    /// The corpid after which the page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// At most so many, 1 to 1000; 100 where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}

/// A page of companies.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CompaniesOf {
    /// The companies.
    pub companies: Vec<CompanyShown>,
    /// What `after` takes for the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A company. A new one is made by loading a world that holds it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CompanyShown {
    /// 企业ID
    pub corpid: CorpId,
    /// Its name.
    pub name: String,
    /// Its rulebook.
    pub rulebook: Rulebook,
    /// 所属行业
    #[serde(skip_serializing_if = "Option::is_none")]
    pub industry: Option<String>,
    /// 帐号上限
    pub account_cap: i64,
    /// 群成员人数上限
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_member_cap: Option<i64>,
    /// The bound WeChat developer id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub developer_id: Option<String>,
}

/// Reads a company.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GetCompany {
    /// 企业ID
    pub corpid: CorpId,
}

/// Changes the named settings of a company.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ChangeCompany {
    /// 企业ID
    pub corpid: CorpId,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// 所属行业; an empty text takes it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub industry: Option<String>,
    /// 帐号上限
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_cap: Option<i64>,
    /// 群成员人数上限; 0 takes it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_member_cap: Option<i64>,
    /// The bound WeChat developer id; an empty text takes it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub developer_id: Option<String>,
}

/// Reads the rules in force for a company.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GetRules {
    /// 企业ID
    pub corpid: CorpId,
}

/// Changes the rules of a company from now on; what happened before stays judged by the rules of its time.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ChangeRules {
    /// 企业ID
    pub corpid: CorpId,
    /// Another rulebook; absent: the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rulebook: Option<Rulebook>,
    /// Single numbers by their public names; `null` goes back to the rulebook's.
    pub limits: BTreeMap<String, Option<i64>>,
}

/// The rules in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RulesShown {
    /// The rulebook.
    pub rulebook: Rulebook,
    /// Every number in force by its public name.
    pub limits: BTreeMap<String, i64>,
    /// The names of those that differ from the rulebook.
    pub overridden: Vec<String>,
}

endpoint! { Get "/_qun/companies", Companies => CompaniesOf {
    auth: Manage, envelope: crate::Envelope::Manage, title: "List the companies",
} }
endpoint! { Get "/_qun/companies/{corpid}", GetCompany => CompanyShown {
    auth: Manage, envelope: crate::Envelope::Manage, title: "Read a company",
} }
endpoint! { Patch "/_qun/companies/{corpid}", ChangeCompany => CompanyShown {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json, title: "Change a company", refuses: &[R::TooLong],
} }
endpoint! { Get "/_qun/companies/{corpid}/rules", GetRules => RulesShown {
    auth: Manage, envelope: crate::Envelope::Manage, title: "Read the rules in force for a company",
} }
endpoint! { Put "/_qun/companies/{corpid}/rules", ChangeRules => RulesShown {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json, title: "Change the rules of a company",
} }
