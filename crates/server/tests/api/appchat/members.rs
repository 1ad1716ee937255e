//! `GET /cgi-bin/appchat/members`

use qun_protocol::Rulebook;
use serde_json::json;

use crate::kit::{NOON, Server};

#[tokio::test]
async fn members_have_a_status_and_a_time() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 5, json!({})).await;
    app.chat("c", &["p2", "p1", "p3", "p4"]).await;
    for (userid, status) in [("p1", "disabled"), ("p3", "not_activated"), ("p4", "left")] {
        let path = format!("/_qun/companies/{}/users/{userid}", app.corpid);
        let user = json!({ "userid": userid, "status": status });
        server.manage_ok("PUT", &path, Some(user)).await;
    }
    server.advance(600).await;
    app.ok(
        "appchat/update",
        json!({ "chatid": "c", "add_user_list": ["p5", "p2"] }),
    )
    .await;

    let answer = app.get("appchat/members", "&chatid=c").await;
    let began = NOON / 1000;
    let times: Vec<i64> = answer["userlist"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| member["join_time"].as_i64().unwrap() - began)
        .collect();
    // The clock goes on by itself as well, but not for minutes.
    assert!(
        times[..4].iter().all(|time| (0..60).contains(time)),
        "{times:?}"
    );
    assert!((600..660).contains(&times[4]), "{times:?}");
    let shown = |userid: &str, status: i64, n: usize| json!({ "userid": userid, "status": status, "join_time": began + times[n] });
    let expected = [
        shown("p2", 1, 0),
        shown("p1", 2, 1),
        shown("p3", 4, 2),
        shown("p4", 5, 3),
        shown("p5", 1, 4),
    ];
    assert_eq!(
        answer,
        json!({ "errcode": 0, "errmsg": "ok", "userlist": expected })
    );
}

#[tokio::test]
async fn who_comes_again_joined_again() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 3, json!({})).await;
    app.chat("c", &["p1", "p2", "p3"]).await;
    app.ok(
        "appchat/update",
        json!({ "chatid": "c", "del_user_list": ["p1"] }),
    )
    .await;
    server.advance(600).await;
    app.ok(
        "appchat/update",
        json!({ "chatid": "c", "add_user_list": ["p1"] }),
    )
    .await;
    let answer = app.get("appchat/members", "&chatid=c").await;
    assert_eq!(answer["userlist"][2]["userid"], "p1");
    assert!(answer["userlist"][2]["join_time"].as_i64().unwrap() >= NOON / 1000 + 600);
}
