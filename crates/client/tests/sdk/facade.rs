//! The facade against a real server, under both rulebooks.

use futures_util::TryStreamExt;
use qun_client::{
    Article, ArticlePage, Attachment, CLOUD, Client, Create, Error, File, Image, Manager, Markdown,
    MediaType, MpNews, News, Send, Text, TextCard, Update, Video, Voice,
    protocol::{Limit, Rulebook, Rules, manage, people, world},
};
use qun_server::{Config, Place, Running};

pub const BOTH: [Rulebook; 2] = [Rulebook::Documented, Rulebook::Live2026];

pub struct Server {
    pub running: Running,
    pub corpid: String,
    pub client: Client,
    pub manager: Manager,
}

impl Server {
    /// A company of its own with people `p1` to `p60` and an app, which is told what happens.
    pub async fn start(rulebook: Rulebook) -> Server {
        let running = qun_server::start(Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            place: Place::Memory,
            world: None,
            rules: rulebook,
            limits_off: false,
            clock: None,
            manage_token: None,
            callbacks: Default::default(),
        })
        .await
        .unwrap();
        let ready = running.ready().clone();
        let manager = Manager::new(&ready.url, &ready.manage_token).unwrap();
        let people = (1..=60).map(|n| world::User {
            userid: format!("p{n}").as_str().into(),
            ..Default::default()
        });
        let app = |name: &str| world::App {
            name: name.into(),
            callback: Some(world::Callback {
                url: "http://127.0.0.1:9/".into(),
                token: "t".into(),
                encoding_aes_key: "4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws".into(),
            }),
            ..Default::default()
        };
        let company = world::Company {
            rulebook: Some(rulebook),
            // What comes faster is dropped in silence, and a test has no minute for every thirty.
            limits: [("message_receives_per_member_minute".into(), 1_000)].into(),
            users: people.collect(),
            apps: vec![app("one"), app("other")],
            ..Default::default()
        };
        let world = world::World {
            version: 1,
            companies: vec![company],
        };
        let loaded = manager.send(manage::LoadWorld { world }).await.unwrap();
        let made = &loaded.companies[0];
        let client = Client::builder(made.corpid.clone(), &made.agents[0].secret)
            .base_url(&ready.url)
            .agent(made.agents[0].agentid)
            .rulebook(rulebook)
            .build()
            .unwrap();
        Server {
            running,
            corpid: made.corpid.to_string(),
            client,
            manager,
        }
    }

    pub async fn inbox(&self, userid: &str) -> Vec<people::Arrived> {
        let inbox = people::Inbox {
            corpid: Some(self.corpid.as_str().into()),
            userid: userid.into(),
            limit: Some(3),
            ..Default::default()
        };
        self.manager.list(inbox).try_collect().await.unwrap()
    }
}

#[tokio::test]
async fn a_group_lives_in_the_facades_words_under_both_rulebooks() {
    for rulebook in BOTH {
        let server = Server::start(rulebook).await;
        let chat = server.client.chat();
        let group = Create::new(["p1", "p2"]).name("项目组").chatid("team");
        let team = chat.create(group.clone()).await.unwrap();
        assert_eq!(&*team, "team");
        chat.add_members(&team, (3..=60).map(|n| format!("p{n}")))
            .await
            .unwrap();
        chat.remove_members(&team, ["p2"]).await.unwrap();
        let change = Update::new("team").name("二期").owner("p3");
        chat.update(change).await.unwrap();
        let shown = chat.get(&team).await.unwrap();
        assert_eq!((&*shown.name, &*shown.owner), ("二期", "p3"));
        assert_eq!(shown.userlist.len(), 59);
        for n in 0..7 {
            chat.send(&team, Text::new(format!("大家好 {n}")))
                .await
                .unwrap();
        }
        assert_eq!(server.inbox("p60").await.len(), 7, "three pages");
        assert_eq!(server.inbox("p2").await.len(), 0);

        assert!(chat.create(group).await.unwrap_err().is_taken());
        for missing in ["missing0000", "nosuch"] {
            let error = chat.get(missing).await.unwrap_err();
            assert!(error.is_unknown_chat() && error.is_not_found(), "{error}");
            let error = chat.send(missing, Text::new("x")).await.unwrap_err();
            assert!(error.is_unknown_chat(), "{error}");
        }
        let error = chat.add_members(&team, ["nobody"]).await.unwrap_err();
        assert!(
            error.code().is_some() && error.advice().is_some(),
            "{error}"
        );

        let members = chat.get_members(&team).await;
        let quit = chat.quit(&team).await;
        if rulebook == Rulebook::Documented {
            assert_eq!(members.unwrap().len(), 59);
            quit.unwrap();
            assert!(chat.get(&team).await.unwrap_err().is_unknown_chat());
        } else {
            for error in [members.unwrap_err(), quit.unwrap_err()] {
                assert!(matches!(error, Error::NoSuchCall { .. }), "{error:?}");
                assert!(error.is_no_such_call() && error.advice().is_some());
            }
        }
        server.running.stop().await;
    }
}

