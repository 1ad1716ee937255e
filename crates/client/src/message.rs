//! Messages to people.

mod card;
mod plan;
mod sent;
mod to;

use qun_protocol::message::{Recall, Send};

pub use plan::Plan;
pub use sent::{Sent, Unfinished};
pub use to::To;

use crate::{Client, Error};

/// None of those who were addressed can get it.
const NOBODY_REACHED: i64 = 81013;

/// 消息推送: messages to people. From [`Client::messages`].
///
/// An app speaks in its own name: build the client with [`Builder::agent`](crate::Builder::agent).
///
/// ```no_run
/// use qun_client::{Client, Text, To};
///
/// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
/// let messages = wecom.messages();
/// let sent = messages.send(["zhangsan", "lisi"], Text::new("今晚八点上线")).await?;
/// println!("{} of them cannot get it", sent.invalid_users.len());
/// messages.send(To::everyone(), Text::new("请周知")).await?;
/// for msgid in &sent.msgids {
///     messages.recall(msgid).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Messages(pub(crate) Client);

impl Messages {
    /// 发送应用消息 Sends a message of any kind to people. A message that the API would cut, or of which it would ignore a part, is not
    /// sent.
    ///
    /// More people than one call takes (1000) are reached by several, each person by one; what these answer is merged. Departments
    /// and tags stay as they are where one call takes the whole address; otherwise their people are looked up first, so that
    /// nobody who is in several of them gets it twice.
    ///
    /// An ok does not mean that it arrived everywhere: who is named in [`Sent`] does not get it, and what one person gets
    /// from an app beyond 30 messages a minute or 1000 an hour is dropped in silence.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the API would cut or refuse it, or the client does not know its app;
    /// [`Error::Unfinished`] where some of several calls were made, with what was sent and whom it has not reached yet;
    /// [`Error::OutcomeUnknown`] where the only call may have been done, in which case it is not made again;
    /// else as [`Client::send`]: 81013 where nobody of those addressed can get it.
    ///
    /// ```no_run
    /// # use qun_client::{Client, Error, Message, Text, To};
    /// # async fn example(wecom: &Client, people: Vec<String>) -> Result<(), Error> {
    /// let messages = wecom.messages();
    /// let on_duty = To::users(["zhangsan"]).parties([2]).tags([7]);
    /// let text = Message::from(Text::new("口令")).confidential();
    /// messages.send(on_duty, text).await?;
    ///
    /// let text = Text::new("请填写调查");
    /// match messages.send(people, text.clone()).await {
    ///     Err(Error::Unfinished(it)) if it.unclear.is_empty() => {
    ///         let rest = messages.send(it.rest, text).await?;
    ///         println!("{:?} {:?}", it.sent.msgids, rest.msgids);
    ///     }
    ///     result => println!("{:?}", result?.msgids),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send(&self, to: impl Into<To>, message: impl Into<Send>) -> Result<Sent, Error> {
        let message = message.into();
        let to = to.into();
        self.check(&to, &message)?;
        let plan = self.plan(to).await?;
        plan.check(&message)?;
        let mut sent = plan.begun();
        let mut refused = None;
        for (n, part) in plan.parts.iter().enumerate() {
            match self.once(part, &message).await {
                Ok(answer) => sent.merge(answer, &plan),
                Err(error) if plan.parts.len() > 1 && error.code() == Some(NOBODY_REACHED) => {
                    sent.invalid_users.extend(plan.named(&part.users));
                    refused = Some(error);
                }
                Err(error) => return Err(plan.unfinished(n, sent, error)),
            }
        }
        match refused {
            Some(error) if sent.msgids.is_empty() => Err(error),
            _ => Ok(sent),
        }
    }

    /// One call.
    async fn once(&self, to: &To, message: &Send) -> Result<qun_protocol::message::Sent, Error> {
        let mut message = to.address(message.clone());
        message.agentid = message.agentid.or(self.0.agentid());
        message.check_by(self.0.rules())?;
        self.0.send(message).await
    }

    fn check(&self, to: &To, message: &Send) -> Result<(), Error> {
        to.check()?;
        message.check_content(self.0.rules())?;
        let notice = message.miniprogram_notice.is_some();
        if message.agentid.or(self.0.agentid()).is_none() && !notice {
            return Err(Error::invalid(
                "the client does not know its app: build it with agent(…)",
            ));
        }
        Ok(())
    }

    /// 撤回应用消息 Takes back a message that the same app sent in the last 24 hours. Whoever has read it has read it, and what
    /// WeChat shows of it stays.
    ///
    /// # Errors
    /// [`Error::Refused`] with 42052 where it is older than a day, and where the app has sent no such message.
    ///
    /// ```no_run
    /// # use qun_client::{Client, Text};
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// let sent = wecom.messages().send("zhangsan", Text::new("发错了")).await?;
    /// for msgid in sent.msgids {
    ///     wecom.messages().recall(msgid).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recall(&self, msgid: impl AsRef<str>) -> Result<(), Error> {
        let msgid = Some(msgid.as_ref().to_owned());
        self.0.send(Recall { msgid }).await?;
        Ok(())
    }
}
