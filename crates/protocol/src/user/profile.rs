use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// 扩展属性 Fields of the company's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ExtAttr {
    /// 自定义字段
    pub attrs: Vec<Attr>,
}

/// A field of the company's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Attr {
    /// 属性类型 0 text, 1 web page, 2 mini program
    #[serde(rename = "type")]
    pub kind: i64,
    /// 属性名称
    pub name: String,
    /// 文本类型的属性
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<AttrText>,
    /// 网页类型的属性
    #[serde(skip_serializing_if = "Option::is_none")]
    pub web: Option<AttrWeb>,
    /// 小程序类型的属性
    #[serde(skip_serializing_if = "Option::is_none")]
    pub miniprogram: Option<MiniProgram>,
}

/// A field that is text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AttrText {
    /// 文本属性内容 at most 64 characters
    pub value: String,
}

/// A field that is a web page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AttrWeb {
    /// 网页的url with `http://` or `https://`
    pub url: String,
    /// 网页的展示标题 at most 12 characters
    pub title: String,
}

/// A field that is a mini program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MiniProgram {
    /// 小程序appid
    pub appid: String,
    /// 小程序的页面路径
    pub pagepath: String,
    /// 小程序的展示标题 at most 12 characters
    pub title: String,
}

/// 成员对外属性 What people outside the company are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ExternalProfile {
    /// 企业简称
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_corp_name: Option<String>,
    /// 视频号属性
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wechat_channels: Option<WechatChannels>,
    /// 属性列表
    pub external_attr: Vec<Attr>,
}

/// 视频号属性
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct WechatChannels {
    /// 视频号名字
    pub nickname: String,
    /// 对外展示视频号状态 0 unset, 1 shown, 2 hidden
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
}
