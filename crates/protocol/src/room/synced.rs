use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BotInfo, Member};

/// 加入群事件: below the token's callback URL.
pub const JOINED: &str = "/chatroom/joined";
/// 同步到群事件: below the token's callback URL.
pub const LOADED: &str = "/chatroom/loaded";

/// 回调请求Body: a room as a hosted account sees it, told when somebody has joined and when it was loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Synced {
    /// 群组的对话id
    pub chat_id: String,
    /// 触发事件的Bot信息
    pub bot_info: BotInfo,
    /// 群wxid
    pub wxid: String,
    /// 群名称
    pub topic: String,
    /// 群头像地址
    pub avatar_url: String,
    /// 拥有者wxid
    pub owner_id: String,
    /// 群内成员信息, all of them.
    pub members: Vec<Member>,
    /// 群聊所属群组id: the group of hosted accounts.
    pub group: String,
    /// BOT获取到同步信息的时间, ms UTC.
    #[serde(deserialize_with = "super::read::number")]
    pub synced_time: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::ContactType;

    /// The page types isFriend and syncedTime as strings in one place and otherwise in another.
    #[test]
    fn strings_are_read_where_numbers_and_booleans_are_meant() {
        let body = r#"{"chatId": "5dbe8287184b7cb41f52674e", "members": [
            {"wxid": "7881", "isFriend": "true", "contactType": "3", "coworker": 0, "roomAlias": null},
            {"wxid": "7882", "isFriend": false, "contactType": 9, "coworker": "false", "roomAlias": "小王"}
        ], "syncedTime": "1600000000123", "added": {"by": "a newer version"}}"#;
        let synced: Synced = serde_json::from_str(body).unwrap();
        assert_eq!(synced.synced_time, 1_600_000_000_123);
        let [one, two] = synced.members.as_slice() else {
            panic!("{synced:?}")
        };
        assert_eq!(
            (one.is_friend, one.contact_type, one.coworker),
            (true, ContactType::Wecom, false)
        );
        assert_eq!(
            (two.is_friend, two.contact_type, two.room_alias.as_deref()),
            (false, ContactType::Other(9), Some("小王"))
        );
        let written = serde_json::to_value(&synced).unwrap();
        assert_eq!(written["syncedTime"], 1_600_000_000_123_i64);
        assert_eq!(written["members"][1]["contactType"], 9);
        assert!(written["members"][0]["roomAlias"].is_null());
        for bad in [r#"{"syncedTime": "soon"}"#, r#"{"syncedTime": 1.5}"#] {
            assert!(serde_json::from_str::<Synced>(bad).is_err(), "{bad}");
        }
    }
}
