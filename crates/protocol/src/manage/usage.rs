use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CorpId, Limit, Window, endpoint};

/// Reads what a company has spent of the limits that count over a time.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GetUsage {
    /// 企业ID
    pub corpid: CorpId,
}

/// What was spent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Usage {
    /// In the limits' order. Base call rates are the server's, not a company's, and are not among them.
    pub limits: Vec<Spent>,
}

/// What was spent of one limit in its present window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Spent {
    /// The limit's public name.
    pub limit: String,
    /// 应用id of the app that has this limit for itself; absent where all apps share it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agentid: Option<i64>,
    /// Over which time it counts.
    pub window: Window,
    /// How much was accepted since the window began.
    pub used: i64,
    /// How much may be accepted in a window; -1 where there is no limit.
    pub most: i64,
    /// When calls are taken again, seconds UTC; absent where they are not blocked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked_until: Option<i64>,
}

/// The limits that a company spends.
pub const COUNTED: [Limit; 9] = [
    Limit::ChatsPerCorpDay,
    Limit::ChatUpdatesPerCorpHour,
    Limit::ChatSendsPerCorpMinute,
    Limit::ChatSendsPerCorpHour,
    Limit::MessageSendsPerAppDay,
    Limit::AccountsPerCorpMonth,
    Limit::WrongLookupsPerCorpDay,
    Limit::PicturesPerCorpDay,
    Limit::PicturesPerCorpMonth,
];

endpoint! { Get "/_qun/companies/{corpid}/usage", GetUsage => Usage {
    auth: Manage, envelope: crate::Envelope::Manage, title: "Read what a company has spent of its limits",
} }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::all;

    #[test]
    fn all_that_is_spent_is_shown() {
        let mut spent: Vec<Limit> = all::ALL
            .iter()
            .flat_map(|entry| entry.meta.spends.iter().copied())
            .collect();
        spent.sort_by_key(|limit| *limit as usize);
        spent.dedup();
        assert_eq!(spent, COUNTED);
    }
}