#[tokio::test]
async fn the_cloud_is_not_asked_for_what_it_does_not_have() {
    let client = Client::builder("ww1", "secret").base_url(CLOUD);
    let chat = client.build().unwrap().chat();
    for error in [
        chat.quit("c").await.unwrap_err(),
        chat.get_members("c").await.unwrap_err(),
    ] {
        assert!(matches!(error, Error::NoSuchCall { .. }), "{error:?}");
    }
}

/// What `check` lets through arrives as it was written, and what it does not the server cuts or refuses.
#[tokio::test]
async fn checks_agree_with_the_server_at_every_limit() {
    let server = Server::start(Rulebook::Live2026).await;
    let (chat, media) = (server.client.chat(), server.client.media());
    chat.create(Create::new(["p1", "p2"]).chatid("c"))
        .await
        .unwrap();
    let png = Attachment::bytes("a.png", &b"\x89PNG\r\n\x1a\n"[..]);
    let image = media.upload(MediaType::Image, png).await.unwrap().media_id;
    let image = || image.clone();
    let x = |n: usize| "x".repeat(n);
    let card = |t: usize, d: usize, u: usize, b: usize| -> Send {
        TextCard::new(x(t), x(d), x(u)).button(x(b)).into()
    };
    let article = |t: usize, d: usize, u: usize| -> Send {
        News::new([Article::new(x(t), x(u)).description(x(d))]).into()
    };
    let page = |t: usize, a: usize, c: usize, d: usize| -> Send {
        MpNews::new([ArticlePage::new(x(t), image(), x(c))
            .author(x(a))
            .digest(x(d))])
        .into()
    };
    let pairs: Vec<(Send, Send)> = vec![
        (Text::new(x(2048)).into(), Text::new(x(2049)).into()),
        (Text::new("x").into(), Text::new("").into()),
        (
            Text::new("x").mention(vec!["p1"; 2000]).into(),
            Text::new("x").mention(vec!["p1"; 2001]).into(),
        ),
        (Markdown::new(x(2048)).into(), Markdown::new(x(2049)).into()),
        (card(128, 512, 2048, 4), card(129, 1, 1, 1)),
        (card(1, 1, 1, 1), card(1, 513, 1, 1)),
        (card(1, 1, 1, 1), card(1, 1, 2049, 1)),
        (card(1, 1, 1, 1), card(1, 1, 1, 5)),
        (card(1, 1, 1, 1), card(1, 0, 1, 1)),
        (article(128, 512, 2048), article(129, 1, 1)),
        (article(1, 0, 1), article(1, 513, 1)),
        (article(1, 1, 1), article(1, 1, 0)),
        (
            News::new(vec![Article::new("t", "u"); 8]).into(),
            News::new(vec![Article::new("t", "u"); 9]).into(),
        ),
        (
            article(1, 1, 1),
            Send::from(News::new([Article::new("t", "u")])).confidential(),
        ),
        (page(128, 64, 666 * 1024, 512), page(129, 1, 1, 1)),
        (page(1, 0, 1, 0), page(1, 65, 1, 1)),
        (page(1, 1, 1, 1), page(1, 1, 666 * 1024 + 1, 1)),
        (page(1, 1, 1, 1), page(1, 1, 1, 513)),
        (Image::new(image()).into(), Image::new("").into()),
    ];
    for (n, (fits, unfit)) in pairs.into_iter().enumerate() {
        assert_eq!(fits.check(), Ok(()), "pair {n}");
        let content = |send: &Send| {
            let fields = serde_json::to_value(send).unwrap();
            fields[send.msgtype.as_deref().unwrap()].clone()
        };
        let last = |page: Vec<people::Arrived>| page.last().map(|arrived| arrived.content.clone());
        let same = |sent: &serde_json::Value, arrived: &serde_json::Value| {
            // Files are drawn with their names and sizes, which is more than was sent.
            [
                "content",
                "title",
                "description",
                "url",
                "btntxt",
                "articles",
            ]
            .iter()
            .all(|key| match (&sent[*key], &arrived[*key]) {
                (serde_json::Value::Array(sent), serde_json::Value::Array(arrived)) => {
                    sent.len() == arrived.len()
                        && sent.iter().zip(arrived).all(|(sent, arrived)| {
                            ["title", "description", "url", "author", "content", "digest"]
                                .iter()
                                .all(|key| sent[*key] == arrived[*key] || sent[*key] == "")
                        })
                }
                (sent, arrived) => sent == arrived,
            })
        };
        let before = server.inbox("p1").await.len();
        chat.send("c", fits.clone()).await.unwrap();
        let arrived = server.inbox("p1").await;
        assert_eq!(arrived.len(), before + 1);
        let arrived = last(arrived).unwrap();
        assert!(same(&content(&fits), &arrived), "pair {n}: {arrived}");

        assert!(unfit.check().is_err(), "pair {n}");
        let refused = chat.send("c", unfit.clone()).await.unwrap_err();
        assert!(
            matches!(refused, Error::Invalid { .. }),
            "pair {n}: {refused}"
        );
        // Sent all the same, it is refused or arrives shorter.
        let mut raw = unfit.clone();
        raw.chatid = Some("c".into());
        if server.client.send(raw).await.is_ok() {
            let arrived = last(server.inbox("p1").await).unwrap();
            assert!(!same(&content(&unfit), &arrived), "pair {n}: {arrived}");
        }
    }
    server.running.stop().await;
}

