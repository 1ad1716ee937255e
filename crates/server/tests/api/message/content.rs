//! What a message to people may hold, where it differs from a message to a group or is looked at for itself.

use qun_protocol::Rulebook;
use serde_json::{Value, json};

use crate::{
    appchat::{arrived, refused},
    kit::{App, BOTH, Server},
};

const EMPTY: (i64, &str) = (44004, "empty content");
const MEDIA: (i64, &str) = (40007, "invalid media_id");
const KIND: (i64, &str) = (40008, "invalid message type");
const TITLE: (i64, &str) = (41016, "missing title");
const URL: (i64, &str) = (41010, "missing url");
const SCHEME: (i64, &str) = (45034, "url without scheme");
const SAFE: (i64, &str) = (40058, "invalid param 'safe'. invalid Request Parameter");

async fn company(server: &Server, book: Rulebook) -> App<'_> {
    let file = |id: &str, kind: &str, name: &str| json!({ "media_id": id, "type": kind, "filename": name });
    server
        .world(json!({
            "name": "t", "rulebook": book, "apps": [{ "name": "a" }], "users": [{ "userid": "p1" }],
            "media": [
                file("image", "image", "a.png"), file("voice", "voice", "a.amr"), file("video", "video", "a.mp4"),
                file("file", "file", "a.txt"), file("zip", "file", "a.zip"),
            ],
        }))
        .await
}

fn message(kind: &str, body: Value) -> Value {
    json!({ "touser": "p1", "msgtype": kind, kind: body })
}

async fn drawn(app: &App<'_>, message: Value) -> Value {
    app.sent(message).await;
    arrived(app, "p1").await.pop().unwrap()["content"].clone()
}

async fn refuses(app: &App<'_>, message: Value, expected: (i64, &str)) {
    let answer = app.send(message.clone()).await;
    let about: String = message.to_string().chars().take(200).collect();
    refused(&answer, expected, about);
}

fn card(title: &str, description: &str, url: &str) -> Value {
    message(
        "textcard",
        json!({ "title": title, "description": description, "url": url }),
    )
}

#[tokio::test]
async fn every_kind_arrives() {
    let server = Server::start().await;
    for book in BOTH {
        let app = company(&server, book).await;
        let drawn_file = |id: &str| json!({ "media_id": id });
        for (kind, body, some) in [
            (
                "text",
                json!({ "content": "x", "mentioned_list": ["p1"] }),
                json!({ "content": "x" }),
            ),
            ("image", drawn_file("image"), json!({ "filename": "a.png" })),
            ("voice", drawn_file("voice"), json!({ "filename": "a.amr" })),
            (
                "video",
                json!({ "media_id": "video", "title": "t", "description": "d" }),
                json!({ "title": "t", "description": "d", "filename": "a.mp4" }),
            ),
            ("file", drawn_file("file"), json!({ "filename": "a.txt" })),
            (
                "textcard",
                json!({ "title": "t", "description": "d", "url": "https://e.com" }),
                json!({ "btntxt": "详情" }),
            ),
            (
                "news",
                json!({ "articles": [{ "title": "t", "url": "https://e.com" }] }),
                json!({ "articles": [{ "title": "t", "url": "https://e.com" }] }),
            ),
            (
                "mpnews",
                json!({ "articles": [{ "title": "t", "thumb_media_id": "image", "content": "c" }] }),
                json!({}),
            ),
            (
                "markdown",
                json!({ "content": "**x**" }),
                json!({ "content": "**x**" }),
            ),
            (
                "miniprogram_notice",
                json!({ "appid": "wx1", "title": "会议预订" }),
                json!({ "appid": "wx1", "title": "会议预订", "emphasis_first_item": false, "content_item": [] }),
            ),
        ] {
            app.sent(message(kind, body)).await;
            let last = arrived(&app, "p1").await.pop().unwrap();
            assert_eq!(last["msgtype"], kind, "{book}");
            assert_eq!(last["mentioned"], false);
            for (key, value) in some.as_object().unwrap() {
                assert_eq!(last["content"][key], *value, "{kind} {last}");
            }
        }
        for kind in [
            json!(null),
            json!("markdown_v2"),
            json!("Text"),
            json!("template_msg"),
        ] {
            refuses(
                &app,
                json!({ "touser": "p1", "msgtype": kind, "text": { "content": "x" } }),
                KIND,
            )
            .await;
        }
        refuses(&app, json!({ "touser": "p1", "msgtype": "text" }), EMPTY).await;
        for kind in ["image", "voice", "video", "file"] {
            refuses(&app, message(kind, json!({ "media_id": "unknown" })), MEDIA).await;
            let wrong = if kind == "file" { "image" } else { "file" };
            refuses(&app, message(kind, json!({ "media_id": wrong })), MEDIA).await;
            refuses(&app, message(kind, json!({})), MEDIA).await;
        }
    }
}

