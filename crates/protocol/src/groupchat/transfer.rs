use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{GroupChatId, Refusal as R, UserId, endpoint};

/// 分配离职成员的客户群 Gives customer groups whose owner has resigned to a new owner. An accepted group is under way
/// (status 2) for `transfer_seconds` and done (status 3) afterwards.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Transfer {
    /// 需要转群主的客户群ID列表 1 to 100
    pub chat_id_list: Vec<GroupChatId>,
    /// 新群主ID with customer contact, real-named and activated
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_owner: Option<UserId>,
}

/// 分配在职成员的客户群 Gives customer groups of an employee to a new owner, at once. A group can be given on twice in 90 days.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct OnjobTransfer {
    /// 需要转群主的客户群ID列表 1 to 100
    pub chat_id_list: Vec<GroupChatId>,
    /// 新群主ID with customer contact, real-named and activated
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_owner: Option<UserId>,
}

/// What became of a transfer. The call succeeds whatever is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Transferred {
    /// 没能成功继承的群 empty where all are accepted
    pub failed_chat_list: Vec<FailedChat>,
}

/// A group that was not accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct FailedChat {
    /// 没能成功继承的群ID
    pub chat_id: GroupChatId,
    /// 没能成功继承的群,错误码
    pub errcode: i32,
    /// 没能成功继承的群,错误描述
    pub errmsg: String,
}

endpoint! { Post "/cgi-bin/externalcontact/groupchat/transfer", Transfer => Transferred {
    auth: AccessToken, callers: crate::Callers::CustomerContact, body: crate::Body::Json,
    title: "分配离职成员的客户群 Give on the groups of who has resigned", page: 92127,
    required: &[("chat_id_list", R::InvalidParameter), ("new_owner", R::InvalidUserid)],
    refuses: &[R::TooLong, R::NotRealNamed, R::NotActivated],
} }
endpoint! { Post "/cgi-bin/externalcontact/groupchat/onjob_transfer", OnjobTransfer => Transferred {
    auth: AccessToken, callers: crate::Callers::CustomerContact, body: crate::Body::Json,
    title: "分配在职成员的客户群 Give on the groups of an employee", page: 95703,
    required: &[("chat_id_list", R::InvalidParameter), ("new_owner", R::InvalidUserid)],
    refuses: &[R::TooLong, R::NotRealNamed, R::NotActivated],
} }
