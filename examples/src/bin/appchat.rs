//! 发送消息到群聊会话 (document 001): its four calls, create, update, get and send.

use std::error::Error;

use qun_client::{Create, Text, Update};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let wecom = qun_examples::client()?;
    let chat = wecom.chat();

    // create: 创建群聊会话
    let group = Create::new(["userid1", "userid2", "userid3"])
        .name("NAME")
        .owner("userid1")
        .chatid("CHATID");
    let chatid = chat.create(group).await?;
    println!("chatid: {chatid}");

    // update: 修改群聊会话
    let change = Update::new(&chatid)
        .name("NAME")
        .owner("userid2")
        .add_members(["userid4"])
        .remove_members(["userid3"]);
    chat.update(change).await?;

    // get: 获取群聊会话
    let group = chat.get(&chatid).await?;
    println!("owner: {}, members: {:?}", group.owner, group.userlist);

    // send: 应用推送消息
    chat.send(&chatid, Text::new("大家好")).await?;
    Ok(())
}
