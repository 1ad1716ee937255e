//! What is the same of every call: paths, methods, headers, bodies, the order of the checks, base call rates.

mod early;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::kit::{App, BOTH, NOON, Server, code, text};

/// The calls of groups with their documented methods.
const CALLS: [(&str, &str); 6] = [
    ("POST", "appchat/create"),
    ("POST", "appchat/update"),
    ("GET", "appchat/get"),
    ("POST", "appchat/send"),
    ("POST", "appchat/quit"),
    ("GET", "appchat/members"),
];

/// A call as it stands. `body` travels without a Content-Type.
async fn call(app: &App<'_>, method: &str, path_and_query: &str, body: &str) -> Response {
    let sign = if path_and_query.contains('?') {
        '&'
    } else {
        '?'
    };
    let url = format!(
        "{}/cgi-bin/{path_and_query}{sign}access_token={}",
        app.server.url, app.token
    );
    let method: Method = method.parse().unwrap();
    let request = app.server.http.request(method, url).body(body.to_owned());
    request.send().await.unwrap()
}

async fn answer(response: Response) -> Value {
    assert_eq!(response.status(), 200);
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

async fn send_from(app: &App<'_>, address: &str, path_and_query: &str) -> i64 {
    let client = reqwest::Client::builder()
        .no_proxy()
        .local_address(address.parse::<std::net::IpAddr>().unwrap())
        .build()
        .unwrap();
    let url = format!(
        "{}/cgi-bin/{path_and_query}access_token={}",
        app.server.url, app.token
    );
    code(&answer(client.get(url).send().await.unwrap()).await)
}

fn member_count(rules: qun_protocol::Rulebook) -> i64 {
    match rules {
        qun_protocol::Rulebook::Documented => 86004,
        qun_protocol::Rulebook::Live2026 => 86006,
    }
}

fn unknown_chat(rules: qun_protocol::Rulebook) -> i64 {
    match rules {
        qun_protocol::Rulebook::Documented => 86002,
        qun_protocol::Rulebook::Live2026 => 86001,
    }
}

#[tokio::test]
async fn unknown_paths_are_404_without_a_body() {
    let server = Server::start().await;
    let app = server.demo().await;
    for path in [
        "appchat/none",
        "appchat/create/",
        "appchat",
        "",
        "Appchat/create",
        "chat/create",
    ] {
        for method in ["GET", "POST"] {
            let response = call(&app, method, path, "{}").await;
            assert_eq!(response.status(), 404, "{method} {path}");
            assert!(response.headers().get("error-code").is_none());
            assert!(response.bytes().await.unwrap().is_empty(), "{path}");
        }
    }
    let response = server.http.get(&server.url).send().await.unwrap();
    assert_eq!(response.status(), 404);
    server.stop().await;
}

#[tokio::test]
async fn quit_and_members_are_known_to_the_documents_alone() {
    let server = Server::start().await;
    let live = server
        .company(qun_protocol::Rulebook::Live2026, 2, json!({}))
        .await;
    live.chat("c1", &["p1", "p2"]).await;
    for (method, path) in &CALLS[4..] {
        let path = format!("{path}?chatid=c1");
        let response = call(&live, method, &path, r#"{"chatid":"c1"}"#).await;
        assert_eq!(response.status(), 404, "{path}");
        assert!(response.bytes().await.unwrap().is_empty());
        // Decided after the token.
        let url = format!("{}/cgi-bin/{path}&access_token=no", server.url);
        let method: Method = method.parse().unwrap();
        let refused = server.http.request(method, url).send().await.unwrap();
        assert_eq!(code(&answer(refused).await), 40014);
    }
    assert_eq!(code(&live.get("appchat/get", "&chatid=c1").await), 0);
    let documented = server
        .company(qun_protocol::Rulebook::Documented, 2, json!({}))
        .await;
    documented.chat("c1", &["p1", "p2"]).await;
    let members = documented.get("appchat/members", "&chatid=c1").await;
    assert_eq!(code(&members), 0);
    documented
        .ok("appchat/quit", json!({ "chatid": "c1" }))
        .await;
    server.stop().await;
}

#[tokio::test]
async fn a_wrong_method_is_an_empty_request() {
    let server = Server::start().await;
    for rules in BOTH {
        let app = server.company(rules, 3, json!({})).await;
        let whole =
            r#"{"chatid":"c1","userlist":["p1","p2"],"msgtype":"text","text":{"content":"a"}}"#;
        for method in ["GET", "PUT", "DELETE"] {
            let refused = answer(call(&app, method, "appchat/create", whole).await).await;
            assert_eq!(code(&refused), member_count(rules), "{method}");
            assert_eq!(text(&refused), "invalid chat member list size");
        }
        let refused = answer(call(&app, "GET", "appchat/create?userlist=p1&userlist=p2", "").await);
        assert_eq!(code(&refused.await), member_count(rules));
        app.chat("c1", &["p1", "p2"]).await;
        for path in ["appchat/update", "appchat/send"] {
            let refused = answer(call(&app, "GET", path, whole).await).await;
            assert_eq!(
                (code(&refused), text(&refused)),
                (86201, "chatid missing"),
                "{path}"
            );
        }
        for method in ["POST", "PUT"] {
            let got = answer(call(&app, method, "appchat/get?chatid=c1", "").await).await;
            assert_eq!(got["chat_info"]["chatid"], "c1", "{method}");
        }
        let refused = answer(call(&app, "POST", "appchat/get", r#"{"chatid":"c1"}"#).await).await;
        assert_eq!(code(&refused), 86201, "its parameters are in the query");
    }
    server.stop().await;
}

#[tokio::test]
async fn headers_repeat_the_status_and_bodies_are_compact() {
    let server = Server::start().await;
    for rules in BOTH {
        let app = server.company(rules, 2, json!({})).await;
        app.chat("c1", &["p1", "p2"]).await;
        let update = r#"{"chatid":"c1","name":"a"}"#;
        let response = call(&app, "POST", "appchat/update", update).await;
        assert_eq!(response.status(), 200);
        let headers = response.headers().clone();
        // The clock of this server began years ago: clients see its time, not the system's.
        let date = httpdate::parse_http_date(headers["date"].to_str().unwrap()).unwrap();
        let date = date
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs();
        assert!(date.abs_diff(NOON.unsigned_abs() / 1000) < 600, "{date}");
        for (name, value) in [
            ("error-code", "0"),
            ("error-msg", "ok"),
            ("content-length", "27"),
            ("content-type", "application/json; charset=UTF-8"),
        ] {
            assert_eq!(headers[name], value, "{name}");
        }
        let bytes = response.bytes().await.unwrap();
        assert_eq!(&bytes[..], br#"{"errcode":0,"errmsg":"ok"}"#);

        let response = call(&app, "GET", "appchat/get?chatid=c2", "").await;
        assert_eq!(response.status(), 200);
        let headers = response.headers().clone();
        let bytes = response.bytes().await.unwrap();
        let expected = unknown_chat(rules);
        assert_eq!(headers["error-code"], expected.to_string().as_str());
        assert_eq!(headers["content-type"], "application/json; charset=UTF-8");
        assert_eq!(headers["content-length"], bytes.len().to_string().as_str());
        let refused: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(code(&refused), expected);
        let errmsg = refused["errmsg"].as_str().unwrap();
        assert_eq!(headers["error-msg"], errmsg);
        assert_eq!(
            bytes,
            format!(r#"{{"errcode":{expected},"errmsg":"{errmsg}"}}"#)
        );

        // <text>, hint: [<22 to 25 digits that begin with the time>], from ip: <address>, more info at <link>
        let (_, tail) = errmsg.split_once(", hint: [").unwrap();
        let (hint, tail) = tail.split_once(']').unwrap();
        assert!((22..=25).contains(&hint.len()), "{hint}");
        assert!(hint.bytes().all(|b| b.is_ascii_digit()), "{hint}");
        let since = server.now_ms().await / 1000 - hint[..10].parse::<i64>().unwrap();
        assert!((0..60).contains(&since), "{hint}");
        let link = format!(
            ", from ip: 127.0.0.1, more info at https://open.work.weixin.qq.com/devtool/query?e={expected}"
        );
        assert_eq!(tail, link);
        let again = app.get("appchat/get", "&chatid=c2").await;
        assert_ne!(again["errmsg"], errmsg, "each refusal has its own hint");
    }
    server.stop().await;
}

#[tokio::test]
async fn the_token_is_read_from_the_query_alone_and_the_last_counts() {
    let server = Server::start().await;
    for rules in BOTH {
        let app = server.company(rules, 2, json!({})).await;
        let token = &app.token;
        let url = format!("{}/cgi-bin/appchat/create", server.url);
        let body = json!({ "access_token": token, "userlist": ["p1", "p2"] }).to_string();
        let missing = |answer: &Value| {
            assert_eq!(
                (code(answer), text(answer)),
                (41001, "access_token missing")
            );
        };
        let request = server.http.post(&url).bearer_auth(token).body(body.clone());
        missing(&answer(request.send().await.unwrap()).await);
        let request = server.http.post(&url).header("access_token", token);
        missing(&answer(request.body(body.clone()).send().await.unwrap()).await);
        let request = server.http.post(format!("{url}?access_token="));
        missing(&answer(request.body(body.clone()).send().await.unwrap()).await);

        for (query, expected) in [
            (
                format!("access_token=no&access_token={token}&a=access_token"),
                0,
            ),
            (format!("access_token={token}&access_token=no"), 40014),
            (format!("access_token={}", &token[1..]), 40014),
            (format!("access_token={token}A"), 40014),
            (
                format!("access_token={}", token.replace(&token[..4], "____")),
                40014,
            ),
        ] {
            let request = server.http.post(format!("{url}?{query}"));
            let answer = answer(request.body(body.clone()).send().await.unwrap()).await;
            assert_eq!(code(&answer), expected, "{query}: {answer}");
            if expected == 40014 {
                assert_eq!(text(&answer), "invalid access_token");
            }
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_body_is_json_whatever_its_label() {
    let server = Server::start().await;
    for rules in BOTH {
        let app = server.company(rules, 2, json!({})).await;
        let url = format!(
            "{}/cgi-bin/appchat/create?access_token={}",
            server.url, app.token
        );
        for label in [
            None,
            Some("application/json"),
            Some("application/x-www-form-urlencoded"),
            Some("text/plain; charset=gbk"),
            Some("multipart/form-data"),
            Some("?"),
        ] {
            let mut request = server.http.post(&url).body(r#"{"userlist":["p1","p2"]}"#);
            if let Some(label) = label {
                request = request.header("content-type", label);
            }
            let made = answer(request.send().await.unwrap()).await;
            assert_eq!(code(&made), 0, "{label:?}: {made}");
            assert_eq!(made["errmsg"], "ok");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_warned_of() {
    const WARNING: &str = "Warning: wrong json format. invalid chat member list size";
    let server = Server::start().await;
    for rules in BOTH {
        let app = server.company(rules, 3, json!({})).await;
        for (body, expected) in [
            ("userlist=p1&userlist=p2", WARNING),
            (r#"{'userlist':['p1','p2']}"#, WARNING),
            (r#"{"userlist":["p1","p2"]"#, WARNING),
            (r#"["p1","p2"]"#, WARNING),
            (r#"{"userlist":{"a":1}}"#, WARNING),
            ("\u{feff}{\"userlist\":[\"p1\",\"p2\"]}", WARNING),
            ("", "invalid chat member list size"),
            ("{}", "invalid chat member list size"),
            (r#"{"userlist":null}"#, "invalid chat member list size"),
            (r#"{"userlist":""}"#, "invalid chat member list size"),
        ] {
            let refused = app.post_text("appchat/create", body).await;
            assert_eq!(
                (code(&refused), text(&refused)),
                (member_count(rules), expected),
                "{body}"
            );
        }
        // On success: what could not be read is left out.
        let body = r#"{"chatid":"c1","owner":["p1"],"userlist":["p2",{},"p1"]}"#;
        let response = call(&app, "POST", "appchat/create", body).await;
        assert_eq!(response.headers()["error-code"], "0");
        assert_eq!(
            response.headers()["error-msg"],
            "ok. Warning: wrong json format."
        );
        let made = answer(response).await;
        assert_eq!(
            made,
            json!({ "errcode": 0, "errmsg": "ok. Warning: wrong json format. ", "chatid": "c1" })
        );
        let got = app.get("appchat/get", "&chatid=c1").await;
        assert_eq!(got["chat_info"]["userlist"], json!(["p2", "p1"]));
        assert_eq!(got["chat_info"]["owner"], "p2");
        assert_eq!(got["errmsg"], "ok");
    }
    server.stop().await;
}

#[tokio::test]
async fn empty_null_and_numbers_as_text_are_read_as_clients_mean_them() {
    let server = Server::start().await;
    for rules in BOTH {
        let app = server.company(rules, 3, json!({})).await;
        let body = json!({
            "chatid": "", "name": "", "owner": "", "userlist": ["p1", "p2"], "agentid": "1000002", "x": null,
        });
        let made = app.ok("appchat/create", body).await;
        assert_eq!(made["errmsg"], "ok", "nothing to warn of");
        let chatid = made["chatid"].as_str().unwrap();
        assert_eq!(chatid.len(), 32, "an empty chatid is none");

        let body =
            json!({ "chatid": 12345, "name": null, "owner": null, "userlist": ["p1", "p2"] });
        let made = app.ok("appchat/create", body).await;
        assert_eq!(
            (&made["chatid"], &made["errmsg"]),
            (&json!("12345"), &json!("ok"))
        );
        let update = json!({
            "chatid": "12345", "name": "", "owner": "", "add_user_list": null, "del_user_list": "",
        });
        assert_eq!(app.ok("appchat/update", update).await["errmsg"], "ok");
        for safe in [json!("0"), json!("1"), json!(1), json!(""), Value::Null] {
            let send = json!({
                "chatid": "12345", "msgtype": "text", "safe": safe, "agentid": app.agentid.to_string(),
                "text": { "content": "a", "mentioned_list": null }, "enable_duplicate_check": 0,
            });
            assert_eq!(app.ok("appchat/send", send).await["errmsg"], "ok", "{safe}");
        }
        let inbox = app.inbox("p1", "").await;
        let safe: Vec<i64> = inbox["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| message["safe"].as_i64().unwrap_or_default())
            .collect();
        assert_eq!(safe, [0, 1, 1, 0, 0], "{inbox}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_body_may_be_as_large_as_its_limit() {
    let server = Server::start().await;
    for rules in BOTH {
        let app = server.company(rules, 2, json!({ "body_bytes": 500 })).await;
        let body = |chatid: &str, bytes: usize| {
            let body = format!(r#"{{"chatid":"{chatid}","userlist":["p1","p2"],"x":""}}"#);
            body.replace("\"\"", &format!("\"{}\"", "x".repeat(bytes - body.len())))
        };
        assert_eq!(body("c1", 500).len(), 500);
        let made = app.post_text("appchat/create", &body("c1", 500)).await;
        assert_eq!(code(&made), 0, "{made}");
        let refused = app.post_text("appchat/create", &body("c2", 501)).await;
        assert_eq!(
            (code(&refused), text(&refused)),
            (40206, "request body too large")
        );
        assert_eq!(
            code(&app.get("appchat/get", "&chatid=c2").await),
            unknown_chat(rules)
        );

        // The same of a body whose length nobody announces.
        let url = format!(
            "{}/cgi-bin/appchat/create?access_token={}",
            server.url, app.token
        );
        for (chatid, bytes, expected) in [("c3", 500, 0), ("c4", 501, 40206)] {
            let pieces: Vec<Result<Vec<u8>, std::io::Error>> = body(chatid, bytes)
                .into_bytes()
                .chunks(100)
                .map(|piece| Ok(piece.to_vec()))
                .collect();
            let stream = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
            let sent = server.http.post(&url).body(stream).send().await.unwrap();
            assert_eq!(code(&answer(sent).await), expected, "{bytes}");
        }
    }
    // The published limit is 2 MiB.
    let app = server.demo().await;
    let users = r#"{"userlist":["zhangsan","lisi"],"x":""}"#;
    for (bytes, expected) in [(2 << 20, 0), ((2 << 20) + 1, 40206)] {
        let filler = format!("\"{}\"", "x".repeat(bytes - users.len()));
        let answer = app
            .post_text("appchat/create", &users.replace("\"\"", &filler))
            .await;
        assert_eq!(code(&answer), expected, "{bytes}");
    }
    server.stop().await;
}

#[tokio::test]
async fn nul_is_refused_wherever_it_stands() {
    let server = Server::start().await;
    for rules in BOTH {
        let app = server.company(rules, 2, json!({})).await;
        app.chat("c1", &["p1", "p2"]).await;
        let nul = |answer: &Value, what: &str| {
            assert_eq!(
                (code(answer), text(answer)),
                (40033, "invalid character in request"),
                "{what}"
            );
        };
        for body in [
            r#"{"chatid":"c1","name":"a\u0000b"}"#,
            r#"{"chatid":"c1","add_user_list":["p\u0000"]}"#,
            r#"{"chatid":"c1","x":{"a\u0000":1}}"#,
        ] {
            nul(&app.post_text("appchat/update", body).await, body);
        }
        nul(&app.get("appchat/get", "&chatid=c%00").await, "query");
        nul(&app.get("media/get", "&media_id=%00").await, "query");
        nul(
            &server
                .get("/cgi-bin/gettoken?corpid=%00&corpsecret=a")
                .await,
            "query",
        );
        // A backslash and the letters after it are no NUL.
        let body = r#"{"chatid":"c1","name":"a\\u0000b"}"#;
        assert_eq!(code(&app.post_text("appchat/update", body).await), 0);
        let got = app.get("appchat/get", "&chatid=c1").await;
        assert_eq!(got["chat_info"]["name"], r"a\u0000b");
    }
    server.stop().await;
}

#[tokio::test]
async fn checks_are_made_in_their_order() {
    let server = Server::start().await;
    for rules in BOTH {
        let world = json!({
            "rulebook": rules,
            "limits": { "chat_updates_per_corp_hour": 1 },
            "users": [{ "userid": "p1" }, { "userid": "p2" }],
            "departments": [{ "id": 2, "name": "two" }],
            "apps": [{ "name": "app" }],
        });
        let first = server.world(world).await;
        let narrow = json!({ "departments": [2] });
        let mut other = first
            .sibling(json!({ "kind": "contacts_sync", "visible": narrow }))
            .await;
        let mut app = first.sibling(json!({ "name": "narrow" })).await;
        app.chat("c1", &["p1", "p2"]).await;
        let good = json!({ "chatid": "c1", "name": "a" });
        app.ok("appchat/update", good.clone()).await;
        assert_eq!(
            app.code("appchat/update", good.clone()).await,
            45009,
            "the block begins"
        );
        app.change(json!({ "visible": narrow })).await;
        for app in [&other, &app] {
            app.change(json!({ "trusted_addresses": ["10.0.0.0/8"], "disabled": true }))
                .await;
        }
        // From here on everything is wrong at once, and one thing after the other is put right.
        let bad = json!({ "chatid": "c-1", "name": "a" });
        let refused = async |app: &App, expected: i64, words: &str| {
            let answer = app.post("appchat/update", bad.clone()).await;
            assert_eq!((code(&answer), text(&answer)), (expected, words), "{rules}");
        };
        for app in [&mut other, &mut app] {
            let token = std::mem::take(&mut app.token);
            refused(app, 41001, "access_token missing").await;
            app.token = format!("{token}A");
            refused(app, 40014, "invalid access_token").await;
            app.token = token;
            refused(app, 60020, "not allow to access from your ip").await;
            app.change(json!({ "trusted_addresses": [] })).await;
            refused(app, 50003, "app disabled").await;
            app.change(json!({ "disabled": false })).await;
        }
        refused(&other, 48002, "api forbidden").await;
        let no_privilege = "no privilege to access/modify contact/party/agent ";
        refused(&app, 60011, no_privilege).await;
        app.change(json!({ "visible": { "departments": [1] } }))
            .await;
        refused(&app, 86001, "chatid invalid").await;
        let answer = app.post("appchat/update", good).await;
        assert_eq!(
            (code(&answer), text(&answer)),
            (45009, "api freq out of limit")
        );

        // An expired token is told before a foreign address.
        app.change(json!({ "trusted_addresses": ["10.0.0.0/8"] }))
            .await;
        server.advance(7_200).await;
        assert_eq!(app.code("appchat/update", bad.clone()).await, 42001);
    }
    server.stop().await;
}

#[tokio::test]
async fn only_trusted_addresses_may_call() {
    let server = Server::start().await;
    for rules in BOTH {
        let app = server.company(rules, 2, json!({})).await;
        for (trusted, address, allowed) in [
            (json!([]), "127.0.0.1", true),
            (json!(["127.0.0.1"]), "127.0.0.1", true),
            (json!(["127.0.0.1"]), "127.0.0.2", false),
            (json!(["127.0.0.2"]), "127.0.0.1", false),
            (json!(["127.0.0.0/30"]), "127.0.0.3", true),
            (json!(["127.0.0.0/30"]), "127.0.0.4", false),
            (json!(["10.0.0.0/8", "127.0.0.0/8"]), "127.0.0.4", true),
            (
                json!(["10.0.0.0/8", "::1", "fe80::/10"]),
                "127.0.0.1",
                false,
            ),
            (json!(["0.0.0.0/0"]), "127.0.0.9", true),
        ] {
            app.change(json!({ "trusted_addresses": trusted })).await;
            let expected = if allowed { 0 } else { 60020 };
            let got = send_from(&app, address, "get_api_domain_ip?").await;
            assert_eq!(got, expected, "{address} of {trusted}");
        }
        // The tail names the caller, and gettoken itself is for everyone.
        app.change(json!({ "trusted_addresses": ["10.0.0.0/8"] }))
            .await;
        let refused = app.get("get_api_domain_ip", "").await;
        assert_eq!(text(&refused), "not allow to access from your ip");
        assert!(
            refused["errmsg"]
                .as_str()
                .unwrap()
                .contains(", from ip: 127.0.0.1, ")
        );
        let query = format!("corpid={}&corpsecret={}", app.corpid, app.secret);
        let token = server.get(&format!("/cgi-bin/gettoken?{query}")).await;
        assert_eq!(code(&token), 0);
        for wrong in ["10.0.0.0/33", "10.0.0", "localhost", ""] {
            let change = json!({ "trusted_addresses": [wrong] });
            let (status, problem) = server.manage("PATCH", &app.path(), Some(change)).await;
            assert_eq!(
                (status, &problem["error"]["code"]),
                (400, &json!("bad_request")),
                "{wrong}"
            );
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn groups_are_for_self_built_apps_that_see_everyone() {
    let server = Server::start().await;
    for rules in BOTH {
        let world = json!({
            "rulebook": rules,
            "users": [{ "userid": "p1", "departments": [1, 2] }, { "userid": "p2" }],
            "departments": [{ "id": 2, "name": "two" }],
            "tags": [{ "tagid": 1, "tagname": "all", "users": ["p1", "p2"], "departments": [1] }],
            "apps": [{ "name": "app" }],
        });
        let app = server.world(world).await;
        app.chat("c1", &["p1", "p2"]).await;
        let body =
            r#"{"chatid":"c1","userlist":["p1","p2"],"msgtype":"text","text":{"content":"a"}}"#;
        let calls = match rules {
            qun_protocol::Rulebook::Documented => &CALLS[..],
            qun_protocol::Rulebook::Live2026 => &CALLS[..4],
        };
        let narrow = "no privilege to access/modify contact/party/agent ";
        for (settings, expected, words) in [
            (json!({ "kind": "contacts_sync" }), 48002, "api forbidden"),
            (
                json!({ "kind": "customer_contact" }),
                48002,
                "api forbidden",
            ),
            (json!({ "visible": { "departments": [2] } }), 60011, narrow),
            (
                json!({ "visible": { "users": ["p1", "p2"] } }),
                60011,
                narrow,
            ),
            (json!({ "visible": { "tags": [1] } }), 60011, narrow),
            (json!({ "visible": {} }), 60011, narrow),
        ] {
            let caller = app.sibling(settings.clone()).await;
            for (method, path) in calls {
                let path = format!("{path}?chatid=c1");
                let refused = answer(call(&caller, method, &path, body).await).await;
                assert_eq!(
                    (code(&refused), text(&refused)),
                    (expected, words),
                    "{path} {settings}"
                );
            }
            let open = caller.get("get_api_domain_ip", "").await;
            assert_eq!(code(&open), 0, "what is for every app is open to it");
        }
        // A root among others is enough, and a self-built app may have customer contact.
        let wide = json!({
            "customer_contact": true, "visible": { "departments": [2, 1], "users": ["p1"] },
        });
        let wide = app.sibling(wide).await;
        wide.chat("c2", &["p1", "p2"]).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn a_company_calls_an_api_so_often_and_is_then_blocked() {
    let server = Server::start().await;
    for rules in BOTH {
        for (limit, block) in [
            ("calls_per_corp_minute", 60),
            ("calls_per_corp_hour", 3_600),
        ] {
            let limits = json!({ limit: 3, "token_seconds": 100_000 });
            let app = server.company(rules, 2, limits).await;
            let sibling = app.sibling(json!({ "name": "sibling" })).await;
            sibling.chat("c1", &["p1", "p2"]).await;
            // So that all of it is in one window.
            let now = server.now_ms().await / 1000;
            server.advance(3_600 - now.rem_euclid(3_600)).await;
            let get = async |app: &App, chatid: &str| {
                code(&app.get("appchat/get", &format!("&chatid={chatid}")).await)
            };
            for _ in 0..5 {
                assert_eq!(get(&app, "none").await, unknown_chat(rules));
            }
            assert_eq!(get(&app, "c1").await, 86008, "refused calls do not count");
            for _ in 0..3 {
                assert_eq!(get(&sibling, "c1").await, 0);
            }
            let early = server.now_ms().await;
            let refused = sibling.get("appchat/get", "&chatid=c1").await;
            assert_eq!(
                (code(&refused), text(&refused)),
                (45009, "api freq out of limit"),
                "{limit}"
            );
            assert_eq!(get(&app, "c1").await, 45009, "all apps count together");
            let members = app.get("get_api_domain_ip", "").await;
            assert_eq!(code(&members), 0, "each API counts alone");
            let other = server.company(rules, 2, json!({ limit: 3 })).await;
            other.chat("c1", &["p1", "p2"]).await;
            assert_eq!(get(&other, "c1").await, 0, "each company counts alone");

            // The window's end is not the block's.
            server.advance(block - 1).await;
            let blocked = get(&sibling, "c1").await;
            if server.now_ms().await < early + block * 1000 {
                assert_eq!(blocked, 45009, "{limit}");
            }
            server.advance(1).await;
            assert_eq!(get(&sibling, "c1").await, 0, "{limit}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn an_address_calls_an_api_so_often_whatever_the_company() {
    for rules in BOTH {
        for (limit, block) in [
            ("calls_per_address_minute", 60),
            ("calls_per_address_hour", 3_600),
        ] {
            let server = Server::start().await;
            let one = server.company(rules, 2, json!({ limit: 3 })).await;
            let two = server.company(rules, 2, json!({ limit: 3 })).await;
            let get = async |app: &App| code(&app.get("get_api_domain_ip", "").await);
            assert_eq!(get(&one).await, 0);
            assert_eq!(get(&two).await, 0);
            assert_eq!(get(&two).await, 0);
            let early = server.now_ms().await;
            assert_eq!(get(&one).await, 45009, "{limit}");
            assert_eq!(get(&two).await, 45009, "{limit}");
            assert_eq!(code(&one.get("getcallbackip", "").await), 0);
            let elsewhere = send_from(&one, "127.0.0.2", "get_api_domain_ip?").await;
            assert_eq!(elsewhere, 0, "another address counts alone");
            server.advance(block - 1).await;
            let blocked = get(&one).await;
            if server.now_ms().await < early + block * 1000 {
                assert_eq!(blocked, 45009, "{limit}");
            }
            server.advance(1).await;
            assert_eq!(get(&one).await, 0, "{limit}");
            server.stop().await;
        }
    }
}

#[tokio::test]
async fn without_limits_nothing_is_refused_by_number() {
    let server = Server::with(|config| config.limits_off = true).await;
    let limits = json!({
        "calls_per_corp_minute": 1, "calls_per_address_minute": 1, "chats_per_corp_day": 1, "chat_updates_per_corp_hour": 1,
    });
    let app = server
        .company("documented".parse().unwrap(), 2, limits)
        .await;
    for n in 0..3 {
        app.chat(&format!("c{n}"), &["p1", "p2"]).await;
        app.ok("appchat/update", json!({ "chatid": "c0", "name": "a" }))
            .await;
    }
    assert_eq!(app.code("appchat/update", json!({})).await, 86201);
    server.stop().await;
}

#[tokio::test]
async fn companies_do_not_reach_each_other() {
    let server = Server::start().await;
    for rules in BOTH {
        let one = server
            .world(json!({
                "rulebook": rules, "users": [{ "userid": "p1" }, { "userid": "p2" }], "apps": [{ "agentid": 7 }],
                "media": [{ "media_id": "m1", "type": "image" }],
                "chats": [{ "chatid": "theirs", "name": "one", "members": ["p1", "p2"] }],
            }))
            .await;
        let two = server
            .world(json!({
                "rulebook": rules, "users": [{ "userid": "p2" }, { "userid": "p3" }], "apps": [{ "agentid": 7 }],
            }))
            .await;
        let strange = unknown_chat(rules);
        for (method, path, body) in [
            ("GET", "appchat/get?chatid=theirs", json!({})),
            (
                "POST",
                "appchat/update",
                json!({ "chatid": "theirs", "name": "two" }),
            ),
            (
                "POST",
                "appchat/send",
                json!({ "chatid": "theirs", "msgtype": "text", "text": { "content": "a" } }),
            ),
        ] {
            let refused = answer(call(&two, method, path, &body.to_string()).await).await;
            assert_eq!(code(&refused), strange, "{path}");
        }
        let unknown = match rules {
            qun_protocol::Rulebook::Documented => 40003,
            qun_protocol::Rulebook::Live2026 => 86007,
        };
        let mixed = json!({ "userlist": ["p1", "p2"] });
        assert_eq!(two.code("appchat/create", mixed).await, unknown);

        // The same chatid is free in the other company, and stays the other's own.
        two.chat("theirs", &["p2", "p3"]).await;
        two.say("theirs", "two").await;
        let got = one.get("appchat/get", "&chatid=theirs").await;
        assert_eq!(got["chat_info"]["name"], "one");
        assert_eq!(got["chat_info"]["userlist"], json!(["p1", "p2"]));
        assert_eq!(one.inbox("p2", "").await["messages"], json!([]));
        let image =
            json!({ "chatid": "theirs", "msgtype": "image", "image": { "media_id": "m1" } });
        let refused = two.post("appchat/send", image.clone()).await;
        assert_eq!(
            (code(&refused), text(&refused)),
            (40007, "invalid media_id")
        );
        assert_eq!(code(&two.get("media/get", "&media_id=m1").await), 40007);
        one.ok("appchat/send", image).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn what_an_operator_looks_at_answers() {
    let server = Server::start().await;
    let app = server.demo().await;
    app.get("appchat/get", "&chatid=none").await;
    let fetch = async |path: &str| {
        let response = server
            .http
            .get(format!("{}{path}", server.url))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let kind = response.headers()["content-type"]
            .to_str()
            .unwrap()
            .to_owned();
        (kind, response.text().await.unwrap())
    };
    assert_eq!(fetch("/livez").await.1, "ok\n");
    assert_eq!(fetch("/readyz").await.1, "ready\n");
    let (kind, metrics) = fetch("/metrics").await;
    assert!(kind.starts_with("text/plain"), "{kind}");
    let line = |name: &str| {
        let mut lines = metrics.lines().filter(|line| !line.starts_with('#'));
        let found = lines.find(|line| line.starts_with(name) && line.contains("appchat/get\""));
        found.unwrap_or_else(|| panic!("{name}: {metrics}"))
    };
    assert!(line("qun_requests_total").ends_with(" 1"));
    assert!(line("qun_refusals_total").contains("refusal=\"chat_not_found\""));
    let (kind, document) = fetch("/_qun/openapi.json").await;
    assert!(kind.starts_with("application/json"), "{kind}");
    let document: Value = serde_json::from_str(&document).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    assert!(document["paths"]["/cgi-bin/appchat/create"]["post"].is_object());
    assert!(document.to_string().contains(&server.url));
    let (kind, schema) = fetch("/_qun/world.schema.json").await;
    assert!(kind.starts_with("application/json"), "{kind}");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    let company = &schema["$defs"]["Company"];
    assert_eq!(company["additionalProperties"], false);
    for part in ["apps", "departments", "users", "tags", "media", "chats"] {
        assert_eq!(company["properties"][part]["type"], "array", "{part}");
    }
    let (kind, page) = fetch("/_qun/docs").await;
    assert!(kind.starts_with("text/html"), "{kind}");
    assert!(page.contains("/cgi-bin/appchat/create"));
    assert!(
        !page.contains("<script") && !page.contains(" src="),
        "it needs no network"
    );
    for secret in [&app.secret, &app.token, &server.manage_token] {
        assert!(!metrics.contains(secret) && !page.contains(secret));
    }
    server.stop().await;
}
