//! 消息推送给个人 (document 003): a token that is kept between runs, the userids behind mobile numbers, and a text to all of them.
//!
//! `message_push MOBILE…`

use std::{env, error::Error};

use qun_client::{Client, Directory, FileStore, Text};

/// 通过手机号获取用户userId; who is not found is told.
async fn users_by_mobile(
    directory: &Directory,
    mobiles: &[String],
) -> Result<Vec<String>, qun_client::Error> {
    let mut users = Vec::new();
    for mobile in mobiles {
        match directory.find_by_mobile(mobile).await? {
            Some(userid) => users.push(userid.0),
            None => eprintln!("{mobile}: 没有这个手机号"),
        }
    }
    Ok(users)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let variable = |name: &str| env::var(name).map_err(|_| format!("set {name}"));
    let mobiles: Vec<String> = env::args().skip(1).collect();

    // 获取access_token: fetched where the file has none that is good, as the document's cache has it.
    let tokens = env::var("QUN_TOKENS").unwrap_or_else(|_| "tokens.json".to_owned());
    let wecom = Client::builder(variable("QUN_CORPID")?, variable("QUN_SECRET")?)
        .agent(variable("QUN_AGENTID")?.parse()?)
        .token_store(FileStore::new(tokens))
        .build()?;

    // 消息发送(发送文本消息)
    let users = users_by_mobile(&wecom.directory(), &mobiles).await?;
    let sent = wecom.messages().send(users, Text::new("消息本体")).await?;
    for msgid in &sent.msgids {
        println!("msgid: {msgid}");
    }
    for userid in sent.invalid_users.iter().chain(&sent.unlicensed) {
        println!("没有收到: {userid}");
    }
    Ok(())
}
