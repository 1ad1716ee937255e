//! What a message may hold: its fields, what is cut, what is refused.

use serde_json::{Value, json};

use crate::{
    appchat::{arrived, refused},
    kit::{App, BOTH, NOON, Server, code},
};

const EMPTY: (i64, &str) = (44004, "empty content");
const MEDIA: (i64, &str) = (40007, "invalid media_id");
const KIND: (i64, &str) = (40008, "invalid message type");
const TITLE: (i64, &str) = (41016, "missing title");
const DESCRIPTION: (i64, &str) = (41033, "missing description");
const URL: (i64, &str) = (41010, "missing url");
const LONG_URL: (i64, &str) = (40039, "url exceed max length 2048");
const ARTICLES: (i64, &str) = (45008, "article size out of limit");
const SAFE: (i64, &str) = (40058, "invalid param 'safe'. invalid Request Parameter");

/// A company with a group `c` and files that are named as their types.
async fn company(server: &Server, book: qun_protocol::Rulebook) -> App<'_> {
    let file = |id: &str, kind: &str, name: &str| json!({ "media_id": id, "type": kind, "filename": name });
    let mut short = file("short", "image", "short.png");
    short["expires"] = (NOON / 1000 + 1000).into();
    let media = [
        file("image", "image", "a.png"),
        file("voice", "voice", "a.amr"),
        file("video", "video", "a.mp4"),
        file("file", "file", "项目计划.txt"),
        file("zip", "file", "a.zip"),
        file("upper", "file", "a.b.PDF"),
        file("bare", "file", "pdf"),
        short,
    ];
    let app = server
        .world(json!({
            "name": "t", "rulebook": book, "apps": [{ "name": "a" }], "media": media,
            "users": [{ "userid": "p1" }, { "userid": "p2" }],
        }))
        .await;
    app.chat("c", &["p1", "p2"]).await;
    app
}

fn message(kind: &str, body: Value) -> Value {
    json!({ "chatid": "c", "msgtype": kind, kind: body })
}

/// Sends; gives what arrived, as it is drawn.
async fn drawn(app: &App<'_>, message: Value) -> Value {
    app.ok("appchat/send", message).await;
    arrived(app, "p2").await.pop().unwrap()["content"].clone()
}

async fn refuses(app: &App<'_>, message: Value, expected: (i64, &str)) {
    let answer = app.post("appchat/send", message.clone()).await;
    let about: String = message.to_string().chars().take(200).collect();
    refused(&answer, expected, about);
}

/// 128 bytes that end within no character, and one more.
fn title() -> (String, String) {
    let title = format!("{}ab", "群".repeat(42));
    assert_eq!(title.len(), 128);
    (title.clone(), title + "c")
}

/// 512 bytes, and a character more.
fn description() -> (String, String) {
    let description = format!("{}ab", "群".repeat(170));
    assert_eq!(description.len(), 512);
    (description.clone(), description + "群")
}

fn link(bytes: usize) -> String {
    let link = "https://example.com/";
    format!("{link}{}", "a".repeat(bytes - link.len()))
}

#[tokio::test]
async fn the_message_is_named_by_its_type() {
    let server = Server::start().await;
    for book in BOTH {
        let app = company(&server, book).await;
        let text = json!({ "content": "x" });
        for kind in [
            json!("template_card"),
            json!("miniprogram_notice"),
            json!("markdown_v2"),
            json!("TEXT"),
            json!("text "),
            json!(""),
            json!(null),
            json!(5),
        ] {
            refuses(
                &app,
                json!({ "chatid": "c", "msgtype": kind, "text": text }),
                KIND,
            )
            .await;
        }
        refuses(&app, json!({ "chatid": "c", "text": text }), KIND).await;
        // Another kind's object is not the message.
        refuses(
            &app,
            json!({ "chatid": "c", "msgtype": "markdown", "text": text }),
            EMPTY,
        )
        .await;
        assert_eq!(
            arrived(&app, "p1").await,
            Vec::<Value>::new(),
            "nothing of the refused arrives"
        );

        // What no page shows is ignored.
        let body = json!({ "chatid": "c", "msgtype": "text", "text": { "content": "x", "more": 1 }, "agentid": "1", "enable_id_trans": 1, "image": null });
        assert_eq!(
            app.post("appchat/send", body).await,
            json!({ "errcode": 0, "errmsg": "ok" })
        );
    }
}