#[tokio::test]
async fn files_go_up_and_come_down_as_streams() {
    let server = Server::start(Rulebook::Documented).await;
    let (chat, media) = (server.client.chat(), server.client.media());
    chat.create(Create::new(["p1", "p2"]).chatid("c"))
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("周报 \"一\".txt");
    let content: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    std::fs::write(&path, &content).unwrap();
    let reader = std::io::Cursor::new(content.clone());
    let ways = [
        Attachment::path(&path),
        Attachment::bytes("周报.bin", content.clone()),
        Attachment::reader("周报.bin", content.len() as u64, reader),
    ];
    for file in ways {
        let name = file.name().replace('"', "_");
        let uploaded = media.upload(MediaType::File, file).await.unwrap();
        chat.send("c", File::new(uploaded.media_id.clone()))
            .await
            .unwrap();
        let incoming = media.get(uploaded.media_id.clone()).await.unwrap();
        assert_eq!(incoming.filename(), name);
        assert_eq!(incoming.length(), Some(3_000_000));
        let chunks: Vec<_> = incoming.try_collect().await.unwrap();
        assert!(chunks.len() > 1, "in pieces");
        assert_eq!(chunks.concat(), content);
        let target = folder
            .path()
            .join(format!("down-{}", uploaded.media_id.len()));
        let incoming = media.get(uploaded.media_id).await.unwrap();
        assert_eq!(incoming.save(&target).await.unwrap(), 3_000_000);
        assert_eq!(std::fs::read(&target).unwrap(), content);
        std::fs::remove_file(target).unwrap();
    }
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing is left"
    );
    let error = media.get("gone").await.unwrap_err();
    assert!(
        error.is_not_found() && error.code() == Some(40007),
        "{error}"
    );

    let png = b"\x89PNG\r\n\x1a\nrest";
    let url = media
        .upload_image(Attachment::bytes("图.png", &png[..]))
        .await
        .unwrap();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    let amr = Attachment::bytes("v.amr", &b"#!AMR\n"[..]);
    let voice = media.upload(MediaType::Voice, amr).await.unwrap().media_id;
    chat.send("c", Voice::new(voice)).await.unwrap();
    let mp4 = Attachment::bytes("v.mp4", &b"\0\0\0\x18ftypmp42"[..]);
    let video = media.upload(MediaType::Video, mp4).await.unwrap().media_id;
    chat.send("c", Video::new(video).title("片")).await.unwrap();
    server.running.stop().await;
}

