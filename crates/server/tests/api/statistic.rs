//! Statistics of customer groups: what people do, day by day, and what is answered of it.

use qun_protocol::groupchat::{day_of, day_start};
use serde_json::{Value, json};

use crate::kit::{App, BOTH, NOON, Server, code, text};

const BY_OWNER: &str = "externalcontact/groupchat/statistic";
const BY_DAY: &str = "externalcontact/groupchat/statistic_group_by_day";
const DAY: i64 = 86_400;
/// The first day of a test's clock.
const TODAY: i64 = day_of(NOON / 1000);

/// A company with employees `e1` to `e4`, customers `c1` to `c4`, and more.
async fn company<'a>(server: &'a Server, more: Value) -> App<'a> {
    let users: Vec<Value> = (1..=4)
        .map(|n| json!({ "userid": format!("e{n}"), "customer_contact": true }))
        .collect();
    let customers: Vec<Value> = (1..=4)
        .map(|n| json!({ "external_userid": format!("c{n}"), "name": format!("c{n}") }))
        .collect();
    let mut company = json!({
        "name": "test", "users": users, "customers": customers, "apps": [{ "name": "app", "customer_contact": true }],
    });
    for (key, value) in more.as_object().unwrap() {
        company[key] = value.clone();
    }
    // The clock goes on by days.
    company["limits"]["token_seconds"] = (400 * DAY).into();
    server.world(company).await
}

/// Makes a customer group on an employee's phone.
async fn group(app: &App<'_>, owner: &str, others: &[&str]) -> String {
    let path = format!("/_qun/people/{owner}/groups");
    let body = json!({ "corpid": app.corpid, "name": "g", "userlist": others });
    let made = app.server.manage_ok("POST", &path, Some(body)).await;
    made["chat_id"].as_str().unwrap().to_owned()
}

async fn step(app: &App<'_>, who: &str, group: &str, step: &str, body: Value) {
    let (status, answer) = app.step(who, group, step, body).await;
    assert_eq!(status, 200, "{who} {step}: {answer}");
}

async fn say(app: &App<'_>, who: &str, group: &str) {
    step(app, who, group, "say", json!({ "text": "你好" })).await;
}

/// Figures in the order of the page, without those of migrated groups.
type Short = [i64; 7];

fn short(data: &Value) -> Short {
    [
        "new_chat_cnt",
        "chat_total",
        "chat_has_msg",
        "new_member_cnt",
        "member_total",
        "member_has_msg",
        "msg_total",
    ]
    .map(|key| data[key].as_i64().unwrap_or_else(|| panic!("{key} {data}")))
}

/// What is answered for days, counted from [`TODAY`], by owner.
async fn owners(app: &App<'_>, first: i64, last: i64) -> Vec<(String, Short)> {
    let days = json!({ "day_begin_time": day_start(TODAY + first), "day_end_time": day_start(TODAY + last) });
    let answer = app.ok(BY_OWNER, days).await;
    let items = answer["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            (
                item["owner"].as_str().unwrap().to_owned(),
                short(&item["data"]),
            )
        })
        .collect()
}

/// The same by day, of some owners.
async fn days(app: &App<'_>, owners: &[&str], first: i64, last: i64) -> Vec<(i64, Short)> {
    let mut asked = json!({ "day_begin_time": day_start(TODAY + first), "day_end_time": day_start(TODAY + last) });
    asked["owner_filter"] = json!({ "userid_list": owners });
    let answer = app.ok(BY_DAY, asked).await;
    let items = answer["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            (
                day_of(item["stat_time"].as_i64().unwrap()) - TODAY,
                short(&item["data"]),
            )
        })
        .collect()
}

fn named<const N: usize>(owners: [(&str, Short); N]) -> Vec<(String, Short)> {
    owners
        .map(|(owner, figures)| (owner.to_owned(), figures))
        .into()
}