#[tokio::test]
async fn texts_are_cut_and_markdown_is_refused() {
    let server = Server::start().await;
    for book in BOTH {
        let app = company(&server, book).await;
        for (given, kept) in [
            ("a".repeat(2048), 2048),
            ("a".repeat(2049), 2048),
            ("群".repeat(683), 2046),
        ] {
            let content = drawn(&app, message("text", json!({ "content": given }))).await;
            assert_eq!(content["content"].as_str().unwrap().len(), kept, "{book}");
        }
        drawn(
            &app,
            message("markdown", json!({ "content": "a".repeat(2048) })),
        )
        .await;
        let words = "markdown.content exceed max length 2048. invalid Request Parameter";
        refuses(
            &app,
            message("markdown", json!({ "content": "a".repeat(2049) })),
            (40058, words),
        )
        .await;
    }
}

#[tokio::test]
async fn a_card_counts_characters() {
    let server = Server::start().await;
    for book in BOTH {
        let app = company(&server, book).await;
        for (title, description, kept) in [(128, 512, (128, 512)), (129, 513, (128, 512))] {
            let (title, description) = ("群".repeat(title), "群".repeat(description));
            let mut whole = card(&title, &description, "https://e.com");
            whole["textcard"]["btntxt"] = "一二三四五".into();
            let shown = drawn(&app, whole).await;
            let chars = |key: &str| shown[key].as_str().unwrap().chars().count();
            assert_eq!((chars("title"), chars("description")), kept, "{book}");
            assert_eq!(shown["btntxt"], "一二三四");
        }
        let long = |bytes: usize| format!("https://{}", "a".repeat(bytes - 8));
        drawn(&app, card("t", "d", &long(2048))).await;
        refuses(
            &app,
            card("t", "d", &long(2049)),
            (40039, "url exceed max length 2048"),
        )
        .await;
        refuses(&app, card("", "d", "https://e.com"), TITLE).await;
        refuses(
            &app,
            card("t", "", "https://e.com"),
            (41033, "missing description"),
        )
        .await;
        refuses(&app, card("t", "d", ""), URL).await;
        refuses(&app, card("t", "d", "e.com"), SCHEME).await;
    }
}

#[tokio::test]
async fn an_article_leads_to_a_page_or_into_a_mini_program() {
    let server = Server::start().await;
    for book in BOTH {
        let app = company(&server, book).await;
        let news = |article: Value| message("news", json!({ "articles": [article] }));
        let program =
            json!({ "title": "t", "url": "ignored", "appid": "wx1", "pagepath": "p".repeat(128) });
        let shown = drawn(&app, news(program)).await["articles"][0].clone();
        assert_eq!(
            shown,
            json!({ "title": "t", "appid": "wx1", "pagepath": "p".repeat(128) }),
            "{book}"
        );
        let words = "news.articles.pagepath exceed max length 128. invalid Request Parameter";
        let long = json!({ "title": "t", "appid": "wx1", "pagepath": "p".repeat(129) });
        refuses(&app, news(long), (40058, words)).await;
        // Both of them or none.
        for half in [
            json!({ "appid": "wx1" }),
            json!({ "pagepath": "p" }),
            json!({}),
        ] {
            let mut article = half;
            article["title"] = "t".into();
            refuses(&app, news(article.clone()), URL).await;
            article["url"] = "https://e.com".into();
            let shown = drawn(&app, news(article)).await["articles"][0].clone();
            assert_eq!(shown, json!({ "title": "t", "url": "https://e.com" }));
        }
        refuses(&app, news(json!({ "title": "t", "url": "e.com" })), SCHEME).await;
        let picture = |bytes: usize| json!({ "title": "t", "url": "https://e.com", "picurl": "p".repeat(bytes) });
        drawn(&app, news(picture(2048))).await;
        let words = "news.articles.picurl exceed max length 2048. invalid Request Parameter";
        refuses(&app, news(picture(2049)), (40058, words)).await;
        let many = |n: usize| {
            message(
                "news",
                json!({ "articles": vec![json!({ "title": "t", "url": "https://e.com" }); n] }),
            )
        };
        drawn(&app, many(8)).await;
        for count in [0, 9] {
            refuses(&app, many(count), (45008, "article size out of limit")).await;
        }
        // Titles and descriptions of articles are cut by bytes.
        let article = json!({ "title": "群".repeat(43), "description": "群".repeat(171), "url": "https://e.com" });
        let shown = drawn(&app, news(article)).await["articles"][0].clone();
        assert_eq!(
            (
                shown["title"].as_str().unwrap().len(),
                shown["description"].as_str().unwrap().len()
            ),
            (126, 510)
        );
    }
}