#[tokio::test]
async fn a_file_that_would_be_refused_is_not_sent() {
    // Nobody listens there: whatever is sent fails in another way.
    let client = Client::builder("ww1", "secret").base_url("http://127.0.0.1:1");
    let media = client.build().unwrap().media();
    let rules = Rules::of(Rulebook::Live2026);
    let long = |limit| vec![b'x'; rules.size(limit) + 1];
    for (kind, bytes, part) in [
        (MediaType::Image, b"GIF89a..".to_vec(), "JPG or PNG"),
        (MediaType::Voice, b"RIFF1234".to_vec(), "AMR"),
        (MediaType::Video, b"notavideo".to_vec(), "MP4"),
        (MediaType::File, b"five5".to_vec(), "5 bytes"),
        (MediaType::File, long(Limit::FileBytes), "20971521 bytes"),
        (MediaType::Voice, long(Limit::VoiceBytes), "2097153 bytes"),
    ] {
        let reader =
            Attachment::reader("f", bytes.len() as u64, std::io::Cursor::new(bytes.clone()));
        for file in [Attachment::bytes("f", bytes.clone()), reader] {
            let error = media.upload(kind, file).await.unwrap_err();
            assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
            assert!(error.to_string().contains(part), "{error}");
        }
    }
    let error = media
        .upload(MediaType::File, Attachment::path("/no/such.txt"))
        .await;
    assert!(error.unwrap_err().to_string().contains("/no/such.txt"));
}

#[tokio::test]
async fn lists_are_streams_and_an_inbox_can_be_followed() {
    let server = Server::start(Rulebook::Documented).await;
    let chat = server.client.chat();
    for n in 0..25 {
        let group = Create::new(["p1", "p2"]).chatid(format!("g{n}"));
        chat.create(group).await.unwrap();
    }
    let groups = manage::Groups {
        corpid: server.corpid.as_str().into(),
        limit: Some(10),
        ..Default::default()
    };
    let groups: Vec<_> = server.manager.list(groups).try_collect().await.unwrap();
    assert_eq!(groups.len(), 25);
    let users = manage::Users {
        corpid: server.corpid.as_str().into(),
        limit: Some(59),
        ..Default::default()
    };
    let users: Vec<_> = server.manager.list(users).try_collect().await.unwrap();
    assert_eq!(users.len(), 60);

    chat.send("g0", Text::new("before")).await.unwrap();
    let inbox = people::Inbox {
        corpid: Some(server.corpid.as_str().into()),
        userid: "p2".into(),
        ..Default::default()
    };
    let mut phone = std::pin::pin!(server.manager.follow(inbox).await.unwrap());
    for text in ["one", "two"] {
        chat.send("g1", Text::new(text)).await.unwrap();
        let arrived = phone.try_next().await.unwrap().unwrap();
        assert_eq!(arrived.content["content"], text);
    }
    let nobody = people::Inbox {
        corpid: Some(server.corpid.as_str().into()),
        userid: "nobody".into(),
        ..Default::default()
    };
    let mut broken = std::pin::pin!(server.manager.list(nobody));
    assert!(broken.try_next().await.unwrap_err().is_not_found());
    assert!(broken.try_next().await.unwrap().is_none(), "it ends");
    server.running.stop().await;
}
