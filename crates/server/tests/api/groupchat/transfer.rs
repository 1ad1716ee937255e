//! groupchat/transfer and groupchat/onjob_transfer.

use qun_protocol::Rulebook;
use serde_json::{Value, json};

use super::{company, list::groups, refusal, world};
use crate::kit::{App, BOTH, Server, code};

/// Asks for a transfer of these; the refused groups with code and text.
async fn give(
    app: &App<'_>,
    call: &str,
    chats: &[String],
    heir: &str,
) -> Vec<(String, i64, String)> {
    let body = json!({ "chat_id_list": chats, "new_owner": heir });
    let answer = app.groupchat(call, body).await;
    assert_eq!(code(&answer), 0, "{answer}");
    let failed = answer["failed_chat_list"].as_array().unwrap().iter();
    failed
        .map(|it| {
            let text = |key: &str| it[key].as_str().unwrap().to_owned();
            (
                text("chat_id"),
                it["errcode"].as_i64().unwrap(),
                text("errmsg"),
            )
        })
        .collect()
}

/// The one refusal of a transfer of one group.
async fn refused(app: &App<'_>, call: &str, chat_id: &str, heir: &str) -> (i64, String) {
    let mut failed = give(app, call, &[chat_id.to_owned()], heir).await;
    assert_eq!(failed.len(), 1, "{failed:?}");
    let (refused, code, text) = failed.remove(0);
    assert_eq!(refused, chat_id);
    (code, text)
}

async fn status(app: &App<'_>, owner: &str) -> Vec<i64> {
    let filter = json!({ "limit": 1000, "owner_filter": { "userid_list": [owner] } });
    let answer = app.groupchat("list", filter).await;
    groups(&answer)
        .into_iter()
        .map(|(_, status)| status)
        .collect()
}

fn told(code: i64, text: &str) -> (i64, String) {
    (code, text.to_owned())
}

const DAY: i64 = 86_400;

#[tokio::test]
async fn who_has_resigned_is_inherited_from_after_a_day() {
    for book in BOTH {
        let server = Server::start().await;
        let app = company(&server, book, 3, 2).await;
        let chat_id = app.group("p1", &["c1", "p3"]).await;
        let not_resigned = told(90500, "the owner of this chat is not resigned");
        assert_eq!(
            refused(&app, "transfer", &chat_id, "p2").await,
            not_resigned
        );
        app.resigns("p1").await;
        assert_eq!(status(&app, "p1").await, [1]);
        assert_eq!(
            give(&app, "transfer", std::slice::from_ref(&chat_id), "P2").await,
            []
        );
        assert_eq!(status(&app, "p1").await, [2]);
        assert!(status(&app, "p2").await.is_empty());
        let under_way = told(90507, "this chat is being transferred");
        assert_eq!(refused(&app, "transfer", &chat_id, "p2").await, under_way);
        assert_eq!(
            refused(&app, "onjob_transfer", &chat_id, "p2").await,
            under_way
        );
        server.advance(DAY - 600).await;
        assert_eq!(app.shown(&chat_id).await["owner"], "p1");
        server.advance(600).await;
        assert_eq!(status(&app, "p2").await, [3]);
        assert!(status(&app, "p1").await.is_empty());
        // The heir is in it, who has resigned is not.
        assert_eq!(app.member_ids(&chat_id).await, ["c1", "p3", "p2"]);
        assert_eq!(app.shown(&chat_id).await["owner"], "p2");
        let done = told(90508, "this chat has been transferred");
        assert_eq!(refused(&app, "transfer", &chat_id, "p3").await, done);
        // Every filter finds what has its status, and nothing else.
        let other = app.group("p3", &["c2"]).await;
        let by_status = async |status: i64| {
            let answer = app
                .groupchat("list", json!({ "limit": 10, "status_filter": status }))
                .await;
            groups(&answer)
        };
        assert_eq!(
            by_status(0).await,
            [(chat_id.clone(), 3), (other.clone(), 0)]
        );
        assert_eq!(by_status(1).await, []);
        assert_eq!(by_status(2).await, []);
        assert_eq!(by_status(3).await, [(chat_id.clone(), 3)]);
        // The heir resigns too: it waits again, and can be inherited again.
        app.resigns("p2").await;
        assert_eq!(by_status(3).await, []);
        assert_eq!(by_status(1).await, [(chat_id.clone(), 1)]);
        assert_eq!(
            give(&app, "transfer", std::slice::from_ref(&chat_id), "p3").await,
            []
        );
        assert_eq!(by_status(1).await, []);
        assert_eq!(by_status(2).await, [(chat_id.clone(), 2)]);
        server.advance(DAY).await;
        assert_eq!(by_status(3).await, [(chat_id, 3)]);
        server.stop().await;
    }
}

