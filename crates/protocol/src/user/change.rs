use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ExtAttr, ExternalProfile};
use crate::{Callers, Limit, Refusal as R, UserId, endpoint};

/// The fields that creating and changing a person share.
macro_rules! person {
    ($(#[$doc:meta])* $name:ident { $($(#[$extra:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(default)]
        pub struct $name {
            /// 成员UserID 1 to 64 of `0-9A-Za-z_-@.`, beginning with a letter or digit; unique ignoring case
            pub userid: UserId,
            /// 成员名称 1 to 64 characters
            #[serde(skip_serializing_if = "Option::is_none")]
            pub name: Option<String>,
            /// 成员别名 1 to 64 characters
            #[serde(skip_serializing_if = "Option::is_none")]
            pub alias: Option<String>,
            /// 手机号码 5 to 32 bytes, unique in the company
            #[serde(skip_serializing_if = "Option::is_none")]
            pub mobile: Option<String>,
            /// 成员所属部门id列表 at most 100; 0 and absent stand for 待设置部门, and one that is not there is made below it
            #[serde(skip_serializing_if = "Option::is_none")]
            pub department: Option<Vec<i64>>,
            /// 部门内的排序值 one for each of `department`, 0 to 4294967295, higher first
            #[serde(skip_serializing_if = "Option::is_none")]
            pub order: Option<Vec<i64>>,
            /// 职务信息 at most 128 characters
            #[serde(skip_serializing_if = "Option::is_none")]
            pub position: Option<String>,
            /// 性别 `1` male, `2` female
            #[serde(skip_serializing_if = "Option::is_none")]
            pub gender: Option<String>,
            /// 邮箱 6 to 64 bytes, unique in the company
            #[serde(skip_serializing_if = "Option::is_none")]
            pub email: Option<String>,
            /// 企业邮箱 6 to 64 bytes, unique in the company
            #[serde(skip_serializing_if = "Option::is_none")]
            pub biz_mail: Option<String>,
            /// 座机 at most 32 bytes of digits, `-`, `+` and `,`
            #[serde(skip_serializing_if = "Option::is_none")]
            pub telephone: Option<String>,
            /// 是否为部门负责人 one for each of `department`, 1 or 0
            #[serde(skip_serializing_if = "Option::is_none")]
            pub is_leader_in_dept: Option<Vec<i64>>,
            /// 直属上级UserID at most 5
            #[serde(skip_serializing_if = "Option::is_none")]
            pub direct_leader: Option<Vec<UserId>>,
            /// 成员头像的mediaid taken and not kept
            #[serde(skip_serializing_if = "Option::is_none")]
            pub avatar_mediaid: Option<String>,
            /// 启用/禁用成员 1 or 0
            #[serde(skip_serializing_if = "Option::is_none")]
            pub enable: Option<i64>,
            /// 自定义字段
            #[serde(skip_serializing_if = "Option::is_none")]
            pub extattr: Option<ExtAttr>,
            /// 成员对外属性
            #[serde(skip_serializing_if = "Option::is_none")]
            pub external_profile: Option<ExternalProfile>,
            /// 对外职务 at most 12 characters
            #[serde(skip_serializing_if = "Option::is_none")]
            pub external_position: Option<String>,
            /// 地址 at most 128 characters
            #[serde(skip_serializing_if = "Option::is_none")]
            pub address: Option<String>,
            /// 主部门 one of `department`
            #[serde(skip_serializing_if = "Option::is_none")]
            pub main_department: Option<i64>,
            $($(#[$extra])* pub $field: $type,)*
        }
    };
}

person! {
    /// 创建成员 Makes a person, who has not activated the account yet.
    Create {
        /// 是否邀请该成员使用企业微信 nobody is sent anything
        #[serde(skip_serializing_if = "Option::is_none")]
        to_invite: Option<bool>,
    }
}

person! {
    /// 更新成员 Changes what is given of a person; the rest stays.
    Update {}
}

impl From<Create> for Update {
    fn from(new: Create) -> Self {
        Update {
            userid: new.userid,
            name: new.name,
            alias: new.alias,
            mobile: new.mobile,
            department: new.department,
            order: new.order,
            position: new.position,
            gender: new.gender,
            email: new.email,
            biz_mail: new.biz_mail,
            telephone: new.telephone,
            is_leader_in_dept: new.is_leader_in_dept,
            direct_leader: new.direct_leader,
            avatar_mediaid: new.avatar_mediaid,
            enable: new.enable,
            extattr: new.extattr,
            external_profile: new.external_profile,
            external_position: new.external_position,
            address: new.address,
            main_department: new.main_department,
        }
    }
}

/// The person was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Created {
    /// 因填写不存在的部门，新增的部门列表 absent where none had to be made
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_department_list: Option<DepartmentList>,
}

/// The person was changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Updated {
    /// 因填写不存在的部门，新增的部门列表 absent where none had to be made
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_department_list: Option<DepartmentList>,
}

/// Departments that were made because a person was put into them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DepartmentList {
    /// The departments.
    pub department_info: Vec<DepartmentInfo>,
}

/// A department that was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DepartmentInfo {
    /// 新增的部门名称
    pub name: String,
    /// 新增的部门id
    pub id: i64,
}

endpoint! { Post "/cgi-bin/user/create", Create => Created {
    auth: AccessToken, callers: Callers::ContactsSync, body: crate::Body::Json, done: "created",
    title: "创建成员 Make a person", page: 90195,
    required: &[("userid", R::UseridMissing), ("name", R::TooShort)],
    refuses: &[
        R::InvalidUserid, R::UseridTaken, R::TooLong, R::InvalidParameter, R::MobileInvalid, R::MobileTaken, R::EmailInvalid,
        R::EmailTaken, R::ContactMissing, R::DepartmentsTooMany, R::DepartmentIdInvalid, R::CountsDiffer, R::LeadersTooMany,
        R::UseridUnknown, R::DepartmentFull, R::DepartmentDepth,
    ],
    spends: &[Limit::AccountsPerCorpMonth],
} }

endpoint! { Post "/cgi-bin/user/update", Update => Updated {
    auth: AccessToken, callers: Callers::ContactsSync, body: crate::Body::Json, done: "updated",
    title: "更新成员 Change a person", page: 90197,
    required: &[("userid", R::UseridMissing)],
    refuses: &[
        R::UseridUnknown, R::TooShort, R::TooLong, R::InvalidParameter, R::MobileInvalid, R::MobileTaken, R::EmailInvalid,
        R::EmailTaken, R::DepartmentsTooMany, R::DepartmentIdInvalid, R::CountsDiffer, R::LeadersTooMany, R::DepartmentFull,
        R::DepartmentDepth,
    ],
} }
