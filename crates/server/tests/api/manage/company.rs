//! Companies and their rules.

use qun_protocol::{Limit, Rulebook, Rules};
use serde_json::{Value, json};

use super::{bad, in_pages, pages, refusal};
use crate::kit::{App, NOON, Server, code};

async fn change(app: &App<'_>, body: Value) -> (u16, Value) {
    app.server
        .manage(
            "PUT",
            &format!("/_qun/companies/{}/rules", app.corpid),
            Some(body),
        )
        .await
}

async fn rules(app: &App<'_>) -> Value {
    app.server
        .manage_ok(
            "GET",
            &format!("/_qun/companies/{}/rules", app.corpid),
            None,
        )
        .await
}

#[tokio::test]
async fn companies_are_listed_by_corpid() {
    let server = Server::start().await;
    for corpid in ["wwz", "aa", "wwm"] {
        server
            .manage_ok(
                "POST",
                "/_qun/worlds",
                Some(json!({ "version": 1, "companies": [{ "corpid": corpid, "name": corpid }] })),
            )
            .await;
    }
    in_pages(&server, "/_qun/companies", "companies", 4).await;
    let all = pages(&server, "/_qun/companies", "companies", 2).await;
    let corpids: Vec<&str> = all
        .iter()
        .map(|company| company["corpid"].as_str().unwrap())
        .collect();
    assert_eq!(corpids, ["aa", "wwm", "wwqundemo000000001", "wwz"]);
    assert_eq!(
        server
            .manage_ok("GET", "/_qun/companies?after=wwz", None)
            .await,
        json!({ "companies": [] })
    );
    assert_eq!(
        all[3],
        json!({ "corpid": "wwz", "name": "wwz", "rulebook": "documented", "account_cap": 1000 })
    );
    assert_eq!(
        server.manage_ok("GET", "/_qun/companies/wwz", None).await,
        all[3]
    );
}

#[tokio::test]
async fn a_company_changes_what_is_named() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Live2026, 4, json!({})).await;
    let path = format!("/_qun/companies/{}", app.corpid);
    let change = async |body: Value| server.manage("PATCH", &path, Some(body)).await;
    let (status, shown) = change(json!({ "name": "新名", "industry": "education", "account_cap": 5, "chat_member_cap": 3, "developer_id": "dev" })).await;
    assert_eq!(status, 200);
    assert_eq!(
        shown,
        json!({ "corpid": app.corpid, "name": "新名", "rulebook": "live-2026", "industry": "education", "account_cap": 5, "chat_member_cap": 3, "developer_id": "dev" })
    );
    assert_eq!(server.manage_ok("GET", &path, None).await, shown);
    // The cap counts from now on, in the app's calls too.
    app.chat("three", &["p1", "p2", "p3"]).await;
    assert_eq!(
        app.code(
            "appchat/create",
            json!({ "userlist": ["p1", "p2", "p3", "p4"] })
        )
        .await,
        86006
    );

    assert_eq!(
        change(json!({ "industry": "", "developer_id": "", "chat_member_cap": 0 }))
            .await
            .1,
        json!({ "corpid": app.corpid, "name": "新名", "rulebook": "live-2026", "account_cap": 5 })
    );
    app.chat("four", &["p1", "p2", "p3", "p4"]).await;

    assert_eq!(
        change(json!({ "name": "群".repeat(200), "account_cap": 1, "chat_member_cap": 2 }))
            .await
            .0,
        200
    );
    for (body, names) in [
        (
            json!({ "name": "群".repeat(201) }),
            "at most 200 characters",
        ),
        (
            json!({ "industry": "x".repeat(201) }),
            "at most 200 characters",
        ),
        (json!({ "account_cap": 0 }), "account_cap is 1 to"),
        (json!({ "account_cap": 10_000_001 }), "account_cap is 1 to"),
        (
            json!({ "chat_member_cap": 1 }),
            "chat_member_cap is at least 2",
        ),
        (
            json!({ "rulebook": "documented" }),
            "there is no field \"rulebook\"",
        ),
    ] {
        bad(&change(body).await, names);
    }
}

#[tokio::test]
async fn rules_are_shown_as_they_are_in_force() {
    for book in Rulebook::ALL {
        let server = Server::start().await;
        let app = server.company(book, 2, json!({ "media_days": 4 })).await;
        let shown = rules(&app).await;
        assert_eq!(shown["rulebook"], json!(book));
        assert_eq!(shown["overridden"], json!(["media_days"]));
        let released = Rules::of(book);
        for limit in Limit::ALL {
            let expected = match released.limit(*limit) {
                _ if *limit == Limit::MediaDays => 4,
                i64::MAX => -1,
                number => number,
            };
            assert_eq!(shown["limits"][limit.key()], expected, "{limit:?}");
        }
    }
}

