//! What employees and customers do on their phones.

use qun_protocol::Rulebook;
use serde_json::{Value, json};

use super::{company, ids, refusal, world};
use crate::kit::{BOTH, NOON, Server, code};

const BOOK: Rulebook = Rulebook::Documented;

#[tokio::test]
async fn a_group_is_made_and_shown_with_all_its_fields() {
    for book in BOTH {
        let server = Server::start().await;
        let more = json!({
            "developer_id": "wx1",
            "users": [{ "userid": "boss", "name": "老板", "alias": "掌柜", "customer_contact": true }],
            "customers": [{ "external_userid": "wo1", "type": "wecom", "name": "他司", "unionid": "u99", "corp_name": "某公司" }],
        });
        let app = world(&server, book, 2, 1, more).await;
        let body = json!({ "corpid": app.corpid, "name": "老客户", "userlist": ["P1", "c1", "wo1", "p1", "boss"] });
        let path = "/_qun/people/boss/groups";
        let made = server.manage_ok("POST", path, Some(body)).await;
        let chat_id = made["chat_id"].as_str().unwrap();
        assert!(
            chat_id.starts_with("wr") && chat_id.len() == 32,
            "{chat_id}"
        );
        app.did("c1", chat_id, "nickname", json!({ "nickname": "老王" }))
            .await;
        app.did("boss", chat_id, "notice", json!({ "notice": "文明沟通" }))
            .await;
        app.did("boss", chat_id, "admins", json!({ "userlist": ["p1"] }))
            .await;

        let mut group = app.shown(chat_id).await;
        let version = group["member_version"].take();
        let version = version.as_str().unwrap();
        assert!(version.len() == 32 && version.bytes().all(|b| b.is_ascii_hexdigit()));
        let made = group["create_time"].as_i64().unwrap();
        assert!((NOON / 1000..NOON / 1000 + 600).contains(&made));
        let member = |userid: &str, kind: i64, name: &str| json!({ "userid": userid, "type": kind, "join_time": made, "join_scene": 1, "group_nickname": "", "name": name });
        let mut expected = vec![
            member("boss", 1, "掌柜"),
            member("p1", 1, "Person 1"),
            member("c1", 2, "Customer 1"),
            member("wo1", 2, "他司"),
        ];
        for invited in &mut expected[1..] {
            invited["invitor"] = json!({ "userid": "boss" });
        }
        expected[2]["group_nickname"] = "老王".into();
        expected[2]["unionid"] = "u1".into();
        assert_eq!(
            group,
            json!({
                "chat_id": chat_id, "name": "老客户", "owner": "boss", "create_time": made, "notice": "文明沟通",
                "member_list": expected, "admin_list": [{ "userid": "p1" }], "member_version": null,
            })
        );
        // Without need_name there are no names.
        let answer = app
            .groupchat("get", json!({ "chat_id": chat_id, "need_name": 0 }))
            .await;
        let members = answer["group_chat"]["member_list"].as_array().unwrap();
        assert!(members.iter().all(|member| member.get("name").is_none()));
        server.stop().await;
    }
}

#[tokio::test]
async fn without_a_developer_id_nobodys_unionid_is_shown() {
    let server = Server::start().await;
    let app = company(&server, BOOK, 1, 1).await;
    let chat_id = app.group("p1", &["c1"]).await;
    let group = app.shown(&chat_id).await;
    assert!(group["member_list"][1].get("unionid").is_none(), "{group}");
}

