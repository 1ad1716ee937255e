//! Messages to people.

use crate::Client;

mod card;

/// 消息推送: messages to people. From [`Client::messages`].
///
/// ```no_run
/// use qun_client::{Client, UpdateTemplateCard};
///
/// # async fn example(wecom: &Client, response_code: String) -> Result<(), qun_client::Error> {
/// let done = UpdateTemplateCard::button(response_code, "已同意").everybody();
/// wecom.messages().update_card(done).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Messages(pub(crate) Client);
