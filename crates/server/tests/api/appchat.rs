//! Internal groups over the wire. What all five endpoints share stands here.

use qun_protocol::Rulebook;
use serde_json::{Value, json};

use crate::kit::{App, BOTH, Server, code, text};

mod create;
mod get;
mod members;
mod quit;
mod send;
mod update;

pub const FREQUENCY: (i64, &str) = (45009, "api freq out of limit");
const MALFORMED: (i64, &str) = (86001, "chatid invalid");
const MISSING: (i64, &str) = (86201, "chatid missing");
const TAKEN: (i64, &str) = (86215, "chatid existed");
const OUTSIDE_OWNER: (i64, &str) = (86207, "chat owner not in userlist");
const NOT_MEMBER: (i64, &str) = (86216, "invalid chat member");

/// What the first rulebook says, or the second.
fn either<T>(book: Rulebook, documented: T, live: T) -> T {
    match book {
        Rulebook::Documented => documented,
        Rulebook::Live2026 => live,
    }
}

fn unknown_chat(book: Rulebook) -> (i64, &'static str) {
    either(book, (86002, "chat not exist"), MALFORMED)
}

fn too_long(book: Rulebook) -> (i64, &'static str) {
    either(book, MALFORMED, (86205, "chatid too long"))
}

fn bad_name(book: Rulebook) -> (i64, &'static str) {
    (either(book, 86003, 86004), "invalid chat name")
}

fn bad_count(book: Rulebook) -> (i64, &'static str) {
    (either(book, 86004, 86006), "invalid chat member list size")
}

/// A userid that `create` does not know.
fn stranger(book: Rulebook) -> (i64, &'static str) {
    either(
        book,
        (40003, "invalid userid"),
        (86007, "invalid chat member"),
    )
}

/// A userid that `update` does not know.
fn stranger_in_update(book: Rulebook) -> (i64, &'static str) {
    either(book, (40003, "invalid userid"), NOT_MEMBER)
}

/// The code and the whole text before the tail.
#[track_caller]
pub fn refused(answer: &Value, (number, words): (i64, &str), about: impl std::fmt::Debug) {
    assert_eq!((code(answer), text(answer)), (number, words), "{about:?}");
}

/// `p1` to `pN`.
fn people(n: usize) -> Vec<String> {
    (1..=n).map(|n| format!("p{n}")).collect()
}

/// The server's time, ms UTC.
pub async fn now(server: &Server) -> i64 {
    server.manage_ok("GET", "/_qun/clock", None).await["now_ms"]
        .as_i64()
        .unwrap()
}

/// The members of a group, as `appchat/get` lists them.
async fn userlist(app: &App<'_>, chatid: &str) -> Value {
    let got = app.get("appchat/get", &format!("&chatid={chatid}")).await;
    assert_eq!(code(&got), 0, "{got}");
    got["chat_info"]["userlist"].clone()
}

async fn name(app: &App<'_>, chatid: &str) -> Value {
    app.get("appchat/get", &format!("&chatid={chatid}")).await["chat_info"]["name"].clone()
}

async fn owner(app: &App<'_>, chatid: &str) -> Value {
    app.get("appchat/get", &format!("&chatid={chatid}")).await["chat_info"]["owner"].clone()
}

/// The messages on a person's phone, all of them.
pub async fn arrived(app: &App<'_>, userid: &str) -> Vec<Value> {
    let page = app.inbox(userid, "&limit=1000").await;
    assert_eq!(page["more"], false);
    page["messages"].as_array().unwrap().clone()
}

/// Calls an endpoint with a chatid as clients do: reading ones in the query, others in the body.
async fn with_chatid(app: &App<'_>, endpoint: &str, chatid: &str) -> Value {
    match endpoint {
        "get" | "members" => {
            app.get(&format!("appchat/{endpoint}"), &format!("&chatid={chatid}"))
                .await
        }
        "send" => app.say(chatid, "hello").await,
        _ => {
            app.post(&format!("appchat/{endpoint}"), json!({ "chatid": chatid }))
                .await
        }
    }
}

/// The endpoints that a rulebook has for a group that is there.
fn endpoints(book: Rulebook) -> &'static [&'static str] {
    either(
        book,
        &["get", "send", "update", "members", "quit"],
        &["get", "send", "update"],
    )
}

#[tokio::test]
async fn a_group_is_named_as_the_rulebook_has_it() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 2, json!({})).await;
        let (longest, long) = ("a".repeat(32), "a".repeat(33));
        for endpoint in endpoints(book) {
            for (chatid, expected) in [
                ("", MISSING),
                ("unknown", unknown_chat(book)),
                ("with_one", either(book, unknown_chat(book), MALFORMED)),
                ("a-b", MALFORMED),
                ("群", MALFORMED),
                (longest.as_str(), unknown_chat(book)),
                (long.as_str(), too_long(book)),
            ] {
                let answer = with_chatid(&app, endpoint, chatid).await;
                refused(&answer, expected, (book, endpoint, chatid));
            }
            for body in [json!({ "msgtype": "text" }), json!({ "chatid": null })] {
                if !["get", "members"].contains(endpoint) {
                    let answer = app.post(&format!("appchat/{endpoint}"), body).await;
                    refused(&answer, MISSING, (book, endpoint));
                }
            }
        }
        refused(&app.get("appchat/get", "").await, MISSING, book);
    }
}

#[tokio::test]
async fn a_group_belongs_to_the_app_that_made_it() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 3, json!({})).await;
        let other = app.sibling(json!({ "name": "other" })).await;
        let stranger = server.company(book, 3, json!({})).await;
        app.chat("mine", &["p1", "p2"]).await;
        let words = "you has no privilege to access this chat, which is created by other agent.";
        for endpoint in endpoints(book) {
            let answer = with_chatid(&other, endpoint, "mine").await;
            refused(&answer, (86008, words), (book, endpoint));
            let answer = with_chatid(&stranger, endpoint, "mine").await;
            refused(&answer, unknown_chat(book), (book, endpoint));
        }
        assert_eq!(arrived(&app, "p1").await, Vec::<Value>::new());
        assert_eq!(userlist(&app, "mine").await, json!(["p1", "p2"]));
    }
}

#[tokio::test]
async fn only_a_self_built_app_that_sees_the_root_may_call() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server
            .world(json!({
                "name": "test", "rulebook": book, "users": [{ "userid": "p1" }, { "userid": "p2" }],
                "departments": [{ "id": 2, "name": "two" }], "apps": [{ "name": "app" }],
            }))
            .await;
        let contacts = app
            .sibling(json!({ "name": "c", "kind": "contacts_sync" }))
            .await;
        let customers = app
            .sibling(json!({ "name": "e", "kind": "customer_contact" }))
            .await;
        let narrow = app
            .sibling(json!({ "name": "n", "visible": { "departments": [2], "users": ["p1"] } }))
            .await;
        for endpoint in endpoints(book).iter().chain(&["create"]) {
            // Before any parameter is looked at: the chatid is malformed.
            for forbidden in [&contacts, &customers] {
                let answer = with_chatid(forbidden, endpoint, "a-b").await;
                refused(&answer, (48002, "api forbidden"), (book, endpoint));
            }
            let answer = with_chatid(&narrow, endpoint, "a-b").await;
            let words = "no privilege to access/modify contact/party/agent ";
            refused(&answer, (60011, words), (book, endpoint));
        }
    }
}
