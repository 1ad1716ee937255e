//! `tag/*`.

use serde_json::{Value, json};

use crate::{
    kit::{App, BOTH, Server, code},
    user::{Office, told},
};

fn company() -> Value {
    json!({
        "users": [{ "userid": "user1", "name": "一" }, { "userid": "user2" }, { "userid": "left", "status": "left" }],
        "departments": [{ "id": 4, "name": "four" }, { "id": 5, "name": "five" }],
    })
}

#[tokio::test]
async fn a_tag_lives_from_create_to_delete() {
    let server = Server::start().await;
    for rules in BOTH {
        let office = Office::of(&server, rules, company()).await;
        for app in [&office.app, &office.sync] {
            let made = app
                .post("tag/create", json!({ "tagname": "UI", "tagid": 12 }))
                .await;
            assert_eq!(
                made,
                json!({ "errcode": 0, "errmsg": "created", "tagid": 12 })
            );
            let members = json!({ "tagid": 12, "userlist": ["user1", "USER2"], "partylist": [4] });
            let added = app.post("tag/addtagusers", members).await;
            assert_eq!(added, json!({ "errcode": 0, "errmsg": "ok" }));
            let changed = app
                .post("tag/update", json!({ "tagid": 12, "tagname": "UI design" }))
                .await;
            assert_eq!(changed, json!({ "errcode": 0, "errmsg": "updated" }));
            let users = json!([{ "userid": "user1", "name": "一" }, { "userid": "user2", "name": "user2" }]);
            assert_eq!(
                app.get("tag/get", "&tagid=12").await,
                json!({ "errcode": 0, "errmsg": "ok", "tagname": "UI design", "userlist": users, "partylist": [4] })
            );
            let members = json!({ "tagid": 12, "userlist": ["user1"], "partylist": [4, 5] });
            let taken = app.post("tag/deltagusers", members).await;
            assert_eq!(taken, json!({ "errcode": 0, "errmsg": "deleted" }));
            let got = app.get("tag/get", "&tagid=12").await;
            assert_eq!(
                (&got["userlist"][0]["userid"], &got["partylist"]),
                (&json!("user2"), &json!([]))
            );
            // Without an id it is the one after the highest.
            assert_eq!(
                app.ok("tag/create", json!({ "tagname": "next" })).await["tagid"],
                13
            );
            let list = json!([{ "tagid": 12, "tagname": "UI design" }, { "tagid": 13, "tagname": "next" }]);
            assert_eq!(
                app.get("tag/list", "").await,
                json!({ "errcode": 0, "errmsg": "ok", "taglist": list })
            );
            for tagid in [12, 13] {
                let gone = app.get("tag/delete", &format!("&tagid={tagid}")).await;
                assert_eq!(gone, json!({ "errcode": 0, "errmsg": "deleted" }));
            }
            assert_eq!(
                told(&app.get("tag/get", "&tagid=12").await),
                (40068, "invalid tagid")
            );
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_tag_is_its_makers_alone() {
    let server = Server::start().await;
    for rules in BOTH {
        let mut world = company();
        world["tags"] = json!([{ "tagid": 1, "tagname": "operator" }, { "tagid": 2, "tagname": "given", "agentid": 1_000_002 }]);
        let office = Office::of(&server, rules, world).await;
        let made = office
            .app
            .ok("tag/create", json!({ "tagname": "own" }))
            .await;
        assert_eq!((office.app.agentid, &made["tagid"]), (1_000_002, &json!(3)));
        let change = async |app: &App<'_>, tagid: i64| {
            let one = json!({ "tagid": tagid, "userlist": ["user1"] });
            let codes = [
                app.code("tag/addtagusers", one.clone()).await,
                app.code("tag/deltagusers", one).await,
                app.code(
                    "tag/update",
                    json!({ "tagid": tagid, "tagname": format!("t{tagid}") }),
                )
                .await,
                code(&app.get("tag/delete", &format!("&tagid={tagid}")).await),
            ];
            assert!(codes.iter().all(|code| *code == codes[0]), "{codes:?}");
            codes[0]
        };
        assert_eq!(change(&office.sync, 3).await, 81011);
        for tagid in [1, 2, 3] {
            assert_eq!(change(&office.sync, tagid).await, 81011, "{tagid}");
        }
        let refused = office.app.get("tag/delete", "&tagid=1").await;
        assert_eq!(told(&refused), (81011, "no permission to operate the tag"));
        assert_eq!(change(&office.app, 2).await, 0);
        assert_eq!(change(&office.app, 3).await, 0);
        // Everybody reads it.
        assert_eq!(code(&office.sync.get("tag/get", "&tagid=1").await), 0);
    }
    server.stop().await;
}

#[tokio::test]
async fn who_cannot_have_a_tag_is_left_out() {
    let server = Server::start().await;
    for rules in BOTH {
        let office = Office::of(&server, rules, company()).await;
        let visible = json!({ "users": ["user1"], "departments": [4] });
        let app = office.app.sibling(json!({ "visible": visible })).await;
        app.ok("tag/create", json!({ "tagname": "t", "tagid": 7 }))
            .await;
        let call = async |path: &str, users: Value, parties: Value| {
            app.post(
                path,
                json!({ "tagid": 7, "userlist": users, "partylist": parties }),
            )
            .await
        };
        for (path, errmsg) in [("tag/addtagusers", "ok"), ("tag/deltagusers", "deleted")] {
            // user2 and 5 are outside the visible range.
            let part = call(path, json!(["Nobody", "user1", "user2"]), json!([5, 4, 99])).await;
            assert_eq!(
                part,
                json!({ "errcode": 0, "errmsg": errmsg, "invalidlist": "Nobody|user2", "invalidparty": [5, 99] })
            );
            let some = call(path, json!(["user1", "left"]), Value::Null).await;
            assert_eq!(
                some,
                json!({ "errcode": 0, "errmsg": errmsg, "invalidlist": "left" })
            );
            let none = call(path, json!(["nobody"]), json!([99])).await;
            assert_eq!(told(&none), (40070, "all list invalid "));
            let empty = call(path, Value::Null, json!([])).await;
            assert_eq!(told(&empty), (40063, "some parameters are empty"));
            let many = |count: usize| json!(vec!["user1"; count]);
            let parties = |count: usize| json!(vec![4; count]);
            assert_eq!(code(&call(path, many(1000), parties(100)).await), 0);
            for answer in [
                call(path, many(1001), Value::Null).await,
                call(path, many(1), parties(101)).await,
            ] {
                assert_eq!(told(&answer), (81014, "user or party count out of limit"));
            }
        }
        // Who reads a tag sees those of its people who are in range.
        office
            .sync
            .ok("tag/create", json!({ "tagname": "all", "tagid": 8 }))
            .await;
        let everyone = json!({ "tagid": 8, "userlist": ["user1", "user2"], "partylist": [4, 5] });
        office.sync.ok("tag/addtagusers", everyone).await;
        let seen = app.get("tag/get", "&tagid=8").await;
        assert_eq!(
            seen["userlist"],
            json!([{ "userid": "user1", "name": "一" }])
        );
        assert_eq!(seen["partylist"], json!([4]));
        assert_eq!(
            app.get("tag/list", "").await["taglist"]
                .as_array()
                .unwrap()
                .len(),
            2
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn what_no_tag_can_be_is_refused() {
    let server = Server::start().await;
    for rules in BOTH {
        let mut world = company();
        world["limits"] = json!({ "tags_max": 3, "tag_nodes_max": 2 });
        let office = Office::of(&server, rules, world).await;
        let app = &office.app;
        let create = async |tag: Value| app.post("tag/create", tag).await;
        assert_eq!(create(json!({ "tagname": "one" })).await["tagid"], 1);
        for (tag, expected) in [
            (json!({}), (41018, "missing tagname")),
            (
                json!({ "tagname": "群".repeat(33) }),
                (40072, "invalid tagname size"),
            ),
            (json!({ "tagname": "one" }), (40071, "tagname existed")),
            (
                json!({ "tagname": "two", "tagid": 1 }),
                (40068, "invalid tagid"),
            ),
            (
                json!({ "tagname": "two", "tagid": -1 }),
                (40068, "invalid tagid"),
            ),
            (
                json!({ "tagname": "two", "tagid": 4_294_967_296_i64 }),
                (40068, "invalid tagid"),
            ),
        ] {
            assert_eq!(told(&create(tag.clone()).await), expected, "{tag}");
        }
        assert_eq!(
            code(&create(json!({ "tagname": "群".repeat(32), "tagid": 4_294_967_294_i64 })).await),
            0
        );
        assert_eq!(
            create(json!({ "tagname": "last" })).await["tagid"],
            4_294_967_295_i64
        );
        assert_eq!(
            told(&create(json!({ "tagname": "more", "tagid": 5 })).await),
            (40126, "tag count out of limit")
        );
        for (path, fields, expected) in [
            (
                "tag/update",
                json!({ "tagname": "x" }),
                (41017, "missing tagid"),
            ),
            (
                "tag/update",
                json!({ "tagid": 1 }),
                (41018, "missing tagname"),
            ),
            (
                "tag/update",
                json!({ "tagid": 9, "tagname": "x" }),
                (40068, "invalid tagid"),
            ),
            (
                "tag/update",
                json!({ "tagid": 1, "tagname": "last" }),
                (40071, "tagname existed"),
            ),
            (
                "tag/update",
                json!({ "tagid": 1, "tagname": "群".repeat(33) }),
                (40072, "invalid tagname size"),
            ),
            (
                "tag/addtagusers",
                json!({ "userlist": ["user1"] }),
                (41017, "missing tagid"),
            ),
            (
                "tag/deltagusers",
                json!({ "tagid": 9, "userlist": ["user1"] }),
                (40068, "invalid tagid"),
            ),
        ] {
            assert_eq!(
                told(&app.post(path, fields.clone()).await),
                expected,
                "{path} {fields}"
            );
        }
        assert_eq!(
            told(&app.get("tag/get", "").await),
            (41017, "missing tagid")
        );
        assert_eq!(
            told(&app.get("tag/delete", "").await),
            (41017, "missing tagid")
        );
        let two = json!({ "tagid": 1, "userlist": ["user1"], "partylist": [4] });
        app.ok("tag/addtagusers", two.clone()).await;
        app.ok("tag/addtagusers", two).await;
        let third = app
            .post("tag/addtagusers", json!({ "tagid": 1, "partylist": [5] }))
            .await;
        assert_eq!(told(&third), (81003, "tag node count out of limit"));
        assert_eq!(
            app.get("tag/get", "&tagid=1").await["partylist"],
            json!([4])
        );
    }
    server.stop().await;
}