#[tokio::test]
async fn a_limit_is_set_taken_away_and_put_back() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 3, json!({})).await;
    let create = || app.code("appchat/create", json!({ "userlist": ["p1", "p2"] }));
    let (status, shown) = change(
        &app,
        json!({ "limits": { "chats_alive_per_app": 1, "chat_members_max": 2 } }),
    )
    .await;
    assert_eq!(status, 200);
    assert_eq!(shown, rules(&app).await);
    assert_eq!(
        shown["overridden"],
        json!(["chat_members_max", "chats_alive_per_app"])
    );
    assert_eq!((create().await, create().await), (0, 86005));

    // -1 is no limit, and shown so; null is the rulebook's number.
    assert_eq!(
        change(
            &app,
            json!({ "limits": { "chats_alive_per_app": -1, "chat_members_max": null } })
        )
        .await
        .0,
        200
    );
    let shown = rules(&app).await;
    assert_eq!(
        (
            &shown["limits"]["chats_alive_per_app"],
            &shown["limits"]["chat_members_max"]
        ),
        (&json!(-1), &json!(500))
    );
    assert_eq!(
        shown["overridden"],
        json!(["chats_alive_per_app"]),
        "no limit differs, too"
    );
    assert_eq!(create().await, 0);
    assert_eq!(
        app.code("appchat/create", json!({ "userlist": ["p1", "p2", "p3"] }))
            .await,
        0
    );
    assert_eq!(
        change(&app, json!({ "limits": { "chats_alive_per_app": 0 } }))
            .await
            .0,
        200
    );
    assert_eq!(create().await, 86005, "0 is a limit");

    let before = rules(&app).await;
    // The good key before the bad one is not kept.
    let answer = change(
        &app,
        json!({ "limits": { "chat_members_max": 7, "chat_sends_per_corp_minut": 1 } }),
    )
    .await;
    bad(
        &answer,
        "no limit \"chat_sends_per_corp_minut\"; did you mean \"chat_sends_per_corp_minute\"?",
    );
    bad(
        &change(&app, json!({ "limits": { "xyz": 1 } })).await,
        "no limit \"xyz\"",
    );
    bad(
        &change(&app, json!({ "limits": { "chat_members_max": -2 } })).await,
        "chat_members_max is negative",
    );
    bad(
        &change(&app, json!({ "limits": { "chat_members_max": "7" } })).await,
        "limits.chat_members_max: invalid type",
    );
    bad(
        &change(&app, json!({ "rulebook": "live-2025" })).await,
        "rulebook: unknown variant `live-2025`, expected `documented` or `live-2026`",
    );
    bad(
        &change(&app, json!({ "limit": {} })).await,
        "did you mean \"limits\"?",
    );
    assert_eq!(rules(&app).await, before);
}

#[tokio::test]
async fn another_rulebook_keeps_the_overrides() {
    let server = Server::start().await;
    let app = server
        .company(Rulebook::Documented, 3, json!({ "chat_name_chars": 3 }))
        .await;
    app.chat("with_line", &["p1", "p2"]).await;
    let (_, shown) = change(&app, json!({ "rulebook": "live-2026" })).await;
    assert_eq!(
        (
            &shown["rulebook"],
            &shown["limits"]["chat_members_max"],
            &shown["limits"]["chat_name_chars"]
        ),
        (&json!("live-2026"), &json!(2000), &json!(3))
    );
    assert_eq!(
        app.code(
            "appchat/create",
            json!({ "chatid": "an_other", "userlist": ["p1", "p2"] })
        )
        .await,
        86001
    );
    assert_eq!(
        change(&app, json!({ "rulebook": "documented" })).await.0,
        200
    );
    app.chat("an_other", &["p1", "p2"]).await;
    assert_eq!(
        change(&app, json!({})).await,
        (200, rules(&app).await),
        "nothing named, nothing changed"
    );
}

