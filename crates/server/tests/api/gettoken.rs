//! `GET /cgi-bin/gettoken`, and what its tokens are good for.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::kit::{App, BOTH, Server, code, text};

const EXPIRED: &str =
    "access_token expired, more info at https://open.work.weixin.qq.com/devtool/query?e=42001";

async fn gettoken(server: &Server, query: &str) -> Value {
    server.get(&format!("/cgi-bin/gettoken{query}")).await
}

/// The answer to an app's own id and secret.
async fn again(app: &App<'_>) -> Value {
    let query = format!("?corpid={}&corpsecret={}", app.corpid, app.secret);
    gettoken(app.server, &query).await
}

/// What a call with the app's token, which needs nothing else, is answered.
async fn used(app: &App<'_>) -> Value {
    app.get("get_api_domain_ip", "").await
}

#[tokio::test]
async fn one_token_while_it_is_valid_and_another_afterwards() {
    let server = Server::start().await;
    for rules in BOTH {
        let mut app = server.company(rules, 2, json!({})).await;
        let old = app.token.clone();
        assert!(!old.is_empty() && old.len() <= 512);
        server.advance(100).await;
        let early = server.now_ms().await;
        let answer = again(&app).await;
        assert_eq!(
            (code(&answer), text(&answer)),
            (0, "ok"),
            "{rules}: {answer}"
        );
        assert_eq!(answer["access_token"], old.as_str());
        // The clock runs on while the test does; a second or two of it may have passed.
        let left = answer["expires_in"].as_i64().unwrap();
        assert!((7_060..=7_100).contains(&left), "{left}");
        let end = (early / 1000 + left) * 1000;

        server.advance(left - 1).await;
        let (call, answer) = (used(&app).await, again(&app).await);
        if server.now_ms().await < end {
            assert_eq!((code(&call), &answer["expires_in"]), (0, &json!(1)));
            assert_eq!(answer["access_token"], old.as_str());
        }

        server.advance(1).await;
        let expired = used(&app).await;
        assert_eq!(
            (code(&expired), expired["errmsg"].as_str()),
            (42001, Some(EXPIRED))
        );
        let answer = again(&app).await;
        assert_ne!(answer["access_token"], old.as_str());
        assert!(answer["expires_in"].as_i64().unwrap() > 7_190, "{answer}");
        assert_eq!(code(&used(&app).await), 42001, "the old one stays dead");
        app.fetch_token().await;
        assert_eq!(code(&used(&app).await), 0);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_token_lasts_as_long_as_the_company_says() {
    let server = Server::start().await;
    for rules in BOTH {
        let app = server.company(rules, 2, json!({})).await;
        assert_eq!(again(&app).await["access_token"], app.token.as_str());
        let short = server
            .company(rules, 2, json!({ "token_seconds": 600 }))
            .await;
        let left = again(&short).await["expires_in"].as_i64().unwrap();
        assert!((570..=600).contains(&left), "{left}");
        server.advance(left - 30).await;
        assert_eq!(code(&used(&short).await), 0);
        server.advance(30).await;
        assert_eq!(used(&short).await["errmsg"], EXPIRED);
        assert_eq!(
            code(&used(&app).await),
            0,
            "another company's is as it was released"
        );
        // A change of the number acts on tokens that were given.
        app.rules(json!({ "limits": { "token_seconds": 600 } }))
            .await;
        assert_eq!(code(&used(&app).await), 42001);
    }
    server.stop().await;
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_said_in_order() {
    let server = Server::start().await;
    for rules in BOTH {
        let app = server.company(rules, 2, json!({})).await;
        let other = server.company(rules, 2, json!({})).await;
        let (corpid, secret) = (&app.corpid, &app.secret);
        for (query, expected, words) in [
            (String::new(), 41004, "corpsecret missing"),
            ("?corpid=&corpsecret=".into(), 41004, "corpsecret missing"),
            (format!("?corpid={corpid}"), 41004, "corpsecret missing"),
            (
                format!("?corpid={corpid}&corpsecret="),
                41004,
                "corpsecret missing",
            ),
            (format!("?corpsecret={secret}"), 41002, "corpid missing"),
            (
                format!("?corpid=&corpsecret={secret}"),
                41002,
                "corpid missing",
            ),
            (
                format!("?corpid=ww0000000000000000&corpsecret={secret}"),
                40013,
                "invalid corpid",
            ),
            (
                "?corpid=ww0000000000000000&corpsecret=no".into(),
                40013,
                "invalid corpid",
            ),
            (
                format!("?corpid={corpid}&corpsecret={secret}x"),
                40001,
                "invalid credential",
            ),
            (
                format!("?corpid={corpid}&corpsecret={}", other.secret),
                40001,
                "invalid credential",
            ),
            (
                format!("?corpid={corpid}&corpsecret={secret}&corpsecret=no"),
                40001,
                "invalid credential",
            ),
        ] {
            let answer = gettoken(&server, &query).await;
            assert_eq!(
                (code(&answer), text(&answer)),
                (expected, words),
                "{rules} {query}"
            );
            assert!(answer.get("access_token").is_none(), "{answer}");
        }
        app.change(json!({ "disabled": true })).await;
        let answer = again(&app).await;
        assert_eq!((code(&answer), text(&answer)), (50003, "app disabled"));
        let answer = used(&app).await;
        assert_eq!((code(&answer), text(&answer)), (50003, "app disabled"));
        app.change(json!({ "disabled": false })).await;
        assert_eq!(again(&app).await["access_token"], app.token.as_str());
        assert_eq!(code(&used(&app).await), 0);
    }
    server.stop().await;
}

#[tokio::test]
async fn what_else_clients_send_is_ignored() {
    let server = Server::start().await;
    let app = server.demo().await;
    let query = format!(
        "?appid=wx1&secret=no&neededText=&corpsecret=stale&corpid=stale&corpid={}&corpsecret={}&debug=1",
        app.corpid, app.secret
    );
    assert_eq!(
        gettoken(&server, &query).await["access_token"],
        app.token.as_str()
    );
    let url = format!("{}/cgi-bin/gettoken{query}", server.url);
    let posted = server.http.post(url).body("{}").send().await.unwrap();
    let posted: Value = serde_json::from_slice(&posted.bytes().await.unwrap()).unwrap();
    assert_eq!(posted["access_token"], app.token.as_str());
    server.stop().await;
}

#[tokio::test]
async fn each_app_has_its_own_token() {
    let server = Server::start().await;
    let first = server
        .company("documented".parse().unwrap(), 3, json!({}))
        .await;
    let second = first.sibling(json!({ "name": "second" })).await;
    assert_ne!(first.token, second.token);
    assert_ne!(first.secret, second.secret);
    first.chat("c1", &["p1", "p2"]).await;
    assert_eq!(code(&first.get("appchat/get", "&chatid=c1").await), 0);
    assert_eq!(code(&second.get("appchat/get", "&chatid=c1").await), 86008);

    // What happens to one leaves the other alone.
    server
        .manage_ok("POST", &format!("{}/revoke", first.path()), Some(json!({})))
        .await;
    assert_eq!(code(&used(&first).await), 40014);
    assert_eq!(code(&used(&second).await), 0);
    assert_eq!(again(&second).await["access_token"], second.token.as_str());

    // The same secret in two companies opens two doors.
    let secret = "the-same-secret-in-two-places";
    let world = json!({ "apps": [{ "name": "app", "secret": secret }] });
    let (one, two) = (server.world(world.clone()).await, server.world(world).await);
    assert_eq!((one.secret.as_str(), two.secret.as_str()), (secret, secret));
    assert!(!one.token.is_empty());
    assert_ne!(one.token, two.token);
    server.stop().await;
}

#[tokio::test]
async fn revoked_and_reset_tokens_are_refused_at_once() {
    let server = Server::start().await;
    for rules in BOTH {
        let mut app = server.company(rules, 2, json!({})).await;
        let first = app.token.clone();
        server
            .manage_ok("POST", &format!("{}/revoke", app.path()), Some(json!({})))
            .await;
        let refused = used(&app).await;
        assert_eq!(
            (code(&refused), text(&refused)),
            (40014, "invalid access_token")
        );
        let answer = again(&app).await;
        assert_eq!(code(&answer), 0, "the secret stays");
        assert!(answer["expires_in"].as_i64().unwrap() <= 7_200, "{answer}");
        app.fetch_token().await;
        assert_ne!(app.token, first);
        assert_eq!(code(&used(&app).await), 0);

        let old = app.secret.clone();
        let reset = server
            .manage_ok("POST", &format!("{}/secret", app.path()), Some(json!({})))
            .await;
        assert_eq!(code(&used(&app).await), 40014);
        let dead = again(&app).await;
        assert_eq!((code(&dead), text(&dead)), (40001, "invalid credential"));
        app.secret = reset["secret"].as_str().unwrap().to_owned();
        assert_ne!(app.secret, old);
        app.fetch_token().await;
        assert_eq!(code(&used(&app).await), 0);

        app.token = first;
        assert_eq!(code(&used(&app).await), 40014);
        // A revoked token is not called expired while it would still have been valid, nor does it come back.
        server.advance(3_600).await;
        assert_eq!(code(&used(&app).await), 40014);
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_at_once_on_a_cold_start_get_one_token() {
    let server = Server::start().await;
    let mut app = server
        .company("documented".parse().unwrap(), 2, json!({}))
        .await;
    server
        .manage_ok("POST", &format!("{}/revoke", app.path()), Some(json!({})))
        .await;
    let answers = join_all((0..20).map(|_| again(&app))).await;
    let token = answers[0]["access_token"].as_str().unwrap();
    assert_ne!(token, app.token);
    for answer in &answers {
        assert_eq!(answer["access_token"], token);
        assert!(answer["expires_in"].as_i64().unwrap() > 7_100);
    }
    app.token = token.to_owned();
    assert_eq!(code(&used(&app).await), 0);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_wrong_secrets_block_the_address_for_an_hour() {
    const PUBLISHED: usize = 2_000;
    let server = Server::start().await;
    let app = server.demo().await;
    let wrong = format!("?corpid={}&corpsecret=wrong", app.corpid);
    let mut done = 0;
    while done < PUBLISHED {
        let some = 50.min(PUBLISHED - done);
        for answer in join_all((0..some).map(|_| gettoken(&server, &wrong))).await {
            assert_eq!(code(&answer), 40001, "{done}");
        }
        done += some;
    }
    assert_eq!(
        again(&app).await["access_token"],
        app.token.as_str(),
        "n wrong ones do not block"
    );

    let early = server.now_ms().await;
    let answer = gettoken(&server, &wrong).await;
    assert_eq!(
        (code(&answer), text(&answer)),
        (45009, "api freq out of limit")
    );
    assert_eq!(
        code(&again(&app).await),
        45009,
        "the right one is blocked too"
    );
    assert_eq!(
        code(&used(&app).await),
        0,
        "a token that was given works on"
    );
    let elsewhere = reqwest::Client::builder()
        .no_proxy()
        .local_address("127.0.0.2".parse::<std::net::IpAddr>().unwrap())
        .build()
        .unwrap();
    let url = format!(
        "{}/cgi-bin/gettoken?corpid={}&corpsecret={}",
        server.url, app.corpid, app.secret
    );
    let bytes = elsewhere
        .get(url)
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    let answer: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(code(&answer), 0, "only this address is blocked: {answer}");

    server.advance(3_590).await;
    let answer = again(&app).await;
    if server.now_ms().await < early + 3_600_000 {
        assert_eq!(code(&answer), 45009);
    }
    server.advance(10).await;
    assert_eq!(code(&again(&app).await), 0);
    server.stop().await;
}

#[tokio::test]
async fn a_stolen_data_directory_opens_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let server =
        Server::with(|config| config.place = qun_server::Place::Directory(directory.path().into()))
            .await;
    let mut secrets = Vec::new();
    for rules in BOTH {
        let limits = json!({ "chat_updates_per_corp_hour": 1 });
        let app = server.company(rules, 2, limits).await;
        assert_eq!(code(&used(&app).await), 0);
        secrets.extend([app.secret, app.token]);
    }
    // What is still in the log, and what is in the database proper once it is closed.
    let look = || {
        let read = |name| std::fs::read(directory.path().join(name)).unwrap_or_default();
        let kept = [read("qun.db"), read("qun.db-wal")].concat();
        let holds = |text: &str| memchr::memmem::find(&kept, text.as_bytes()).is_some();
        assert!(holds("chat_updates"), "this is where rules are");
        for secret in &secrets {
            assert!(!holds(secret));
        }
    };
    look();
    server.stop().await;
    look();
}

#[test]
fn nothing_that_holds_a_secret_shows_it() {
    use qun_protocol::{
        gettoken::{GetToken, Token},
        manage::{AppSecret, CreateApp, LoadWorld, Loaded, LoadedCompany},
        world::{App, Company, World},
    };
    const SECRET: &str = "s3cret-of-the-test";
    let secret = || Some(SECRET.to_owned());
    let callback = qun_protocol::world::Callback {
        url: "http://127.0.0.1/".into(),
        token: SECRET.into(),
        encoding_aes_key: SECRET.into(),
    };
    let set = qun_protocol::manage::SetCallback {
        callback: callback.clone(),
        ..Default::default()
    };
    let kept = qun_store::table::callback::Callback {
        url: callback.url.clone(),
        token: SECRET.into(),
        aes_key: SECRET.into(),
    };
    let app = App {
        callback: Some(callback.clone()),
        secret: secret(),
        ..Default::default()
    };
    let shown = AppSecret {
        secret: SECRET.into(),
        ..Default::default()
    };
    let world = World {
        version: 1,
        companies: vec![Company {
            apps: vec![app.clone()],
            ..Default::default()
        }],
    };
    let agent = qun_server::AgentReady {
        agentid: 1,
        secret: SECRET.into(),
        name: "app".into(),
    };
    let ready = qun_server::Ready {
        url: String::new(),
        corpid: String::new(),
        agents: vec![agent],
        manage_token: SECRET.into(),
    };
    let config = qun_server::Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        place: qun_server::Place::Memory,
        world: Some(world.clone()),
        rules: Default::default(),
        limits_off: false,
        clock: None,
        manage_token: secret(),
        callbacks: Default::default(),
    };
    let request = GetToken {
        corpid: Some("ww1".into()),
        corpsecret: secret(),
    };
    let token = Token {
        access_token: SECRET.into(),
        expires_in: 1,
    };
    let loaded = Loaded {
        companies: vec![LoadedCompany {
            agents: vec![shown.clone()],
            ..Default::default()
        }],
    };
    let made = CreateApp {
        app,
        ..Default::default()
    };
    for text in [
        format!("{request:?}"),
        format!("{token:?}"),
        format!("{callback:?}"),
        format!("{set:?}"),
        format!("{kept:?}"),
        format!("{shown:?}"),
        format!("{loaded:?}"),
        format!("{made:?}"),
        format!("{:?}", LoadWorld { world }),
        format!("{ready:?}"),
        format!("{config:?}"),
    ] {
        assert!(!text.contains(SECRET), "{text}");
        assert!(!text.is_empty());
    }
}