#[tokio::test]
async fn the_delay_can_be_set_and_an_heir_who_resigns_inherits_nothing() {
    let server = Server::start().await;
    let app = company(&server, Rulebook::Documented, 3, 1).await;
    app.rules(json!({ "limits": { "transfer_seconds": 60 } }))
        .await;
    let chat_id = app.group("p1", &["c1"]).await;
    app.resigns("p1").await;
    assert_eq!(
        give(&app, "transfer", std::slice::from_ref(&chat_id), "p2").await,
        []
    );
    app.resigns("p2").await;
    server.advance(60).await;
    assert_eq!(status(&app, "p1").await, [1]);
    app.rules(json!({ "limits": { "transfer_seconds": 0 } }))
        .await;
    assert_eq!(
        give(&app, "transfer", std::slice::from_ref(&chat_id), "p3").await,
        []
    );
    assert_eq!(status(&app, "p3").await, [3]);
    // One that is dismissed meanwhile stays dismissed.
    app.rules(json!({ "limits": { "transfer_seconds": 60 } }))
        .await;
    let second = app.group("p3", &["c1"]).await;
    app.resigns("p3").await;
    server
        .manage_ok(
            "PUT",
            &format!("/_qun/companies/{}/users/p1", app.corpid),
            Some(json!({ "name": "back", "customer_contact": true })),
        )
        .await;
    assert_eq!(
        give(&app, "transfer", std::slice::from_ref(&second), "p1").await,
        []
    );
    app.did("p3", &second, "dismiss", json!({})).await;
    server.advance(60).await;
    let gone = app.groupchat("get", json!({ "chat_id": second })).await;
    assert_eq!(code(&gone), 49008);
    server.stop().await;
}

#[tokio::test]
async fn what_a_transfer_needs() {
    for book in BOTH {
        let server = Server::start().await;
        let more = json!({
            "departments": [{ "id": 2, "name": "unseen" }],
            "users": [
                { "userid": "plain" },
                { "userid": "unnamed", "customer_contact": true, "real_named": false },
                { "userid": "new", "customer_contact": true, "status": "not_activated" },
                { "userid": "off", "customer_contact": true, "status": "disabled" },
                { "userid": "left", "customer_contact": true, "status": "left" },
                { "userid": "far", "customer_contact": true, "departments": [2] },
            ],
        });
        let app = world(&server, book, 2, 1, more).await;
        let chat_id = app.group("p1", &["c1"]).await;
        for call in ["transfer", "onjob_transfer"] {
            let ask = |chats: Value, heir: Value| {
                app.groupchat(call, json!({ "chat_id_list": chats, "new_owner": heir }))
            };
            let few = ask(json!([]), json!("p2")).await;
            assert_eq!(
                refusal(&few),
                (
                    40058,
                    "invalid param 'chat_id_list'. invalid Request Parameter"
                )
            );
            let chats = vec![chat_id.clone(); 101];
            let many = ask(json!(chats), json!("p2")).await;
            assert_eq!(
                refusal(&many),
                (
                    40058,
                    "chat_id_list exceed max length 100. invalid Request Parameter"
                )
            );
            assert_eq!(code(&ask(json!(vec!["wrNone"; 100]), json!("p2")).await), 0);
            for (heir, expected) in [
                (json!("nobody"), (40003, "invalid userid")),
                (json!(null), (40003, "invalid userid")),
                (json!("left"), (40003, "invalid userid")),
                (json!("plain"), (48002, "api forbidden")),
                (json!("unnamed"), (40098, "member not real name verified")),
                (json!("new"), (60111, "userid not found")),
                (json!("off"), (60111, "userid not found")),
            ] {
                assert_eq!(
                    refusal(&ask(json!([chat_id]), heir.clone()).await),
                    expected,
                    "{call} {heir}"
                );
            }
            assert_eq!(
                refused(&app, call, "wrNone", "p2").await,
                told(40050, "invalid group id")
            );
        }
        app.chat("internal", &["p1", "p2"]).await;
        let dismissed = app.group("p1", &["c1"]).await;
        app.did("p1", &dismissed, "dismiss", json!({})).await;
        for call in ["transfer", "onjob_transfer"] {
            assert_eq!(
                refused(&app, call, "internal", "p2").await,
                told(90501, "chat is not external group chat")
            );
            assert_eq!(
                refused(&app, call, &dismissed, "p2").await,
                told(49008, "group chat dismissed")
            );
        }
        // Owners and heirs whom the app does not see.
        let far = app.group("far", &["c1"]).await;
        app.change(json!({ "visible": { "users": ["p1", "p2"] } }))
            .await;
        let unseen = told(60011, "no privilege to access/modify contact/party/agent ");
        assert_eq!(refused(&app, "onjob_transfer", &far, "p2").await, unseen);
        let body = json!({ "chat_id_list": [chat_id], "new_owner": "far" });
        assert_eq!(code(&app.groupchat("onjob_transfer", body).await), 60011);
        server.stop().await;
    }
}

