//! `user/delete` and `user/batchdelete`.

use serde_json::{Value, json};

use super::{Office, people, told};
use crate::kit::{BOTH, Server, code};

const UNKNOWN: (i64, &str) = (60111, "userid not found");

#[tokio::test]
async fn who_is_removed_is_gone_but_for_the_history() {
    let server = Server::start().await;
    for rules in BOTH {
        let company = json!({
            "users": people(&["p1", "p2", "p3"]),
            "tags": [{ "tagid": 1, "tagname": "t", "users": ["p1", "p2", "p3"] }],
        });
        let office = Office::of(&server, rules, company).await;
        let (app, sync) = (&office.app, &office.sync);
        app.chat("chat", &["p1", "p2"]).await;
        app.say("chat", "before").await;
        for userid in ["P1", "p3"] {
            let answer = sync.get("user/delete", &format!("&userid={userid}")).await;
            assert_eq!(answer, json!({ "errcode": 0, "errmsg": "deleted" }));
            let query = format!("&userid={userid}");
            assert_eq!(told(&app.get("user/get", &query).await), UNKNOWN);
            assert_eq!(told(&sync.get("user/delete", &query).await), UNKNOWN);
            let change = json!({ "userid": userid, "name": "n" });
            assert_eq!(told(&sync.post("user/update", change).await), UNKNOWN);
        }
        assert_eq!(
            told(&sync.get("user/delete", "").await),
            (41009, "missing userid")
        );
        let listed = app.get("user/simplelist", "&department_id=1").await;
        assert_eq!(
            listed["userlist"],
            json!([{ "userid": "p2", "name": "p2", "department": [1] }])
        );
        let tagged = app.get("tag/get", "&tagid=1").await;
        assert_eq!(
            tagged["userlist"],
            json!([{ "userid": "p2", "name": "p2" }])
        );
        let lost = app
            .post("user/getuserid", json!({ "mobile": "13900000000" }))
            .await;
        assert_eq!(code(&lost), 46004);

        // The group still shows p1, who has left; nobody who has left comes into a group.
        let group = app.get("appchat/get", "&chatid=chat").await;
        assert_eq!(group["chat_info"]["userlist"], json!(["p1", "p2"]));
        assert_eq!(office.person("p1").await["status"], "left");
        assert_ne!(
            app.code("appchat/create", json!({ "userlist": ["p1", "p2"] }))
                .await,
            0
        );

        // The userid and the number are free again; whoever comes back finds the group.
        for (userid, mobile) in [("p1", "13900000002"), ("p3", "13900000000")] {
            let person = json!({ "userid": userid, "name": "back", "mobile": mobile });
            sync.ok("user/create", person).await;
            let seen = app.get("user/get", &format!("&userid={userid}")).await;
            assert_eq!(
                (&seen["name"], &seen["status"]),
                (&json!("back"), &json!(4))
            );
        }
        let inbox = app.inbox("p1", "").await;
        assert_eq!(inbox["messages"][0]["content"]["content"], "before");
        assert_eq!(app.inbox("p3", "").await["messages"], json!([]));
    }
    server.stop().await;
}

#[tokio::test]
async fn many_are_removed_together_or_not_at_all() {
    let server = Server::start().await;
    for rules in BOTH {
        let names: Vec<String> = (0..202).map(|n| format!("p{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let office = Office::of(&server, rules, json!({ "users": people(&names) })).await;
        let delete = async |userids: &[&str]| {
            let request = json!({ "useridlist": userids });
            office.sync.post("user/batchdelete", request).await
        };
        let left = async || {
            let listed = office.app.get("user/simplelist", "&department_id=1").await;
            listed["userlist"].as_array().unwrap().len()
        };
        let invalid = (40031, "invalid userid list");
        assert_eq!(told(&delete(&[]).await), invalid);
        assert_eq!(told(&delete(&["p0", "nobody"]).await), invalid);
        assert_eq!(
            told(&delete(&names[..201]).await),
            (40032, "invalid userid list size")
        );
        assert_eq!(left().await, 202);
        let done: Value = delete(&names[..200]).await;
        assert_eq!(done, json!({ "errcode": 0, "errmsg": "deleted" }));
        assert_eq!(left().await, 2);
        assert_eq!(
            code(&delete(&["p200", "P200"]).await),
            0,
            "one twice is one"
        );
        assert_eq!(left().await, 1);
    }
    server.stop().await;
}
