//! 获取access_token.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CorpId, Refusal as R, endpoint};

/// 获取access_token Gets the access token of one app. While a token is valid, the same one is given.
#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GetToken {
    /// 企业ID
    pub corpid: Option<CorpId>,
    /// 应用的凭证密钥 the secret of one app
    pub corpsecret: Option<String>,
}

impl fmt::Debug for GetToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetToken")
            .field("corpid", &self.corpid)
            .finish_non_exhaustive()
    }
}

/// A token.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Token {
    /// At most 512 bytes.
    pub access_token: String,
    /// Seconds that remain.
    pub expires_in: i64,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

endpoint! { Get "/cgi-bin/gettoken", GetToken => Token {
    auth: Open,
    title: "获取access_token Get an app's access token", page: 91039,
    required: &[("corpsecret", R::SecretMissing), ("corpid", R::CorpidMissing)],
    refuses: &[R::CorpidInvalid, R::SecretInvalid, R::AppDisabled],
} }
