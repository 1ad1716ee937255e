//! `user/create` and `user/update`.

use futures_util::future::join_all;
use qun_protocol::Rulebook;
use serde_json::{Value, json};

use super::{Office, people, told};
use crate::kit::{BOTH, Server, code};

/// The request that page 90195 prints.
fn printed() -> Value {
    json!({
        "userid": "zhangsan", "name": "张三", "alias": "jackzhang", "mobile": "+86 13800000000",
        "department": [1, 2], "order": [10, 40], "position": "产品经理", "gender": "1",
        "email": "zhangsan@gzdev.com", "biz_mail": "zhangsan@qyycs2.wecom.work", "is_leader_in_dept": [1, 0],
        "direct_leader": ["lisi"], "enable": 1, "avatar_mediaid": "2-G6nrLmr5EC3MNb_-zL1dDdzkd0p7cNliYu9V5w7o8K0",
        "telephone": "020-123456", "address": "广州市海珠区新港中路", "main_department": 1,
        "extattr": { "attrs": [
            { "type": 0, "name": "文本名称", "text": { "value": "文本" } },
            { "type": 1, "name": "网页名称", "web": { "url": "http://www.test.com", "title": "标题" } },
        ] },
        "to_invite": true, "external_position": "高级产品经理",
        "external_profile": {
            "external_corp_name": "企业简称", "wechat_channels": { "nickname": "视频号名称" },
            "external_attr": [
                { "type": 0, "name": "文本名称", "text": { "value": "文本" } },
                { "type": 1, "name": "网页名称", "web": { "url": "http://www.test.com", "title": "标题" } },
                { "type": 2, "name": "测试app", "miniprogram": { "appid": "wx8bd8012614784fake", "pagepath": "/index", "title": "my miniprogram".chars().take(12).collect::<String>() } },
            ],
        },
    })
}

#[tokio::test]
async fn what_is_given_of_a_person_is_given_back() {
    let server = Server::start().await;
    let company =
        json!({ "departments": [{ "id": 2, "name": "two" }], "users": people(&["lisi"]) });
    let office = Office::of(&server, Rulebook::Documented, company).await;
    let (app, sync) = (&office.app, &office.sync);
    let made = sync.post("user/create", printed()).await;
    assert_eq!(made, json!({ "errcode": 0, "errmsg": "created" }));
    let whole = sync.get("user/get", "&userid=ZhangSan").await;
    let mut expected = printed();
    for gone in ["avatar_mediaid", "to_invite"] {
        expected.as_object_mut().unwrap().shift_remove(gone);
    }
    for (field, value) in [
        ("errcode", json!(0)),
        ("errmsg", json!("ok")),
        ("mobile", json!("13800000000")),
        ("status", json!(4)),
        ("avatar", json!("")),
        ("thumb_avatar", json!("")),
        ("qr_code", json!("")),
    ] {
        expected[field] = value;
    }
    assert_eq!(whole, expected);

    // A self-built app sees neither numbers and addresses nor what else is sensitive.
    let seen = app.get("user/get", "&userid=zhangsan").await;
    for hidden in [
        "mobile",
        "gender",
        "email",
        "biz_mail",
        "avatar",
        "thumb_avatar",
        "qr_code",
        "address",
    ] {
        assert!(seen.get(hidden).is_none(), "{hidden}");
        expected.as_object_mut().unwrap().shift_remove(hidden);
    }
    assert_eq!(seen, expected);

    // What is not given stays.
    let changed = sync
        .post(
            "user/update",
            json!({ "userid": "ZHANGSAN", "name": "李四", "department": [2], "position": "后台工程师", "enable": 0 }),
        )
        .await;
    assert_eq!(changed, json!({ "errcode": 0, "errmsg": "updated" }));
    for (field, value) in [
        ("name", json!("李四")),
        ("department", json!([2])),
        ("order", json!([0])),
        ("is_leader_in_dept", json!([0])),
        ("position", json!("后台工程师")),
        ("main_department", json!(2)),
        ("enable", json!(0)),
        ("status", json!(2)),
    ] {
        expected[field] = value;
    }
    assert_eq!(app.get("user/get", "&userid=zhangsan").await, expected);
    server.stop().await;
}

