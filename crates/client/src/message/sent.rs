use std::fmt;

use qun_protocol::{
    UserId,
    message::{self, ResponseCode, ids},
};

use serde::Serialize;

use super::{Plan, To};
use crate::Error;

/// What became of a message. Whoever is named in none of the lists gets it.
///
/// ```no_run
/// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
/// use qun_client::Text;
///
/// let sent = wecom.messages().send(["zhangsan", "nobody"], Text::new("你好")).await?;
/// assert!(!sent.reached_all());
/// assert_eq!(sent.invalid_users, ["nobody".into()]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Sent {
    /// 消息id of each call, in their order, for [`Messages::recall`](super::Messages::recall).
    pub msgids: Vec<String>,
    /// For [`Messages::update_card`](super::Messages::update_card), where the card can be changed: one of each call.
    pub response_codes: Vec<ResponseCode>,
    /// 不合法的userid in lower case: unknown, gone, switched off, or not seen by the app.
    pub invalid_users: Vec<UserId>,
    /// 不合法的partyid
    pub invalid_parties: Vec<i64>,
    /// 不合法的标签id
    pub invalid_tags: Vec<i64>,
    /// 没有基础接口许可的userid: who would get it with a licence.
    pub unlicensed: Vec<UserId>,
}

impl Sent {
    /// Whether nobody of those addressed was left out.
    ///
    /// ```
    /// assert!(qun_client::Sent::default().reached_all());
    /// ```
    pub fn reached_all(&self) -> bool {
        self.invalid_users.is_empty()
            && self.invalid_parties.is_empty()
            && self.invalid_tags.is_empty()
            && self.unlicensed.is_empty()
    }

    pub(super) fn merge(&mut self, answer: message::Sent, plan: &Plan) {
        let users = |list| -> Vec<UserId> { ids(list).map(UserId::from).collect() };
        let numbers = |list| -> Vec<i64> { ids(list).filter_map(|id| id.parse().ok()).collect() };
        self.invalid_users
            .extend(plan.named(&users(&answer.invaliduser)));
        self.unlicensed.extend(users(&answer.unlicenseduser));
        self.invalid_parties.extend(numbers(&answer.invalidparty));
        self.invalid_tags.extend(numbers(&answer.invalidtag));
        self.msgids
            .extend(Some(answer.msgid).filter(|msgid| !msgid.is_empty()));
        self.response_codes.extend(answer.response_code);
    }
}

/// How far a message came that takes several calls. Of the people addressed, each is in exactly one place.
///
/// [`Messages::send`](super::Messages::send) to `rest` goes on where it stopped. Those in `unclear` may have got it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Unfinished {
    /// Why it stopped.
    pub cause: Error,
    /// What the calls before it brought.
    pub sent: Sent,
    /// Whom the last call addressed, where it may have been done.
    pub unclear: To,
    /// Whom nothing was sent to.
    pub rest: To,
    /// How many were addressed by calls that were done.
    pub(super) done: usize,
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unclear, rest) = (self.unclear.users.len(), self.rest.users.len());
        write!(
            f,
            "{}; it was sent to {} people before",
            self.cause, self.done
        )?;
        if unclear > 0 {
            write!(f, ", {unclear} may have got it")?;
        }
        write!(f, ", {rest} are left")
    }
}
