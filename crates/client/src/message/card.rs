//! Template cards after they were sent.

use qun_protocol::message::{UpdateTemplateCard, UpdatedCard};

use super::Messages;
use crate::Error;

impl Messages {
    /// 更新模版卡片消息 Changes a card for some or all who got it, with the response_code that sending it answered, or that came with
    /// a tap. The change names the client's app where it names none.
    ///
    /// # Errors
    /// [`Error::Invalid`] where a card would be refused; the API's refusals as [`Client::send`](crate::Client::send): 60140 where the
    /// code was used or has ended, 82102 where nobody named has got the card.
    ///
    /// ```no_run
    /// use qun_client::{CardAction, Client, TemplateCard, UpdateTemplateCard};
    ///
    /// # async fn example(wecom: &Client, response_code: String) -> Result<(), qun_client::Error> {
    /// let card = TemplateCard::text_notice("请假已批准", CardAction::url("https://example.com/leave/17"));
    /// let change = UpdateTemplateCard::card(response_code, card).users(["zhangsan"]);
    /// let changed = wecom.messages().update_card(change).await?;
    /// assert!(changed.invaliduser.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_card(&self, mut change: UpdateTemplateCard) -> Result<UpdatedCard, Error> {
        change.check_by(self.0.rules())?;
        change.agentid = change.agentid.or(self.0.agentid());
        self.0.send(change).await
    }
}