#[tokio::test]
async fn three_hundred_a_day_from_one_to_another() {
    let server = Server::start().await;
    let owned = |owner: &str, n: usize| {
        let groups = (0..n).map(|n| json!({ "chat_id": format!("{owner}_{n}"), "owner": owner }));
        groups.collect::<Vec<_>>()
    };
    let groups = [owned("p1", 302), owned("p2", 2)].concat();
    let app = world(
        &server,
        Rulebook::Documented,
        4,
        1,
        json!({ "customer_groups": groups }),
    )
    .await;
    app.resigns("p1").await;
    app.resigns("p2").await;
    let chats =
        |range: std::ops::Range<usize>| range.map(|n| format!("p1_{n}")).collect::<Vec<_>>();
    for from in [0, 100] {
        assert_eq!(
            give(&app, "transfer", &chats(from..from + 100), "p3").await,
            []
        );
    }
    // A group that is refused for another reason is not counted.
    assert_eq!(give(&app, "transfer", &chats(0..1), "p3").await.len(), 1);
    assert_eq!(give(&app, "transfer", &chats(200..299), "p3").await, []);
    let failed = give(&app, "transfer", &chats(299..301), "p3").await;
    assert_eq!(
        failed,
        [(
            "p1_300".to_owned(),
            45009,
            "api freq out of limit".to_owned()
        )]
    );
    // Another heir, another owner, another day.
    assert_eq!(give(&app, "transfer", &chats(300..301), "p4").await, []);
    assert_eq!(give(&app, "transfer", &["p2_0".to_owned()], "p3").await, []);
    assert_eq!(refused(&app, "transfer", "p1_301", "p3").await.0, 45009);
    server.advance(DAY).await;
    assert_eq!(give(&app, "transfer", &chats(301..302), "p3").await, []);
    server.stop().await;
}

#[tokio::test]
async fn an_employees_group_is_handed_on_at_once_and_twice_in_ninety_days() {
    for book in BOTH {
        let server = Server::start().await;
        let app = company(&server, book, 4, 1).await;
        let chat_id = app.group("p1", &["c1"]).await;
        let one = std::slice::from_ref(&chat_id);
        let unchanged = told(90504, "the owner of this chat is unchanged");
        assert_eq!(
            refused(&app, "onjob_transfer", &chat_id, "p1").await,
            unchanged
        );
        assert_eq!(give(&app, "onjob_transfer", one, "p2").await, []);
        // Who has handed it on stays in it.
        assert_eq!(app.member_ids(&chat_id).await, ["p1", "c1", "p2"]);
        assert_eq!(
            (
                app.shown(&chat_id).await["owner"].as_str(),
                status(&app, "p2").await
            ),
            (Some("p2"), vec![0])
        );
        server.advance(10 * DAY).await;
        assert_eq!(give(&app, "onjob_transfer", one, "p3").await, []);
        let often = told(40128, "transfer too frequently");
        assert_eq!(refused(&app, "onjob_transfer", &chat_id, "p4").await, often);
        server.advance(79 * DAY).await;
        assert_eq!(refused(&app, "onjob_transfer", &chat_id, "p4").await, often);
        // The first is ninety natural days ago, the second is not.
        server.advance(DAY).await;
        assert_eq!(give(&app, "onjob_transfer", one, "p4").await, []);
        assert_eq!(refused(&app, "onjob_transfer", &chat_id, "p1").await, often);
        app.resigns("p4").await;
        let resigned = told(90502, "the owner of this chat is resigned");
        assert_eq!(
            refused(&app, "onjob_transfer", &chat_id, "p1").await,
            resigned
        );
        server.stop().await;
    }
}

#[tokio::test]
async fn a_full_group_takes_an_heir_only_for_who_goes() {
    let server = Server::start().await;
    let app = company(&server, Rulebook::Documented, 3, 2).await;
    app.rules(json!({ "limits": { "customer_group_members_max": 3 } }))
        .await;
    let chat_id = app.group("p1", &["c1", "c2"]).await;
    let full = told(90503, "chat is full");
    assert_eq!(refused(&app, "onjob_transfer", &chat_id, "p2").await, full);
    // Refused, it was not counted as handed on.
    app.did("p1", &chat_id, "remove", json!({ "userlist": ["c2"] }))
        .await;
    for heir in ["p2", "p1"] {
        assert_eq!(
            give(&app, "onjob_transfer", std::slice::from_ref(&chat_id), heir).await,
            []
        );
    }
    app.resigns("p1").await;
    assert_eq!(
        give(&app, "transfer", std::slice::from_ref(&chat_id), "p3").await,
        []
    );
    server.advance(DAY).await;
    assert_eq!(app.member_ids(&chat_id).await, ["c1", "p2", "p3"]);
    server.stop().await;
}