#[tokio::test]
async fn everything_that_people_do_counts_on_its_day_for_its_owner() {
    let server = Server::start().await;
    let app = company(&server, json!({})).await;
    // Day 0: e1 founds a group of four, in which two speak. Founders are no new members.
    let first = group(&app, "e1", &["e2", "c1", "c2"]).await;
    say(&app, "e1", &first).await;
    say(&app, "c1", &first).await;
    say(&app, "c1", &first).await;
    server.advance(DAY).await;
    assert_eq!(
        owners(&app, 0, 0).await,
        named([("e1", [1, 1, 1, 0, 4, 2, 3])])
    );
    // Day 1: one comes, the one who spoke goes; another group without a word.
    step(&app, "e2", &first, "invite", json!({ "userlist": ["c3"] })).await;
    step(&app, "c1", &first, "leave", json!({})).await;
    let second = group(&app, "e1", &["c4"]).await;
    server.advance(DAY).await;
    assert_eq!(
        owners(&app, 1, 1).await,
        named([("e1", [1, 2, 1, 1, 6, 1, 3])])
    );
    // Day 2: who has spoken comes back, and is a new member and one who has spoken.
    step(&app, "e2", &first, "invite", json!({ "userlist": ["c1"] })).await;
    server.advance(DAY).await;
    assert_eq!(
        owners(&app, 2, 2).await,
        named([("e1", [0, 2, 1, 1, 7, 2, 3])])
    );
    // Day 3: e2 owns the first group from now on.
    step(&app, "e1", &first, "owner", json!({ "owner": "e2" })).await;
    say(&app, "e2", &first).await;
    server.advance(DAY).await;
    assert_eq!(
        owners(&app, 3, 3).await,
        named([("e1", [0, 1, 0, 0, 2, 0, 0]), ("e2", [0, 1, 1, 0, 5, 3, 4]),])
    );
    // Day 4: the second group is dismissed.
    step(&app, "e1", &second, "dismiss", json!({})).await;
    server.advance(DAY).await;
    assert_eq!(
        owners(&app, 4, 4).await,
        named([("e2", [0, 1, 1, 0, 5, 3, 4])])
    );
    // A day on which nothing happens is as the one before. New ones are added up, all else stands at the end.
    server.advance(DAY).await;
    assert_eq!(
        owners(&app, 5, 5).await,
        named([("e2", [0, 1, 1, 0, 5, 3, 4])])
    );
    assert_eq!(
        owners(&app, 0, 5).await,
        named([("e1", [2, 0, 0, 2, 0, 0, 0]), ("e2", [0, 1, 1, 0, 5, 3, 4]),])
    );
    assert_eq!(
        days(&app, &[], -1, 5).await,
        [
            (-1, [0; 7]),
            (0, [1, 1, 1, 0, 4, 2, 3]),
            (1, [1, 2, 1, 1, 6, 1, 3]),
            (2, [0, 2, 1, 1, 7, 2, 3]),
            (3, [0, 2, 1, 0, 7, 3, 4]),
            (4, [0, 1, 1, 0, 5, 3, 4]),
            (5, [0, 1, 1, 0, 5, 3, 4]),
        ]
    );
    assert_eq!(
        days(&app, &["e1"], 3, 4).await,
        [(3, [0, 1, 0, 0, 2, 0, 0]), (4, [0; 7])]
    );
    server.stop().await;
}

#[tokio::test]
async fn internal_groups_do_not_count() {
    let server = Server::start().await;
    let app = company(&server, json!({})).await;
    app.chat("internal", &["e1", "e2"]).await;
    app.say("internal", "hello").await;
    server.advance(DAY).await;
    assert_eq!(owners(&app, 0, 0).await, []);
    server.stop().await;
}