#[tokio::test]
async fn a_notice_has_its_own_limits() {
    let server = Server::start().await;
    for book in BOTH {
        let app = company(&server, book).await;
        let notice = |change: Value| {
            let mut notice = json!({ "appid": "wx1", "page": "p", "title": "会议预订", "description": "四月二日" });
            for (key, value) in change.as_object().unwrap() {
                notice[key] = value.clone();
            }
            message("miniprogram_notice", notice)
        };
        let item = |key: usize, value: usize| json!({ "key": "群".repeat(key), "value": "群".repeat(value) });
        for good in [
            json!({ "title": "群".repeat(12), "description": "群".repeat(12) }),
            json!({ "description": null, "page": "" }),
            json!({ "page": "p".repeat(1024) }),
            json!({ "content_item": vec![item(10, 30); 10] }),
            json!({ "emphasis_first_item": true }),
        ] {
            drawn(&app, notice(good)).await;
        }
        let long = |field: &str| {
            format!("miniprogram_notice.{field} exceed max length 12. invalid Request Parameter")
        };
        let short = |field: &str| {
            format!("invalid param 'miniprogram_notice.{field}'. invalid Request Parameter")
        };
        for field in ["title", "description"] {
            refuses(
                &app,
                notice(json!({ field: "群".repeat(13) })),
                (40058, &long(field)),
            )
            .await;
            refuses(
                &app,
                notice(json!({ field: "群".repeat(3) })),
                (40058, &short(field)),
            )
            .await;
        }
        for (bad, expected) in [
            (json!({ "appid": "" }), (90200, "missing appid")),
            (json!({ "title": "" }), TITLE),
            (
                json!({ "page": "p".repeat(1025) }),
                (90204, "page out of limit"),
            ),
            (
                json!({ "content_item": vec![item(1, 1); 11] }),
                (90201, "content_item size out of limit"),
            ),
            (
                json!({ "content_item": [item(11, 1)] }),
                (90202, "content_item key out of limit"),
            ),
            (
                json!({ "content_item": [item(1, 31)] }),
                (90203, "content_item value out of limit"),
            ),
        ] {
            refuses(&app, notice(bad), expected).await;
        }
        refuses(
            &app,
            json!({ "touser": "p1", "msgtype": "miniprogram_notice" }),
            (90200, "missing appid"),
        )
        .await;
        // Pairs without key and value are left out.
        let items = json!({ "content_item": [{ "key": "", "value": "" }, { "key": "k", "value": "" }, {}] });
        assert_eq!(
            drawn(&app, notice(items)).await["content_item"],
            json!([{ "key": "k", "value": "" }])
        );
        // It need not name its app, and is not for everybody.
        app.ok("message/send", notice(json!({}))).await;
        let mut all = notice(json!({}));
        all["touser"] = "@all".into();
        refuses(
            &app,
            all,
            (40058, "invalid param 'touser'. invalid Request Parameter"),
        )
        .await;
    }
}

#[tokio::test]
async fn only_some_kinds_can_be_confidential() {
    let server = Server::start().await;
    for book in BOTH {
        let app = company(&server, book).await;
        let page =
            json!({ "articles": [{ "title": "t", "thumb_media_id": "image", "content": "c" }] });
        let kinds = [
            ("text", json!({ "content": "x" }), 1),
            ("image", json!({ "media_id": "image" }), 1),
            ("video", json!({ "media_id": "video" }), 1),
            ("file", json!({ "media_id": "file" }), 1),
            ("mpnews", page, 1),
            ("voice", json!({ "media_id": "voice" }), 0),
            ("markdown", json!({ "content": "x" }), 0),
            (
                "textcard",
                json!({ "title": "t", "description": "d", "url": "https://e.com" }),
                0,
            ),
        ];
        for (kind, body, kept) in kinds {
            let mut message = message(kind, body);
            message["safe"] = 1.into();
            app.sent(message.clone()).await;
            assert_eq!(
                arrived(&app, "p1").await.pop().unwrap()["safe"],
                kept,
                "{book} {kind}"
            );
            message["safe"] = 2.into();
            if kind == "mpnews" {
                app.sent(message.clone()).await;
                assert_eq!(arrived(&app, "p1").await.pop().unwrap()["safe"], 2);
            } else {
                refuses(&app, message.clone(), SAFE).await;
            }
            for bad in [-1, 3] {
                message["safe"] = bad.into();
                refuses(&app, message.clone(), SAFE).await;
            }
        }
        let mut news = message(
            "news",
            json!({ "articles": [{ "title": "t", "url": "https://e.com" }] }),
        );
        news["safe"] = 1.into();
        refuses(&app, news, (40074, "news does not support safe")).await;
        let mut zip = message("file", json!({ "media_id": "zip" }));
        zip["safe"] = 1.into();
        refuses(&app, zip, SAFE).await;
    }
}
