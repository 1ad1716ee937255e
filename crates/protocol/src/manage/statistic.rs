use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ChatId, CorpId, Done, Refusal as R, endpoint};

/// Marks a customer group as one that was migrated (迁移学员群), which statistics of a company in `education` count from that
/// day on. Once is enough.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MarkMigrated {
    /// 企业ID
    pub corpid: CorpId,
    /// 客户群ID
    pub chatid: ChatId,
}

endpoint! { Post "/_qun/companies/{corpid}/groups/{chatid}/migrate", MarkMigrated => Done {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json,
    title: "Mark a customer group as migrated", refuses: &[R::GroupUnknown],
} }
