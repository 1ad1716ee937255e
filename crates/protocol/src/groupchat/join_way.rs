mod write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ConfigId, Done, GroupChatId, Refusal as R, endpoint};

/// 配置客户群进群方式 Makes a QR code or a mini-program's button with which people join customer groups, the first that has room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AddJoinWay {
    /// 场景 1 群的小程序插件, 2 群的二维码插件; see [`JoinWayScene`]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scene: Option<i64>,
    /// 备注 at most 30 characters, the rest is cut
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// 当群满了后,是否自动新建群 0 no, 1 (default) yes
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_create_room: Option<i64>,
    /// 自动建群的群名前缀 at most 40 characters
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_base_name: Option<String>,
    /// 自动建群的群起始序号 from 0: the first new group's number, which follows the name
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_base_id: Option<i64>,
    /// 使用该配置的客户群ID列表 1 to 5, in the order in which they are filled
    pub chat_id_list: Vec<GroupChatId>,
    /// 企业自定义的state参数 at most 30 characters, shown by groupchat/get with each member who came this way
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// 标记客户来源 newer than the documents; yes where absent
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark_source: Option<bool>,
}

/// The id of the new configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct JoinWayAdded {
    /// 配置id
    pub config_id: ConfigId,
}

/// 获取客户群进群方式配置 Reads a join way that the calling app has made.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GetJoinWay {
    /// 联系方式的配置id
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_id: Option<ConfigId>,
}

/// The join way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct JoinWayGot {
    /// 配置详情
    pub join_way: JoinWay,
}

/// 「加入群聊」 A configuration with which people join customer groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct JoinWay {
    /// 配置id
    pub config_id: ConfigId,
    /// Always 3, and only by document 004: the page of today does not have it.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<i64>,
    /// 场景 1 群的小程序插件, 2 群的二维码插件
    pub scene: i64,
    /// 备注
    pub remark: String,
    /// 当群满了后,是否自动新建群 0 no, 1 yes
    pub auto_create_room: i64,
    /// 自动建群的群名前缀
    pub room_base_name: String,
    /// 自动建群的群起始序号
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_base_id: Option<i64>,
    /// 使用该配置的客户群ID列表 with the groups that were made when all were full
    pub chat_id_list: Vec<GroupChatId>,
    /// 联系二维码的URL a picture, for scene 2 alone
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qr_code: Option<String>,
    /// 企业自定义的state参数
    pub state: String,
    /// 标记客户来源 newer than the documents
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark_source: Option<bool>,
}

/// 更新客户群进群方式配置 Replaces a join way as a whole: what is absent gets its default. Its QR code stays the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UpdateJoinWay {
    /// 企业联系方式的配置id
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_id: Option<ConfigId>,
    /// 场景 1 群的小程序插件, 2 群的二维码插件; see [`JoinWayScene`]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scene: Option<i64>,
    /// 备注 at most 30 characters, the rest is cut
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// 当群满了后,是否自动新建群 0 no, 1 (default) yes
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_create_room: Option<i64>,
    /// 自动建群的群名前缀 at most 40 characters
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_base_name: Option<String>,
    /// 自动建群的群起始序号 from 0: the first new group's number, which follows the name
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_base_id: Option<i64>,
    /// 使用该配置的客户群ID列表 1 to 5, in the order in which they are filled; groups that it has made itself do not count
    pub chat_id_list: Vec<GroupChatId>,
    /// 企业自定义的state参数 at most 30 characters, of members who come from now on
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// 标记客户来源 newer than the documents; yes where absent
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark_source: Option<bool>,
}

/// 删除客户群进群方式配置 Removes a join way. Its groups stay, and so do those who came with it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DelJoinWay {
    /// 企业联系方式的配置id
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_id: Option<ConfigId>,
}

/// 场景 How people come to a join way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinWayScene {
    /// 1 群的小程序插件: they tap a button.
    MiniProgram,
    /// 2 群的二维码插件: they scan a QR code.
    QrCode,
}

impl JoinWayScene {
    /// The number on the wire.
    pub const fn number(self) -> i64 {
        match self {
            JoinWayScene::MiniProgram => 1,
            JoinWayScene::QrCode => 2,
        }
    }

    /// The scene with a number.
    pub const fn numbered(number: i64) -> Option<Self> {
        match number {
            1 => Some(JoinWayScene::MiniProgram),
            2 => Some(JoinWayScene::QrCode),
            _ => None,
        }
    }
}

endpoint! { Post "/cgi-bin/externalcontact/groupchat/add_join_way", AddJoinWay => JoinWayAdded {
    auth: AccessToken, callers: crate::Callers::CustomerContact, body: crate::Body::Json,
    title: "配置客户群进群方式 Make a join way of customer groups", page: 92229,
    required: &[("scene", R::SceneMissing), ("chat_id_list", R::InvalidParameter)],
    refuses: &[R::SceneInvalid, R::TooLong, R::GroupChatUnknown, R::GroupChatDismissed, R::JoinWayChats, R::JoinWayCount],
} }
endpoint! { Post "/cgi-bin/externalcontact/groupchat/get_join_way", GetJoinWay => JoinWayGot {
    auth: AccessToken, callers: crate::Callers::CustomerContact, body: crate::Body::Json,
    title: "获取客户群进群方式配置 Read a join way of customer groups", page: 92229,
    required: &[("config_id", R::ConfigIdMissing)], refuses: &[R::ConfigIdUnknown],
} }
endpoint! { Post "/cgi-bin/externalcontact/groupchat/update_join_way", UpdateJoinWay => Done {
    auth: AccessToken, callers: crate::Callers::CustomerContact, body: crate::Body::Json,
    title: "更新客户群进群方式配置 Replace a join way of customer groups", page: 92229,
    required: &[("config_id", R::ConfigIdMissing), ("scene", R::SceneMissing), ("chat_id_list", R::InvalidParameter)],
    refuses: &[R::ConfigIdUnknown, R::SceneInvalid, R::TooLong, R::GroupChatUnknown, R::GroupChatDismissed, R::JoinWayChats],
} }
endpoint! { Post "/cgi-bin/externalcontact/groupchat/del_join_way", DelJoinWay => Done {
    auth: AccessToken, callers: crate::Callers::CustomerContact, body: crate::Body::Json,
    title: "删除客户群进群方式配置 Remove a join way of customer groups", page: 92229,
    required: &[("config_id", R::ConfigIdMissing)], refuses: &[R::ConfigIdUnknown],
} }
