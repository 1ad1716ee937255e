//! People, departments and tags.

use qun_protocol::Rulebook;
use serde_json::{Value, json};

use super::{bad, in_pages, message, pages, refusal};
use crate::kit::{App, Server};

/// A company's path and what is called below it.
struct Below<'a>(&'a App<'a>);

impl Below<'_> {
    fn path(&self, path: &str) -> String {
        format!("/_qun/companies/{}{path}", self.0.corpid)
    }

    async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        self.0
            .server
            .manage("PUT", &self.path(path), Some(body))
            .await
    }

    async fn delete(&self, path: &str) -> (u16, Value) {
        self.0.server.manage("DELETE", &self.path(path), None).await
    }

    async fn get(&self, path: &str) -> Value {
        self.0.server.manage_ok("GET", &self.path(path), None).await
    }
}

#[tokio::test]
async fn people_are_listed_and_found() {
    let server = Server::start().await;
    let users = json!([{ "userid": "Zed", "name": "张三" }, { "userid": "amy", "name": "李四" }, { "userid": "bob", "name": "AMY's friend" }, { "userid": "x_1" }, { "userid": "xa1" }]);
    let app = server.world(json!({ "apps": [{}], "users": users })).await;
    let here = Below(&app);
    in_pages(&server, &here.path("/users"), "users", 5).await;
    let found = async |search: &str| {
        let path = here.path(&format!("/users?search={search}"));
        pages(&server, &path, "users", 1)
            .await
            .iter()
            .map(|u| u["userid"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        found("").await,
        ["Zed", "amy", "bob", "x_1", "xa1"],
        "in the order in which they were made"
    );
    assert_eq!(found("amy").await, ["amy", "bob"]);
    assert_eq!(found("ZED").await, ["Zed"]);
    assert_eq!(found("张").await, ["Zed"]);
    assert_eq!(found("x_1").await, ["x_1"], "no sign stands for others");
    assert_eq!(found("%25").await, Vec::<String>::new());
    in_pages(&server, &here.path("/users?search=amy"), "users", 2).await;
    bad(
        &server
            .manage("GET", &here.path("/users?after=amy"), None)
            .await,
        "after is not what next",
    );
}

#[tokio::test]
async fn a_person_is_replaced_whatever_the_case() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 1, json!({})).await;
    let here = Below(&app);
    assert_eq!(
        here.put("/departments/2", json!({ "name": "two" })).await.0,
        200
    );
    let whole = json!({ "userid": "Ann", "name": "安", "alias": "A", "mobile": "13800000000", "email": "a@x.cn", "departments": [1, 2],
        "status": "not_activated", "real_named": false, "customer_contact": true, "licence_end": 1_700_000_000 });
    assert_eq!(
        here.put("/users/Ann", whole.clone()).await,
        (200, whole.clone())
    );
    assert_eq!(here.get("/users/ANN").await, whole);

    // All of the person is replaced: what is not given is at its default.
    let (status, shown) = here.put("/users/ann", json!({ "userid": "ANN" })).await;
    assert_eq!(status, 200);
    let bare = json!({ "userid": "ANN", "name": "ANN", "departments": [1], "status": "active", "real_named": true, "customer_contact": false });
    assert_eq!(shown, bare);
    assert_eq!(
        here.get("/users").await["users"],
        json!([{ "userid": "p1", "name": "p1", "departments": [1], "status": "active", "real_named": true, "customer_contact": false }, bare])
    );
    // The number and the address are free again; one's own are not taken.
    let taken = json!({ "mobile": "13800000000", "email": "a@x.cn" });
    assert_eq!(here.put("/users/p1", taken.clone()).await.0, 200);
    assert_eq!(here.put("/users/p1", taken).await.0, 200);
    for detail in [
        json!({ "mobile": "13800000000" }),
        json!({ "email": "a@x.cn" }),
    ] {
        let answer = here.put("/users/ann", detail).await;
        assert_eq!(refusal(&answer), (409, "detail_taken"));
    }
    // As an app knows them: by any case, shown as written last.
    app.chat("chat", &["ann", "P1"]).await;
    assert_eq!(
        app.get("appchat/get", "&chatid=chat").await["chat_info"]["userlist"],
        json!(["ANN", "p1"])
    );
}