#[tokio::test]
async fn what_happened_is_judged_by_the_rules_of_its_time() {
    let server = Server::start().await;
    let app = server
        .company(
            Rulebook::Documented,
            2,
            json!({ "chat_receives_per_member_minute": 2 }),
        )
        .await;
    app.chat("chat", &["p1", "p2"]).await;
    let send = async |n: usize| {
        for _ in 0..n {
            assert_eq!(code(&app.say("chat", "x").await), 0);
        }
    };
    let dropped = async || {
        let page = app.inbox("p1", "").await;
        let of = |m: &Value| m["dropped"]["value"].as_i64();
        page["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(of)
            .collect::<Vec<_>>()
    };
    send(3).await;
    let first = [None, None, Some(2)];
    assert_eq!(dropped().await, first);

    // More may come from the next minute on; what was dropped stays dropped.
    server.advance(60).await;
    change(
        &app,
        json!({ "limits": { "chat_receives_per_member_minute": 4 } }),
    )
    .await;
    assert_eq!(dropped().await, first);
    send(5).await;
    let second = [None, None, Some(2), None, None, None, None, Some(4)];
    assert_eq!(dropped().await, second);

    // Fewer may come from the next minute on; what arrived stays.
    server.advance(60).await;
    change(
        &app,
        json!({ "limits": { "chat_receives_per_member_minute": 1 } }),
    )
    .await;
    send(2).await;
    let third = [&second[..], &[None, Some(1)]].concat();
    assert_eq!(dropped().await, third);
    server.advance(60).await;
    change(
        &app,
        json!({ "limits": { "chat_receives_per_member_minute": null } }),
    )
    .await;
    send(3).await;
    assert_eq!(dropped().await, [&third[..], &[None, None, None]].concat());
    // And so it is the day after.
    server.advance(86_400).await;
    assert_eq!(dropped().await[..third.len()], third);
    assert!(server.now_ms().await > NOON);
}

#[tokio::test]
async fn a_company_need_not_be_named_where_there_is_one() {
    let server = Server::start().await;
    assert_eq!(
        server
            .manage("GET", "/_qun/people/zhaoliu/groups", None)
            .await,
        (200, json!({ "groups": [] }))
    );
    server
        .manage_ok(
            "POST",
            "/_qun/worlds",
            Some(json!({ "version": 1, "companies": [{ "corpid": "wwsecond" }] })),
        )
        .await;
    assert_eq!(
        refusal(
            &server
                .manage("GET", "/_qun/people/zhangsan/groups", None)
                .await
        ),
        (400, "company_not_named")
    );
    let say = server
        .manage(
            "POST",
            "/_qun/people/zhangsan/groups/x/say",
            Some(json!({ "text": "x" })),
        )
        .await;
    assert_eq!(refusal(&say), (400, "company_not_named"));
    assert_eq!(
        server
            .manage(
                "GET",
                "/_qun/people/zhangsan/groups?corpid=wwqundemo000000001",
                None
            )
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn what_was_spent_is_shown_with_its_block() {
    let server = Server::start().await;
    let app = server
        .company(
            Rulebook::Documented,
            3,
            json!({ "chat_sends_per_corp_minute": 6 }),
        )
        .await;
    let path = format!("/_qun/companies/{}/usage", app.corpid);
    let spent = async |limit: &str| {
        let usage = server.manage_ok("GET", &path, None).await;
        let limits = usage["limits"].as_array().unwrap();
        limits
            .iter()
            .find(|row| row["limit"] == limit)
            .unwrap()
            .clone()
    };
    assert_eq!(
        spent("chats_per_corp_day").await,
        json!({ "limit": "chats_per_corp_day", "window": "day", "used": 0, "most": 1000 })
    );
    app.chat("three", &["p1", "p2", "p3"]).await;
    assert_eq!(spent("chats_per_corp_day").await["used"], 1);
    for _ in 0..2 {
        assert_eq!(code(&app.say("three", "x").await), 0);
    }
    assert_ne!(code(&app.say("three", "x").await), 0);
    let minute = spent("chat_sends_per_corp_minute").await;
    assert_eq!((&minute["used"], &minute["most"]), (&json!(6), &json!(6)));
    let until = server.now_ms().await / 1000 + 60;
    assert_eq!(minute["blocked_until"], until);
    server.advance(120).await;
    let minute = spent("chat_sends_per_corp_minute").await;
    assert_eq!(
        (&minute["used"], minute.get("blocked_until")),
        (&json!(0), None)
    );
    change(&app, json!({ "limits": { "chats_per_corp_day": -1 } })).await;
    assert_eq!(spent("chats_per_corp_day").await["most"], -1);
    let unknown = server
        .manage("GET", "/_qun/companies/wwnone/usage", None)
        .await;
    assert_eq!(refusal(&unknown), (404, "company_unknown"));
}