#[tokio::test]
async fn inherited_groups_count_for_the_heir_from_that_day_on() {
    let server = Server::start().await;
    let app = company(&server, json!({ "limits": { "transfer_seconds": DAY } })).await;
    let chat = group(&app, "e1", &["c1"]).await;
    say(&app, "c1", &chat).await;
    let resign = format!("/_qun/companies/{}/users/e1/resign", app.corpid);
    server.manage_ok("POST", &resign, Some(json!({}))).await;
    app.ok(
        "externalcontact/groupchat/transfer",
        json!({ "chat_id_list": [chat], "new_owner": "e2" }),
    )
    .await;
    server.advance(2 * DAY).await;
    server.advance(DAY).await;
    // Whoever has resigned is still an owner of those days.
    assert_eq!(
        owners(&app, 0, 0).await,
        named([("e1", [1, 1, 1, 0, 2, 1, 1])])
    );
    assert_eq!(owners(&app, 2, 2).await.last().unwrap().0, "e2");
    assert_eq!(
        days(&app, &["e2"], 2, 2).await[0].1[1..],
        [1, 1, 0, 2, 1, 1]
    );
    server.stop().await;
}

#[tokio::test]
async fn days_end_at_midnight_in_utc8_and_worlds_carry_history() {
    let server = Server::start().await;
    let midnight = day_start(TODAY - 5);
    let group = json!({
        "chat_id": "wrHistory", "owner": "e2", "former_owners": [{ "userid": "e1", "until": midnight + 3 * DAY }],
        "create_time": midnight - 2,
        "members": [
            // Whoever comes within a second founded it.
            { "userid": "e1" }, { "userid": "e2", "join_time": midnight - 1 },
            { "userid": "c1", "join_time": midnight + 1, "leave_time": midnight + DAY },
            { "userid": "c1", "join_time": midnight + 2 * DAY },
        ],
        "messages": [
            { "from": "e1", "time": midnight - 1, "text": "a" },
            { "from": "c1", "time": midnight + DAY - 1, "text": "b" },
        ],
        "migrate_time": midnight + DAY,
        "dismiss_time": midnight + 4 * DAY,
    });
    let app = company(
        &server,
        json!({ "customer_groups": [group], "industry": "education" }),
    )
    .await;
    assert_eq!(
        days(&app, &["e1"], -7, -1).await,
        [
            (-7, [0; 7]),
            (-6, [1, 1, 1, 0, 2, 1, 1]),
            (-5, [0, 1, 1, 1, 3, 2, 2]),
            (-4, [0, 1, 1, 0, 2, 1, 2]),
            (-3, [0, 1, 1, 1, 3, 2, 2]),
            (-2, [0; 7]),
            (-1, [0; 7]),
        ]
    );
    assert_eq!(
        days(&app, &["e2"], -3, -1).await,
        [(-3, [0; 7]), (-2, [0, 1, 1, 0, 3, 2, 2]), (-1, [0; 7])]
    );
    // Its end is known.
    assert_eq!(
        app.code(
            "externalcontact/groupchat/get",
            json!({ "chat_id": "wrHistory" })
        )
        .await,
        49008
    );
    server.stop().await;
}