#[tokio::test]
async fn a_person_who_cannot_be_is_refused() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 1, json!({})).await;
    let here = Below(&app);
    let before = here.get("/users").await;
    bad(
        &here.put("/users/ann", json!({ "userid": "bob" })).await,
        "not the one in the path",
    );
    for userid in ["_x", "a%20b", "%E5%AE%89", &"x".repeat(65)] {
        bad(
            &here.put(&format!("/users/{userid}"), json!({})).await,
            "userid",
        );
    }
    for (body, names) in [
        (json!({ "name": "群".repeat(65) }), "ann: name and alias"),
        (json!({ "alias": "x".repeat(65) }), "ann: name and alias"),
        (json!({ "mobile": "1380" }), "ann: mobile has 5 to 32 bytes"),
        (
            json!({ "mobile": "1".repeat(33) }),
            "ann: mobile has 5 to 32 bytes",
        ),
        (json!({ "email": "a@x.c" }), "ann: email has 6 to 64 bytes"),
        (
            json!({ "email": "a.x.com" }),
            "ann: email has 6 to 64 bytes",
        ),
        (
            json!({ "email": format!("{}@x.cn", "a".repeat(60)) }),
            "ann: email has 6 to 64 bytes",
        ),
        (json!({ "status": 1 }), "user.status"),
        (
            json!({ "nmae": "x" }),
            "user.nmae: unknown field `nmae`, expected one of",
        ),
    ] {
        bad(&here.put("/users/ann", body).await, names);
    }
    let answer = here
        .put("/users/ann", json!({ "departments": [1, 9] }))
        .await;
    assert_eq!(refusal(&answer), (404, "department_unknown"));
    assert!(message(&answer).contains("ann: 9"));
    assert_eq!(here.get("/users").await, before);
    for good in [
        json!({ "name": "群".repeat(64), "mobile": "13800", "email": "a@x.cn" }),
        json!({ "mobile": "1".repeat(32), "email": format!("{}@x.cn", "a".repeat(59)) }),
    ] {
        assert_eq!(
            here.put(&format!("/users/{}", "a".repeat(64)), good)
                .await
                .0,
            200
        );
    }
    assert_eq!(
        refusal(
            &server
                .manage("GET", &here.path("/users/nobody"), None)
                .await
        ),
        (404, "person_unknown")
    );
}

#[tokio::test]
async fn who_was_in_a_group_stays_known() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 4, json!({})).await;
    let here = Below(&app);
    app.chat("chat", &["p1", "p2", "p3"]).await;
    app.ok(
        "appchat/update",
        json!({ "chatid": "chat", "del_user_list": ["p3"] }),
    )
    .await;
    app.say("chat", "x").await;
    for userid in ["p1", "P3"] {
        let answer = here.delete(&format!("/users/{userid}")).await;
        assert_eq!(refusal(&answer), (409, "person_in_use"), "{userid}");
        assert!(
            message(&answer).contains("status to left"),
            "it says what to do: {}",
            message(&answer)
        );
    }
    here.put("/tags/1", json!({ "tagname": "t", "users": ["p4", "p1"] }))
        .await;
    server
        .manage_ok(
            "PATCH",
            &app.path(),
            Some(json!({ "visible": { "users": ["p4"], "departments": [1] } })),
        )
        .await;
    assert_eq!(here.delete("/users/P4").await, (200, json!({})));
    assert_eq!(
        refusal(&here.delete("/users/p4").await),
        (404, "person_unknown")
    );
    assert_eq!(here.get("/tags").await["tags"][0]["users"], json!(["p1"]));
    assert_eq!(
        here.get("/apps").await["apps"][0]["visible"],
        json!({ "users": [], "departments": [1], "tags": [] })
    );
    // A new one of the name is another person.
    assert_eq!(here.put("/users/p4", json!({})).await.0, 200);
    assert_eq!(here.get("/tags").await["tags"][0]["users"], json!(["p1"]));
}

