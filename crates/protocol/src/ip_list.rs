//! The addresses of the API's servers and of its callbacks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::endpoint;

/// 获取企业微信接口IP段 The addresses at which this API answers.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ApiAddresses {}

/// 获取企业微信回调IP段 The addresses from which callbacks come.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CallbackAddresses {}

/// Addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Addresses {
    /// IP addresses.
    pub ip_list: Vec<String>,
}

endpoint! { Get "/cgi-bin/get_api_domain_ip", ApiAddresses => Addresses {
    auth: AccessToken, title: "获取企业微信接口IP段 List the API's addresses", page: 92520,
} }
endpoint! { Get "/cgi-bin/getcallbackip", CallbackAddresses => Addresses {
    auth: AccessToken, title: "获取企业微信回调IP段 List the addresses of callbacks", page: 90930,
} }
