use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ChatId, CorpId, Done, GroupChatId, Refusal as R, UserId, endpoint};

/// Makes a customer group on the phone of an employee with customer contact, who owns it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CreateGroup {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The employee.
    pub userid: UserId,
    /// Its name, at most 50 characters, the rest is cut; may be empty.
    pub name: String,
    /// Who else is in it: colleagues by userid, customers by external_userid; with the owner at most 500.
    pub userlist: Vec<UserId>,
}

/// The new customer group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CreatedGroup {
    /// 客户群ID
    pub chat_id: GroupChatId,
}

/// Lets people into a customer group, as a member. Who is in it already stays as he is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Invite {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The member, an employee or a customer.
    pub userid: UserId,
    /// The group.
    pub chatid: ChatId,
    /// Colleagues by userid, customers by external_userid.
    pub userlist: Vec<UserId>,
}

/// Who came in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Invited {
    /// Those who were not in it before.
    pub joined: Vec<UserId>,
}

/// Gives away a link with which others come into a customer group.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ShareLink {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The member who invites.
    pub userid: UserId,
    /// The group.
    pub chatid: ChatId,
}

/// Shows a customer group's QR code.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ShowQrCode {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The member.
    pub userid: UserId,
    /// The group.
    pub chatid: ChatId,
}

/// A code with which whoever has it comes in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GroupCode {
    /// The code.
    pub code: String,
    /// When it ends, seconds UTC: 7 days from now.
    pub expires: i64,
}

/// Comes into a customer group: accepts a link or scans a QR code.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Join {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The customer or employee.
    pub userid: UserId,
    /// The code.
    pub code: String,
}

/// The group that somebody came into.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Joined {
    /// 客户群ID
    pub chat_id: GroupChatId,
}

/// Sets one's own name in a customer group.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SetNickname {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The member.
    pub userid: UserId,
    /// The group.
    pub chatid: ChatId,
    /// At most 64 characters; empty takes it away.
    pub nickname: String,
}

/// Sets a customer group's notice; its owner and admins may.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SetNotice {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The owner or an admin.
    pub userid: UserId,
    /// The group.
    pub chatid: ChatId,
    /// At most 2000 characters; empty takes it away.
    pub notice: String,
}

/// Says who are a customer group's admins; its owner alone may.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SetAdmins {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The owner.
    pub userid: UserId,
    /// The group.
    pub chatid: ChatId,
    /// Employees who are members; all others are none.
    pub userlist: Vec<UserId>,
}

/// Dismisses a customer group; its owner alone may.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Dismiss {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The owner.
    pub userid: UserId,
    /// The group.
    pub chatid: ChatId,
}

/// Opens a mini-program in a customer group, which tells it the group's opengid.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct OpenMiniProgram {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The member.
    pub userid: UserId,
    /// The group.
    pub chatid: ChatId,
}

/// What a mini-program calls a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Opengid {
    /// What `opengid_to_chatid` takes.
    pub opengid: String,
}

endpoint! { Post "/_qun/people/{userid}/groups", CreateGroup => CreatedGroup {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json,
    title: "Make a customer group as an employee", refuses: &[R::PersonUnknown, R::NoCustomerContact, R::ChatName, R::GroupFull],
} }
endpoint! { Post "/_qun/people/{userid}/groups/{chatid}/invite", Invite => Invited {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json,
    title: "Let people into a customer group as a member", refuses: &[R::PersonUnknown, R::GroupUnknown, R::GroupFull],
} }
endpoint! { Post "/_qun/people/{userid}/groups/{chatid}/link", ShareLink => GroupCode {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json,
    title: "Give away a link into a customer group", refuses: &[R::PersonUnknown, R::GroupUnknown],
} }
endpoint! { Post "/_qun/people/{userid}/groups/{chatid}/qr_code", ShowQrCode => GroupCode {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json,
    title: "Show a customer group's QR code", refuses: &[R::PersonUnknown, R::GroupUnknown],
} }
endpoint! { Post "/_qun/people/{userid}/join", Join => Joined {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json,
    title: "Come into a customer group by a link or QR code", refuses: &[R::PersonUnknown, R::CodeUnknown, R::GroupFull],
} }
endpoint! { Post "/_qun/people/{userid}/groups/{chatid}/nickname", SetNickname => Done {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json,
    title: "Set one's own name in a customer group", refuses: &[R::PersonUnknown, R::GroupUnknown, R::TooLong],
} }
endpoint! { Post "/_qun/people/{userid}/groups/{chatid}/notice", SetNotice => Done {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json,
    title: "Set a customer group's notice", refuses: &[R::PersonUnknown, R::GroupUnknown, R::NotOwner, R::TooLong],
} }
endpoint! { Post "/_qun/people/{userid}/groups/{chatid}/admins", SetAdmins => Done {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json,
    title: "Say who are a customer group's admins", refuses: &[R::PersonUnknown, R::GroupUnknown, R::NotOwner, R::NotMember],
} }
endpoint! { Post "/_qun/people/{userid}/groups/{chatid}/dismiss", Dismiss => Done {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json,
    title: "Dismiss a customer group as its owner", refuses: &[R::PersonUnknown, R::GroupUnknown, R::NotOwner],
} }
endpoint! { Post "/_qun/people/{userid}/groups/{chatid}/mini_program", OpenMiniProgram => Opengid {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json,
    title: "Open a mini-program in a customer group", refuses: &[R::PersonUnknown, R::GroupUnknown],
} }
