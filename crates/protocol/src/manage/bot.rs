use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    CorpId, Done, Refusal as R, UserId, endpoint,
    world::{BotFriend, BotRoom, PersonalRoom},
};

/// Lists the hosted accounts of a company.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Bots {
    /// 企业ID
    pub corpid: CorpId,
}

/// The hosted accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BotsOf {
    /// In the order in which they were made.
    pub bots: Vec<BotShown>,
}

/// A hosted account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BotShown {
    /// botId
    pub bot_id: String,
    /// The id of its group of accounts.
    pub group: String,
    /// wxUserId
    pub userid: UserId,
    /// Of personal WeChat.
    pub personal: bool,
    /// imBotId
    pub wxid: String,
    /// Its nickname.
    pub nick_name: String,
    /// Whether it runs and is on line.
    pub online: bool,
    /// Whether it is properly logged in.
    pub logged_in: bool,
    /// The operations whose next try fails: `add`, `create`, `exit`.
    pub fail_next: Vec<String>,
}

/// Shows a hosted account with its friends and rooms.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GetBot {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// Its botId, imBotId, or userid where no other account has it.
    pub id: String,
}

/// A hosted account with its friends and rooms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BotWhole {
    /// What stands in the list.
    pub bot: BotShown,
    /// Its friends.
    pub friends: Vec<BotFriend>,
    /// The rooms that it is in, each with the id of its conversation.
    pub rooms: Vec<BotRoom>,
}

/// Starts or stops a hosted account, logs it in or out. One that starts loads all its rooms, and tells so.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ChangeBot {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// Its botId, imBotId, or userid where no other account has it.
    pub id: String,
    /// Its nickname.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nick_name: Option<String>,
    /// Whether it runs and is on line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub online: Option<bool>,
    /// Whether it is properly logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logged_in: Option<bool>,
}

/// Something that a hosted account does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BotOperation {
    /// `room/addMember`
    #[default]
    Add,
    /// `room/create`
    Create,
    /// `room/exit`
    Exit,
}

impl BotOperation {
    /// The name.
    pub const fn as_str(self) -> &'static str {
        match self {
            BotOperation::Add => "add",
            BotOperation::Create => "create",
            BotOperation::Exit => "exit",
        }
    }
}

/// Makes the next operation of a kind fail that would have succeeded.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct FailNext {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// Its botId, imBotId, or userid where no other account has it.
    pub id: String,
    /// `add`, `create` or `exit`.
    pub op: BotOperation,
}

/// Makes somebody a friend of a hosted account.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Befriend {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// Its botId, imBotId, or userid where no other account has it.
    pub id: String,
    /// A customer's external_userid, or a contact's wxid.
    pub contact: String,
    /// A system id for the contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wxid: Option<String>,
    /// Whether the account has loaded the contact; yes where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loaded: Option<bool>,
}

/// Ends a friendship.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Unfriend {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// Its botId, imBotId, or userid where no other account has it.
    pub id: String,
    /// A customer's external_userid, or a contact's wxid.
    pub contact: String,
}

/// Hosts an account no longer. Who it is stays in the company and in its rooms; what waits to be told is told.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DeleteBot {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// Its botId, imBotId, or userid where no other account has it.
    pub id: String,
}

/// Says what is to be known of a room and a hosted account.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PutBotRoom {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// Its botId, imBotId, or userid where no other account has it.
    pub id: String,
    /// A roomWxid, a customer group's chat_id or an internal group's chatid.
    pub room: String,
    /// A system id for the room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wxid: Option<String>,
    /// An id for the conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_id: Option<String>,
    /// Whether the account has loaded the room; as it was where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loaded: Option<bool>,
}

/// Makes a room of personal WeChat on the phone of a hosted account of personal WeChat.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CreatePersonalRoom {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// Its botId, imBotId, or userid where no other account has it.
    pub id: String,
    /// The room; its owner, the account, need not stand among the members.
    pub room: PersonalRoom,
}

/// The room that was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PersonalRoomMade {
    /// Its system id.
    pub wxid: String,
}

endpoint! { Get "/_qun/companies/{corpid}/bots", Bots => BotsOf {
    auth: Manage, envelope: crate::Envelope::Manage, title: "List the hosted accounts of a company",
} }
endpoint! { Get "/_qun/bots/{id}", GetBot => BotWhole {
    auth: Manage, envelope: crate::Envelope::Manage, title: "Show a hosted account with its friends and rooms",
    refuses: &[R::BotUnknown, R::BotAmbiguous],
} }
endpoint! { Patch "/_qun/bots/{id}", ChangeBot => BotShown {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json, title: "Start or stop a hosted account, log it in or out",
    refuses: &[R::BotUnknown, R::BotAmbiguous],
} }
endpoint! { Delete "/_qun/bots/{id}", DeleteBot => Done {
    auth: Manage, envelope: crate::Envelope::Manage, title: "Host an account no longer",
    refuses: &[R::BotUnknown, R::BotAmbiguous],
} }
endpoint! { Post "/_qun/bots/{id}/fail-next", FailNext => BotShown {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json, title: "Make the next operation of a hosted account fail",
    refuses: &[R::BotUnknown, R::BotAmbiguous],
} }
endpoint! { Put "/_qun/bots/{id}/friends/{contact}", Befriend => Done {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json, title: "Make somebody a friend of a hosted account",
    refuses: &[R::BotUnknown, R::BotAmbiguous, R::ContactUnknown, R::IdTaken],
} }
endpoint! { Delete "/_qun/bots/{id}/friends/{contact}", Unfriend => Done {
    auth: Manage, envelope: crate::Envelope::Manage, title: "End a friendship of a hosted account",
    refuses: &[R::BotUnknown, R::BotAmbiguous, R::ContactUnknown],
} }
endpoint! { Put "/_qun/bots/{id}/rooms/{room}", PutBotRoom => Done {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json, title: "Say what a hosted account knows of a room",
    refuses: &[R::BotUnknown, R::BotAmbiguous, R::RoomUnknown, R::IdTaken],
} }
endpoint! { Post "/_qun/bots/{id}/rooms", CreatePersonalRoom => PersonalRoomMade {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Item("room"), title: "Make a room of personal WeChat",
    refuses: &[R::BotUnknown, R::BotAmbiguous, R::ContactUnknown, R::IdTaken],
} }
