//! Messages to people, against a real server and against one that fails in between.

mod limits;

use futures_util::TryStreamExt;
use qun_client::{
    Article, ArticlePage, Attachment, CardAction, Client, Error, File, Image, Manager, Markdown,
    MediaType, Message, MiniprogramNotice, MpNews, News, TemplateCard, Text, TextCard, To, Video,
    Voice,
    protocol::{Limit, Rulebook, Rules, message::Send, people},
};
use serde_json::Value;

use crate::{
    facade::{BOTH, Server},
    kit,
};

#[tokio::test]
async fn every_kind_arrives_and_can_be_taken_back() {
    for rulebook in BOTH {
        let server = Server::start(rulebook).await;
        let (messages, media) = (server.client.messages(), server.client.media());
        let file = async |kind, name: &str, bytes: &'static [u8]| {
            let file = Attachment::bytes(name, bytes);
            media.upload(kind, file).await.unwrap().media_id
        };
        let image = file(MediaType::Image, "a.png", b"\x89PNG\r\n\x1a\n").await;
        let voice = file(MediaType::Voice, "v.amr", b"#!AMR\nxx").await;
        let video = file(MediaType::Video, "v.mp4", b"\0\0\0\x18ftypmp42").await;
        let page = file(MediaType::File, "a.txt", b"hello!").await;
        let kinds: Vec<Message> = vec![
            Message::from(Text::new("你好")).confidential(),
            Image::new(image.clone()).into(),
            Voice::new(voice).into(),
            Video::new(video).title("片").into(),
            File::new(page).into(),
            TextCard::new("t", "d", "https://x").button("看").into(),
            News::new([
                Article::new("t", "https://x"),
                Article::program("t", "wx1", "pages/index"),
            ])
            .into(),
            Message::from(MpNews::new([ArticlePage::new("t", image, "c")])).inside_the_company(),
            Markdown::new("**x**").into(),
            MiniprogramNotice::new("wx1", "会议室预订")
                .item("会议室", "402")
                .into(),
            TemplateCard::text_notice("t", CardAction::url("https://x")).into(),
        ];
        let expected: Vec<String> = kinds
            .iter()
            .map(|kind| kind.msgtype.clone().unwrap())
            .collect();
        let mut sent = Vec::new();
        for kind in kinds {
            let done = messages.send(["p1", "P2"], kind).await.unwrap();
            assert!(done.reached_all() && done.msgids.len() == 1, "{done:?}");
            sent.extend(done.msgids);
        }
        for person in ["p1", "p2"] {
            let arrived: Vec<String> = server
                .inbox(person)
                .await
                .into_iter()
                .map(|it| it.msgtype)
                .collect();
            assert_eq!(arrived, expected);
        }
        assert_eq!(server.inbox("p1").await[7].safe, 2);
        for msgid in &sent {
            messages.recall(msgid).await.unwrap();
        }
        let inbox = server.inbox("p1").await;
        assert!(inbox.iter().all(|it| it.recalled.is_some()), "{inbox:?}");
        assert!(messages.recall("none").await.unwrap_err().code().is_some());

        let done = messages.send(To::everyone(), Text::new("x")).await.unwrap();
        assert!(done.reached_all());
        let done = messages
            .send(["p1", "Nobody"], Text::new("x"))
            .await
            .unwrap();
        assert_eq!(done.invalid_users, ["nobody".into()]);
        let error = messages.send("nobody", Text::new("x")).await.unwrap_err();
        assert!(
            error.code() == Some(81013) && error.advice().is_some(),
            "{error}"
        );
        assert_eq!(server.inbox("p60").await.len(), 1);
        server.running.stop().await;
    }
}

fn rules(limits: &[(Limit, i64)]) -> Rules {
    let mut rules = Rules::of(Rulebook::Documented);
    for (limit, most) in limits {
        rules.set(*limit, *most);
    }
    rules
}

/// How many messages of apps a person of the only company has.
async fn got(manager: &Manager, userid: &str) -> usize {
    let inbox = people::Inbox {
        userid: userid.into(),
        ..Default::default()
    };
    let all: Vec<_> = manager.list(inbox).try_collect().await.unwrap();
    all.iter()
        .filter(|arrived| arrived.chatid.is_empty())
        .count()
}

#[tokio::test]
async fn a_long_list_is_sent_in_portions_and_each_gets_it_once() {
    let (running, demo, manager) = kit::demo(Rulebook::Documented).await;
    let ready = running.ready().clone();
    let client = Client::builder(ready.corpid.as_str(), &ready.agents[0].secret)
        .base_url(&ready.url)
        .agent(ready.agents[0].agentid)
        .rules(rules(&[
            (Limit::MessageUsersMax, 3),
            (Limit::MessagePartiesMax, 1),
            (Limit::MessageTagsMax, 1),
        ]))
        .build()
        .unwrap();
    drop(demo);
    let messages = client.messages();
    let people = [
        "zhangsan", "lisi", "ZHANGSAN", "wangwu", "nobody", "zhaoliu", "lisi", "dev_001",
    ];
    let sent = messages.send(people, Text::new("x")).await.unwrap();
    assert_eq!(sent.msgids.len(), 2);
    assert_eq!(sent.invalid_users, ["nobody".into()]);
    for person in ["zhangsan", "lisi", "wangwu", "zhaoliu", "dev_001"] {
        assert_eq!(got(&manager, person).await, 1, "{person}");
    }

    // Somebody is named, is in a department, in the one above it, and has a tag.
    let to = To::users(["dev_001", "nobody"])
        .parties([2, 1, 99])
        .tags([1, 99]);
    assert!(to.parts(client.rules()).is_none());
    let sent = messages.send(to, Text::new("y")).await.unwrap();
    assert!(sent.msgids.len() > 10, "{sent:?}");
    assert_eq!(
        (sent.invalid_parties, sent.invalid_tags),
        (vec![99], vec![99])
    );
    assert_eq!(
        sent.invalid_users,
        ["nobody".into()],
        "nobody else was named"
    );
    for person in ["zhangsan", "dev_001", "qa_001", "wangwu"] {
        let before = usize::from(person != "qa_001");
        assert_eq!(got(&manager, person).await, before + 1, "{person}");
    }
    let nobody = To::default().parties([98, 99]);
    let error = messages.send(nobody, Text::new("z")).await.unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
    running.stop().await;
}