#[tokio::test]
async fn people_come_in_by_invitation_by_link_and_by_qr_code() {
    let server = Server::start().await;
    let app = company(&server, BOOK, 3, 5).await;
    let chat_id = app.group("p1", &["p2"]).await;
    let invited = app
        .did(
            "p2",
            &chat_id,
            "invite",
            json!({ "userlist": ["c1", "p2", "p3"] }),
        )
        .await;
    assert_eq!(invited, json!({ "joined": ["c1", "p3"] }));
    // A customer invites a friend: an inviter who is no employee is not shown.
    app.did("c1", &chat_id, "invite", json!({ "userlist": ["c2"] }))
        .await;
    let link = app.did("p3", &chat_id, "link", json!({})).await;
    assert_eq!(
        app.joins("c3", &link).await,
        (200, json!({ "chat_id": chat_id }))
    );
    let code_shown = app.did("p3", &chat_id, "qr_code", json!({})).await;
    assert_eq!(app.joins("c4", &code_shown).await.0, 200);
    // Who is in it already stays as he is.
    assert_eq!(app.joins("c4", &link).await.0, 200);

    let group = app.shown(&chat_id).await;
    let came: Vec<(&str, i64, Option<&str>)> = group["member_list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            (
                it["userid"].as_str().unwrap(),
                it["join_scene"].as_i64().unwrap(),
                it["invitor"]["userid"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        came,
        [
            ("p1", 1, None),
            ("p2", 1, Some("p1")),
            ("c1", 1, Some("p2")),
            ("p3", 1, Some("p2")),
            ("c2", 1, None),
            ("c3", 2, Some("p3")),
            ("c4", 3, None),
        ]
    );
    // Who let them in stays, also when he has gone.
    app.did("p2", &chat_id, "leave", json!({})).await;
    let group = app.shown(&chat_id).await;
    let invitors = group["member_list"].as_array().unwrap().iter();
    let invitors: Vec<_> = invitors
        .map(|it| it["invitor"]["userid"].as_str())
        .collect();
    let by = [None, Some("p2"), Some("p2"), None, Some("p3"), None];
    assert_eq!(invitors, by);
    // A code lasts seven days, and as long as its group.
    server.advance(7 * 86_400 - 60).await;
    assert_eq!(app.joins("c5", &code_shown).await.0, 200);
    app.did("c5", &chat_id, "leave", json!({})).await;
    server.advance(120).await;
    let (status, answer) = app.joins("c5", &code_shown).await;
    assert_eq!(
        (status, answer["error"]["code"].as_str()),
        (404, Some("code_unknown"))
    );
    let fresh = app.did("p1", &chat_id, "link", json!({})).await;
    app.did("p1", &chat_id, "dismiss", json!({})).await;
    assert_eq!(app.joins("c5", &fresh).await.0, 404);
    assert_eq!(app.joins("c5", &json!({ "code": "none" })).await.0, 404);
    server.stop().await;
}

#[tokio::test]
async fn a_group_takes_five_hundred_and_no_more() {
    for book in BOTH {
        let server = Server::start().await;
        let app = company(&server, book, 1, 501).await;
        let customers: Vec<String> = (1..=500).map(|n| format!("c{n}")).collect();
        let make =
            |others: &[String]| json!({ "corpid": app.corpid, "name": "", "userlist": others });
        let path = "/_qun/people/p1/groups";
        let (status, answer) = server.manage("POST", path, Some(make(&customers))).await;
        assert_eq!(
            (status, answer["error"]["code"].as_str()),
            (409, Some("group_full"))
        );
        let made = server
            .manage_ok("POST", path, Some(make(&customers[..499])))
            .await;
        let chat_id = made["chat_id"].as_str().unwrap();
        assert_eq!(app.member_ids(chat_id).await.len(), 500);
        let one = json!({ "userlist": ["c501"] });
        assert_eq!(
            app.refused("p1", chat_id, "invite", one.clone()).await,
            (409, "group_full".into())
        );
        let link = app.did("p1", chat_id, "link", json!({})).await;
        assert_eq!(app.joins("c501", &link).await.0, 409);
        app.did("c7", chat_id, "leave", json!({})).await;
        // Two do not fit, and none of them comes in.
        let two = json!({ "userlist": ["c500", "c501"] });
        assert_eq!(app.refused("p1", chat_id, "invite", two).await.0, 409);
        app.did("p1", chat_id, "invite", one).await;
        let ids = app.member_ids(chat_id).await;
        assert_eq!(ids.len(), 500);
        assert_eq!(ids.last().unwrap(), "c501");
        server.stop().await;
    }
}

#[tokio::test]
async fn owners_admins_and_members_may_do_different_things() {
    let server = Server::start().await;
    let more = json!({ "users": [{ "userid": "plain" }] });
    let app = world(&server, BOOK, 4, 3, more).await;
    let chat_id = app.group("p1", &["p2", "p3", "plain", "c1", "c2"]).await;
    let not_owner = || (403, "not_owner".to_owned());
    for (who, step, body) in [
        ("c1", "notice", json!({ "notice": "x" })),
        ("p2", "notice", json!({ "notice": "x" })),
        ("p2", "admins", json!({ "userlist": ["p2"] })),
        ("p2", "owner", json!({ "owner": "p2" })),
        ("p2", "dismiss", json!({})),
        ("p2", "remove", json!({ "userlist": ["c1"] })),
    ] {
        assert_eq!(
            app.refused(who, &chat_id, step, body).await,
            not_owner(),
            "{who} {step}"
        );
    }
    // Admins are employees in the group, and not the owner.
    for (userlist, expected) in [
        (["c1"], (400, "bad_request".to_owned())),
        (["p1"], (400, "bad_request".to_owned())),
        (["p4"], (400, "not_member".to_owned())),
        (["nobody"], (400, "not_member".to_owned())),
    ] {
        let body = json!({ "userlist": userlist });
        assert_eq!(
            app.refused("p1", &chat_id, "admins", body).await,
            expected,
            "{userlist:?}"
        );
    }
    app.did(
        "p1",
        &chat_id,
        "admins",
        json!({ "userlist": ["p2", "p3"] }),
    )
    .await;
    app.did("p2", &chat_id, "notice", json!({ "notice": "by an admin" }))
        .await;
    app.did("p2", &chat_id, "remove", json!({ "userlist": ["c1"] }))
        .await;
    for untouchable in ["p1", "p3"] {
        let body = json!({ "userlist": [untouchable] });
        assert_eq!(
            app.refused("p2", &chat_id, "remove", body).await,
            not_owner()
        );
    }
    // A new list of admins replaces the old one.
    app.did("p1", &chat_id, "admins", json!({ "userlist": ["p3"] }))
        .await;
    assert_eq!(ids(&app.shown(&chat_id).await["admin_list"]), ["p3"]);
    // Only an employee with customer contact can own a group; whoever does is no admin.
    let no_contact = (403, "no_customer_contact".to_owned());
    for owner in ["c2", "plain"] {
        let body = json!({ "owner": owner });
        assert_eq!(app.refused("p1", &chat_id, "owner", body).await, no_contact);
    }
    app.did("p1", &chat_id, "owner", json!({ "owner": "p3" }))
        .await;
    let group = app.shown(&chat_id).await;
    assert_eq!(
        (group["owner"].as_str(), &group["admin_list"]),
        (Some("p3"), &json!([]))
    );
    // Without customer contact nobody makes a group; customers have no such right at all.
    let body = json!({ "corpid": app.corpid, "name": "", "userlist": ["c1"] });
    let (status, answer) = server
        .manage("POST", "/_qun/people/plain/groups", Some(body.clone()))
        .await;
    assert_eq!(
        (status, answer["error"]["code"].as_str()),
        (403, Some("no_customer_contact"))
    );
    assert_eq!(
        server
            .manage("POST", "/_qun/people/c1/groups", Some(body))
            .await
            .0,
        404
    );
    server.stop().await;
}

#[tokio::test]
async fn who_owns_a_group_is_followed_by_the_longest_standing_employee() {
    let server = Server::start().await;
    let more = json!({ "users": [{ "userid": "plain" }] });
    let app = world(&server, BOOK, 2, 2, more).await;
    let chat_id = app.group("p1", &["c1", "plain", "p2"]).await;
    // Customer contact counts before age, and age before anything else.
    app.did("p1", &chat_id, "leave", json!({})).await;
    assert_eq!(app.shown(&chat_id).await["owner"], "p2");
    app.did("p2", &chat_id, "leave", json!({})).await;
    assert_eq!(app.shown(&chat_id).await["owner"], "plain");
    assert_eq!(app.member_ids(&chat_id).await, ["c1", "plain"]);
    // No employee remains: there is no such group of the company any more.
    app.did("plain", &chat_id, "leave", json!({})).await;
    let gone = app.groupchat("get", json!({ "chat_id": chat_id })).await;
    assert_eq!(refusal(&gone), (49008, "group chat dismissed"));
    assert_eq!(
        app.refused("c1", &chat_id, "leave", json!({})).await,
        (404, "group_unknown".into())
    );
    let groups = server
        .manage_ok(
            "GET",
            &format!("/_qun/people/c1/groups?corpid={}", app.corpid),
            None,
        )
        .await;
    assert_eq!(groups, json!({ "groups": [] }));
    server.stop().await;
}

#[tokio::test]
async fn employees_and_customers_talk_and_read() {
    let server = Server::start().await;
    let app = company(&server, BOOK, 2, 2).await;
    let chat_id = app.group("p1", &["c1"]).await;
    app.did("p1", &chat_id, "say", json!({ "text": "欢迎" }))
        .await;
    app.did("c1", &chat_id, "say", json!({ "text": "你好" }))
        .await;
    app.did("p1", &chat_id, "invite", json!({ "userlist": ["c2"] }))
        .await;
    app.did("c2", &chat_id, "say", json!({ "text": "大家好" }))
        .await;
    app.did("p1", &chat_id, "remove", json!({ "userlist": ["c2"] }))
        .await;
    app.did("c1", &chat_id, "say", json!({ "text": "他走了" }))
        .await;
    let said = |page: &Value| -> Vec<(String, String)> {
        let messages = page["messages"].as_array().unwrap().iter();
        messages
            .map(|it| {
                assert_eq!(it["chatid"], chat_id.as_str());
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                (text(&it["from"]), text(&it["content"]["content"]))
            })
            .collect()
    };
    let line = |from: &str, text: &str| (from.to_owned(), text.to_owned());
    let all = [
        line("p1", "欢迎"),
        line("c1", "你好"),
        line("c2", "大家好"),
        line("c1", "他走了"),
    ];
    assert_eq!(said(&app.inbox("c1", "").await), all);
    assert_eq!(said(&app.inbox("P1", "").await), all);
    // Each sees what was said while he was in it.
    assert_eq!(said(&app.inbox("c2", "").await), all[2..3]);
    assert_eq!(
        app.refused("c2", &chat_id, "say", json!({ "text": "?" }))
            .await,
        (404, "group_unknown".into())
    );
    let groups = server
        .manage_ok(
            "GET",
            &format!("/_qun/people/c1/groups?corpid={}", app.corpid),
            None,
        )
        .await;
    assert_eq!(groups["groups"][0]["chatid"], chat_id.as_str());
    assert_eq!(
        (
            groups["groups"][0]["owner"].as_str(),
            groups["groups"][0]["member_count"].as_i64()
        ),
        (Some("p1"), Some(2))
    );
    server.stop().await;
}

#[tokio::test]
async fn the_two_families_of_ids_never_mix() {
    let server = Server::start().await;
    let app = company(&server, Rulebook::Live2026, 3, 1).await;
    let chat_id = app.group("p1", &["c1", "p2"]).await;
    app.chat("internal", &["p1", "p2"]).await;
    app.say("internal", "hello").await;
    for chat in ["internal", "wrUnknown", ""] {
        let answer = app.groupchat("get", json!({ "chat_id": chat })).await;
        assert_eq!(refusal(&answer), (40050, "invalid group id"), "{chat}");
    }
    let answer = app.get("appchat/get", &format!("&chatid={chat_id}")).await;
    assert_eq!(code(&answer), 86001);
    assert_eq!(code(&app.say(&chat_id, "x").await), 86001);
    let update = json!({ "chatid": chat_id, "name": "mine" });
    assert_eq!(app.code("appchat/update", update).await, 86001);
    // The operator's list of internal groups does not know it, and an internal group has none of its steps.
    let list = server
        .manage_ok(
            "GET",
            &format!("/_qun/companies/{}/groups", app.corpid),
            None,
        )
        .await;
    assert_eq!(list["groups"].as_array().unwrap().len(), 1);
    for step in ["link", "dismiss", "nickname"] {
        let body = if step == "nickname" {
            json!({ "nickname": "x" })
        } else {
            json!({})
        };
        assert_eq!(
            app.refused("p1", "internal", step, body).await,
            (404, "group_unknown".into()),
            "{step}"
        );
    }
    // An internal group may have a customer group's id: an app's own text is nobody's but the app's.
    app.chat(&chat_id, &["p1", "p3"]).await;
    app.say(&chat_id, "both").await;
    assert_eq!(app.member_ids(&chat_id).await, ["p1", "c1", "p2"]);
    // Each member's phone does it in the group that the person is in.
    app.did("c1", &chat_id, "rename", json!({ "name": "客户的" }))
        .await;
    assert_eq!(app.shown(&chat_id).await["name"], "客户的");
    let got = app.get("appchat/get", &format!("&chatid={chat_id}")).await;
    assert_eq!(got["chat_info"]["name"], "");
    server.stop().await;
}

#[tokio::test]
async fn a_mini_program_learns_what_a_group_is_called() {
    let server = Server::start().await;
    let app = company(&server, BOOK, 2, 1).await;
    let chat_id = app.group("p1", &["c1"]).await;
    let opengid = app.did("c1", &chat_id, "mini_program", json!({})).await["opengid"].clone();
    // The same as long as the group lasts, whoever opens it.
    assert_eq!(
        app.did("p1", &chat_id, "mini_program", json!({})).await["opengid"],
        opengid
    );
    let call = |opengid: Value| {
        app.post(
            "externalcontact/opengid_to_chatid",
            json!({ "opengid": opengid }),
        )
    };
    assert_eq!(
        call(opengid.clone()).await,
        json!({ "errcode": 0, "errmsg": "ok", "chat_id": chat_id })
    );
    for wrong in [json!("oNobody"), json!(null), json!("")] {
        assert_eq!(refusal(&call(wrong).await), (90511, "invalid opengid"));
    }
    app.did("p1", &chat_id, "dismiss", json!({})).await;
    assert_eq!(refusal(&call(opengid).await).0, 90511);
    server.stop().await;
}

#[tokio::test]
async fn customers_are_added_replaced_and_listed() {
    let server = Server::start().await;
    let app = company(&server, BOOK, 1, 0).await;
    let base = format!("/_qun/companies/{}/customers", app.corpid);
    let made = server
        .manage_ok("POST", &base, Some(json!({ "name": "甲" })))
        .await;
    let id = made["external_userid"].as_str().unwrap();
    assert!(id.starts_with("wm") && id.len() == 32, "{id}");
    let made = server
        .manage_ok(
            "POST",
            &base,
            Some(json!({ "name": "乙", "type": "wecom" })),
        )
        .await;
    assert!(made["external_userid"].as_str().unwrap().starts_with("wo"));
    let wm1 = format!("{base}/wm1");
    let body = json!({ "name": "丙", "unionid": "u1", "corp_name": "某公司", "type": "wecom" });
    let put = server.manage_ok("PUT", &wm1, Some(body.clone())).await;
    let mut expected = body.clone();
    expected["external_userid"] = "wm1".into();
    assert_eq!(put, expected);
    assert_eq!(server.manage_ok("GET", &wm1, None).await, expected);
    // A unionid is one customer's; an external_userid's case counts.
    let taken = |(status, answer): (u16, Value)| {
        (
            status,
            answer["error"]["code"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        )
    };
    let exists = (409, "customer_exists".to_owned());
    assert_eq!(
        taken(
            server
                .manage("PUT", &format!("{base}/wm2"), Some(body))
                .await
        ),
        exists
    );
    server
        .manage_ok("PUT", &format!("{base}/WM1"), Some(json!({ "name": "丁" })))
        .await;
    assert_eq!(
        taken(
            server
                .manage("POST", &base, Some(json!({ "external_userid": "wm1" })))
                .await
        ),
        exists
    );
    assert_eq!(
        taken(
            server
                .manage("POST", &base, Some(json!({ "external_userid": "P1" })))
                .await
        ),
        exists
    );
    for wrong in ["a b", "群", &"x".repeat(65)] {
        let (status, _) = server
            .manage("POST", &base, Some(json!({ "external_userid": wrong })))
            .await;
        assert_eq!(status, 400, "{wrong}");
    }
    for (name, good) in [("名".repeat(64), true), ("名".repeat(65), false)] {
        let (status, _) = server
            .manage("PUT", &wm1, Some(json!({ "name": name })))
            .await;
        assert_eq!(status == 200, good);
    }
    assert_eq!(
        server.manage("GET", &format!("{base}/none"), None).await.0,
        404
    );
    let whole = server.manage_ok("GET", &base, None).await;
    assert_eq!(whole["customers"].as_array().unwrap().len(), 4);
    assert_eq!(whole.get("next"), None);
    let first = server
        .manage_ok("GET", &format!("{base}?limit=3"), None)
        .await;
    assert_eq!(
        first["customers"].as_array().unwrap()[..],
        whole["customers"].as_array().unwrap()[..3]
    );
    let path = format!("{base}?limit=3&after={}", first["next"].as_str().unwrap());
    let last = server.manage_ok("GET", &path, None).await;
    assert_eq!(last["customers"][0], whole["customers"][3]);
    assert_eq!(last.get("next"), None);
    server.stop().await;
}
