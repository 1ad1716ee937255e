use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Limit, Refusal as R, UserId, endpoint};

/// 手机号获取userid Finds a person by the mobile number.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GetUserId {
    /// 手机号码 5 to 32 bytes, with or without the `+86` of the mainland
    pub mobile: Option<String>,
}

/// 邮箱获取userid Finds a person by an e-mail address.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GetUserIdByEmail {
    /// 邮箱
    pub email: Option<String>,
    /// 邮箱类型 1 企业邮箱 (`biz_mail`), 2 个人邮箱 (`email`); absent: 1
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_type: Option<i64>,
}

/// The person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Found {
    /// 成员UserID
    pub userid: UserId,
}

endpoint! { Post "/cgi-bin/user/getuserid", GetUserId => Found {
    auth: AccessToken, body: crate::Body::Json,
    title: "手机号获取userid Find a person by the mobile number", page: 95402,
    required: &[("mobile", R::InvalidParameter)],
    refuses: &[R::TooLong, R::PersonNotFound],
    spends: &[Limit::WrongLookupsPerCorpDay],
} }

endpoint! { Post "/cgi-bin/user/get_userid_by_email", GetUserIdByEmail => Found {
    auth: AccessToken, body: crate::Body::Json,
    title: "邮箱获取userid Find a person by an e-mail address", page: 95895,
    required: &[("email", R::InvalidParameter)],
    refuses: &[R::TooLong, R::PersonNotFound],
    spends: &[Limit::WrongLookupsPerCorpDay],
} }
