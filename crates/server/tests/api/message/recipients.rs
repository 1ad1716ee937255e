//! Who gets a message, and what the app is told of the others.

use serde_json::{Value, json};

use super::{company, to};
use crate::{
    appchat::{arrived, refused},
    kit::{App, BOTH, Server},
};

const NOBODY: (i64, &str) = (82001, "All touser & toparty & totag invalid");
const NONE_REACHED: (i64, &str) = (81013, "user & party & tag all invalid");

const ALL: [&str; 8] = [
    "root",
    "sue",
    "eve",
    "tom",
    "both",
    "off",
    "gone",
    "New.Comer",
];

/// Sends to an address; gives whose phones got it, and the lists of the answer.
async fn reached(app: &App<'_>, address: Value) -> (Vec<&'static str>, Value) {
    let mut counts = Vec::new();
    for userid in ALL {
        counts.push(arrived(app, userid).await.len());
    }
    let mut message = address.clone();
    message["msgtype"] = "text".into();
    message["text"] = json!({ "content": "x" });
    let mut answer = app.sent(message).await;
    let answer_fields = answer.as_object_mut().unwrap();
    let msgid = answer_fields.remove("msgid").unwrap();
    assert_eq!(msgid.as_str().unwrap().len(), 64);
    assert_eq!(answer_fields.remove("errmsg").unwrap(), "ok", "{address}");
    answer_fields.remove("errcode");
    let mut got = Vec::new();
    for (userid, count) in ALL.into_iter().zip(counts) {
        match arrived(app, userid).await.len() - count {
            0 => {}
            1 => got.push(userid),
            more => panic!("{userid} got it {more} times: {address}"),
        }
    }
    (got, answer)
}

#[tokio::test]
async fn people_parties_and_tags_together_get_it_once() {
    let server = Server::start().await;
    for book in BOTH {
        let app = company(&server, book, json!({ "departments": [1] })).await;
        let living = ["root", "sue", "eve", "tom", "both", "New.Comer"];
        for (address, got, lists) in [
            (json!({ "touser": "sue" }), vec!["sue"], json!({})),
            (
                json!({ "touser": " SUE | sue||eve " }),
                vec!["sue", "eve"],
                json!({}),
            ),
            (
                json!({ "touser": "sue|Nobody|GONE|off|nobody|new.comer" }),
                vec!["sue", "New.Comer"],
                json!({ "invaliduser": "nobody|gone|off" }),
            ),
            // With all departments below.
            (
                json!({ "toparty": "2" }),
                vec!["sue", "eve", "both"],
                json!({}),
            ),
            (json!({ "toparty": 3 }), vec!["eve"], json!({})),
            (json!({ "toparty": "1" }), living.to_vec(), json!({})),
            (
                json!({ "toparty": "2 | 4|99|x" }),
                vec!["sue", "eve", "tom", "both", "New.Comer"],
                json!({ "invalidparty": "99|x" }),
            ),
            (json!({ "totag": "1" }), vec!["sue", "eve"], json!({})),
            (
                json!({ "totag": "1 | 2|9|tag" }),
                vec!["sue", "eve"],
                json!({ "invalidtag": "9|tag" }),
            ),
            (
                json!({ "touser": "tom|sue|x", "toparty": "3|9", "totag": "1|9" }),
                vec!["sue", "eve", "tom"],
                json!({ "invaliduser": "x", "invalidparty": "9", "invalidtag": "9" }),
            ),
            (json!({ "touser": "@all" }), living.to_vec(), json!({})),
            // All else is ignored then, whatever it holds.
            (
                json!({ "touser": "@all", "toparty": "x", "totag": "9" }),
                living.to_vec(),
                json!({}),
            ),
            (json!({ "touser": "x|@all" }), living.to_vec(), json!({})),
        ] {
            // Twice: worked out, and then remembered.
            for _ in 0..2 {
                assert_eq!(
                    reached(&app, address.clone()).await,
                    (got.clone(), lists.clone()),
                    "{book} {address}"
                );
            }
        }
    }
}

#[tokio::test]
async fn nobody_at_all_is_refused() {
    let server = Server::start().await;
    for book in BOTH {
        let app = company(&server, book, json!({ "departments": [1] })).await;
        for address in [
            json!({}),
            json!({ "touser": "", "toparty": null, "totag": " | " }),
        ] {
            let mut message = to("");
            for (key, value) in address.as_object().unwrap() {
                message[key] = value.clone();
            }
            refused(&app.send(message).await, NOBODY, (book, address));
        }
        for address in [
            json!({ "touser": "nobody|gone" }),
            json!({ "toparty": "99", "totag": "99" }),
            json!({ "totag": "2" }),
        ] {
            let mut message = to("");
            for (key, value) in address.as_object().unwrap() {
                message[key] = value.clone();
            }
            refused(&app.send(message).await, NONE_REACHED, (book, address));
        }
        for userid in ALL {
            assert_eq!(arrived(&app, userid).await, Vec::<Value>::new());
        }
    }
}

