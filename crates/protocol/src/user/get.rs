use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ExtAttr, ExternalProfile};
use crate::{Callers, Refusal as R, UserId, endpoint};

/// 读取成员 Reads a person of the app's visible range.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Get {
    /// 成员UserID ignoring case
    pub userid: UserId,
}

/// A person, as far as the app may know. `mobile`, `gender`, `email`, `biz_mail`, `avatar`, `qr_code` and `address` are
/// shown to 通讯录同步 alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Detail {
    /// 成员UserID as it was written last
    pub userid: UserId,
    /// 成员名称
    pub name: String,
    /// 成员所属部门id列表 those that the app sees
    pub department: Vec<i64>,
    /// 部门内的排序值 one for each of `department`, higher first
    pub order: Vec<i64>,
    /// 职务信息
    pub position: String,
    /// 手机号码
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile: Option<String>,
    /// 性别 `0` unknown, `1` male, `2` female
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// 邮箱
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// 企业邮箱
    #[serde(skip_serializing_if = "Option::is_none")]
    pub biz_mail: Option<String>,
    /// 是否为部门负责人 one for each of `department`, 1 or 0
    pub is_leader_in_dept: Vec<i64>,
    /// 直属上级UserID those whom the app sees
    pub direct_leader: Vec<UserId>,
    /// 头像url empty here
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// 头像缩略图url empty here
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumb_avatar: Option<String>,
    /// 座机
    pub telephone: String,
    /// 别名
    pub alias: String,
    /// 启用 1 or 0
    pub enable: i64,
    /// 激活状态 1 active, 2 disabled, 4 not activated, 5 left
    pub status: i64,
    /// 地址
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// 主部门 where the app sees it
    #[serde(skip_serializing_if = "Option::is_none")]
    pub main_department: Option<i64>,
    /// 扩展属性
    pub extattr: ExtAttr,
    /// 员工个人二维码 empty here
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qr_code: Option<String>,
    /// 对外职务
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_position: Option<String>,
    /// 成员对外属性
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_profile: Option<ExternalProfile>,
}

endpoint! { Get "/cgi-bin/user/get", Get => Detail {
    auth: AccessToken, callers: Callers::DirectoryReader,
    title: "读取成员 Read a person", page: 90196,
    required: &[("userid", R::UseridMissing)],
    refuses: &[R::UseridUnknown, R::SyncReads],
} }
