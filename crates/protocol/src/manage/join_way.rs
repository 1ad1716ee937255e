use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ConfigId, CorpId, GroupChatId, Refusal as R, endpoint};

/// Lists the join ways of a company. The cloud has no such call: there an app must remember its own.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct JoinWays {
    /// 企业ID
    pub corpid: CorpId,
    /// Only those that this app made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agentid: Option<i64>,
    /// What `next` of the page before said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// At most so many, 1 to 1000; 100 where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}

/// A page of join ways.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct JoinWaysPage {
    /// In the order in which they were made.
    pub join_ways: Vec<JoinWayShown>,
    /// What `after` takes for the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A join way as the operator sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct JoinWayShown {
    /// 配置id
    pub config_id: ConfigId,
    /// The app that made it, and alone may change it.
    pub agentid: i64,
    /// 1 a mini-program's button, 2 a QR code.
    pub scene: i64,
    /// 备注
    pub remark: String,
    /// Whether a group is made when all are full.
    pub auto_create_room: bool,
    /// What a new group's name begins with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_base_name: Option<String>,
    /// The number of the first new group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_base_id: Option<i64>,
    /// Its groups, in the order in which they are filled.
    pub chat_id_list: Vec<GroupChatId>,
    /// What its members are told apart by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The URL of the picture, where it has a QR code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qr_code: Option<String>,
    /// What a reader finds in the picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

endpoint! { Get "/_qun/companies/{corpid}/join-ways", JoinWays => JoinWaysPage {
    auth: Manage, envelope: crate::Envelope::Manage, title: "List the join ways of a company", refuses: &[R::AppUnknown],
} }