#[tokio::test]
async fn text_is_cut_at_2048_bytes() {
    let server = Server::start().await;
    for book in BOTH {
        let app = company(&server, book).await;
        for (given, kept) in [
            ("大家好,\n<br>".to_owned(), "大家好,\n<br>".to_owned()),
            ("a".repeat(2048), "a".repeat(2048)),
            ("a".repeat(2049), "a".repeat(2048)),
            (
                format!("{}ab", "群".repeat(682)),
                format!("{}ab", "群".repeat(682)),
            ),
            // The 683rd character would end at byte 2049.
            ("群".repeat(683), "群".repeat(682)),
            (format!("{}🎉", "a".repeat(2045)), "a".repeat(2045)),
            (
                format!("{}🎉", "a".repeat(2044)),
                format!("{}🎉", "a".repeat(2044)),
            ),
        ] {
            let content = drawn(&app, message("text", json!({ "content": given }))).await;
            assert_eq!(content, json!({ "content": kept }), "{book}");
        }
        for body in [
            json!({ "content": "" }),
            json!({ "content": null }),
            json!({}),
            json!(null),
        ] {
            refuses(&app, message("text", body), EMPTY).await;
        }
        refuses(&app, json!({ "chatid": "c", "msgtype": "text" }), EMPTY).await;

        let mentions = |n: usize| {
            message(
                "text",
                json!({ "content": "x", "mentioned_list": vec!["p1"; n] }),
            )
        };
        assert_eq!(code(&app.post("appchat/send", mentions(2000)).await), 0);
        let words = "text.mentioned_list exceed max length 2000. invalid Request Parameter";
        refuses(&app, mentions(2001), (40058, words)).await;
    }
}

#[tokio::test]
async fn markdown_beyond_2048_bytes_is_refused() {
    let server = Server::start().await;
    for book in BOTH {
        let app = company(&server, book).await;
        for content in ["a".repeat(2048), format!("{}ab", "群".repeat(682))] {
            let body = drawn(&app, message("markdown", json!({ "content": content }))).await;
            assert_eq!(body, json!({ "content": content }));
        }
        let words = "markdown.content exceed max length 2048. invalid Request Parameter";
        for content in ["a".repeat(2049), "群".repeat(683)] {
            refuses(
                &app,
                message("markdown", json!({ "content": content })),
                (40058, words),
            )
            .await;
        }
        refuses(&app, message("markdown", json!({})), EMPTY).await;
    }
}

#[tokio::test]
async fn a_file_is_there_and_of_the_messages_type() {
    let server = Server::start().await;
    for book in BOTH {
        let app = company(&server, book).await;
        let elsewhere = company(&server, book).await;
        for kind in ["image", "voice", "video", "file"] {
            let content = drawn(&app, message(kind, json!({ "media_id": kind }))).await;
            assert_eq!(content["media_id"], kind);
            assert!(content["size"].as_i64().unwrap() > 0, "{content}");
            for other in ["image", "voice", "video", "file"]
                .into_iter()
                .filter(|other| *other != kind)
            {
                refuses(&app, message(kind, json!({ "media_id": other })), MEDIA).await;
            }
            for body in [
                json!({ "media_id": "none" }),
                json!({ "media_id": "" }),
                json!({ "media_id": null }),
                json!({}),
                json!(null),
            ] {
                refuses(&app, message(kind, body), MEDIA).await;
            }
        }
        let content = drawn(&app, message("file", json!({ "media_id": "file" }))).await;
        assert_eq!(content["filename"], "项目计划.txt");
        drop(elsewhere);
    }
}

#[tokio::test]
async fn a_file_ends() {
    let server = Server::start().await;
    let mut apps = Vec::new();
    for book in BOTH {
        let app = company(&server, book).await;
        let other = server.company(book, 2, json!({})).await;
        other.chat("c", &["p1", "p2"]).await;
        app.ok(
            "appchat/send",
            message("image", json!({ "media_id": "short" })),
        )
        .await;
        refuses(
            &other,
            message("image", json!({ "media_id": "short" })),
            MEDIA,
        )
        .await;
        apps.push(app);
    }
    server.advance(1000).await;
    for app in &apps {
        refuses(app, message("image", json!({ "media_id": "short" })), MEDIA).await;
        let article = json!({ "title": "t", "thumb_media_id": "short", "content": "x" });
        refuses(
            app,
            message("mpnews", json!({ "articles": [article] })),
            MEDIA,
        )
        .await;
        app.ok(
            "appchat/send",
            message("image", json!({ "media_id": "image" })),
        )
        .await;
    }
}