#[tokio::test]
async fn only_whom_the_app_sees_can_be_reached() {
    let server = Server::start().await;
    for book in BOTH {
        // Department 3, Tom, and whoever has tag 1.
        let visible = json!({ "departments": [3], "users": ["tom"], "tags": [1] });
        let app = company(&server, book, visible).await;
        for (address, got, lists) in [
            (
                json!({ "touser": "@all" }),
                vec!["sue", "eve", "tom"],
                json!({}),
            ),
            (
                json!({ "touser": "root|sue|eve|tom|both" }),
                vec!["sue", "eve", "tom"],
                json!({ "invaliduser": "root|both" }),
            ),
            // A department is seen where it is in the range itself.
            (
                json!({ "toparty": "1|2|3|4" }),
                vec!["eve"],
                json!({ "invalidparty": "1|2|4" }),
            ),
            (
                json!({ "totag": "1|2" }),
                vec!["sue", "eve"],
                json!({ "invalidtag": "2" }),
            ),
        ] {
            assert_eq!(
                reached(&app, address.clone()).await,
                (got, lists),
                "{book} {address}"
            );
        }
    }
}

#[tokio::test]
async fn a_change_of_the_directory_or_the_range_is_seen_by_the_next_message() {
    let server = Server::start().await;
    let app = company(&server, BOTH[0], json!({ "departments": [1] })).await;
    let all = async || reached(&app, json!({ "touser": "@all" })).await.0;
    let put = async |path: &str, body: Value| {
        let path = format!("/_qun/companies/{}/{path}", app.corpid);
        server.manage_ok("PUT", &path, Some(body)).await;
    };
    let of_two = async || reached(&app, json!({ "toparty": "2" })).await.0;
    let of_tag = async || reached(&app, json!({ "totag": "1" })).await.0;
    assert_eq!(all().await.len(), 6);
    assert_eq!(of_two().await, ["sue", "eve", "both"]);
    assert_eq!(of_tag().await, ["sue", "eve"]);
    put("users/tom", json!({ "departments": [2] })).await;
    assert_eq!(of_two().await, ["sue", "eve", "tom", "both"]);
    put("departments/3", json!({ "name": "east", "parentid": 4 })).await;
    assert_eq!(of_two().await, ["sue", "tom", "both"]);
    put("tags/1", json!({ "tagname": "one", "users": ["both"] })).await;
    assert_eq!(of_tag().await, ["both"]);
    put("users/both", json!({ "status": "left" })).await;
    assert_eq!(of_two().await, ["sue", "tom"]);
    app.change(json!({ "visible": { "users": ["sue", "eve"] } }))
        .await;
    assert_eq!(all().await, ["sue", "eve"]);
}

#[tokio::test]
async fn without_a_licence_nobody_gets_anything() {
    let server = Server::start().await;
    for book in BOTH {
        let start = server.now_ms().await / 1000;
        let users = json!([
            { "userid": "P1" },
            { "userid": "P2", "licence_end": start - 1 },
            { "userid": "p3", "licence_end": start + 1000 },
        ]);
        let company = json!({
            "name": "t", "rulebook": book, "limits": { "token_seconds": 1_000_000 }, "users": users,
            "apps": [{ "name": "a" }], "tags": [{ "tagid": 1, "tagname": "t", "users": ["P2"] }],
        });
        let app = server.world(company).await;
        let lists = async |touser: &str| {
            let answer = app.sent(to(touser)).await;
            assert_eq!(answer["invaliduser"], Value::Null);
            answer["unlicenseduser"].clone()
        };
        assert_eq!(lists("p1|P2|p3").await, "p2");
        assert_eq!(lists("@all").await, "p2");
        for nobody in [
            to("p2"),
            json!({ "totag": "1", "msgtype": "text", "text": { "content": "x" } }),
        ] {
            refused(&app.send(nobody).await, NONE_REACHED, book);
        }
        // What was worked out holds no longer than the licences.
        server.advance(1000).await;
        assert_eq!(lists("@all").await, "p2|p3");
        assert_eq!(lists("p1|P2|p3").await, "p2|p3");
        let counts = ["p1", "p2", "p3"].map(|userid| arrived(&app, userid));
        let counts = futures_util::future::join_all(counts).await;
        let counts: Vec<usize> = counts.iter().map(Vec::len).collect();
        assert_eq!(counts, [4, 0, 2], "{book}");
    }
}

#[tokio::test]
async fn as_many_are_named_as_may_be() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 1000, json!({})).await;
        let list = |n: usize| (1..=n).map(|n| format!("p{n}")).collect::<Vec<_>>();
        let answer = app.sent(to(&list(1000).join("|"))).await;
        assert_eq!(answer["invaliduser"], Value::Null);
        assert_eq!(arrived(&app, "p1000").await.len(), 1);
        let words = "invalid userid list size";
        refused(
            &app.send(to(&list(1001).join("|"))).await,
            (40032, words),
            book,
        );
        for (field, code, words) in [
            ("toparty", 82002, "invalid party list size"),
            ("totag", 82003, "invalid tag list size"),
        ] {
            let mut message = to("p1");
            message[field] = "1|".repeat(100).into();
            app.sent(message.clone()).await;
            message[field] = "1|".repeat(101).into();
            refused(&app.send(message.clone()).await, (code, words), book);
            message["touser"] = "@all".into();
            app.sent(message).await;
        }
    }
}

#[tokio::test]
async fn who_got_a_message_is_not_deleted() {
    let server = Server::start().await;
    let app = company(&server, BOTH[0], json!({ "departments": [1] })).await;
    app.sent(to("tom")).await;
    let delete = async |userid: &str| {
        let path = format!("/_qun/companies/{}/users/{userid}", app.corpid);
        server.manage("DELETE", &path, None).await
    };
    let (status, answer) = delete("tom").await;
    assert_eq!(
        (status, answer["error"]["code"].as_str()),
        (409, Some("person_in_use"))
    );
    assert_eq!(delete("eve").await.0, 200);
    assert_eq!(app.sent(to("tom|eve")).await["invaliduser"], "eve");
}
