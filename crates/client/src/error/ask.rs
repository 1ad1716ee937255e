//! Questions that have the same answer on the cloud and under every rulebook.

use qun_protocol::{Auth, Refusal};

use super::{Error, meta};

/// Whether an endpoint's numbers are its own.
fn is_room(path: &str) -> bool {
    meta(path).is_some_and(|meta| meta.auth == Auth::Juzi)
}

/// Endpoints that name an existing group.
const NAMES_A_CHAT: [&str; 5] = [
    "/cgi-bin/appchat/get",
    "/cgi-bin/appchat/update",
    "/cgi-bin/appchat/send",
    "/cgi-bin/appchat/quit",
    "/cgi-bin/appchat/members",
];

impl Error {
    /// The server, or the rulebook that it follows, has no such call: quit and members of document 000 on the cloud.
    ///
    /// ```no_run
    /// # fn example(error: qun_client::Error) {
    /// if error.is_no_such_call() {
    ///     println!("this server is like the cloud");
    /// }
    /// # }
    /// ```
    pub fn is_no_such_call(&self) -> bool {
        matches!(
            self,
            Error::NoSuchCall { .. } | Error::Undecodable { status: 404, .. }
        )
    }

    /// No live group has this chatid or chat_id (or none that the app could ever name so).
    ///
    /// ```no_run
    /// # fn example(error: qun_client::Error) {
    /// if error.is_unknown_chat() {
    ///     println!("make the group first");
    /// }
    /// # }
    /// ```
    pub fn is_unknown_chat(&self) -> bool {
        match self {
            Error::Refused { path, code, .. } if NAMES_A_CHAT.contains(path) => match code {
                86002 => true,
                86001 => self.text() == "chatid invalid",
                // By the official table; document 000 has the number for bad names.
                86003 => !self.text().contains("name"),
                _ => false,
            },
            // Of customer groups: unknown, or dismissed.
            Error::Refused { code, .. } => matches!(code, 40050 | 49008),
            Error::Unfinished(unfinished) => unfinished.cause.is_unknown_chat(),
            Error::Problem { code, .. } => code == "group_unknown",
            _ => false,
        }
    }

    /// The chatid belongs to a live group already; in the directory, another one has the id, the name, the number or the address.
    ///
    /// ```no_run
    /// # fn example(error: qun_client::Error) {
    /// if error.is_taken() {
    ///     println!("it is there already");
    /// }
    /// # }
    /// ```
    pub fn is_taken(&self) -> bool {
        matches!(
            self.code(),
            Some(86215 | 60102 | 60104 | 60106 | 60008 | 40071)
        )
    }

    /// A call rate, a quota or the number of parallel calls was passed.
    ///
    /// ```no_run
    /// # fn example(error: qun_client::Error) {
    /// if error.is_frequency() {
    ///     println!("later");
    /// }
    /// # }
    /// ```
    pub fn is_frequency(&self) -> bool {
        match self {
            Error::Quota { .. } | Error::WouldPass { .. } | Error::TooManyCalls { .. } => true,
            Error::Refused { code, .. } => match code {
                45033 => true,
                // By the official table; document 000 has the number for too many groups.
                86005 => self.text().contains("count out of limit"),
                _ => false,
            },
            Error::Unfinished(unfinished) => unfinished.cause.is_frequency(),
            Error::Problem { status, .. } => *status == 429,
            _ => false,
        }
    }

    /// The secret or the token is not good.
    ///
    /// ```no_run
    /// # fn example(error: qun_client::Error) {
    /// if error.is_unauthorised() {
    ///     println!("check the secret");
    /// }
    /// # }
    /// ```
    pub fn is_unauthorised(&self) -> bool {
        match self {
            Error::Refused { path, .. } if is_room(path) => {
                self.causes() == [Refusal::RoomTokenInvalid]
            }
            Error::Refused { code, .. } => {
                matches!(code, 40001 | 40013 | 40014 | 40091 | 41001 | 42001)
            }
            Error::Unfinished(unfinished) => unfinished.cause.is_unauthorised(),
            Error::Problem { status, .. } => *status == 401,
            _ => false,
        }
    }

    /// The app is known but may not do this: its kind, its visible range, its addresses, or the group of another app.
    ///
    /// ```no_run
    /// # fn example(error: qun_client::Error) {
    /// if error.is_not_allowed() {
    ///     println!("ask the administrator");
    /// }
    /// # }
    /// ```
    pub fn is_not_allowed(&self) -> bool {
        match self {
            Error::Refused { code, .. } => {
                matches!(
                    code,
                    48002 | 48006 | 48009 | 50003 | 60011 | 60020 | 81011 | 86008 | 301002
                )
            }
            Error::Unfinished(unfinished) => unfinished.cause.is_not_allowed(),
            Error::Problem { status, .. } => *status == 403,
            _ => false,
        }
    }

