//! Worlds: companies with all that is in them, from one document.

use base64::{Engine, engine::general_purpose::STANDARD};
use qun_server::Place;
use serde_json::{Value, json};

use crate::kit::{App, NOON, Server};

async fn load(server: &Server, companies: Value) -> (u16, Value) {
    server
        .manage(
            "POST",
            "/_qun/worlds",
            Some(json!({ "version": 1, "companies": companies })),
        )
        .await
}

/// The refusal's code and message where one company is refused.
async fn refusal(server: &Server, company: Value) -> (String, String) {
    let (status, answer) = load(server, json!([company])).await;
    assert!((400..500).contains(&status), "{status} {answer}");
    let text = |name: &str| answer["error"][name].as_str().unwrap().to_owned();
    (text("code"), text("message"))
}

async fn corpids(server: &Server) -> Vec<String> {
    let list = server.manage_ok("GET", "/_qun/companies", None).await;
    list["companies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["corpid"].as_str().unwrap().to_owned())
        .collect()
}

/// The history of a group: times and texts.
async fn history(app: &App<'_>, chatid: &str) -> Vec<(i64, String)> {
    let path = format!("/_qun/companies/{}/groups/{chatid}/history", app.corpid);
    let page = app.server.manage_ok("GET", &path, None).await;
    let messages = page["messages"].as_array().unwrap().iter();
    messages
        .map(|m| {
            (
                m["time"].as_i64().unwrap(),
                m["content"]["content"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

async fn media(app: &App<'_>, media_id: &str) -> (String, String, Vec<u8>) {
    let url = format!(
        "{}/cgi-bin/media/get?access_token={}&media_id={media_id}",
        app.server.url, app.token
    );
    let response = app.server.http.get(url).send().await.unwrap();
    let header = |name: &str| {
        let value = response
            .headers()
            .get(name)
            .map(|value| value.as_bytes().to_vec());
        String::from_utf8(value.unwrap_or_default()).unwrap()
    };
    let (kind, disposition) = (header("content-type"), header("content-disposition"));
    (kind, disposition, response.bytes().await.unwrap().to_vec())
}

#[tokio::test]
async fn the_demo_world_is_there_at_the_first_start() {
    for book in crate::kit::BOTH {
        let server = Server::with(|config| config.rules = book).await;
        let app = server.demo().await;
        assert_eq!(corpids(&server).await, ["wwqundemo000000001"]);
        let company = server
            .manage_ok("GET", "/_qun/companies/wwqundemo000000001", None)
            .await;
        assert_eq!(company["rulebook"], json!(book));
        for userid in [
            "zhangsan",
            "lisi",
            "wangwu",
            "zhaoliu",
            "project_manager",
            "userid1",
        ] {
            server
                .manage_ok(
                    "GET",
                    &format!("/_qun/companies/{}/users/{userid}", app.corpid),
                    None,
                )
                .await;
        }
        let image = json!({ "chatid": "demo", "msgtype": "image", "image": { "media_id": "image_media_id_123" } });
        app.chat("demo", &["zhangsan", "lisi"]).await;
        // Files of the documents never end.
        server.advance(30 * 86_400).await;
        let mut app = app;
        app.fetch_token().await;
        app.ok("appchat/send", image).await;
    }
}

#[tokio::test]
async fn a_company_that_is_there_is_left_alone() {
    let server = Server::start().await;
    let first = json!({ "corpid": "wwtwice", "name": "first", "apps": [{ "agentid": 7, "secret": "0123456789abcdef" }], "users": [{ "userid": "a" }] });
    let again = json!({ "corpid": "wwtwice", "name": "second", "apps": [{ "agentid": 8 }], "users": [{ "userid": "b" }, { "userid": "c" }],
        "media": [{ "media_id": "m", "type": "image" }] });
    let (status, loaded) = load(&server, json!([first])).await;
    assert_eq!(status, 200);
    assert_eq!(
        loaded,
        json!({ "companies": [{ "corpid": "wwtwice", "created": true, "agents": [{ "agentid": 7, "secret": "0123456789abcdef", "name": "" }] }] })
    );
    let (status, loaded) = load(&server, json!([{ "corpid": "wwnew" }, again])).await;
    assert_eq!(status, 200);
    assert_eq!(
        loaded,
        json!({ "companies": [{ "corpid": "wwnew", "created": true, "agents": [] }, { "corpid": "wwtwice", "created": false, "agents": [] }] })
    );
    let company = server
        .manage_ok("GET", "/_qun/companies/wwtwice", None)
        .await;
    assert_eq!(company["name"], "first");
    let users = server
        .manage_ok("GET", "/_qun/companies/wwtwice/users", None)
        .await;
    assert_eq!(users["users"].as_array().unwrap().len(), 1);
    let app = App::new(&server, "wwtwice", 7, "0123456789abcdef").await;
    assert_eq!(app.get("media/get", "&media_id=m").await["errcode"], 40007);

    let (_, message) = {
        let (status, answer) = load(
            &server,
            json!([{ "corpid": "wwsame" }, { "corpid": "wwsame" }]),
        )
        .await;
        (
            status,
            answer["error"]["message"].as_str().unwrap().to_owned(),
        )
    };
    assert!(
        message.contains("companies[1]: its corpid is there twice"),
        "{message}"
    );
    assert!(!corpids(&server).await.contains(&"wwsame".to_owned()));
}

#[tokio::test]
async fn all_of_a_world_or_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().to_owned();
    let files = || {
        let mut found = Vec::new();
        let mut open = vec![place.join("media")];
        while let Some(directory) = open.pop() {
            for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap) {
                if entry.file_type().unwrap().is_dir() {
                    open.push(entry.path());
                } else {
                    found.push(entry.path());
                }
            }
        }
        found.sort();
        found
    };
    let server = Server::with(|config| config.place = Place::Directory(place.clone())).await;
    let before = files();
    assert!(!before.is_empty(), "the demo company's");
    let good = json!({ "corpid": "wwgood", "name": "good", "apps": [{}], "users": [{ "userid": "a" }],
        "media": [{ "media_id": "m1", "type": "image" }, { "media_id": "m2", "type": "file", "text": "x" }] });
    let with = |key: &str, value: Value| {
        let mut bad = json!({ "corpid": "wwbad", "media": [{ "media_id": "m3", "type": "file" }] });
        bad[key] = value;
        bad
    };
    let faults = [
        ("users", json!([{ "userid": "?" }]), "companies[1].users[0]"),
        (
            "chats",
            json!([{ "members": ["a", "b"] }]),
            "companies[1].chats[0]",
        ),
        (
            "media",
            json!([{ "media_id": "ok", "type": "image" }, { "media_id": "x", "type": "file", "base64": "?" }]),
            "companies[1].media[1].base64",
        ),
        (
            "media",
            json!([{ "media_id": "m3", "type": "image" }, { "media_id": "m3", "type": "image" }]),
            "companies[1].media[1]",
        ),
    ];
    for (key, value, at) in faults {
        let (status, answer) = load(&server, json!([good, with(key, value)])).await;
        assert!((400..500).contains(&status), "{answer}");
        assert!(
            answer["error"]["message"].as_str().unwrap().contains(at),
            "{at}: {answer}"
        );
        assert_eq!(corpids(&server).await, ["wwqundemo000000001"], "{at}");
        assert_eq!(files(), before, "{at}");
    }
    let (status, answer) = server
        .manage(
            "POST",
            "/_qun/worlds",
            Some(json!({ "version": 2, "companies": [good] })),
        )
        .await;
    assert!(
        status == 400
            && answer["error"]["message"]
                .as_str()
                .unwrap()
                .contains("version 1, not 2"),
        "{answer}"
    );
    assert_eq!((corpids(&server).await.len(), files()), (1, before.clone()));

    assert_eq!(load(&server, json!([good])).await.0, 200);
    assert_eq!(files().len(), before.len() + 2);
    server.stop().await;
}

#[tokio::test]
async fn a_fault_is_shown_with_its_place() {
    let server = Server::start().await;
    let users = json!([{ "userid": "a" }, { "userid": "b" }]);
    let base = json!({ "apps": [{ "agentid": 7, "secret": "0123456789abcdef" }], "users": users, "departments": [{ "id": 2, "name": "two" }],
        "chats": [{ "chatid": "c", "members": ["a", "b"] }] });
    let chat = |more: Value| {
        let mut chat = json!({ "chatid": "d", "members": ["a", "b"] });
        for (key, value) in more.as_object().unwrap() {
            chat[key] = value.clone();
        }
        json!([chat])
    };
    let long = "x".repeat(65);
    let now = NOON / 1000;
    let faults = [
        (
            "corpid",
            json!("ww 1"),
            "bad_request",
            "companies[0]: corpid has 1 to 64",
        ),
        (
            "corpid",
            json!(""),
            "bad_request",
            "companies[0]: corpid has 1 to 64",
        ),
        (
            "corpid",
            json!(long),
            "bad_request",
            "companies[0]: corpid has 1 to 64",
        ),
        (
            "name",
            json!("x".repeat(201)),
            "bad_request",
            "companies[0]: name, industry",
        ),
        (
            "account_cap",
            json!(0),
            "bad_request",
            "companies[0]: account_cap",
        ),
        (
            "chat_member_cap",
            json!(1),
            "bad_request",
            "companies[0]: chat_member_cap",
        ),
        (
            "limits",
            json!({ "chat_member_max": 3 }),
            "bad_request",
            "companies[0]: limits: no limit \"chat_member_max\"; did you mean \"chat_members_max\"?",
        ),
        (
            "limits",
            json!({ "chat_members_max": -2 }),
            "bad_request",
            "companies[0]: limits: chat_members_max is negative",
        ),
        (
            "departments",
            json!([{ "id": 2, "name": "ok" }, { "id": 3, "name": "" }]),
            "bad_request",
            "companies[0].departments[1]: department 3",
        ),
        (
            "departments",
            json!([{ "id": 2, "name": "ok", "parentid": 9 }]),
            "department_unknown",
            "companies[0].departments[0]: 9",
        ),
        (
            "users",
            json!([{ "userid": "ok" }, { "userid": "a b" }]),
            "bad_request",
            "companies[0].users[1]: userid \"a b\"",
        ),
        (
            "users",
            json!([{ "userid": "ok" }, { "userid": "OK" }]),
            "bad_request",
            "companies[0].users[1]: OK is there twice",
        ),
        (
            "users",
            json!([{ "userid": "a", "mobile": "13800000000" }, { "userid": "b", "mobile": "13800000000" }]),
            "detail_taken",
            "companies[0].users[1]: b",
        ),
        (
            "users",
            json!([{ "userid": "a", "departments": [1, 9] }]),
            "department_unknown",
            "companies[0].users[0]: a: 9",
        ),
        (
            "tags",
            json!([{ "tagid": 1, "tagname": "t", "users": ["z"] }]),
            "person_unknown",
            "companies[0].tags[0]: z",
        ),
        (
            "tags",
            json!([{ "tagid": 0, "tagname": "t" }]),
            "bad_request",
            "companies[0].tags[0]: tag 0",
        ),
        (
            "apps",
            json!([{}, { "visible": { "tags": [5] } }]),
            "tag_unknown",
            "companies[0].apps[1]: visible: 5",
        ),
        (
            "apps",
            json!([{ "agentid": 7 }, { "agentid": 7 }]),
            "app_exists",
            "companies[0].apps[1]: 7",
        ),
        (
            "apps",
            json!([{ "secret": "0123456789abcde" }]),
            "bad_request",
            "companies[0].apps[0]: secret has 16 to 128",
        ),
        (
            "apps",
            json!([{ "trusted_addresses": ["localhost"] }]),
            "bad_request",
            "companies[0].apps[0]: trusted_addresses: \"localhost\"",
        ),
        (
            "media",
            json!([{ "media_id": "m", "type": "gif" }]),
            "bad_request",
            "companies[0].media[0].type: \"gif\"",
        ),
        (
            "media",
            json!([{ "media_id": "", "type": "file" }]),
            "bad_request",
            "companies[0].media[0]: media_id",
        ),
        (
            "media",
            json!([{ "media_id": "m", "type": "file", "text": "x", "base64": "eA==" }]),
            "bad_request",
            "companies[0].media[0]: either text or base64",
        ),
        (
            "chats",
            chat(json!({ "chatid": "a-b" })),
            "chat_id_malformed",
            "companies[0].chats[0]",
        ),
        (
            "chats",
            chat(json!({ "chatid": "x".repeat(33) })),
            "chat_id_too_long",
            "companies[0].chats[0]",
        ),
        (
            "chats",
            json!([{ "chatid": "c", "members": ["a", "b"] }, { "chatid": "c", "members": ["a", "b"] }]),
            "bad_request",
            "companies[0].chats[1]: chatid c is there twice",
        ),
        (
            "chats",
            chat(json!({ "members": ["a"] })),
            "bad_request",
            "companies[0].chats[0]: 2 to 500 members",
        ),
        (
            "chats",
            chat(json!({ "members": ["a", "z"] })),
            "person_unknown",
            "companies[0].chats[0]: z",
        ),
        (
            "chats",
            chat(json!({ "owner": "z" })),
            "person_unknown",
            "companies[0].chats[0]: z",
        ),
        (
            "chats",
            chat(json!({ "agentid": 8 })),
            "bad_request",
            "companies[0].chats[0]: the app that made it is not there",
        ),
        (
            "chats",
            chat(json!({ "name": "a\nb" })),
            "chat_name",
            "companies[0].chats[0]",
        ),
        (
            "chats",
            chat(json!({ "create_time": now + 3600 })),
            "bad_request",
            "companies[0].chats[0]: time",
        ),
        (
            "chats",
            chat(json!({ "messages": [{ "text": "ok" }, { "text": "" }] })),
            "bad_request",
            "companies[0].chats[0].messages[1]: text has 1 to 2048 bytes",
        ),
        (
            "chats",
            chat(json!({ "messages": [{ "text": "x".repeat(2049) }] })),
            "bad_request",
            "companies[0].chats[0].messages[0]: text",
        ),
        (
            "chats",
            chat(json!({ "messages": [{ "from": "z", "text": "x" }] })),
            "person_unknown",
            "companies[0].chats[0].messages[0]: z",
        ),
        (
            "chats",
            chat(json!({ "messages": [{ "time": now + 3600, "text": "x" }] })),
            "bad_request",
            "companies[0].chats[0].messages[0]: time",
        ),
        (
            "chats",
            chat(json!({ "messages": [{ "time": -1, "text": "x" }] })),
            "bad_request",
            "companies[0].chats[0].messages[0]: time -1",
        ),
        (
            "chats",
            chat(json!({ "create_time": 1000, "messages": [{ "time": 999, "text": "x" }] })),
            "bad_request",
            "companies[0].chats[0].messages[0]: time 999 is before",
        ),
        (
            "chats",
            chat(
                json!({ "create_time": 1000, "messages": [{ "time": 2000, "text": "x" }, { "time": 1999, "text": "y" }] }),
            ),
            "bad_request",
            "companies[0].chats[0].messages[1]: time 1999 is before",
        ),
        (
            "chats",
            chat(json!({ "messages": [{ "time": 1000, "text": "older than its group" }] })),
            "bad_request",
            "companies[0].chats[0].messages[0]: time 1000 is before",
        ),
    ];
    for (key, value, code, place) in faults {
        let mut company = base.clone();
        company[key] = value;
        let (found, message) = refusal(&server, company).await;
        assert!(message.contains(place), "{place}: {message}");
        assert_eq!(found, code, "{message}");
    }
    assert_eq!(corpids(&server).await.len(), 1);
    assert_eq!(load(&server, json!([base])).await.0, 200);
}

#[tokio::test]
async fn a_key_that_is_none_is_named() {
    let server = Server::start().await;
    let places = [
        (json!({ "nmae": "x" }), "companies[0]", "nmae"),
        (
            json!({ "users": [{ "userid": "a" }, { "userid": "b", "nick": "x" }] }),
            "companies[0].users[1]",
            "nick",
        ),
        (
            json!({ "departments": [{ "id": 2, "name": "x", "parent": 1 }] }),
            "companies[0].departments[0]",
            "parent",
        ),
        (
            json!({ "tags": [{ "tagid": 2, "name": "x" }] }),
            "companies[0].tags[0]",
            "name",
        ),
        (
            json!({ "apps": [{ "token": "x" }] }),
            "companies[0].apps[0]",
            "token",
        ),
        (
            json!({ "apps": [{ "visible": { "people": [] } }] }),
            "companies[0].apps[0].visible",
            "people",
        ),
        (
            json!({ "media": [{ "media_id": "m", "type": "file", "content": "x" }] }),
            "companies[0].media[0]",
            "content",
        ),
        (
            json!({ "chats": [{ "userlist": [] }] }),
            "companies[0].chats[0]",
            "userlist",
        ),
        (
            json!({ "chats": [{ "messages": [{ "content": "x" }] }] }),
            "companies[0].chats[0].messages[0]",
            "content",
        ),
    ];
    for (company, place, key) in places {
        let (code, message) = refusal(&server, company).await;
        assert_eq!(code, "bad_request");
        assert!(
            message.contains(place) && message.contains(&format!("unknown field `{key}`")),
            "{place}: {message}"
        );
    }
    let (status, answer) = server
        .manage(
            "POST",
            "/_qun/worlds",
            Some(json!({ "version": 1, "company": [] })),
        )
        .await;
    assert!(
        status == 400
            && answer["error"]["message"]
                .as_str()
                .unwrap()
                .contains("unknown field `company`"),
        "{answer}"
    );
    let (status, answer) = server
        .manage("POST", "/_qun/worlds", Some(json!({ "companies": [] })))
        .await;
    assert!(
        status == 400
            && answer["error"]["message"]
                .as_str()
                .unwrap()
                .contains("version"),
        "{answer}"
    );
    // A value of another kind, with its place.
    for (company, place) in [
        (
            json!({ "users": [{ "userid": 7 }] }),
            "companies[0].users[0].userid",
        ),
        (json!({ "rulebook": "live" }), "companies[0].rulebook"),
        (
            json!({ "apps": [{ "kind": "bot" }] }),
            "companies[0].apps[0].kind",
        ),
        (
            json!({ "users": [{ "userid": "a", "status": "gone" }] }),
            "companies[0].users[0].status",
        ),
        (
            json!({ "chats": [{ "create_time": "yesterday" }] }),
            "companies[0].chats[0].create_time",
        ),
    ] {
        let (code, message) = refusal(&server, company).await;
        assert_eq!(code, "bad_request");
        assert!(message.contains(place), "{place}: {message}");
    }
}

#[tokio::test]
async fn given_ids_secrets_and_times_are_kept() {
    let server = Server::start().await;
    let past = 1_600_000_000;
    let now = NOON / 1000;
    let app = server
        .world(json!({
            "corpid": "wwkept", "name": "kept", "rulebook": "documented",
            "limits": { "chats_per_corp_day": 3, "chats_alive_per_app": -1 }, "account_cap": 9, "chat_member_cap": 5, "industry": "education", "developer_id": "dev",
            "apps": [{ "agentid": 1000007, "name": "first", "secret": "secret-of-16-chr" }, { "name": "second" }],
            "departments": [{ "id": 20, "name": "twenty", "order": 3 }, { "id": 30, "name": "thirty", "parentid": 20 }],
            "users": [{ "userid": "Ann", "name": "安", "mobile": "13800000000", "email": "ann@x.example", "departments": [20, 30], "status": "disabled", "licence_end": now },
                      { "userid": "bob" }, { "userid": "cid" }],
            "tags": [{ "tagid": 4, "tagname": "tag", "users": ["BOB"], "departments": [20] }],
            "chats": [
                { "chatid": "one", "agentid": 1000007, "name": "一", "owner": "bob", "members": ["Ann", "bob"], "create_time": past,
                  "messages": [{ "from": "bob", "time": past, "text": "0" }, { "time": past + 5, "text": "1" }, { "time": past + 5, "text": "2" },
                               { "time": now, "text": "3" }, { "text": "4" }] },
                // At the same times as in the other group.
                { "chatid": "two", "members": ["Ann", "cid"], "create_time": past,
                  "messages": [{ "time": past, "text": "a" }, { "time": past + 5, "text": "b" }, { "time": past + 5, "text": "c" }, { "time": past + 6, "text": "d" }] },
                { "members": ["bob", "cid"] },
            ],
        }))
        .await;
    assert_eq!(
        (app.corpid.as_str(), app.agentid, app.secret.as_str()),
        ("wwkept", 1_000_007, "secret-of-16-chr")
    );
    assert!(!app.token.is_empty());
    let of = async |path: &str| {
        server
            .manage_ok("GET", &format!("/_qun/companies/wwkept{path}"), None)
            .await
    };
    assert_eq!(
        of("").await,
        json!({ "corpid": "wwkept", "name": "kept", "rulebook": "documented", "industry": "education", "account_cap": 9, "chat_member_cap": 5, "developer_id": "dev" })
    );
    let rules = of("/rules").await;
    assert_eq!(
        rules["overridden"],
        json!(["chats_alive_per_app", "chats_per_corp_day"])
    );
    assert_eq!(
        (
            &rules["limits"]["chats_per_corp_day"],
            &rules["limits"]["chats_alive_per_app"]
        ),
        (&json!(3), &json!(-1))
    );
    assert_eq!(
        of("/users/ann").await,
        json!({ "userid": "Ann", "name": "安", "mobile": "13800000000", "email": "ann@x.example", "departments": [20, 30],
            "status": "disabled", "real_named": true, "customer_contact": false, "licence_end": now })
    );
    assert_eq!(of("/users/bob").await["departments"], json!([1]));
    assert_eq!(
        of("/tags").await["tags"],
        json!([{ "tagid": 4, "tagname": "tag", "users": ["bob"], "departments": [20] }])
    );
    let apps = of("/apps").await;
    let apps: Vec<(i64, &str)> = apps["apps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| (a["agentid"].as_i64().unwrap(), a["name"].as_str().unwrap()))
        .collect();
    assert_eq!(apps.len(), 2);
    assert!(apps.contains(&(1_000_007, "first")));
    assert_eq!(
        of("/departments").await["departments"],
        json!([{ "id": 1, "name": "kept", "order": 0 }, { "id": 20, "name": "twenty", "parentid": 1, "order": 3 }, { "id": 30, "name": "thirty", "parentid": 20, "order": 0 }])
    );

    let one = of("/groups/one").await;
    assert_eq!(
        (
            &one["create_time"],
            &one["owner"],
            &one["name"],
            &one["agentid"]
        ),
        (&json!(past), &json!("bob"), &json!("一"), &json!(1_000_007))
    );
    assert_eq!(
        one["members"][0],
        json!({ "userid": "Ann", "status": 2, "join_time": past })
    );
    let said = |times: &[i64], from: &[&str]| {
        times
            .iter()
            .copied()
            .zip(from.iter().map(|t| (*t).to_owned()))
            .collect::<Vec<_>>()
    };
    let mut whole = history(&app, "one").await;
    let (last, text) = whole.pop().unwrap();
    assert!(
        (now..now + 60).contains(&last) && text == "4",
        "said while loading"
    );
    assert_eq!(
        whole,
        said(&[past, past + 5, past + 5, now], &["0", "1", "2", "3"])
    );
    assert_eq!(
        history(&app, "two").await,
        said(&[past, past + 5, past + 5, past + 6], &["a", "b", "c", "d"])
    );
    let inbox = app.inbox("ann", "").await;
    let inbox: Vec<&str> = inbox["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["content"]["content"].as_str().unwrap())
        .collect();
    assert_eq!(inbox.len(), 9);
    for own in [
        ["0", "1", "2", "3", "4"].as_slice(),
        ["a", "b", "c", "d"].as_slice(),
    ] {
        assert_eq!(
            inbox
                .iter()
                .copied()
                .filter(|text| own.contains(text))
                .collect::<Vec<_>>(),
            own,
            "each group in its order"
        );
    }
    assert_eq!(app.inbox("bob", "").await["messages"][0]["from"], "bob");
    // The third group got an id, and nobody sees it.
    let groups = of("/groups").await;
    assert_eq!(groups["groups"].as_array().unwrap().len(), 3);
    assert_eq!(groups["groups"][2]["visible"], false);
    assert_eq!(groups["groups"][2]["chatid"].as_str().unwrap().len(), 32);
    // What a world holds spends nothing: three more may be made today, and no fourth.
    for n in 0..3 {
        app.chat(&format!("new{n}"), &["bob", "cid"]).await;
    }
    assert_eq!(
        app.code("appchat/create", json!({ "userlist": ["bob", "cid"] }))
            .await,
        86005
    );
}

#[tokio::test]
async fn files_are_text_base64_or_a_sample() {
    let server = Server::start().await;
    let bytes = [0u8, 1, 2, 255, 254];
    let app = server
        .world(json!({
            "apps": [{}], "users": [{ "userid": "a" }, { "userid": "b" }],
            "media": [
                { "media_id": "text", "type": "file", "filename": "说明.txt", "text": "群聊" },
                { "media_id": "bytes", "type": "file", "base64": STANDARD.encode(bytes) },
                { "media_id": "image", "type": "image" }, { "media_id": "voice", "type": "voice" },
                { "media_id": "video", "type": "video" }, { "media_id": "file", "type": "file" },
                { "media_id": "ends", "type": "image", "expires": NOON / 1000 + 60 },
            ],
            "chats": [{ "chatid": "chat", "members": ["a", "b"] }],
        }))
        .await;
    assert_eq!(
        media(&app, "text").await,
        (
            "text/plain".into(),
            "attachment; filename=\"说明.txt\"".into(),
            "群聊".as_bytes().to_vec()
        )
    );
    let (_, disposition, content) = media(&app, "bytes").await;
    assert_eq!(
        (disposition.as_str(), content.as_slice()),
        ("attachment; filename=\"bytes.txt\"", bytes.as_slice())
    );
    for (id, kind, name, head) in [
        (
            "image",
            "image/png",
            "image.png",
            b"\x89PNG\r\n\x1a\n".as_slice(),
        ),
        ("voice", "audio/amr", "voice.amr", b"#!AMR\n".as_slice()),
        (
            "video",
            "video/mp4",
            "video.mp4",
            b"\0\0\0\x14ftyp".as_slice(),
        ),
        ("file", "text/plain", "file.txt", b"".as_slice()),
    ] {
        let (found, disposition, content) = media(&app, id).await;
        assert_eq!(
            (found.as_str(), disposition),
            (kind, format!("attachment; filename=\"{name}\""))
        );
        assert!(content.starts_with(head) && content.len() > 5, "{id}");
        // Each can be sent as what it is.
        app.ok(
            "appchat/send",
            json!({ "chatid": "chat", "msgtype": id, id: { "media_id": id } }),
        )
        .await;
    }
    let ending = json!({ "chatid": "chat", "msgtype": "image", "image": { "media_id": "ends" } });
    app.ok("appchat/send", ending.clone()).await;
    server.advance(60).await;
    assert_eq!(app.code("appchat/send", ending).await, 40007);
}

#[tokio::test]
async fn now_is_no_future() {
    let server = Server::start().await;
    // The clock of the server runs: a minute ahead is the future, its present second is not.
    let chat = |time: i64| json!({ "apps": [{}], "users": [{ "userid": "a" }, { "userid": "b" }], "chats": [{ "members": ["a", "b"], "create_time": time }] });
    let now = server.now_ms().await / 1000;
    assert!(
        refusal(&server, chat(now + 60))
            .await
            .1
            .contains("is not in the past")
    );
    assert_eq!(load(&server, json!([chat(now)])).await.0, 200);
}

#[tokio::test]
async fn a_large_company_loads_in_one_call() {
    let server = Server::start().await;
    let users: Vec<Value> = (0..10_000).map(|n| json!({ "userid": format!("u{n}"), "name": format!("人{n}"), "mobile": format!("139{n:08}") })).collect();
    let chats: Vec<Value> = (0..500)
        .map(|n| {
            let members: Vec<String> = (0..20).map(|m| format!("u{}", (n * 20 + m) % 10_000)).collect();
            json!({ "chatid": format!("g{n}"), "name": format!("群{n}"), "members": members, "create_time": 1_600_000_000,
                "messages": [{ "time": 1_600_000_001, "text": "one" }, { "time": 1_600_000_001, "text": "two" }] })
        })
        .collect();
    let app = server.world(json!({ "corpid": "wwlarge", "account_cap": 10_000, "apps": [{}], "users": users, "chats": chats })).await;
    let mut count = 0;
    let mut after = String::new();
    loop {
        let page = server
            .manage_ok(
                "GET",
                &format!("/_qun/companies/wwlarge/users?limit=1000{after}"),
                None,
            )
            .await;
        count += page["users"].as_array().unwrap().len();
        let Some(next) = page["next"].as_str() else {
            break;
        };
        after = format!("&after={next}");
    }
    assert_eq!(count, 10_000);
    let groups = server
        .manage_ok("GET", "/_qun/companies/wwlarge/groups?limit=1000", None)
        .await;
    assert_eq!(groups["groups"].as_array().unwrap().len(), 500);
    for chatid in ["g0", "g499"] {
        let second = 1_600_000_001;
        assert_eq!(
            history(&app, chatid).await,
            [(second, "one".to_owned()), (second, "two".to_owned())]
        );
    }
    assert_eq!(
        app.get("appchat/get", "&chatid=g499").await["chat_info"]["userlist"]
            .as_array()
            .unwrap()
            .len(),
        20
    );
}

#[tokio::test]
async fn what_the_schema_requires_is_required() {
    let server = Server::start().await;
    let response = server
        .http
        .get(format!("{}/_qun/world.schema.json", server.url));
    let schema = response.send().await.unwrap().bytes().await.unwrap();
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    assert_eq!(schema["properties"]["version"]["const"], 1);
    let whole = json!({
        "corpid": "wwwhole", "apps": [{}], "departments": [{ "id": 2, "name": "two" }], "tags": [{ "tagid": 1, "tagname": "t" }],
        "users": [{ "userid": "a" }, { "userid": "b" }], "media": [{ "media_id": "m", "type": "file" }],
        "chats": [{ "members": ["a", "b"], "messages": [{ "text": "x" }] }],
    });
    let mut required = 0;
    for (part, place) in [
        ("Company", ""),
        ("App", "/apps/0"),
        ("Department", "/departments/0"),
        ("Tag", "/tags/0"),
        ("User", "/users/0"),
        ("Media", "/media/0"),
        ("Chat", "/chats/0"),
        ("Message", "/chats/0/messages/0"),
    ] {
        let fields = schema["$defs"][part]["required"].as_array();
        for field in fields.into_iter().flatten() {
            let mut company = whole.clone();
            let item = company.pointer_mut(place).unwrap().as_object_mut().unwrap();
            item.shift_remove(field.as_str().unwrap()).unwrap();
            let world = json!({ "version": 1, "companies": [company] });
            let (status, answer) = server.manage("POST", "/_qun/worlds", Some(world)).await;
            assert_eq!(status, 400, "{part} without {field}: {answer}");
            required += 1;
        }
    }
    assert_eq!(required, 9);
    server.world(whole).await;
    server.stop().await;
}