#[tokio::test]
async fn departments_are_a_tree() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 1, json!({})).await;
    let here = Below(&app);
    assert_eq!(
        here.get("/departments").await["departments"],
        json!([{ "id": 1, "name": "test", "order": 0 }])
    );
    let two = json!({ "id": 2, "name": "二", "parentid": 1, "order": 5 });
    assert_eq!(here.put("/departments/2", two.clone()).await, (200, two));
    // A chain below the root: the 15th below it is the last.
    for id in 3..=16 {
        let (status, shown) = here
            .put(
                &format!("/departments/{id}"),
                json!({ "name": format!("d{id}"), "parentid": id - 1 }),
            )
            .await;
        assert_eq!(
            (status, &shown["parentid"]),
            (200, &json!(id - 1)),
            "{shown}"
        );
    }
    bad(
        &here
            .put("/departments/17", json!({ "name": "d17", "parentid": 16 }))
            .await,
        "department 17: at most 15 deep",
    );
    assert_eq!(
        here.put("/departments/17", json!({ "name": "d17", "parentid": 15 }))
            .await
            .0,
        200
    );
    // Nor can a branch be hung so low that its leaves are too deep: 20 and its child 21 fit below 14, not below 15.
    here.put("/departments/20", json!({ "name": "d20" })).await;
    here.put("/departments/21", json!({ "name": "d21", "parentid": 20 }))
        .await;
    bad(
        &here
            .put("/departments/20", json!({ "name": "d20", "parentid": 15 }))
            .await,
        "department 20: what is below it",
    );
    assert_eq!(
        here.put("/departments/20", json!({ "name": "d20", "parentid": 14 }))
            .await
            .0,
        200
    );
    assert_eq!(
        here.put(
            "/departments/21",
            json!({ "name": "named anew", "parentid": 20 })
        )
        .await
        .0,
        200
    );

    for below in [2, 3, 16] {
        bad(
            &here
                .put("/departments/2", json!({ "name": "d2", "parentid": below }))
                .await,
            "not below itself",
        );
    }
    let answer = here
        .put("/departments/30", json!({ "name": "x", "parentid": 99 }))
        .await;
    assert_eq!(refusal(&answer), (404, "department_unknown"));
    assert!(message(&answer).contains("99"));
    // The root stays the root.
    assert_eq!(
        here.put("/departments/1", json!({ "name": "root", "parentid": 2 }))
            .await,
        (200, json!({ "id": 1, "name": "root", "order": 0 }))
    );

    for (path, body, names) in [
        (
            "/departments/30",
            json!({ "id": 31, "name": "x" }),
            "not the one in the path",
        ),
        ("/departments/30", json!({}), "1 to 64 characters"),
        (
            "/departments/30",
            json!({ "name": "x".repeat(65) }),
            "1 to 64 characters",
        ),
        ("/departments/30", json!({ "name": "a:b" }), "without \\:*?"),
        (
            "/departments/0",
            json!({ "name": "x" }),
            "id is 1 to 4294967295",
        ),
        (
            "/departments/4294967296",
            json!({ "name": "x" }),
            "id is 1 to 4294967295",
        ),
        (
            "/departments/x",
            json!({ "name": "x" }),
            "id is no whole number",
        ),
        (
            "/departments/30",
            json!({ "name": "x", "parent": 1 }),
            "department.parent: unknown field `parent`",
        ),
    ] {
        bad(&here.put(path, body).await, names);
    }
    assert_eq!(
        here.put("/departments/4294967295", json!({ "name": "x".repeat(64) }))
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn a_department_in_use_stays() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 1, json!({})).await;
    let here = Below(&app);
    here.put("/departments/2", json!({ "name": "two" })).await;
    here.put("/departments/3", json!({ "name": "three", "parentid": 2 }))
        .await;
    here.put("/users/ann", json!({ "departments": [3] })).await;
    here.put("/tags/1", json!({ "tagname": "t", "departments": [3, 1] }))
        .await;
    for used in [1, 2, 3] {
        assert_eq!(
            refusal(&here.delete(&format!("/departments/{used}")).await),
            (409, "department_in_use"),
            "{used}"
        );
    }
    here.put("/users/ann", json!({ "departments": [1] })).await;
    assert_eq!(here.delete("/departments/3").await, (200, json!({})));
    assert_eq!(
        refusal(&here.delete("/departments/3").await),
        (404, "department_unknown")
    );
    assert_eq!(
        here.get("/tags").await["tags"][0]["departments"],
        json!([1])
    );
    assert_eq!(
        here.delete("/departments/2").await.0,
        200,
        "its child is gone"
    );
}

#[tokio::test]
async fn tags_hold_people_and_departments() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 3, json!({})).await;
    let here = Below(&app);
    let (status, shown) = here
        .put(
            "/tags/5",
            json!({ "tagname": "five", "users": ["P2", "p1", "p2"], "departments": [1, 1] }),
        )
        .await;
    assert_eq!(status, 200);
    let five = json!({ "tagid": 5, "tagname": "five", "users": ["p1", "p2"], "departments": [1] });
    assert_eq!(shown, five);
    assert_eq!(
        here.put("/tags/4", json!({ "tagid": 4, "tagname": "群".repeat(32) }))
            .await
            .0,
        200
    );
    let tags = here.get("/tags").await;
    assert_eq!(
        (&tags["tags"][0]["tagid"], &tags["tags"][1]),
        (&json!(4), &five),
        "by id"
    );
    assert_eq!(
        here.put("/tags/5", json!({ "tagname": "5", "users": ["p3"] }))
            .await
            .1,
        json!({ "tagid": 5, "tagname": "5", "users": ["p3"], "departments": [] })
    );

    for (path, body, names) in [
        (
            "/tags/6",
            json!({ "tagid": 7, "tagname": "x" }),
            "not the one in the path",
        ),
        ("/tags/6", json!({}), "tag 6"),
        ("/tags/6", json!({ "tagname": "x".repeat(33) }), "tag 6"),
        ("/tags/0", json!({ "tagname": "x" }), "tag 0"),
        (
            "/tags/6",
            json!({ "tagname": "x", "name": "y" }),
            "tag.name: unknown field `name`",
        ),
        (
            "/tags/6",
            json!({ "tagname": "x", "users": ["p1", 2] }),
            "tag.users[1]",
        ),
    ] {
        bad(&here.put(path, body).await, names);
    }
    assert_eq!(
        refusal(
            &here
                .put("/tags/6", json!({ "tagname": "x", "users": ["nobody"] }))
                .await
        ),
        (404, "person_unknown")
    );
    assert_eq!(
        refusal(
            &here
                .put("/tags/6", json!({ "tagname": "x", "departments": [9] }))
                .await
        ),
        (404, "department_unknown")
    );

    server
        .manage_ok(
            "PATCH",
            &app.path(),
            Some(json!({ "visible": { "tags": [5], "departments": [1] } })),
        )
        .await;
    assert_eq!(here.delete("/tags/5").await, (200, json!({})));
    assert_eq!(
        here.get("/apps").await["apps"][0]["visible"]["tags"],
        json!([])
    );
    assert_eq!(refusal(&here.delete("/tags/5").await), (404, "tag_unknown"));
}