#[tokio::test]
async fn a_new_person_is_not_active_and_an_active_one_keeps_the_number() {
    let server = Server::start().await;
    for rules in BOTH {
        let company = json!({ "users": [{ "userid": "anna", "mobile": "13800000001" }] });
        let office = Office::of(&server, rules, company).await;
        let sync = &office.sync;
        sync.ok(
            "user/create",
            json!({ "userid": "bo", "name": "bo", "email": "bo@x.cn", "mobile": "13800000002" }),
        )
        .await;
        let status = async || office.person("bo").await["status"].clone();
        let update = async |userid: &str, mut fields: Value| {
            fields["userid"] = userid.into();
            sync.ok("user/update", fields).await;
        };
        assert_eq!(status().await, "not_activated");
        update("bo", json!({ "mobile": "13800000003" })).await;
        assert_eq!(office.person("bo").await["mobile"], "13800000003");
        update("bo", json!({ "enable": 0 })).await;
        assert_eq!(status().await, "disabled");
        update("bo", json!({ "enable": 1 })).await;
        assert_eq!(status().await, "active");
        // From now on the number is the person's own to change; that is no error.
        update("bo", json!({ "mobile": "13800000001", "alias": "b" })).await;
        let bo = office.person("bo").await;
        assert_eq!(
            (&bo["mobile"], &bo["alias"]),
            (&json!("13800000003"), &json!("b"))
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn every_field_has_its_limit() {
    let server = Server::start().await;
    let w = |count: usize| "群".repeat(count);
    let mail = |bytes: usize| format!("{}@x.cn", "a".repeat(bytes - 5));
    let attr = |attr: Value| json!({ "extattr": { "attrs": [attr] } });
    let outside = |attr: Value| json!({ "external_profile": { "external_attr": [attr] } });
    let too_long = |field: &str, most: usize| {
        format!("{field} exceed max length {most}. invalid Request Parameter")
    };
    let invalid = |field: &str| format!("invalid param '{field}'. invalid Request Parameter");
    let cases: Vec<(Value, Value, i64, String)> = vec![
        (
            json!({ "userid": "x".repeat(64) }),
            json!({ "userid": "x".repeat(65) }),
            40003,
            "invalid userid".into(),
        ),
        (
            json!({ "userid": "1_-@." }),
            json!({ "userid": "_1" }),
            40003,
            "invalid userid".into(),
        ),
        (
            json!({}),
            json!({ "userid": "a b" }),
            40003,
            "invalid userid".into(),
        ),
        (
            json!({}),
            json!({ "userid": "" }),
            41009,
            "missing userid".into(),
        ),
        (
            json!({ "name": w(64) }),
            json!({ "name": w(65) }),
            40058,
            too_long("name", 64),
        ),
        (
            json!({ "name": w(1) }),
            json!({ "name": "" }),
            40058,
            "name exceed min utf8 words 1. invalid Request Parameter".into(),
        ),
        (
            json!({ "alias": w(64) }),
            json!({ "alias": w(65) }),
            40058,
            too_long("alias", 64),
        ),
        (
            json!({ "mobile": "13800" }),
            json!({ "mobile": "1380" }),
            60103,
            "invalid mobile".into(),
        ),
        (
            json!({ "mobile": "1".repeat(32) }),
            json!({ "mobile": "1".repeat(33) }),
            60103,
            "invalid mobile".into(),
        ),
        (
            json!({ "mobile": "+85251234567" }),
            json!({ "mobile": "1380000000x" }),
            60103,
            "invalid mobile".into(),
        ),
        (
            json!({ "email": mail(6) }),
            json!({ "email": mail(5) }),
            60105,
            "invalid email".into(),
        ),
        (
            json!({ "email": mail(64) }),
            json!({ "email": mail(65) }),
            60105,
            "invalid email".into(),
        ),
        (
            json!({ "biz_mail": mail(64) }),
            json!({ "biz_mail": "a.x.com" }),
            60105,
            "invalid email".into(),
        ),
        (
            json!({ "mobile": null, "email": mail(9) }),
            json!({ "mobile": null }),
            60129,
            "mobile and email are both empty".into(),
        ),
        (
            json!({}),
            json!({ "mobile": "13900000000" }),
            60104,
            "mobile existed".into(),
        ),
        (
            json!({}),
            json!({ "email": "taken@x.cn" }),
            60106,
            "email existed".into(),
        ),
        (
            json!({}),
            json!({ "biz_mail": "taken@work.cn" }),
            60106,
            "email existed".into(),
        ),
        (
            json!({ "position": w(128) }),
            json!({ "position": w(129) }),
            40058,
            too_long("position", 128),
        ),
        (
            json!({ "address": w(128) }),
            json!({ "address": w(129) }),
            40058,
            too_long("address", 128),
        ),
        (
            json!({ "external_position": w(12) }),
            json!({ "external_position": w(13) }),
            40058,
            too_long("external_position", 12),
        ),
        (
            json!({ "telephone": "+86-20,".repeat(4) }),
            json!({ "telephone": "1".repeat(33) }),
            40058,
            too_long("telephone", 32),
        ),
        (
            json!({ "telephone": "1".repeat(32) }),
            json!({ "telephone": "12a" }),
            40058,
            invalid("telephone"),
        ),
        (
            json!({ "gender": 2 }),
            json!({ "gender": "3" }),
            40058,
            invalid("gender"),
        ),
        (
            json!({ "enable": 0 }),
            json!({ "enable": 2 }),
            40058,
            invalid("enable"),
        ),
        (
            json!({ "order": [4_294_967_295_i64] }),
            json!({ "order": [4_294_967_296_i64] }),
            40058,
            invalid("order"),
        ),
        (
            json!({ "order": [0] }),
            json!({ "order": [-1] }),
            40058,
            invalid("order"),
        ),
        (
            json!({ "order": [1] }),
            json!({ "order": [1, 2] }),
            60132,
            "count of department, order or is_leader_in_dept differs".into(),
        ),
        (
            json!({ "is_leader_in_dept": [1] }),
            json!({ "is_leader_in_dept": [] }),
            60132,
            "count of department, order or is_leader_in_dept differs".into(),
        ),
        (
            json!({ "is_leader_in_dept": [0] }),
            json!({ "is_leader_in_dept": [2] }),
            40058,
            invalid("is_leader_in_dept"),
        ),
        (
            json!({ "main_department": 1 }),
            json!({ "main_department": 2 }),
            40058,
            invalid("main_department"),
        ),
        (
            json!({}),
            json!({ "department": [-1] }),
            60123,
            "invalid party id".into(),
        ),
        (
            json!({}),
            json!({ "department": [4_294_967_296_i64] }),
            60123,
            "invalid party id".into(),
        ),
        (
            json!({ "direct_leader": ["l1", "l2", "l3", "l4", "L5"] }),
            json!({ "direct_leader": ["l1", "l2", "l3", "l4", "l5", "l6"] }),
            60257,
            "direct_leader count out of limit".into(),
        ),
        (
            json!({}),
            json!({ "direct_leader": ["nobody"] }),
            60111,
            "userid not found".into(),
        ),
        (
            attr(json!({ "type": 0, "name": "n", "text": { "value": w(64) } })),
            attr(json!({ "type": 0, "name": "n", "text": { "value": w(65) } })),
            40058,
            too_long("text.value", 64),
        ),
        (
            attr(json!({ "type": 1, "name": "n", "web": { "url": "https://x", "title": w(12) } })),
            attr(json!({ "type": 1, "name": "n", "web": { "url": "https://x", "title": w(13) } })),
            40058,
            too_long("web.title", 12),
        ),
        (
            attr(json!({ "type": 1, "name": "n", "web": { "url": "", "title": "" } })),
            outside(json!({ "type": 1, "name": "n", "web": { "url": "ftp://x", "title": "t" } })),
            40058,
            invalid("web.url"),
        ),
        (
            outside(json!({ "type": 2, "name": "n", "miniprogram": { "title": w(12) } })),
            outside(json!({ "type": 2, "name": "n", "miniprogram": { "title": w(13) } })),
            40058,
            too_long("miniprogram.title", 12),
        ),
        (
            attr(json!({ "type": 2, "name": "n" })),
            attr(json!({ "type": 3, "name": "n" })),
            40058,
            invalid("type"),
        ),
    ];
    for rules in BOTH {
        let mut users = people(&["l1", "l2", "l3", "l4", "l5", "l6"]);
        users[0]["email"] = "taken@x.cn".into();
        users[0]["biz_mail"] = "taken@work.cn".into();
        let office = Office::of(&server, rules, json!({ "users": users })).await;
        let sync = &office.sync;
        for (n, (good, bad, number, words)) in cases.iter().enumerate() {
            let with = |fields: &Value| {
                let mut person = json!({ "userid": "new", "name": "n", "mobile": "13811111111", "department": [1] });
                for (key, value) in fields.as_object().unwrap() {
                    person[key] = value.clone();
                }
                person
            };
            let answer = sync.post("user/create", with(bad)).await;
            assert_eq!(
                told(&answer),
                (*number, words.as_str()),
                "{rules} {n}: {bad}"
            );
            let person = with(good);
            sync.ok("user/create", person.clone()).await;
            // What makes no person changes none either. An update needs no number, and reads an empty name as none.
            if *number != 60129 && bad["userid"].is_null() && bad["name"] != "" {
                let mut change = bad.clone();
                change["userid"] = person["userid"].clone();
                if change
                    .get("order")
                    .or(change.get("is_leader_in_dept"))
                    .is_some()
                {
                    change["department"] = json!([1]);
                }
                let answer = sync.post("user/update", change).await;
                assert_eq!(
                    told(&answer),
                    (*number, words.as_str()),
                    "{rules} {n}: {bad}"
                );
            }
            let userid = person["userid"].as_str().unwrap();
            let answer = sync.get("user/delete", &format!("&userid={userid}")).await;
            assert_eq!(answer, json!({ "errcode": 0, "errmsg": "deleted" }));
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn departments_that_are_not_there_are_made() {
    let server = Server::start().await;
    for rules in BOTH {
        let company = json!({ "departments": [{ "id": 2, "name": "two" }], "limits": { "user_departments_max": 3 } });
        let office = Office::of(&server, rules, company).await;
        let (app, sync) = (&office.app, &office.sync);
        let create = async |userid: &str, department: Value| {
            let person = json!({ "userid": userid, "name": userid, "email": format!("{userid}@x.cn"), "department": department });
            sync.post("user/create", person).await
        };
        let departments = async |userid: &str| {
            app.get("user/get", &format!("&userid={userid}")).await["department"].clone()
        };
        let made = create("nowhere", Value::Null).await;
        assert_eq!(made, json!({ "errcode": 0, "errmsg": "created" }));
        assert_eq!(departments("nowhere").await, json!([3]));
        create("zero", json!([0])).await;
        assert_eq!(departments("zero").await, json!([3]));
        let made = create("ahead", json!([2, 70, 2])).await;
        let list = json!({ "department_info": [{ "name": "70", "id": 70 }] });
        assert_eq!(made["created_department_list"], list);
        assert_eq!(departments("ahead").await, json!([2, 70]));
        let tree = app.get("department/list", "").await["department"].clone();
        let names: Vec<_> = tree
            .as_array()
            .unwrap()
            .iter()
            .map(|d| {
                (
                    d["id"].as_i64().unwrap(),
                    d["name"].as_str().unwrap(),
                    d["parentid"].as_i64().unwrap(),
                )
            })
            .skip(1)
            .collect();
        assert_eq!(names, [(2, "two", 1), (3, "待设置部门", 1), (70, "70", 3)]);
        let answer = create("many", json!([1, 2, 3, 70])).await;
        assert_eq!(told(&answer), (60110, "department count out of limit"));
        assert_eq!(code(&create("many", json!([1, 2, 70])).await), 0);
        let change = json!({ "userid": "many", "department": [71] });
        let list = json!({ "department_info": [{ "name": "71", "id": 71 }] });
        assert_eq!(
            sync.ok("user/update", change).await["created_department_list"],
            list
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn a_department_holds_so_many() {
    let server = Server::start().await;
    for rules in BOTH {
        let company = json!({ "departments": [{ "id": 2, "name": "two" }, { "id": 3, "name": "three", "parentid": 2 }], "limits": { "department_nodes_max": 3 } });
        let office = Office::of(&server, rules, company).await;
        let create = async |userid: &str| {
            let person = json!({ "userid": userid, "name": userid, "email": format!("{userid}@x.cn"), "department": [2] });
            office.sync.post("user/create", person).await
        };
        assert_eq!(code(&create("p1").await), 0);
        assert_eq!(code(&create("p2").await), 0);
        let full = (81001, "department node count out of limit");
        assert_eq!(told(&create("p3").await), full);
        // Who is there already needs no room.
        let stays = json!({ "userid": "p1", "department": [2], "order": [7] });
        office.sync.ok("user/update", stays).await;
        let new = json!({ "name": "four", "parentid": 2 });
        let answer = office.sync.post("department/create", new).await;
        assert_eq!(told(&answer), full);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_userid_is_made_once_however_it_is_written() {
    let server = Server::start().await;
    for rules in BOTH {
        let office = Office::of(&server, rules, json!({})).await;
        let create = async |n: usize| {
            let userid = if n.is_multiple_of(2) {
                "ZhangSan"
            } else {
                "zhangsan"
            };
            let person = json!({ "userid": userid, "name": "n", "email": format!("{n}@mail.cn") });
            let answer = office.sync.post("user/create", person).await;
            (code(&answer), answer)
        };
        let made = join_all((0..16).map(create)).await;
        let good = made.iter().filter(|(code, _)| *code == 0).count();
        assert_eq!(good, 1, "{made:?}");
        for (_, answer) in made.iter().filter(|(code, _)| *code != 0) {
            assert_eq!(told(answer), (60102, "userid existed"));
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_month_has_room_for_three_times_the_account_cap() {
    let server = Server::start().await;
    for rules in BOTH {
        let office = Office::of(&server, rules, json!({ "account_cap": 1 })).await;
        let create = async |n: usize| {
            let person =
                json!({ "userid": format!("p{n}"), "name": "n", "email": format!("{n}@mail.cn") });
            office.sync.post("user/create", person).await
        };
        for n in 0..3 {
            assert_eq!(code(&create(n).await), 0);
            // A refused one is not counted.
            assert_eq!(code(&create(n).await), 60102);
        }
        let answer = create(3).await;
        assert_eq!(told(&answer), (45009, "api freq out of limit"));
        assert_eq!(code(&create(4).await), 45009);
    }
    server.stop().await;
}