/// A server that takes messages until one of them, and takes all later ones.
async fn failing(at: usize, how: (u16, &'static str)) -> kit::Server {
    kit::Server::start(move |uri, number| match uri.contains("gettoken") {
        true => kit::token(1),
        false if number == at => kit::status(how.0, how.1),
        false => kit::json(format!(
            r#"{{"errcode":0,"errmsg":"ok","msgid":"m{number}","unlicenseduser":"u{number}"}}"#
        )),
    })
    .await
}

/// Who was addressed by the calls that the server took.
fn addressed(server: &kit::Server, except: usize) -> Vec<String> {
    let log = server.log.lock().unwrap();
    let calls = log
        .iter()
        .filter(|(_, uri, _)| uri.contains("message/send"));
    let taken = calls.enumerate().filter(|(n, _)| *n != except);
    taken
        .flat_map(|(_, (_, _, body))| {
            let send: Send = serde_json::from_slice(body).unwrap();
            let users = send.touser.unwrap();
            users.split('|').map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

#[tokio::test]
async fn what_a_failure_leaves_is_told_and_can_be_sent_without_anybody_getting_it_twice() {
    const QUOTA: (u16, &str) = (200, r#"{"errcode":45009,"errmsg":"api freq out of limit"}"#);
    const LOST: (u16, &str) = (502, "<html>bad gateway</html>");
    for (how, at) in [(QUOTA, 0), (QUOTA, 2), (QUOTA, 4), (LOST, 0), (LOST, 2)] {
        let server = failing(at, how).await;
        let client = server
            .builder()
            .agent(1)
            .rules(rules(&[(Limit::MessageUsersMax, 10)]))
            .pacing(qun_client::Pacing::off())
            .build()
            .unwrap();
        let people: Vec<String> = (0..45).map(|n| format!("p{n}")).collect();
        let error = client
            .messages()
            .send(people.clone(), Text::new("x"))
            .await
            .unwrap_err();
        assert_eq!(error.is_frequency(), how == QUOTA, "{error}");
        assert_eq!(error.code(), (how == QUOTA).then_some(45009));
        assert!(error.may_have_been_done());
        let Error::Unfinished(it) = error else {
            panic!("{error:?}")
        };
        assert_eq!((it.sent.msgids.len(), it.sent.unlicensed.len()), (at, at));
        assert_eq!(it.unclear.users.len(), if how == LOST { 10 } else { 0 });
        let text = it.to_string();
        let left = it.rest.users.len();
        assert!(
            text.contains(&format!("sent to {} people", at * 10)),
            "{text}"
        );
        assert!(text.ends_with(&format!("{left} are left")), "{text}");
        client
            .messages()
            .send(it.rest, Text::new("x"))
            .await
            .unwrap();
        let mut all = addressed(&server, at);
        all.extend(it.unclear.users.into_iter().map(|user| user.0));
        assert_eq!(all.len(), 45, "nobody twice");
        all.sort();
        let mut people = people;
        people.sort();
        assert_eq!(all, people);
    }
}

#[tokio::test]
async fn a_portion_that_reaches_nobody_does_not_stop_the_others() {
    const NOBODY: (u16, &str) = (
        200,
        r#"{"errcode":81013,"errmsg":"user & party & tag all invalid"}"#,
    );
    let server = failing(1, NOBODY).await;
    let limits = rules(&[(Limit::MessageUsersMax, 2)]);
    let client = server.builder().agent(1).rules(limits).build().unwrap();
    let people = ["a", "b", "C", "d", "e"];
    let sent = client
        .messages()
        .send(people, Text::new("x"))
        .await
        .unwrap();
    assert_eq!(sent.msgids, ["m0", "m2"]);
    assert_eq!(sent.invalid_users, ["c".into(), "d".into()]);
    assert_eq!(sent.invalid_users[0].0, "c", "in lower case");
}

#[tokio::test]
async fn what_cannot_be_sent_whole_is_not_begun() {
    let server = failing(usize::MAX, (200, "{}")).await;
    let limits = rules(&[(Limit::MessageUsersMax, 2)]);
    let client = server.builder().agent(1).rules(limits).build().unwrap();
    let messages = client.messages();
    let card = TemplateCard::text_notice("t", CardAction::url("https://x")).task("leave-17");
    let error = messages
        .send(["a", "b", "c"], card.clone())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("takes 2"), "{error}");
    for (to, message) in [
        (To::users(["@all"]), Message::from(Text::new("x"))),
        (To::default(), Text::new("x").into()),
        (To::users(["a"]), Text::new("").into()),
        (To::users(["a"]), Message::default()),
        (
            To::everyone(),
            MiniprogramNotice::new("wx1", "会议室预订").into(),
        ),
    ] {
        let error = messages.send(to, message).await.unwrap_err();
        assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
    }
    let nameless = server.client();
    let error = nameless
        .messages()
        .send("a", Text::new("x"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("agent"), "{error}");
    assert_eq!(server.count("message/send"), 0);
    messages.send(["a", "b"], card).await.unwrap();
    let notice = MiniprogramNotice::new("wx1", "会议室预订");
    nameless.messages().send("a", notice).await.unwrap();
}
