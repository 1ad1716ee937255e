//! `user/getuserid` and `user/get_userid_by_email`.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{Office, told};
use crate::kit::{App, BOTH, Server, code};

const WRONG: (i64, &str) = (46004, "user no exist");
const BLOCKED: (i64, &str) = (45009, "api freq out of limit");

async fn by_mobile(app: &App<'_>, mobile: &str) -> Value {
    app.post("user/getuserid", json!({ "mobile": mobile }))
        .await
}

async fn by_email(app: &App<'_>, email: &str, kind: Value) -> Value {
    let request = json!({ "email": email, "email_type": kind });
    app.post("user/get_userid_by_email", request).await
}

#[tokio::test]
async fn a_number_or_an_address_finds_its_person() {
    let server = Server::start().await;
    for rules in BOTH {
        let users = json!([
            { "userid": "Anna", "mobile": "+86 138-0000-0000", "email": "anna@home.example", "biz_mail": "anna@work.example" },
            { "userid": "bo", "mobile": "+852 51234567", "email": "bo@home.example" },
            { "userid": "gone", "mobile": "13800000009", "status": "left" },
            { "userid": "off", "mobile": "13800000008", "status": "disabled" },
        ]);
        let office = Office::of(&server, rules, json!({ "users": users })).await;
        let app = &office.app;
        for (mobile, userid) in [
            ("13800000000", "Anna"),
            ("+8613800000000", "Anna"),
            ("+86 13800000000", "Anna"),
            ("+85251234567", "bo"),
            ("13800000008", "off"),
        ] {
            let answer = by_mobile(app, mobile).await;
            assert_eq!(
                answer,
                json!({ "errcode": 0, "errmsg": "ok", "userid": userid }),
                "{mobile}"
            );
        }
        for mobile in ["13800000009", "51234567", "1380000", "no number at all"] {
            assert_eq!(told(&by_mobile(app, mobile).await), WRONG, "{mobile}");
        }
        for (email, kind, userid) in [
            ("anna@work.example", Value::Null, "Anna"),
            ("anna@work.example", json!(1), "Anna"),
            ("anna@home.example", json!(2), "Anna"),
            ("bo@home.example", json!("2"), "bo"),
        ] {
            let answer = by_email(app, email, kind).await;
            assert_eq!(answer["userid"], userid, "{answer}");
        }
        for (email, kind) in [
            ("anna@home.example", 1),
            ("anna@work.example", 2),
            ("x@y.example", 2),
        ] {
            assert_eq!(told(&by_email(app, email, json!(kind)).await), WRONG);
        }
        for (mobile, words) in [
            (
                json!(null),
                "invalid param 'mobile'. invalid Request Parameter",
            ),
            (
                json!("1380"),
                "invalid param 'mobile'. invalid Request Parameter",
            ),
            (
                json!("1".repeat(33)),
                "mobile exceed max length 32. invalid Request Parameter",
            ),
        ] {
            let answer = app
                .post("user/getuserid", json!({ "mobile": mobile }))
                .await;
            assert_eq!(told(&answer), (40058, words));
        }
        for good in ["13800", &"1".repeat(32)] {
            assert_eq!(
                told(&by_mobile(app, good).await),
                WRONG,
                "its length is right"
            );
        }
        let long = |bytes: usize| format!("{}@x.cn", "a".repeat(bytes - 5));
        assert_eq!(told(&by_email(app, &long(64), json!(2)).await), WRONG);
        for (email, kind, words) in [
            (
                long(65),
                json!(2),
                "email exceed max length 64. invalid Request Parameter",
            ),
            (
                String::new(),
                json!(2),
                "invalid param 'email'. invalid Request Parameter",
            ),
            (
                long(64),
                json!(3),
                "invalid param 'email_type'. invalid Request Parameter",
            ),
        ] {
            assert_eq!(told(&by_email(app, &email, kind).await), (40058, words));
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn who_is_outside_the_visible_range_is_not_found() {
    let server = Server::start().await;
    let company = json!({
        "departments": [{ "id": 2, "name": "two" }, { "id": 3, "name": "three", "parentid": 2 }],
        "users": [
            { "userid": "named", "mobile": "13800000001" },
            { "userid": "below", "mobile": "13800000002", "departments": [3] },
            { "userid": "tagged", "mobile": "13800000003" },
            { "userid": "outside", "mobile": "13800000004" },
        ],
        "tags": [{ "tagid": 1, "tagname": "t", "users": ["tagged"] }],
    });
    let office = Office::of(&server, BOTH[0], company).await;
    let visible = json!({ "users": ["named"], "departments": [2], "tags": [1] });
    let app = office.app.sibling(json!({ "visible": visible })).await;
    for (n, userid) in ["named", "below", "tagged"].iter().enumerate() {
        let answer = by_mobile(&app, &format!("1380000000{}", n + 1)).await;
        assert_eq!(answer["userid"], *userid, "{answer}");
    }
    assert_eq!(told(&by_mobile(&app, "13800000004").await), WRONG);
    assert_eq!(
        by_mobile(&office.app, "13800000004").await["userid"],
        "outside"
    );
    server.stop().await;
}

#[tokio::test]
async fn wrong_look_ups_beyond_the_share_block_until_the_next_day() {
    let server = Server::start().await;
    for rules in BOTH {
        // A fifth of the account cap is three.
        let company = json!({ "account_cap": 15, "users": [{ "userid": "anna", "mobile": "13800000000", "email": "a@x.cn" }] });
        let office = Office::of(&server, rules, company.clone()).await;
        let other = Office::of(&server, rules, company).await;
        let app = &office.app;
        let right = async |app: &App<'_>| code(&by_mobile(app, "13800000000").await);
        assert_eq!(told(&by_mobile(app, "13811111111").await), WRONG);
        assert_eq!(told(&by_email(app, "x@y.example", json!(2)).await), WRONG);
        assert_eq!(right(app).await, 0, "what is right is not counted");
        assert_eq!(told(&by_mobile(&office.sync, "13811111111").await), WRONG);
        assert_eq!(right(app).await, 0);
        // What cannot be a number is refused for that alone.
        assert_eq!(code(&by_mobile(app, "1380").await), 40058);

        assert_eq!(told(&by_mobile(app, "13811111111").await), BLOCKED);
        assert_eq!(right(app).await, 45009, "{rules}: a right number too");
        assert_eq!(right(&office.sync).await, 45009, "for all apps");
        let email = by_email(app, "a@x.cn", json!(2)).await;
        assert_eq!(told(&email), BLOCKED);
        assert_eq!(right(&other.app).await, 0, "no other company");

        let path = format!("/_qun/companies/{}/usage", app.corpid);
        let usage = server.manage_ok("GET", &path, None).await;
        let spent = usage["limits"].as_array().unwrap().iter();
        let spent = spent
            .filter(|spent| spent["limit"] == "wrong_lookups_per_corp_day")
            .map(|spent| (&spent["used"], &spent["most"]))
            .collect::<Vec<_>>();
        assert_eq!(spent, [(&json!(3), &json!(3))]);

        // The tests' clock begins at noon in UTC+8: the block lasts until midnight.
        let noon = crate::kit::NOON;
        let day = 86_400_000;
        let now = server.now_ms().await;
        let midnight = (now - noon + day / 2).div_euclid(day) * day + noon + day / 2;
        server.advance((midnight - now) / 1000 - 60).await;
        let mut app = App::new(&server, &app.corpid, app.agentid, &app.secret).await;
        if server.now_ms().await < midnight {
            assert_eq!(right(&app).await, 45009, "{rules}: the day is not over");
        }
        server.advance(61).await;
        app.fetch_token().await;
        assert_eq!(right(&app).await, 0, "{rules}");
        assert_eq!(told(&by_mobile(&app, "13811111111").await), WRONG);
    }
    server.stop().await;
}

#[tokio::test]
async fn wrong_look_ups_at_once_are_counted_exactly() {
    let server = Server::start().await;
    let limits = json!({ "wrong_lookups_per_corp_day": 10 });
    let app = server.company(BOTH[1], 1, limits).await;
    let asked = (0..40).map(async |n| code(&by_mobile(&app, &format!("138111111{n:02}")).await));
    let codes = join_all(asked).await;
    let count = |wanted: i64| codes.iter().filter(|code| **code == wanted).count();
    assert_eq!((count(46004), count(45009)), (10, 30), "{codes:?}");
    server.stop().await;
}
