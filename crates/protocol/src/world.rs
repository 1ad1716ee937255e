//! A world: companies with all that is in them, in one document.
//!
//! Loading is keyed by corpid: absent companies are created, present ones left alone and reported. Whatever the server
//! would otherwise make (ids, secrets, times) may be given. Times are seconds UTC.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ChatId, ConfigId, CorpId, ExternalUserId, GroupChatId, MediaId, Rulebook, UserId};
use std::collections::BTreeMap;

/// What the parts of a world must have, by the names of their types.
pub const REQUIRED: [(&str, &[&str]); 11] = [
    ("Callback", &["url", "token", "encoding_aes_key"]),
    ("Department", &["id", "name"]),
    ("User", &["userid"]),
    ("Tag", &["tagid", "tagname"]),
    ("Media", &["media_id", "type"]),
    ("Chat", &["members"]),
    ("Message", &["text"]),
    ("CustomerGroup", &["owner"]),
    ("JoinWay", &["scene", "chat_id_list"]),
    ("GroupMember", &["userid"]),
    ("FormerOwner", &["userid", "until"]),
];

/// A world document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// The document's version: 1.
    pub version: u32,
    /// The companies.
    #[serde(default)]
    pub companies: Vec<Company>,
}

/// A company.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Company {
    /// 企业ID 1 to 64 characters of `0-9A-Za-z_-`; made where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// Its name.
    pub name: String,
    /// Its rulebook: `documented` or `live-2026`; the server's default where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rulebook: Option<Rulebook>,
    /// Single numbers that differ from the rulebook, by their public names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, i64>,
    /// 所属行业, for example `education`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub industry: Option<String>,
    /// 帐号上限, of which some limits are multiples; 1000 where absent. Here a directory may hold more people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_cap: Option<i64>,
    /// 群成员人数上限 lowers the most members of an internal group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_member_cap: Option<i64>,
    /// The bound WeChat developer id, without which nobody's unionid is shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub developer_id: Option<String>,
    /// Its apps.
    pub apps: Vec<App>,
    /// Its departments below the root, which always exists with id 1; a parent comes before its children.
    pub departments: Vec<Department>,
    /// Its people.
    pub users: Vec<User>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Files that are there.
    pub media: Vec<Media>,
    /// Its internal groups.
    pub chats: Vec<Chat>,
    /// Its customers.
    pub customers: Vec<Customer>,
    /// Its customer groups.
    pub customer_groups: Vec<CustomerGroup>,
    /// 「加入群聊」 with which people join its customer groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub join_ways: Vec<JoinWay>,
    /// Texts that `groupchat/list` takes as cursors though it never gave them; each stands at the beginning.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cursors: Vec<String>,
}

/// A kind of app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AppKind {
    /// 自建应用
    #[default]
    SelfBuilt,
    /// 通讯录同步
    ContactsSync,
    /// 客户联系
    CustomerContact,
}

impl AppKind {
    /// The name in documents and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            AppKind::SelfBuilt => "self_built",
            AppKind::ContactsSync => "contacts_sync",
            AppKind::CustomerContact => "customer_contact",
        }
    }

    /// The kind with a name; an unknown one is read as self-built.
    pub fn named(name: &str) -> Self {
        match name {
            "contacts_sync" => AppKind::ContactsSync,
            "customer_contact" => AppKind::CustomerContact,
            _ => AppKind::SelfBuilt,
        }
    }
}

/// An app of a company.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct App {
    /// 应用id; the next free one from 1000002 where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agentid: Option<i64>,
    /// Its name.
    pub name: String,
    /// Its kind: `self_built`, `contacts_sync` or `customer_contact`.
    pub kind: AppKind,
    /// 应用的凭证密钥 16 to 128 characters; made where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// 可调用应用: a self-built app that may call customer contact.
    pub customer_contact: bool,
    /// Switched off; on where absent.
    pub disabled: bool,
    /// 可见范围; the root department where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visible: Option<Range>,
    /// 企业可信IP: addresses and networks that may call it; all where empty.
    pub trusted_addresses: Vec<String>,
    /// Where it is told what happens; not verified while the world is loaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback: Option<Callback>,
}

