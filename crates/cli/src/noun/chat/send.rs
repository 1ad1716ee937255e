//! `qun chat send`.

use anyhow::Result;
use clap::Args;
use qun_protocol::{ChatId, appchat::Send};
use serde_json::json;

use super::{
    super::content::{Content, syntax},
    people,
};
use crate::{connect::Session, failure::usage};

/// The end of the help.
pub(super) const HELP: &str = concat!(
    syntax!(),
    "
Example:
  qun chat send alpha_project_20231101 大家好，请看进度。 --mention dev_001
  echo 构建完成 | qun chat send alpha_project_20231101 -
  qun chat send alpha_project_20231101 --file README.md
  qun chat send alpha_project_20231101 --card '上线|今晚八点|https://ci.example/1|看'
  qun chat send alpha_project_20231101 --news '周报|https://wiki.example/1|本周总结'"
);

#[derive(Args)]
pub(super) struct Message {
    /// The group
    chatid: String,
    #[command(flatten)]
    content: Content,
    /// Whom a text mentions, or @all
    #[arg(long, value_name = "USERID", value_delimiter = ',', requires = "text")]
    mention: Vec<String>,
}

pub(super) async fn run(session: &Session, message: Message) -> Result<()> {
    let chatid = ChatId(message.chatid);
    let mut content = message.content;
    content.read()?;
    let mut send: Send = content.message(session).await?.unwrap_or_default();
    send.chatid = Some(chatid.clone());
    send.safe = content.safe.then_some(1);
    if let Some(text) = &mut send.text {
        text.mentioned_list = people(message.mention);
    }
    send.check().map_err(|unfit| usage(unfit.to_string()))?;
    let msgtype = send.msgtype.clone();
    if session.change(send).await?.is_some() {
        let kind = msgtype.as_deref().unwrap_or_default();
        let said = format!("sent a message ({kind}) to {chatid}");
        let value = json!({ "chatid": chatid, "msgtype": msgtype });
        session.output.done(said, &value)?;
    }
    Ok(())
}
