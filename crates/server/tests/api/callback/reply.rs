//! What apps answer: receipts of every kind, and replies that the person sees.

use qun_protocol::event::{Article, PassiveReply, Reply};
use serde_json::{Value, json};

use super::{Answer, ok};
use crate::kit::{App, Server};

fn sealed(to: &str, what: PassiveReply) -> Answer {
    let reply = Reply {
        to_user_name: to.into(),
        from_user_name: "corp".into(),
        create_time: 1,
        what,
    };
    Answer::Sealed(reply.write())
}

async fn messages(app: &App<'_>, userid: &str) -> Vec<Value> {
    app.inbox(userid, "").await["messages"]
        .as_array()
        .unwrap()
        .clone()
}

#[tokio::test]
async fn a_reply_is_in_the_inbox_of_the_person_alone() {
    let server = Server::start().await;
    let company = json!({
        "users": [{ "userid": "p1" }, { "userid": "p2" }, { "userid": "p3" }],
        "apps": [{ "name": "app" }],
        "media": [{ "media_id": "pic", "type": "image" }, { "media_id": "film", "type": "video" }],
    });
    let app = server.world(company).await;
    app.chat("g", &["p1", "p2"]).await;
    app.say("g", "in the group").await;
    let long = "长".repeat(700);
    let text = |content: &str| PassiveReply::Text {
        content: content.into(),
    };
    let film = PassiveReply::Video {
        media_id: "film".into(),
        title: "t".into(),
        description: "d".into(),
    };
    let article = Article {
        title: "t".into(),
        url: "https://x".into(),
        ..Default::default()
    };
    let receiver = app
        .told(vec![
            sealed("P1", text("first")),
            sealed("p1", text(&long)),
            sealed(
                "p1",
                PassiveReply::Image {
                    media_id: "pic".into(),
                },
            ),
            sealed("p1", film),
            sealed(
                "p1",
                PassiveReply::News {
                    articles: vec![article],
                },
            ),
            Answer::Ok("success".into()),
        ])
        .await;
    let mut last = String::new();
    for _ in 0..5 {
        last = app.says("p1", "hello").await;
    }
    let shown = app.until_state(&last, "delivered").await;
    assert!(
        shown["attempts"][0]["answer"]
            .as_str()
            .unwrap()
            .contains("<ArticleCount>1</ArticleCount>")
    );
    let replies: Vec<Value> = messages(&app, "p1")
        .await
        .into_iter()
        .filter(|message| message["chatid"] == "")
        .collect();
    let kinds: Vec<&str> = replies
        .iter()
        .map(|message| message["msgtype"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["text", "text", "image", "video", "news"]);
    for reply in &replies {
        assert_eq!(reply["agentid"], app.agentid);
        assert!(reply["from"].is_null() && reply["dropped"].is_null());
    }
    assert_eq!(replies[0]["content"]["content"], "first");
    assert_eq!(
        replies[1]["content"]["content"].as_str().unwrap().len(),
        2046
    );
    assert_eq!(replies[2]["content"]["media_id"], "pic");
    assert_eq!(replies[3]["content"]["title"], "t");
    assert_eq!(replies[4]["content"]["articles"][0]["url"], "https://x");
    assert_eq!(messages(&app, "p2").await.len(), 1);
    assert_eq!(messages(&app, "p3").await.len(), 0);
    assert_eq!(receiver.so_far().len(), 5);
    server.stop().await;
}

#[tokio::test]
async fn who_waits_for_messages_sees_a_reply_at_once() {
    let server = Server::start().await;
    let app = server.demo().await;
    app.told(vec![sealed(
        "zhangsan",
        PassiveReply::Text {
            content: "pong".into(),
        },
    )])
    .await;
    let cursor = app.inbox("zhangsan", "&after=latest").await["cursor"]
        .as_str()
        .unwrap()
        .to_owned();
    let query = format!("&wait=30&after={cursor}");
    let (page, _) = tokio::join!(app.inbox("zhangsan", &query), app.says("zhangsan", "ping"));
    assert_eq!(page["messages"][0]["content"]["content"], "pong");
    server.stop().await;
}

#[tokio::test]
async fn what_cannot_be_shown_is_received_all_the_same_and_says_why() {
    let server = Server::start().await;
    let app = server.demo().await;
    let text = || PassiveReply::Text {
        content: "x".into(),
    };
    let mut huge = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n".to_vec();
    huge.resize(200_000, b'a');
    let answers = [
        (Answer::Ok("{\"errcode\":0}".into()), "neither empty nor success nor an encrypted reply"),
        (Answer::Ok("<xml><a/></xml>".into()), "no Encrypt"),
        (Answer::Ok("<xml><Encrypt>aaaa</Encrypt><MsgSignature>b</MsgSignature><TimeStamp>1</TimeStamp><Nonce>n</Nonce></xml>".into()), "the signature does not fit"),
        (Answer::Raw(huge), "goes on after 65536 bytes"),
        (sealed("lisi", text()), "who has not asked"),
        (Answer::Sealed("<xml><MsgType>dance</MsgType></xml>".into()), "dance"),
        (Answer::Sealed("success".into()), "nothing to show"),
        (sealed("zhangsan", PassiveReply::Image { media_id: "no".into() }), "unknown or has ended"),
        (sealed("zhangsan", PassiveReply::UpdateButton { replace_name: "n".into() }), "changes a card"),
        (sealed("zhangsan", PassiveReply::News { articles: vec![] }), "articles"),
    ];
    let receiver = app.told(ok()).await;
    for (answer, why) in answers {
        receiver.answer(vec![answer]);
        let id = app.says("zhangsan", "hello").await;
        let shown = app.until_state(&id, "delivered").await;
        let attempt = &shown["attempts"][0];
        assert_eq!(attempt["accepted"], true);
        assert!(
            attempt["error"].as_str().unwrap().contains(why),
            "{why}: {attempt}"
        );
        assert!(attempt["answer"].as_str().unwrap().len() <= 65536);
    }
    assert_eq!(messages(&app, "zhangsan").await, Vec::<Value>::new());
    server.stop().await;
}