/// Where an app is told what happens.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Callback {
    /// `http://` or `https://`, at most 2048 bytes.
    pub url: String,
    /// 1 to 32 letters and digits.
    pub token: String,
    /// 43 letters and digits.
    pub encoding_aes_key: String,
}

impl std::fmt::Debug for Callback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Callback")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("agentid", &self.agentid)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A visible range.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Range {
    /// People.
    pub users: Vec<UserId>,
    /// Departments with all below them.
    pub departments: Vec<i64>,
    /// Tags.
    pub tags: Vec<i64>,
}

/// A department.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Department {
    /// Its id, above 1.
    pub id: i64,
    /// Its name, 1 to 64 characters.
    pub name: String,
    /// Its English name, 1 to 64 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_en: Option<String>,
    /// The department above; the root where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parentid: Option<i64>,
    /// Its place among its siblings, higher first.
    pub order: i64,
}

/// Whether someone can use the account, in user/get's numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// 1 已激活
    #[default]
    Active,
    /// 2 已禁用
    Disabled,
    /// 4 未激活
    NotActivated,
    /// 5 退出企业
    Left,
}

impl UserStatus {
    /// The number on the wire.
    pub const fn number(self) -> i64 {
        match self {
            UserStatus::Active => 1,
            UserStatus::Disabled => 2,
            UserStatus::NotActivated => 4,
            UserStatus::Left => 5,
        }
    }

    /// The status with a number.
    pub const fn numbered(number: i64) -> Self {
        match number {
            2 => UserStatus::Disabled,
            4 => UserStatus::NotActivated,
            5 => UserStatus::Left,
            _ => UserStatus::Active,
        }
    }
}

/// An employee.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct User {
    /// 成员UserID 1 to 64 of `0-9A-Za-z_-@.`, unique ignoring case.
    pub userid: UserId,
    /// 成员名称; the userid where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// 别名
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// 手机号码 unique in the company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile: Option<String>,
    /// 邮箱 unique in the company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// 企业邮箱 unique in the company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub biz_mail: Option<String>,
    /// 所属部门; the root where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub departments: Option<Vec<i64>>,
    /// `active`, `disabled`, `not_activated` or `left`.
    pub status: UserStatus,
    /// 实名认证; yes where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub real_named: Option<bool>,
    /// Has customer contact.
    pub customer_contact: bool,
    /// When the basic API licence ends; never where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence_end: Option<i64>,
}

/// A tag.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tag {
    /// Its id, above 0.
    pub tagid: i64,
    /// Its name, 1 to 32 characters.
    pub tagname: String,
    /// The app that alone may change it through the API; the operator alone where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agentid: Option<i64>,
    /// People with it.
    pub users: Vec<UserId>,
    /// Departments with it.
    pub departments: Vec<i64>,
}

/// A file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Media {
    /// Its id.
    pub media_id: MediaId,
    /// `image`, `voice`, `video` or `file`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name; the id where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Its content, if it is text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Its content in base64; a small sample of its kind where neither is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// When it ends; never where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
}

/// An internal group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Chat {
    /// Its id; made where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chatid: Option<ChatId>,
    /// The app that made it; the company's first where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agentid: Option<i64>,
    /// Its name.
    pub name: String,
    /// Its owner; the first member where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
    /// Its members, in the order in which they joined.
    pub members: Vec<UserId>,
    /// When it was made; now where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_time: Option<i64>,
    /// What was said in it, oldest first.
    pub messages: Vec<Message>,
}

/// A message that was said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Message {
    /// The person who said it; the app where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<UserId>,
    /// When; now where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<i64>,
    /// Its text.
    pub text: String,
}

/// What kind of account a customer has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CustomerKind {
    /// 1 微信用户
    #[default]
    Wechat,
    /// 2 企业微信用户 of another company
    Wecom,
}

