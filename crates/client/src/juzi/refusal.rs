//! The same number means different things on different endpoints, so each has a type of its own.

use qun_protocol::{
    Endpoint, Refusal,
    room::{AddMember, Create, Exit, ListByLabel},
};

use crate::Error;

/// Why a call of a room did not do it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RoomError<R> {
    /// Refused with a number of the endpoint's table. Nothing was done.
    #[error("{error}")]
    Refused {
        /// What the number means here.
        reason: R,
        /// The refusal as it came, with its number ([`Error::code`]) and its text ([`Error::text`]).
        error: Error,
    },
    /// Too many calls with this token. Nothing was done; the next half minute has room.
    #[error("{0}")]
    TooManyCalls(Error),
    /// Anything else.
    #[error("{0}")]
    Other(Error),
}

impl<R> RoomError<R> {
    /// The error as every call has it.
    pub fn error(&self) -> &Error {
        match self {
            RoomError::Refused { error, .. }
            | RoomError::TooManyCalls(error)
            | RoomError::Other(error) => error,
        }
    }

    /// What the number means, where it was refused with one.
    pub fn reason(&self) -> Option<&R> {
        match self {
            RoomError::Refused { reason, .. } => Some(reason),
            _ => None,
        }
    }
}

impl<R> From<RoomError<R>> for Error {
    fn from(error: RoomError<R>) -> Self {
        match error {
            RoomError::Refused { error, .. }
            | RoomError::TooManyCalls(error)
            | RoomError::Other(error) => error,
        }
    }
}

macro_rules! refusals {
    ($(#[$doc:meta])* $name:ident of $request:ty { $($variant:ident $refusal:ident $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            $(#[doc = $text] $variant,)*
            /// A number that the page does not have.
            Unknown(i64),
        }

        impl $name {
            /// What a number means on this endpoint.
            pub fn of(code: i64) -> Self {
                let codes = <$request>::META.codes.iter();
                let mut known = codes.filter(|(_, own, _)| i64::from(*own) == code);
                match known.next().map(|(refusal, _, _)| *refusal) {
                    $(Some(Refusal::$refusal) => Self::$variant,)*
                    _ => Self::Unknown(code),
                }
            }
        }

        impl From<Error> for RoomError<$name> {
            fn from(error: Error) -> Self {
                match &error {
                    Error::Refused { code, .. } => RoomError::Refused {
                        reason: $name::of(*code),
                        error,
                    },
                    Error::TooManyCalls { .. } => RoomError::TooManyCalls(error),
                    _ => RoomError::Other(error),
                }
            }
        }
    };
}

refusals! {
    /// Why somebody was not added to a room.
    AddMemberRefusal of AddMember {
        InvalidToken RoomTokenInvalid "-1 无效token",
        UnknownBot BotUnknown "-2 botUserId的bot不存在",
        SeveralBots BotAmbiguous "-3 botUserId存在多个机器人",
        NotWecom BotNotWecom "-4 不是企业微信",
        BotOffline BotOffline "-5 bot不在线",
        RoomNotLoaded RoomNotLoaded "-6 群聊加载失败",
        Failed RoomFailed "-7 拉入群聊失败",
        NotFriend NotFriend "-8 和bot不是好友关系",
        AlreadyIn AlreadyInRoom "-9 群聊中已经存在此好友",
        RoomFull GroupFull "-10 群人数达到上限(500)",
        BotNotIn BotNotInRoom "-11 bot不在群内",
        InternalRoom RoomInternal "-12 该群是内部群,不执行此操作",
    }
}

refusals! {
    /// Why a room was not made.
    CreateRefusal of Create {
        InvalidToken RoomTokenInvalid "-1 无效token",
        UnknownBot BotUnknown "-2 botUserId的bot不存在",
        SeveralBots BotAmbiguous "-3 botUserId存在多个机器人",
        NotWecom BotNotWecom "-4 不是企业微信",
        BotOffline BotOffline "-5 bot不在线",
        UnknownColleague ColleagueUnknown "-6 同事不存在",
        UnknownContact ContactUnknown "-7 contact不存在",
        ContactNotLoaded ContactNotLoaded "-8 contact加载失败",
        Failed RoomFailed "-9 创建群聊失败",
        TooFewContacts TooFewContacts "-10 创建群人数不足",
    }
}

refusals! {
    /// Why an account did not leave a room.
    ExitRefusal of Exit {
        InvalidToken RoomTokenInvalid "-1 无效token",
        UnknownBot BotUnknown "-2 wecomUserId的bot不存在",
        SeveralBots BotAmbiguous "-3 wecomUserId存在多个机器人",
        NotLoggedIn BotNotLoggedIn "-4 托管账号未正确登录",
        NotWecom BotNotWecom "-5 不是企业微信",
        BotOffline BotOffline "-6 bot不在线",
        BotNotIn BotNotInRoom "-7 托管账号不在群内",
        UnknownRoom RoomUnknown "-8 群聊不存在",
        RoomNotLoaded RoomNotLoaded "-9 群聊加载失败",
        Failed RoomFailed "-10 退出群聊失败",
        BotIsOwner BotIsOwner "-11 因托管账号是群主,退出群聊失败,请在手机端退出",
    }
}

refusals! {
    /// Why rooms were not listed.
    ListRefusal of ListByLabel {
        InvalidToken RoomTokenInvalid "-1 无效token",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_means_what_its_endpoint_says() {
        assert_eq!(AddMemberRefusal::of(-4), AddMemberRefusal::NotWecom);
        assert_eq!(ExitRefusal::of(-4), ExitRefusal::NotLoggedIn);
        assert_eq!(AddMemberRefusal::of(-9), AddMemberRefusal::AlreadyIn);
        assert_eq!(CreateRefusal::of(-9), CreateRefusal::Failed);
        assert_eq!(ListRefusal::of(-2), ListRefusal::Unknown(-2));
        // Every number of a page has its variant.
        for (_, code, _) in AddMember::META.codes {
            let reason = AddMemberRefusal::of((*code).into());
            assert!(!matches!(reason, AddMemberRefusal::Unknown(_)), "{code}");
        }
        for (_, code, _) in Create::META.codes {
            let reason = CreateRefusal::of((*code).into());
            assert!(!matches!(reason, CreateRefusal::Unknown(_)), "{code}");
        }
        for (_, code, _) in Exit::META.codes {
            let reason = ExitRefusal::of((*code).into());
            assert!(!matches!(reason, ExitRefusal::Unknown(_)), "{code}");
        }
    }
}
