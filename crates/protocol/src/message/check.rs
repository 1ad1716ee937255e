//! What message/send would cut, ignore or refuse, found before it is sent.

use super::{EVERYBODY, Send, ids};
use crate::{
    Limit, Refusal as R, Rulebook, Rules,
    check::{
        Fits, To, Unfit,
        body::{self, named},
        refused,
    },
};

impl Send {
    /// Finds what the API would cut, ignore or refuse, by the numbers of `live-2026`. Only the app is not asked for, since a
    /// client names it.
    ///
    /// # Errors
    /// The first such value.
    ///
    /// ```
    /// # use qun_protocol::{appchat::Text, message::Send};
    /// let mut message = Send::from(Text::new("大家好"));
    /// message.touser = Some("zhangsan|lisi".into());
    /// assert_eq!(message.check(), Ok(()));
    /// message.touser = None;
    /// assert!(message.check().unwrap_err().to_string().starts_with("touser would be refused"));
    /// ```
    pub fn check(&self) -> Result<(), Unfit> {
        self.check_by(&Rules::of(Rulebook::Live2026))
    }

    /// The same by other numbers.
    ///
    /// # Errors
    /// The first such value.
    pub fn check_by(&self, rules: &Rules) -> Result<(), Unfit> {
        self.check_address(rules)?;
        self.check_content(rules)
    }

    /// The same of all but whom it addresses.
    ///
    /// # Errors
    /// The first such value.
    pub fn check_content(&self, rules: &Rules) -> Result<(), Unfit> {
        let send = self;
        body::safe(To::People, self.msgtype.as_deref(), self.safe)?;
        for (field, flag) in [
            ("enable_id_trans", self.enable_id_trans),
            ("enable_duplicate_check", self.enable_duplicate_check),
        ] {
            if !(0..=1).contains(&flag.unwrap_or(0)) {
                return refused(field, R::InvalidParameter);
            }
        }
        if self.enable_duplicate_check == Some(1) {
            let interval = self.duplicate_check_interval.unwrap_or(0);
            if interval < 0 {
                return refused("duplicate_check_interval", R::InvalidParameter);
            }
            if interval > rules.limit(Limit::DuplicateCheckSeconds) {
                return refused("duplicate_check_interval", R::TooLong);
            }
        }
        named!(send, rules, To::People, [
            text image voice video file textcard news mpnews markdown miniprogram_notice template_card
        ])
    }

    fn check_address(&self, rules: &Rules) -> Fits {
        let listed = [
            (
                "touser",
                &self.touser,
                Limit::MessageUsersMax,
                R::UsersTooMany,
            ),
            (
                "toparty",
                &self.toparty,
                Limit::MessagePartiesMax,
                R::PartiesTooMany,
            ),
            ("totag", &self.totag, Limit::MessageTagsMax, R::TagsTooMany),
        ];
        let mut nobody = true;
        for (field, list, limit, refusal) in listed {
            if ids(list).count() > rules.size(limit) {
                return refused(field, refusal);
            }
            nobody &= ids(list).next().is_none();
            if field == "touser" && ids(list).any(|id| id == EVERYBODY) {
                return match self.msgtype.as_deref() {
                    Some("miniprogram_notice") => refused(field, R::InvalidParameter),
                    _ => Ok(()),
                };
            }
        }
        match nobody {
            true => refused("touser", R::NobodyAddressed),
            false => Ok(()),
        }
    }
}
