//! 群聊数据统计 (document 000): a report on groups.
//!
//! `statistics CHATID…`

use std::{env, error::Error};

use qun_client::{Chat, protocol::appchat::ChatInfo};

/// 统计群聊; groups that are gone are left out.
async fn chat_statistics(
    chat: &Chat,
    chatids: impl IntoIterator<Item = String>,
) -> Result<Vec<ChatInfo>, qun_client::Error> {
    let mut statistics = Vec::new();
    for chatid in chatids {
        match chat.get(&chatid).await {
            Ok(group) => statistics.push(group),
            Err(error) if error.is_unknown_chat() => eprintln!("没有群聊 {chatid}"),
            Err(error) => return Err(error),
        }
    }
    Ok(statistics)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let wecom = qun_examples::client()?;
    // 生成群聊报告
    for group in chat_statistics(&wecom.chat(), env::args().skip(1)).await? {
        println!("群聊: {}", group.name);
        println!("成员数: {}", group.userlist.len());
        println!("群主: {}", group.owner);
        println!("---");
    }
    Ok(())
}