    /// What the request names is not there: group, person, file, company, or the endpoint itself.
    ///
    /// ```no_run
    /// # fn example(error: qun_client::Error) {
    /// if error.is_not_found() {
    ///     println!("not there");
    /// }
    /// # }
    /// ```
    pub fn is_not_found(&self) -> bool {
        match self {
            Error::Refused { path, .. } if is_room(path) => {
                self.causes().iter().any(|refusal| refusal.status() == 404)
            }
            Error::Refused { code, .. } => {
                self.is_unknown_chat()
                    || matches!(
                        code,
                        40003 | 40007 | 40068 | 41044 | 46004 | 60003 | 60111 | 90511
                    )
            }
            Error::Unfinished(unfinished) => unfinished.cause.is_not_found(),
            Error::Problem { status, .. } => *status == 404,
            Error::Undecodable { status, .. } => *status == 404,
            Error::NoSuchCall { .. } => true,
            _ => false,
        }
    }

    /// The call was no pure reading and may have taken effect all the same.
    ///
    /// ```no_run
    /// # fn example(error: qun_client::Error) {
    /// if error.may_have_been_done() {
    ///     println!("look before sending again");
    /// }
    /// # }
    /// ```
    pub fn may_have_been_done(&self) -> bool {
        match self {
            Error::OutcomeUnknown { .. } | Error::Unfinished(_) => true,
            Error::Undecodable { path, status, .. } => {
                *status != 404
                    && !matches!(meta(path), Some(meta) if meta.method == qun_protocol::Method::Get)
            }
            _ => false,
        }
    }

    /// What to do about it, where that is known.
    ///
    /// ```no_run
    /// # fn example(error: qun_client::Error) {
    /// if let Some(advice) = error.advice() {
    ///     println!("what to do: {advice}");
    /// }
    /// # }
    /// ```
    pub fn advice(&self) -> Option<&'static str> {
        Some(match self {
            Error::Quota { .. } => {
                "wait until the block ends: a minute's excess blocks 60 seconds, an hour's 60 minutes, a day's the rest of the day"
            }
            Error::Refused { path, .. } if is_room(path) => {
                match self.causes().first().copied()? {
                    Refusal::RoomTokenInvalid => {
                        "check the Juzi token, and that the base URL is the one it belongs to"
                    }
                    Refusal::BotAmbiguous => "host the employee once only",
                    Refusal::BotNotLoggedIn | Refusal::BotOffline => {
                        "start the account, and log it in where it is hosted"
                    }
                    Refusal::RoomNotLoaded | Refusal::ContactNotLoaded => {
                        "let the account load it, and check the id"
                    }
                    Refusal::NotFriend => "let the account and the contact become friends first",
                    Refusal::BotIsOwner => "hand the room over on the phone first",
                    _ => return None,
                }
            }
            Error::Unfinished(unfinished) => return unfinished.cause.advice(),
            Error::TooManyCalls { .. } => "wait for the next half minute, and make fewer calls",
            Error::Refused { code, .. } => match code {
                -1 => "nothing was done; try again in a moment",
                40001 | 40091 => "check that the secret is this app's and this company's",
                40013 => "check the corpid",
                40014 | 42001 => {
                    "a fresh token was refused too; check that the base URL is the one the secret belongs to"
                }
                40003 | 60111 | 86007 | 86216 => {
                    "check the userids: each must be in the directory, and to be removed in the group"
                }
                40007 => {
                    "upload the file again: uploads are kept for three days, and the kind must fit"
                }
                41044 => {
                    "an app reads and changes only the join ways that it made itself: use its secret, or make another"
                }
                41045 => "remove join ways that nobody needs any more",
                41091 => "name at most five groups; new ones are made when those are full",
                42052 => "a message can be taken back for a day after it was sent",
                45033 => "make fewer calls at the same time",
                48002 => {
                    "use the secret of an app that may call this: a self-built one for groups, 可调用应用 for customer groups, 通讯录同步 to change people and departments"
                }
                48009 => {
                    "read with the secret of a self-built app; 通讯录同步 gets ids alone, by user/list_id and department/simplelist"
                }
                50003 => "switch the app on again",
                46004 => {
                    "nobody in the app's visible range has it; too many such look-ups block the rest of the day"
                }
                60011 => {
                    "widen the app's visible range to what is named: internal groups need the root department in it, a customer group its owner"
                }
                60020 => "add the caller's address to the app's trusted addresses",
                81013 => {
                    "check the ids, and widen the app's visible range to them: nobody of those addressed can get it"
                }
                81011 => "use the app that made the tag; no other may change it",
                81017 => "name at most 100 owners in owner_filter, one call after another",
                86005 => "dissolve groups that are no longer needed, or wait until tomorrow",
                86008 => "use the app that made the group; no other may read or change it",
                86201 => "name the group with chatid",
                86215 => "choose another chatid, or leave it out and one is made",
                _ if self.is_unknown_chat() => {
                    "check the chatid: of internal groups only those can be named that this app made through the API, of customer groups live ones"
                }
                _ => return None,
            },
            Error::Problem { status: 401, .. } => {
                "give the manage token that the server printed when it started"
            }
            Error::Transport { .. } => "check the URL and that the server runs there",
            Error::OutcomeUnknown { .. } => "look whether it was done before sending it again",
            Error::Undecodable { status: 404, .. } => {
                "this server or its rulebook has no such endpoint"
            }
            Error::NoSuchCall { .. } => {
                "document 000 alone has quit and members: on the cloud and under live-2026 a group is dissolved by its owner on a phone, and get brings the userids"
            }
            Error::WouldPass { .. } => {
                "wait that long, or set another pacing or other rules where the server allows more"
            }
            _ => return None,
        })
    }
}
