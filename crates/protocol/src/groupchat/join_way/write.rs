//! Short ways to write join ways, and what the API would cut or refuse of them.

use super::{AddJoinWay, JoinWay, JoinWayScene, UpdateJoinWay};
use crate::{ConfigId, GroupChatId, Limit, Refusal as R, Rulebook, Rules, check::Unfit};

impl AddJoinWay {
    /// A QR code that leads into the first of these groups that has room.
    ///
    /// ```
    /// # use qun_protocol::groupchat::AddJoinWay;
    /// let way = AddJoinWay::qr_code(["wrOgQhDgAAH2Yy-CTZ6POca8mlBEdaaa"]).state("poster");
    /// assert_eq!((way.scene, way.check()), (Some(2), Ok(())));
    /// ```
    pub fn qr_code<C: Into<GroupChatId>>(chat_id_list: impl IntoIterator<Item = C>) -> Self {
        Self::of(JoinWayScene::QrCode, chat_id_list)
    }

    /// A mini-program's button that does the same.
    pub fn mini_program<C: Into<GroupChatId>>(chat_id_list: impl IntoIterator<Item = C>) -> Self {
        Self::of(JoinWayScene::MiniProgram, chat_id_list)
    }

    fn of<C: Into<GroupChatId>>(
        scene: JoinWayScene,
        chat_id_list: impl IntoIterator<Item = C>,
    ) -> Self {
        AddJoinWay {
            scene: Some(scene.number()),
            chat_id_list: chat_id_list.into_iter().map(Into::into).collect(),
            ..Default::default()
        }
    }

    /// With a remark of at most 30 characters, which only the API shows.
    #[must_use]
    pub fn remark(mut self, remark: impl Into<String>) -> Self {
        self.remark = Some(remark.into());
        self
    }

    /// When all groups are full, new ones are made: the name with this number, then with the next, and so on.
    ///
    /// ```
    /// # use qun_protocol::groupchat::AddJoinWay;
    /// // 销售客服群10, 销售客服群11 …
    /// let way = AddJoinWay::qr_code(["wr1"]).new_rooms("销售客服群", 10);
    /// ```
    #[must_use]
    pub fn new_rooms(mut self, base_name: impl Into<String>, base_id: i64) -> Self {
        self.auto_create_room = Some(1);
        self.room_base_name = Some(base_name.into());
        self.room_base_id = Some(base_id);
        self
    }

    /// When all groups are full, nobody comes in any more.
    #[must_use]
    pub fn no_new_rooms(mut self) -> Self {
        self.auto_create_room = Some(0);
        self
    }

    /// With what `groupchat/get` tells those apart who came this way, at most 30 characters.
    #[must_use]
    pub fn state(mut self, state: impl Into<String>) -> Self {
        self.state = Some(state.into());
        self
    }

    /// The request that replaces a join way by this one.
    pub fn replacing(self, config_id: impl Into<ConfigId>) -> UpdateJoinWay {
        UpdateJoinWay {
            config_id: Some(config_id.into()),
            scene: self.scene,
            remark: self.remark,
            auto_create_room: self.auto_create_room,
            room_base_name: self.room_base_name,
            room_base_id: self.room_base_id,
            chat_id_list: self.chat_id_list,
            state: self.state,
            mark_source: self.mark_source,
        }
    }

    /// Looks for a value that the cloud would cut or refuse.
    ///
    /// # Errors
    /// The first such value.
    pub fn check(&self) -> Result<(), Unfit> {
        self.check_by(&Rules::of(Rulebook::Live2026))
    }

    /// The same by other numbers.
    ///
    /// # Errors
    /// The first such value.
    pub fn check_by(&self, rules: &Rules) -> Result<(), Unfit> {
        if self.chat_id_list.len() > rules.size(Limit::JoinWayChatsMax) {
            return Err(refused("chat_id_list", R::JoinWayChats));
        }
        self.clone().replacing("").check_by(rules)
    }
}

impl UpdateJoinWay {
    /// Looks for a value that an API with these numbers would cut or refuse. Groups that the join way has made may be listed
    /// beyond the most, so they are not counted.
    ///
    /// # Errors
    /// The first such value.
    pub fn check_by(&self, rules: &Rules) -> Result<(), Unfit> {
        match self.scene {
            None => return Err(refused("scene", R::SceneMissing)),
            Some(scene) if JoinWayScene::numbered(scene).is_none() => {
                return Err(refused("scene", R::SceneInvalid));
            }
            Some(_) => {}
        }
        if self.chat_id_list.is_empty() {
            return Err(refused("chat_id_list", R::InvalidParameter));
        }
        let chars = |text: &Option<String>| text.as_deref().map_or(0, |text| text.chars().count());
        for (field, text, limit) in [
            (
                "room_base_name",
                &self.room_base_name,
                Limit::RoomBaseNameChars,
            ),
            ("state", &self.state, Limit::JoinWayStateChars),
        ] {
            if chars(text) > rules.size(limit) {
                return Err(refused(field, R::TooLong));
            }
        }
        let (length, most) = (chars(&self.remark), rules.size(Limit::JoinWayRemarkChars));
        if length > most {
            return Err(Unfit::Cut {
                field: "remark".into(),
                length,
                most,
                limit: Limit::JoinWayRemarkChars,
            });
        }
        Ok(())
    }
}

/// What was read can be changed and replaced.
impl From<JoinWay> for AddJoinWay {
    fn from(read: JoinWay) -> Self {
        let given = |text: String| Some(text).filter(|text| !text.is_empty());
        AddJoinWay {
            scene: Some(read.scene),
            remark: given(read.remark),
            auto_create_room: Some(read.auto_create_room),
            room_base_name: given(read.room_base_name),
            room_base_id: read.room_base_id,
            chat_id_list: read.chat_id_list,
            state: given(read.state),
            mark_source: read.mark_source,
        }
    }
}

fn refused(field: &str, refusal: R) -> Unfit {
    Unfit::Refused {
        field: field.to_owned(),
        refusal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_cut_or_refused_is_found_at_its_edge() {
        let way = || AddJoinWay::qr_code(["wr1"]);
        let chars = |count| "长".repeat(count);
        let six: Vec<String> = (0..6).map(|n| n.to_string()).collect();
        for good in [
            way().remark(chars(30)).state(chars(30)),
            way().new_rooms(chars(40), 0),
            AddJoinWay::mini_program(six[..5].iter().cloned()).no_new_rooms(),
        ] {
            assert_eq!(good.check(), Ok(()), "{good:?}");
            assert_eq!(
                good.replacing("id")
                    .check_by(&Rules::of(Rulebook::Documented)),
                Ok(())
            );
        }
        for (bad, wanted) in [
            (way().remark(chars(31)), "remark has 31 characters"),
            (way().state(chars(31)), "state would be refused"),
            (
                way().new_rooms(chars(41), 0),
                "room_base_name would be refused",
            ),
            (AddJoinWay::qr_code(six), "chat_id_list would be refused"),
            (
                AddJoinWay::qr_code([""; 0]),
                "chat_id_list would be refused",
            ),
            (AddJoinWay::default(), "scene would be refused"),
        ] {
            let found = bad.check().unwrap_err().to_string();
            assert!(found.starts_with(wanted), "{found}");
        }
    }
}
