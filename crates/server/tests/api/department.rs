//! `department/*`.

use serde_json::{Value, json};

use crate::{
    kit::{BOTH, Server, code},
    user::{Office, told},
};

#[tokio::test]
async fn a_department_lives_from_create_to_delete() {
    let server = Server::start().await;
    for rules in BOTH {
        let company = json!({ "users": [{ "userid": "zhangsan" }, { "userid": "lisi" }] });
        let office = Office::of(&server, rules, company).await;
        let (app, sync) = (&office.app, &office.sync);
        // As page 90205 prints it.
        let printed = json!({ "name": "广州研发中心", "name_en": "RDGZ", "parentid": 1, "order": 1, "id": 2 });
        let made = sync.post("department/create", printed).await;
        assert_eq!(made, json!({ "errcode": 0, "errmsg": "created", "id": 2 }));
        let next = json!({ "name": "邮箱产品部", "parentid": 2, "order": 40 });
        assert_eq!(sync.ok("department/create", next).await["id"], 3);
        for (userid, order) in [("zhangsan", 9), ("lisi", 7)] {
            let lead = json!({ "userid": userid, "department": [2], "is_leader_in_dept": [1], "order": [order] });
            sync.ok("user/update", lead).await;
        }
        let two = json!({ "id": 2, "name": "广州研发中心", "name_en": "RDGZ", "department_leader": ["zhangsan", "lisi"], "parentid": 1, "order": 1 });
        let three = json!({ "id": 3, "name": "邮箱产品部", "department_leader": [], "parentid": 2, "order": 40 });
        let got = app.get("department/get", "&id=2").await;
        assert_eq!(
            got,
            json!({ "errcode": 0, "errmsg": "ok", "department": two })
        );
        let listed = app.get("department/list", "&id=2").await;
        assert_eq!(listed["department"], json!([two, three]));
        let all = app.get("department/list", "").await["department"].clone();
        assert_eq!(all.as_array().unwrap().len(), 3);
        assert_eq!((&all[0]["id"], &all[0]["parentid"]), (&json!(1), &json!(0)));
        let ids = app.get("department/simplelist", "&id=2").await;
        let nodes = json!([{ "id": 2, "parentid": 1, "order": 1 }, { "id": 3, "parentid": 2, "order": 40 }]);
        assert_eq!(
            ids,
            json!({ "errcode": 0, "errmsg": "ok", "department_id": nodes })
        );

        let changed = sync
            .post(
                "department/update",
                json!({ "id": 3, "parentid": 1, "name": "产品部" }),
            )
            .await;
        assert_eq!(changed, json!({ "errcode": 0, "errmsg": "updated" }));
        let three = app.get("department/get", "&id=3").await["department"].clone();
        assert_eq!(
            three,
            json!({ "id": 3, "name": "产品部", "department_leader": [], "parentid": 1, "order": 40 })
        );
        let gone = sync.get("department/delete", "&id=3").await;
        assert_eq!(gone, json!({ "errcode": 0, "errmsg": "deleted" }));
        assert_eq!(
            told(&app.get("department/get", "&id=3").await),
            (60003, "department not found")
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn what_no_department_can_be_is_refused() {
    let server = Server::start().await;
    for rules in BOTH {
        let company = json!({
            "departments": [{ "id": 2, "name": "two" }, { "id": 3, "name": "three", "parentid": 2 }],
            "users": [{ "userid": "p", "departments": [3] }],
        });
        let office = Office::of(&server, rules, company).await;
        let sync = &office.sync;
        let before = office.app.get("department/list", "").await;
        let name = |count: usize| "群".repeat(count);
        let length = (60001, "invalid department name length");
        let letters = (60009, "invalid department name");
        let existed = (60008, "department existed");
        let id = (60123, "invalid party id");
        let parent = (60004, "parent department not found");
        let order = (40058, "invalid param 'order'. invalid Request Parameter");
        for (fields, expected) in [
            (json!({ "name": "" }), length),
            (json!({ "name": name(65) }), length),
            (json!({ "name_en": name(65) }), length),
            (json!({ "name": "a:b" }), letters),
            (json!({ "name": "a\\b" }), letters),
            (json!({ "name_en": "a|b" }), letters),
            (json!({ "name": "two" }), existed),
            (json!({ "id": 2 }), existed),
            (json!({ "id": 1 }), id),
            (json!({ "id": -1 }), id),
            (json!({ "id": 4_294_967_296_i64 }), id),
            (json!({ "parentid": null }), parent),
            (json!({ "parentid": 9 }), parent),
            (json!({ "parentid": 0 }), parent),
            (json!({ "order": -1 }), order),
            (json!({ "order": 4_294_967_296_i64 }), order),
        ] {
            let mut new = json!({ "name": "new", "parentid": 1 });
            for (key, value) in fields.as_object().unwrap() {
                new[key] = value.clone();
            }
            assert_eq!(
                told(&sync.post("department/create", new).await),
                expected,
                "{fields}"
            );
        }
        for (fields, expected) in [
            (json!({ "id": 9 }), (60003, "department not found")),
            (json!({}), id),
            (json!({ "id": 3, "name": name(65) }), length),
            (json!({ "id": 3, "name": "a*b" }), letters),
            (json!({ "id": 3, "name": "two", "parentid": 1 }), existed),
            (json!({ "id": 3, "parentid": 9 }), parent),
            (
                json!({ "id": 2, "parentid": 3 }),
                (60010, "department can not be below itself"),
            ),
            (
                json!({ "id": 2, "parentid": 2 }),
                (60010, "department can not be below itself"),
            ),
            (json!({ "id": 3, "order": -1 }), order),
        ] {
            assert_eq!(
                told(&sync.post("department/update", fields.clone()).await),
                expected,
                "{fields}"
            );
        }
        for (query, expected) in [
            ("", id),
            ("&id=0", id),
            ("&id=9", (60003, "department not found")),
            ("&id=1", (60007, "root department can not be deleted")),
            ("&id=2", (60006, "department contains subdepartment")),
            ("&id=3", (60005, "department contains user")),
        ] {
            assert_eq!(
                told(&sync.get("department/delete", query).await),
                expected,
                "{query}"
            );
        }
        assert_eq!(office.app.get("department/list", "").await, before);
        // The same at the edge is good; a name is unique among its siblings alone.
        for good in [
            json!({ "name": "two", "parentid": 2 }),
            json!({ "name": name(64), "name_en": name(64), "parentid": 1, "order": 4_294_967_295_i64, "id": 4_294_967_295_i64 }),
        ] {
            sync.ok("department/create", good).await;
        }
        sync.ok(
            "department/update",
            json!({ "id": 1, "name": "root", "parentid": 3 }),
        )
        .await;
        let root = office.app.get("department/get", "&id=1").await["department"].clone();
        assert_eq!(
            (&root["name"], &root["parentid"]),
            (&json!("root"), &json!(0))
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn departments_stand_so_deep_and_so_many() {
    let server = Server::start().await;
    for rules in BOTH {
        let limits = json!({ "department_depth_max": 3, "department_nodes_max": 5 });
        let office = Office::of(&server, rules, json!({ "limits": limits })).await;
        let create = async |parentid: i64, name: &str| {
            let new = json!({ "name": name, "parentid": parentid });
            office.sync.post("department/create", new).await
        };
        for (parent, name) in [(1, "a"), (2, "b"), (3, "c")] {
            assert_eq!(code(&create(parent, name).await), 0);
        }
        let deep = (81002, "department depth out of limit");
        assert_eq!(told(&create(4, "d").await), deep);
        assert_eq!(create(1, "e").await["id"], 5);
        // With what is below it, a would stand too deep.
        let under = json!({ "id": 2, "parentid": 5 });
        assert_eq!(
            told(&office.sync.post("department/update", under).await),
            deep
        );
        // With the root there are five, and no sixth.
        let full = (81001, "department node count out of limit");
        assert_eq!(told(&create(1, "f").await), full);
    }
    server.stop().await;
}

#[tokio::test]
async fn an_app_reads_the_departments_that_it_sees() {
    let server = Server::start().await;
    for rules in BOTH {
        let company = json!({
            "departments": [{ "id": 2, "name": "two" }, { "id": 3, "name": "three", "parentid": 2 }, { "id": 4, "name": "four" }, { "id": 5, "name": "five" }],
            "tags": [{ "tagid": 1, "tagname": "t", "departments": [4] }],
        });
        let office = Office::of(&server, rules, company).await;
        let visible = json!({ "departments": [2], "tags": [1] });
        let app = office.app.sibling(json!({ "visible": visible })).await;
        let ids = |listed: &Value| -> Vec<i64> {
            listed
                .as_array()
                .unwrap()
                .iter()
                .map(|d| d["id"].as_i64().unwrap())
                .collect()
        };
        let listed = app.get("department/list", "").await;
        assert_eq!(ids(&listed["department"]), [2, 3, 4]);
        let listed = app.get("department/simplelist", "").await;
        assert_eq!(ids(&listed["department_id"]), [2, 3, 4]);
        for (path, id, expected) in [
            ("department/get", 3, 0),
            ("department/get", 5, 60011),
            ("department/get", 9, 60003),
            ("department/list", 4, 0),
            ("department/list", 1, 60011),
            ("department/simplelist", 5, 60011),
            ("department/simplelist", 9, 60003),
            ("department/list", 0, 60123),
        ] {
            let answer = app.get(path, &format!("&id={id}")).await;
            assert_eq!(code(&answer), expected, "{path} {id}");
        }
    }
    server.stop().await;
}