#[tokio::test]
async fn a_videos_texts_are_cut() {
    let server = Server::start().await;
    for book in BOTH {
        let app = company(&server, book).await;
        let ((title, long_title), (description, long)) = (title(), description());
        for (given_title, given) in [(&title, &description), (&long_title, &long)] {
            let body = json!({ "media_id": "video", "title": given_title, "description": given });
            let content = drawn(&app, message("video", body)).await;
            assert_eq!(
                (&content["title"], &content["description"]),
                (&json!(title), &json!(description)),
                "{book}"
            );
        }
        let content = drawn(
            &app,
            message("video", json!({ "media_id": "video", "title": "" })),
        )
        .await;
        assert_eq!(
            (&content["title"], &content["description"]),
            (&Value::Null, &Value::Null)
        );
    }
}

#[tokio::test]
async fn a_card_has_a_title_a_description_and_a_link() {
    let server = Server::start().await;
    for book in BOTH {
        let app = company(&server, book).await;
        let ((title, long_title), (description, long)) = (title(), description());
        let card = |change: Value| {
            let mut card = json!({ "title": "领奖通知", "description": "<div class=\"gray\">x</div>", "url": "https://example.com/" });
            for (key, value) in change.as_object().unwrap() {
                card[key] = value.clone();
            }
            message("textcard", card)
        };
        for (change, field, kept) in [
            (json!({}), "btntxt", json!("详情")),
            (json!({ "btntxt": "" }), "btntxt", json!("详情")),
            (json!({ "btntxt": "查看更多" }), "btntxt", json!("查看更多")),
            (
                json!({ "btntxt": "查看更多吧" }),
                "btntxt",
                json!("查看更多"),
            ),
            (json!({ "title": title }), "title", json!(title)),
            (json!({ "title": long_title }), "title", json!(title)),
            (
                json!({ "description": description }),
                "description",
                json!(description),
            ),
            (
                json!({ "description": long }),
                "description",
                json!(description),
            ),
            (json!({ "url": link(2048) }), "url", json!(link(2048))),
        ] {
            assert_eq!(
                drawn(&app, card(change.clone())).await[field],
                kept,
                "{book} {change}"
            );
        }
        for empty in [json!(""), json!(null)] {
            refuses(&app, card(json!({ "title": empty })), TITLE).await;
            refuses(&app, card(json!({ "description": empty })), DESCRIPTION).await;
            refuses(&app, card(json!({ "url": empty })), URL).await;
        }
        refuses(&app, message("textcard", json!({})), TITLE).await;
        refuses(&app, json!({ "chatid": "c", "msgtype": "textcard" }), TITLE).await;
        refuses(&app, card(json!({ "url": link(2049) })), LONG_URL).await;
    }
}

#[tokio::test]
async fn news_has_1_to_8_articles() {
    let server = Server::start().await;
    for book in BOTH {
        let app = company(&server, book).await;
        let article = |n: usize| json!({ "title": format!("t{n}"), "url": format!("https://example.com/{n}") });
        let news = |articles: Vec<Value>| message("news", json!({ "articles": articles }));
        for n in [1, 8] {
            let content = drawn(&app, news((0..n).map(article).collect())).await;
            assert_eq!(
                content["articles"],
                json!((0..n).map(article).collect::<Vec<_>>()),
                "in their order"
            );
        }
        refuses(&app, news(Vec::new()), ARTICLES).await;
        refuses(&app, news((0..9).map(article).collect()), ARTICLES).await;
        for body in [json!({}), json!({ "articles": null }), json!(null)] {
            refuses(&app, message("news", body), ARTICLES).await;
        }

        let ((title, long_title), (description, long)) = (title(), description());
        let full = json!({ "title": long_title, "description": long, "url": link(2048), "picurl": "https://example.com/pic.jpg" });
        let kept = json!({ "title": title, "description": description, "url": link(2048), "picurl": "https://example.com/pic.jpg" });
        assert_eq!(
            drawn(&app, news(vec![full])).await["articles"],
            json!([kept])
        );
        // The last one is looked at as the first is.
        refuses(
            &app,
            news(vec![article(0), json!({ "url": "https://example.com/" })]),
            TITLE,
        )
        .await;
        refuses(&app, news(vec![article(0), json!({ "title": "t" })]), URL).await;
        refuses(
            &app,
            news(vec![article(0), json!({ "title": "t", "url": link(2049) })]),
            LONG_URL,
        )
        .await;
    }
}