#[tokio::test]
async fn a_history_that_cannot_have_been_is_refused() {
    let server = Server::start().await;
    let past = NOON / 1000 - 10 * DAY;
    for (change, expected) in [
        (
            json!({ "former_owners": [{ "userid": "e2", "until": past + 9 }] }),
            "names every former owner",
        ),
        (
            json!({ "former_owners": [{ "userid": "c1", "until": past + 9 }] }),
            "is no employee",
        ),
        (
            json!({ "members": [{ "userid": "e1", "leave_time": past + 9 }] }),
            "an owner leaves after another owns it",
        ),
        (
            json!({ "members": [{ "userid": "c1", "join_time": past + 9, "leave_time": past + 8 }] }),
            "leave_time is after join_time",
        ),
        (
            json!({ "members": [{ "userid": "c1" }, { "userid": "c1" }] }),
            "is there twice",
        ),
        (
            json!({ "members": [{ "userid": "c1", "leave_time": past + 9 }, { "userid": "c1", "join_time": past + 8 }] }),
            "is in it already",
        ),
        (
            json!({ "dismiss_time": past + 9, "messages": [{ "from": "e1", "time": past + 10, "text": "a" }] }),
            "nothing happens after dismiss_time",
        ),
        (
            json!({ "messages": [{ "from": "e1", "time": past + 2, "text": "a" }, { "from": "e1", "time": past + 1, "text": "b" }] }),
            "oldest first",
        ),
        (
            json!({ "members": [{ "userid": "c1", "leave_time": past + 9 }], "messages": [{ "from": "c1", "time": past + 10, "text": "a" }] }),
            "is no member",
        ),
        (
            json!({ "migrate_time": past - 1 }),
            "is before what stands before it",
        ),
        (
            json!({ "dismiss_time": past + 20 * DAY }),
            "is not in the past",
        ),
    ] {
        let mut group = json!({ "owner": "e1", "create_time": past });
        for (key, value) in change.as_object().unwrap() {
            group[key] = value.clone();
        }
        let company = json!({
            "name": "test", "users": [{ "userid": "e1" }, { "userid": "e2" }],
            "customers": [{ "external_userid": "c1", "name": "c1" }], "customer_groups": [group],
        });
        let world = json!({ "version": 1, "companies": [company] });
        let (status, answer) = server.manage("POST", "/_qun/worlds", Some(world)).await;
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(
            status == 400 && message.contains(expected),
            "{change}: {status} {answer}"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn only_companies_in_education_count_migrated_groups() {
    let server = Server::start().await;
    let migrated = "migrate_trainee_chat_cnt";
    for (industry, expected) in [("education", json!(1)), ("retail", Value::Null)] {
        let app = company(&server, json!({ "industry": industry })).await;
        let today = (server.now_ms().await / 1000).div_euclid(1);
        let chat = group(&app, "e1", &["c1"]).await;
        let mark = format!("/_qun/companies/{}/groups/{chat}/migrate", app.corpid);
        for _ in 0..2 {
            server.manage_ok("POST", &mark, Some(json!({}))).await;
        }
        server.advance(DAY).await;
        let asked = json!({ "day_begin_time": today });
        let by_owner = app.ok(BY_OWNER, asked.clone()).await;
        assert_eq!(
            by_owner["items"][0]["data"][migrated], expected,
            "{by_owner}"
        );
        let by_day = app.ok(BY_DAY, asked).await;
        assert_eq!(by_day["items"][0]["data"][migrated], expected, "{by_day}");
        // It was migrated, whatever becomes of it; whoever owns it last has the figure.
        step(&app, "e1", &chat, "dismiss", json!({})).await;
        server.advance(DAY).await;
        let asked = json!({ "day_begin_time": today + DAY });
        let by_day = app.ok(BY_DAY, asked).await;
        assert_eq!(by_day["items"][0]["data"]["chat_total"], 0, "{by_day}");
        assert_eq!(by_day["items"][0]["data"][migrated], expected, "{by_day}");
        let (status, _) = server.manage("POST", &mark, Some(json!({}))).await;
        assert_eq!(status, 404);
    }
    server.stop().await;
}

#[tokio::test]
async fn the_days_that_can_be_asked() {
    let server = Server::start().await;
    for book in BOTH {
        let app = company(&server, json!({ "rulebook": book })).await;
        for path in [BY_OWNER, BY_DAY] {
            let ask = |begin: Value, end: Value| {
                app.post(
                    path,
                    json!({ "day_begin_time": begin, "day_end_time": end }),
                )
            };
            let day = |n: i64| json!(day_start(TODAY + n));
            for (begin, end) in [
                (day(-1), day(-1)),
                (day(-180), day(-151)),
                (day(-30), day(-1)),
                (day(-1), Value::Null),
                // Within the day; as text; and the last second of yesterday.
                (
                    json!(day_start(TODAY - 1) + 5000),
                    json!((day_start(TODAY) - 1).to_string()),
                ),
            ] {
                let answer = ask(begin.clone(), end.clone()).await;
                assert_eq!(code(&answer), 0, "{path} {begin} {end}: {answer}");
            }
            for (begin, end) in [
                (day(0), Value::Null),
                (day(-1), day(0)),
                (day(-181), day(-180)),
                (day(-31), day(-1)),
                (day(-1), day(-2)),
                (json!(NOON - 86_400_000), Value::Null),
                (json!(-1), Value::Null),
                (Value::Null, day(-1)),
            ] {
                let answer = ask(begin.clone(), end.clone()).await;
                assert_eq!(code(&answer), 600_018, "{path} {begin} {end}: {answer}");
                assert_eq!(text(&answer), "invalid start endtime");
                assert_eq!(answer["items"], json!([]), "as the cloud shows it");
            }
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn whose_figures_are_shown() {
    let server = Server::start().await;
    for book in BOTH {
        let app = company(&server, json!({ "rulebook": book })).await;
        for owner in ["e1", "e2", "e3"] {
            group(&app, owner, &["c1"]).await;
        }
        let now = server.now_ms().await / 1000;
        server.advance(DAY).await;
        let part = app
            .sibling(json!({ "name": "part", "customer_contact": true, "visible": { "users": ["e2", "e3"] } }))
            .await;
        let other = app.sibling(json!({ "name": "other" })).await;
        for path in [BY_OWNER, BY_DAY] {
            let ask = |list: Vec<String>| json!({ "day_begin_time": now, "owner_filter": { "userid_list": list } });
            let count = |answer: &Value| match path {
                BY_OWNER => answer["total"].as_i64().unwrap(),
                _ => answer["items"][0]["data"]["chat_total"].as_i64().unwrap(),
            };
            let asked = |list: &[&str]| ask(list.iter().map(|it| (*it).to_owned()).collect());
            assert_eq!(count(&app.ok(path, asked(&[])).await), 3);
            assert_eq!(count(&app.ok(path, asked(&["E1", "e1"])).await), 1);
            assert_eq!(count(&part.ok(path, asked(&[])).await), 2);
            assert_eq!(count(&part.ok(path, asked(&["e1", "e2"])).await), 1);
            assert_eq!(count(&part.ok(path, asked(&["e1"])).await), 0);
            assert_eq!(other.code(path, asked(&[])).await, 48002);
            assert_eq!(app.code(path, asked(&["nobody"])).await, 40003);
            let many = |n: usize| ask(vec!["e1".into(); n]);
            assert_eq!(count(&app.ok(path, many(100)).await), 1);
            let answer = app.post(path, many(101)).await;
            assert_eq!(code(&answer), 40058);
            assert_eq!(
                text(&answer),
                "owner_filter.userid_list exceed max length 100. invalid Request Parameter"
            );
            app.rules(json!({ "limits": { "range_people_max": 4 } }))
                .await;
            app.ok(path, asked(&[])).await;
            app.rules(json!({ "limits": { "range_people_max": 3 } }))
                .await;
            assert_eq!(app.code(path, asked(&[])).await, 81017);
            app.ok(path, asked(&["e1"])).await;
            app.rules(json!({ "limits": { "range_people_max": null } }))
                .await;
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn owners_come_sorted_and_in_pages() {
    let server = Server::start().await;
    let app = company(&server, json!({})).await;
    // e1: two groups of two; e2: one of four, of whom one came later; e3: one of two.
    group(&app, "e1", &["c1"]).await;
    group(&app, "e1", &["c1"]).await;
    let large = group(&app, "e2", &["c1", "c2"]).await;
    step(&app, "e2", &large, "invite", json!({ "userlist": ["c3"] })).await;
    group(&app, "e3", &["c1"]).await;
    server.advance(DAY).await;
    let ask = async |more: Value| {
        let mut asked = json!({ "day_begin_time": day_start(TODAY) });
        for (key, value) in more.as_object().unwrap() {
            asked[key] = value.clone();
        }
        app.post(BY_OWNER, asked).await
    };
    let order = async |more: Value| {
        let answer = ask(more).await;
        let items = answer["items"].as_array().unwrap().iter();
        let owners: Vec<String> = items
            .map(|it| it["owner"].as_str().unwrap().into())
            .collect();
        (
            owners.join(" "),
            answer["next_offset"].as_i64().unwrap(),
            answer["total"].as_i64().unwrap(),
        )
    };
    let page = |owners: &str, next: i64| (owners.to_owned(), next, 3);
    assert_eq!(order(json!({})).await, page("e1 e2 e3", 3));
    assert_eq!(
        order(json!({ "order_by": 0, "limit": 0, "order_asc": 0, "offset": 0 })).await,
        page("e1 e2 e3", 3)
    );
    assert_eq!(order(json!({ "order_asc": 1 })).await, page("e2 e3 e1", 3));
    assert_eq!(order(json!({ "order_by": 2 })).await, page("e1 e2 e3", 3));
    assert_eq!(order(json!({ "order_by": 3 })).await, page("e2 e1 e3", 3));
    assert_eq!(
        order(json!({ "order_by": "4", "order_asc": true })).await,
        page("e3 e1 e2", 3)
    );
    assert_eq!(order(json!({ "limit": 2 })).await, page("e1 e2", 2));
    assert_eq!(
        order(json!({ "limit": 2, "offset": 2 })).await,
        page("e3", 3)
    );
    assert_eq!(order(json!({ "offset": 3 })).await, page("", 3));
    assert_eq!(
        order(json!({ "offset": 9, "limit": 1000 })).await,
        page("", 3)
    );
    for (wrong, field) in [
        (json!({ "limit": 1001 }), "limit"),
        (json!({ "limit": -1 }), "limit"),
        (json!({ "offset": -1 }), "offset"),
        (json!({ "order_by": 5 }), "order_by"),
        (json!({ "order_asc": 2 }), "order_asc"),
    ] {
        let answer = ask(wrong).await;
        assert_eq!(code(&answer), 40058, "{answer}");
        assert_eq!(
            text(&answer),
            format!("invalid param '{field}'. invalid Request Parameter")
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn many_at_once_lose_and_invent_nothing() {
    let server = Server::start().await;
    let app = company(&server, json!({})).await;
    let chat = group(&app, "e1", &["e2", "e3", "e4", "c1", "c2", "c3"]).await;
    let talk = |who: &'static str| {
        let (app, chat) = (&app, &chat);
        async move {
            for _ in 0..20 {
                say(app, who, chat).await;
            }
        }
    };
    let come_and_go = async {
        for _ in 0..10 {
            step(&app, "e2", &chat, "invite", json!({ "userlist": ["c4"] })).await;
            step(&app, "c4", &chat, "leave", json!({})).await;
        }
    };
    futures_util::join!(talk("e1"), talk("e2"), talk("c1"), talk("c2"), come_and_go);
    server.advance(DAY).await;
    assert_eq!(
        owners(&app, 0, 0).await,
        named([("e1", [1, 1, 1, 10, 7, 4, 80])])
    );
    server.stop().await;
}

#[tokio::test]
async fn old_days_go_and_those_that_can_be_asked_stay() {
    let server = Server::start().await;
    let app = company(&server, json!({})).await;
    let chat = group(&app, "e1", &["c1"]).await;
    server.advance(DAY).await;
    say(&app, "c1", &chat).await;
    // 181 days after the second, the first is of no use: the second has its figures too.
    server.advance(181 * DAY).await;
    let ask = |day: i64| json!({ "day_begin_time": day_start(TODAY + day) });
    assert_eq!(app.code(BY_DAY, ask(1)).await, 600_018);
    assert_eq!(days(&app, &[], 2, 2).await, [(2, [0, 1, 1, 0, 2, 1, 1])]);
    // Who keeps them longer from now on finds the days that were kept, and nothing before.
    app.rules(json!({ "limits": { "statistic_days_kept": 400 } }))
        .await;
    assert_eq!(
        days(&app, &[], 0, 2).await,
        [
            (0, [0; 7]),
            (1, [1, 1, 1, 0, 2, 1, 1]),
            (2, [0, 1, 1, 0, 2, 1, 1])
        ]
    );
    server.stop().await;
}