impl CustomerKind {
    /// The number on the wire.
    pub const fn number(self) -> i64 {
        match self {
            CustomerKind::Wechat => 1,
            CustomerKind::Wecom => 2,
        }
    }

    /// The kind with a number.
    pub const fn numbered(number: i64) -> Self {
        match number {
            2 => CustomerKind::Wecom,
            _ => CustomerKind::Wechat,
        }
    }
}

/// 外部联系人 A customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Customer {
    /// 外部联系人id 1 to 64 of `0-9A-Za-z_-`; made where absent, `wm…` or `wo…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_userid: Option<ExternalUserId>,
    /// The name, at most 64 characters.
    pub name: String,
    /// `wechat` or `wecom`.
    #[serde(rename = "type")]
    pub kind: CustomerKind,
    /// The id on the WeChat open platform, unique in the company; shown where the company has a `developer_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unionid: Option<String>,
    /// 外部联系人所在企业 the company that a customer of `wecom` works for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corp_name: Option<String>,
}

/// 客户群 A customer group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CustomerGroup {
    /// 客户群ID 1 to 64 of `0-9A-Za-z_-`; made where absent, `wr…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_id: Option<GroupChatId>,
    /// Its name.
    pub name: String,
    /// Its owner, an employee; the first member where `members` does not name him.
    pub owner: UserId,
    /// Who owned it before, oldest first; `members` names them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub former_owners: Vec<FormerOwner>,
    /// 群公告
    #[serde(skip_serializing_if = "String::is_empty")]
    pub notice: String,
    /// Its members, in the order in which they joined.
    pub members: Vec<GroupMember>,
    /// 群管理员, employees among the members.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub admins: Vec<UserId>,
    /// When it was made; now where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub create_time: Option<i64>,
    /// What a mini-program that was opened in it calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opengid: Option<String>,
    /// What was said in it by its members, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Message>,
    /// When it was migrated, if it was: statistics of a company in `education` count that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migrate_time: Option<i64>,
    /// When it was dismissed, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dismiss_time: Option<i64>,
}

/// Who owned a customer group once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FormerOwner {
    /// The employee.
    pub userid: UserId,
    /// When the next one came to own it.
    pub until: i64,
}

/// 「加入群聊」 A QR code or a mini-program's button with which people join customer groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JoinWay {
    /// 配置id 1 to 64 of `0-9A-Za-z_-`; made where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_id: Option<ConfigId>,
    /// What the last part of the QR code's URL is, 1 to 64 of `0-9A-Za-z_-`; made where absent, so that nobody can guess it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The app that made it; where absent the company's first that may call customer contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agentid: Option<i64>,
    /// 场景 1 a mini-program's button, 2 a QR code.
    pub scene: i64,
    /// 备注 at most 30 characters, the rest is cut.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub remark: String,
    /// Whether a group is made when all are full; yes where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_create_room: Option<bool>,
    /// 自动建群的群名前缀 at most 40 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_base_name: Option<String>,
    /// 自动建群的群起始序号
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_base_id: Option<i64>,
    /// Its customer groups, 1 to 5, in the order in which they are filled.
    pub chat_id_list: Vec<GroupChatId>,
    /// 企业自定义的state参数 at most 30 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// A member of a customer group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GroupMember {
    /// The userid of an employee, or the external_userid of a customer.
    pub userid: UserId,
    /// 入群时间 not before that of the member before; where absent the same. Whoever came in within a second after the group
    /// was made founded it, and is no new member in statistics.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join_time: Option<i64>,
    /// 入群方式 1 (default) invited, 2 by a link, 3 by a QR code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join_scene: Option<i64>,
    /// 邀请者
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invitor: Option<UserId>,
    /// 入群渠道
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// 在群里的昵称
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_nickname: Option<String>,
    /// When the member left, who may be named again with a later `join_time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leave_time: Option<i64>,
}