#[tokio::test]
async fn mpnews_articles_are_kept_with_the_message() {
    let server = Server::start().await;
    for book in BOTH {
        let app = company(&server, book).await;
        let article = |change: Value| {
            let mut article =
                json!({ "title": "t", "thumb_media_id": "image", "content": "<b>x</b>" });
            for (key, value) in change.as_object().unwrap() {
                article[key] = value.clone();
            }
            article
        };
        let news = |articles: Vec<Value>| message("mpnews", json!({ "articles": articles }));
        let one = |change: Value| news(vec![article(json!({})), article(change)]);
        for n in [1, 8] {
            let content = drawn(&app, news(vec![article(json!({})); n])).await;
            assert_eq!(content["articles"].as_array().unwrap().len(), n);
        }
        refuses(&app, news(Vec::new()), ARTICLES).await;
        refuses(&app, news(vec![article(json!({})); 9]), ARTICLES).await;
        refuses(&app, message("mpnews", json!({})), ARTICLES).await;

        let ((title, long_title), (description, long)) = (title(), description());
        let author = format!("{}a", "群".repeat(21));
        assert_eq!(author.len(), 64);
        for (change, field, kept) in [
            (json!({ "title": title }), "title", &title),
            (json!({ "title": long_title }), "title", &title),
            (json!({ "digest": description }), "digest", &description),
            (json!({ "digest": long }), "digest", &description),
            (json!({ "author": author }), "author", &author),
            (
                json!({ "content_source_url": "https://e.com" }),
                "content_source_url",
                &"https://e.com".to_owned(),
            ),
        ] {
            assert_eq!(
                drawn(&app, one(change)).await["articles"][1][field],
                *kept,
                "{book} {field}"
            );
        }
        let content = drawn(&app, one(json!({}))).await;
        assert_eq!(content["articles"][1]["thumb"]["media_id"], "image");

        let words = "author size out of limit";
        for author in [format!("{}ab", "群".repeat(21)), "a".repeat(65)] {
            refuses(&app, one(json!({ "author": author })), (45032, words)).await;
        }
        refuses(&app, one(json!({ "title": "" })), TITLE).await;
        for thumb in ["", "none", "file", "voice"] {
            refuses(&app, one(json!({ "thumb_media_id": thumb })), MEDIA).await;
        }
        refuses(&app, one(json!({ "content": "" })), EMPTY).await;

        let bytes = 666 * 1024;
        let content = drawn(&app, one(json!({ "content": "群".repeat(bytes / 3) }))).await;
        assert_eq!(
            content["articles"][1]["content"].as_str().unwrap().len(),
            bytes
        );
        let words = "content size out of limit";
        refuses(
            &app,
            one(json!({ "content": "a".repeat(bytes + 1) })),
            (45002, words),
        )
        .await;
    }
}

#[tokio::test]
async fn only_some_kinds_can_be_confidential() {
    let server = Server::start().await;
    for book in BOTH {
        let app = company(&server, book).await;
        let article = json!({ "title": "t", "thumb_media_id": "image", "content": "x", "url": "https://e.com" });
        let safe = |kind: &str, body: &Value, safe: Value| {
            let mut message = message(kind, body.clone());
            message["safe"] = safe;
            message
        };
        let text = json!({ "content": "x" });
        for (kind, body, kept) in [
            ("text", &text, 1),
            ("image", &json!({ "media_id": "image" }), 1),
            ("video", &json!({ "media_id": "video" }), 1),
            ("file", &json!({ "media_id": "file" }), 1),
            ("file", &json!({ "media_id": "upper" }), 1),
            ("mpnews", &json!({ "articles": [article] }), 1),
            ("voice", &json!({ "media_id": "voice" }), 0),
            ("markdown", &text, 0),
            (
                "textcard",
                &json!({ "title": "t", "description": "d", "url": "https://e.com" }),
                0,
            ),
        ] {
            for given in [json!(1), json!("1")] {
                app.ok("appchat/send", safe(kind, body, given)).await;
                let last = arrived(&app, "p1").await.pop().unwrap();
                assert_eq!(
                    (&last["msgtype"], &last["safe"]),
                    (&json!(kind), &json!(kept)),
                    "{book}"
                );
            }
        }
        for (given, kept) in [
            (json!(0), 0),
            (json!("0"), 0),
            (json!(null), 0),
            (json!(""), 0),
        ] {
            app.ok("appchat/send", safe("text", &text, given)).await;
            assert_eq!(arrived(&app, "p1").await.pop().unwrap()["safe"], kept);
        }
        for bad in [json!(2), json!(-1), json!("2")] {
            refuses(&app, safe("text", &text, bad), SAFE).await;
        }
        // By the ending of its name.
        for file in ["zip", "bare"] {
            refuses(
                &app,
                safe("file", &json!({ "media_id": file }), json!(1)),
                SAFE,
            )
            .await;
            app.ok(
                "appchat/send",
                safe("file", &json!({ "media_id": file }), json!(0)),
            )
            .await;
        }
        let news = json!({ "articles": [article] });
        refuses(
            &app,
            safe("news", &news, json!(1)),
            (40074, "news does not support safe"),
        )
        .await;
        app.ok("appchat/send", safe("news", &news, json!(0))).await;
    }
}
