//! 群聊接口 (document 002): a hosted account makes a room, adds a contact, lists rooms and leaves one.
//!
//! `QUN_JUZI_TOKEN=abcd rooms` with the demo company.

use std::{error::Error, pin::pin};

use futures_util::TryStreamExt;
use qun_client::{
    juzi::{AddMemberRefusal, Rooms},
    protocol::room::{Create, Room},
};

/// 需要执行操作的托管微信的userId
const BOT: &str = "testUserId";

fn show(room: &Room) {
    let official = room.wecom_chat_id.as_deref().unwrap_or("-");
    println!(
        "{}\t{}\t{}人\t{official}",
        room.wxid, room.topic, room.member_count
    );
}

/// 创建群聊 with a greeting, two contacts and a colleague.
async fn create(rooms: &Rooms) -> Result<String, Box<dyn Error>> {
    let made = rooms
        .create(Create {
            bot_user_id: Some(BOT.into()),
            user_ids: vec!["zhangsan".into()],
            union_ids: vec!["ozynqsulJFCZ2z1aYeS8h-nuasdAAA".into()],
            name: Some("create".into()),
            greeting: Some("大家好,这个是新的群".into()),
            wxids: vec![
                "wmrRhyBgAA6PKOL7IA2Nbikedjxxxxxx".into(),
                "wmrRhyBgAANQ1O34HRXfVQh17exxxxxx".into(),
            ],
            ..Default::default()
        })
        .await?;
    println!("made {} ({})", made.room_wxid, made.chat_id);
    Ok(made.room_wxid)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let rooms = qun_examples::juzi()?.rooms();
    let room = create(&rooms).await?;
    // 加入群聊, to the room of the samples and to the new one; who is in is no mistake.
    for room in ["R:888888", &room] {
        match rooms.add_member(BOT, "7888888888", room).await {
            Ok(()) => println!("7888888888 is in {room}, or has a card"),
            Err(error) if error.reason() == Some(&AddMemberRefusal::AlreadyIn) => {
                println!("7888888888 is in {room} already");
            }
            Err(error) => return Err(error.into()),
        }
    }
    // 通过秒回群聊标签查询群, all pages.
    println!("with the label:");
    let mut labelled = pin!(rooms.with_label("5eda03260e21f35ca20f9eb4"));
    while let Some(room) = labelled.try_next().await? {
        show(&room);
    }
    // 通过联系人id获取联系人所在群聊
    println!("with 7888888888:");
    for room in rooms.with_member("7888888888").await? {
        show(&room);
    }
    // 退出群聊
    rooms.exit(BOT, "R:123123123").await?;
    println!("left R:123123123");
    Ok(())
}
