//! The mission documents' samples on a real server: every printed request is sent as it stands and accepted, and every
//! printed answer is answered in its shape. The samples are those of the protocol's own test, `crates/protocol/tests/golden`.

mod card;

use std::{collections::BTreeSet, fs, path::PathBuf};

use qun_protocol::{Method, Rulebook, all::named};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    kit::{App, BOTH, Server, code},
    media::{content, uploaded},
};

/// Document 000's calls one by one. Dissolving comes last: the page prints it before the calls that still need the group.
const CHAT: &[&str] = &[
    "000-01-create",
    "000-02-get",
    "000-03-update",
    "000-05-add-members",
    "000-06-remove-members",
    "000-07-get-members",
    "000-08-send-text",
    "000-09-send-image",
    "000-10-send-file",
    "000-11-send-news",
    "000-04-quit",
];

/// Document 000's project group, through all its phases.
const PROJECT: &[&str] = &[
    "000-12-project-create",
    "000-13-project-welcome",
    "000-14-project-reminder",
    "000-15-design-add",
    "000-16-design-remove",
    "000-17-design-send",
    "000-18-development-add",
    "000-19-development-send",
    "000-20-testing-add",
    "000-21-testing-send",
    "000-22-deployment-add",
    "000-23-deployment-send",
    "000-24-status",
];

/// Document 000's report on three groups.
const REPORT: &[&str] = &[
    "000-25-report-alpha",
    "000-26-report-beta",
    "000-27-report-gamma",
];

/// Document 001, in its order.
const APPCHAT: &[&str] = &["001-01-create", "001-02-update", "001-03-get"];

/// Document 001 prints what `send` answers, but no request.
const APPCHAT_SEND: &str = "001-04-send";

/// Document 003's message.
const MESSAGE: &str = "003-03-send";

/// The messages of page 90236, one of each kind.
const MESSAGES: &[&str] = &[
    "90236-01-text",
    "90236-02-image",
    "90236-03-voice",
    "90236-04-video",
    "90236-05-file",
    "90236-06-textcard",
    "90236-07-news",
    "90236-08-mpnews",
    "90236-09-markdown",
    "90236-10-miniprogram-notice",
];

/// What the page says that they are answered.
const MESSAGES_ANSWER: &str = "90236-11-answer";

const RECALL: &str = "94867-01-recall";

/// Document 004's join ways.
const JOIN_WAY: &[&str] = &[
    "004-04-add-join-way",
    "004-05-get-join-way",
    "004-06-update-join-way",
    "004-07-del-join-way",
];

const GET_TOKEN: &str = "003-01-gettoken";

/// Document 004, in its order.
const GROUPCHAT: &[&str] = &["004-01-transfer", "004-02-list", "004-03-get"];
/// Document 003 names the fields alone; the number is that of the official page.
const GET_USERID: &str = "003-02-getuserid";

/// Of document 004: days of 2020, which can be asked for while the clock stands there.
const STATISTIC: &[&str] = &["004-08-statistic", "004-09-statistic-group-by-day"];

/// A request, or an answer, or both, as a document prints them.
#[derive(Deserialize)]
struct Sample {
    endpoint: String,
    request: Option<Value>,
    response: Option<Value>,
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../protocol/tests/golden"
    ))
}

fn sample(name: &str) -> Sample {
    let text = fs::read_to_string(folder().join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Asserts that a real answer has all that a printed one has, in the same JSON types. A printed list is a list of such items.
fn shaped(place: &str, printed: &Value, real: &Value) {
    match (printed, real) {
        (Value::Object(printed), Value::Object(real)) => {
            for (key, value) in printed {
                let found = real
                    .get(key)
                    .unwrap_or_else(|| panic!("{place}.{key} is missing"));
                shaped(&format!("{place}.{key}"), value, found);
            }
        }
        (Value::Array(printed), Value::Array(real)) => {
            assert_eq!(printed.is_empty(), real.is_empty(), "{place}");
            for (n, item) in real.iter().enumerate() {
                shaped(&format!("{place}[{n}]"), &printed[0], item);
            }
        }
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Null, Value::Null) => {}
        _ => panic!("{place}: {printed} is printed, {real} is answered"),
    }
}

/// Sends a sample's request as printed. It must be accepted, and answered in the shape that is printed, if one is.
async fn play(app: &App<'_>, name: &str) -> Value {
    let answer = send(app, name).await;
    if let Some(printed) = &sample(name).response {
        shaped(name, printed, &answer);
    }
    answer
}

/// Sends a sample's request as printed. It must be accepted.
async fn send(app: &App<'_>, name: &str) -> Value {
    let sample = sample(name);
    let request = sample
        .request
        .unwrap_or_else(|| panic!("{name} has no request"));
    let answer = match named(&sample.endpoint).unwrap().meta.method {
        Method::Get => {
            let fields = request.as_object().unwrap();
            let query = fields
                .iter()
                .map(|(key, value)| format!("&{key}={}", value.as_str().unwrap()));
            app.get(&sample.endpoint, &query.collect::<String>()).await
        }
        _ => app.post(&sample.endpoint, request).await,
    };
    assert_eq!(code(&answer), 0, "{name}: {answer}");
    answer
}

fn printed(name: &str) -> Value {
    sample(name).response.unwrap()
}

/// What a person's phone shows in a group: the contents of the messages.
async fn contents(app: &App<'_>, userid: &str, chatid: &str) -> Vec<Value> {
    let page = app.inbox(userid, "").await;
    let messages = page["messages"].as_array().unwrap().iter();
    messages
        .filter(|message| message["chatid"] == chatid)
        .map(|message| message["content"].clone())
        .collect()
}

async fn userids(app: &App<'_>, chatid: &str) -> Value {
    app.get("appchat/get", &format!("&chatid={chatid}")).await["chat_info"]["userlist"].clone()
}

#[test]
fn every_sample_is_played() {
    let files: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let single = [
        APPCHAT_SEND,
        GET_TOKEN,
        GET_USERID,
        MESSAGE,
        MESSAGES_ANSWER,
        RECALL,
    ];
    let played = [
        CHAT,
        PROJECT,
        REPORT,
        APPCHAT,
        MESSAGES,
        card::SENT,
        card::UPDATED,
        JOIN_WAY,
        GROUPCHAT,
        STATISTIC,
        &single,
    ];
    let played = played.concat();
    let played: BTreeSet<String> = played.iter().map(|name| format!("{name}.json")).collect();
    assert_eq!(played, files);
}

#[tokio::test]
async fn document_000s_calls_are_accepted_as_printed() {
    let server = Server::start().await;
    let app = server.demo().await;
    for name in CHAT {
        let answer = play(&app, name).await;
        match *name {
            // The page prints no chatid here, document 001 does.
            "000-01-create" => assert_eq!(
                answer,
                json!({ "errcode": 0, "errmsg": "ok", "chatid": "project_team_001" })
            ),
            // The page leaves out the owner, who is a member.
            "000-02-get" => {
                let mut expected = printed(name);
                let userlist = expected["chat_info"]["userlist"].as_array_mut().unwrap();
                userlist.push("project_manager".into());
                assert_eq!(answer, expected);
            }
            "000-03-update" => {
                let got = app.get("appchat/get", "&chatid=project_team_001").await;
                assert_eq!(
                    got["chat_info"],
                    json!({
                        "chatid": "project_team_001", "name": "Alpha项目开发小组", "owner": "new_project_manager",
                        "userlist": [
                            "dev001", "dev002", "pm001", "project_manager", "dev003", "qa001", "new_project_manager",
                        ],
                    })
                );
            }
            // Nobody of those whom the page removes was in the group.
            "000-06-remove-members" => assert_eq!(
                userids(&app, "project_team_001").await,
                json!([
                    "dev001",
                    "dev002",
                    "pm001",
                    "project_manager",
                    "dev003",
                    "qa001",
                    "new_project_manager",
                    "new_dev001",
                    "new_qa001",
                    "new_pm001",
                ])
            ),
            "000-11-send-news" => {
                let sent = [
                    "08-send-text",
                    "09-send-image",
                    "10-send-file",
                    "11-send-news",
                ];
                let arrived = contents(&app, "dev001", "project_team_001").await;
                assert_eq!(arrived.len(), sent.len());
                for (name, arrived) in sent.iter().zip(&arrived) {
                    let request = sample(&format!("000-{name}")).request.unwrap();
                    let kind = request["msgtype"].as_str().unwrap();
                    shaped(name, &request[kind], arrived);
                    assert!(kind != "text" || request[kind] == *arrived, "{arrived}");
                }
            }
            "000-04-quit" => assert_eq!(
                code(&app.get("appchat/get", "&chatid=project_team_001").await),
                86002
            ),
            _ => {}
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn document_000s_list_of_members_is_answered_to_the_letter() {
    // The page's group is another one than that of its other samples, made at the second that it shows.
    let name = "000-07-get-members";
    let join_time = printed(name)["userlist"][0]["join_time"].as_i64().unwrap();
    let server = Server::with(|config| config.clock = Some(join_time * 1000)).await;
    let app = server.demo().await;
    app.chat("project_team_001", &["dev001", "pm001"]).await;
    let mut answer = play(&app, name).await;
    for member in answer["userlist"].as_array_mut().unwrap() {
        // The clock runs: the call may come a second later, or on a slow machine some.
        let joined = member["join_time"].as_i64().unwrap();
        assert!((join_time..join_time + 600).contains(&joined), "{joined}");
        member["join_time"] = join_time.into();
    }
    assert_eq!(answer, printed(name));
    server.stop().await;
}

#[tokio::test]
async fn document_000s_project_goes_through_its_phases() {
    let server = Server::start().await;
    let app = server.demo().await;
    for name in PROJECT {
        play(&app, name).await;
    }
    let chatid = "alpha_project_20231102";
    assert_eq!(
        userids(&app, chatid).await,
        json!([
            "pm_001",
            "dev_001",
            "dev_002",
            "qa_001",
            "ui_001",
            "project_manager_001",
            "ui_002",
            "ux_001",
            "dev_003",
            "dev_004",
            "backend_001",
            "qa_002",
            "qa_003",
            "automation_001",
            "ops_001",
            "ops_002",
        ])
    );
    // Who was there from beginning to end got every message as it is printed.
    let sent: Vec<Value> = PROJECT
        .iter()
        .map(|name| sample(name))
        .filter(|sample| sample.endpoint == "appchat/send")
        .map(|sample| {
            let request = sample.request.unwrap();
            request[request["msgtype"].as_str().unwrap()].clone()
        })
        .collect();
    assert_eq!(sent.len(), 7);
    assert_eq!(contents(&app, "pm_001", chatid).await, sent);
    // Operations were away from design to deployment.
    let arrived = contents(&app, "ops_001", chatid).await;
    assert_eq!(arrived, [&sent[..2], &sent[5..]].concat());
    server.stop().await;
}

#[tokio::test]
async fn document_000s_report_finds_its_groups() {
    let server = Server::start().await;
    let app = server.demo().await;
    let mut report = Vec::new();
    for name in REPORT {
        let info = play(&app, name).await["chat_info"].clone();
        report.push((
            info["name"].as_str().unwrap().to_owned(),
            info["userlist"].as_array().unwrap().len(),
            info["owner"].as_str().unwrap().to_owned(),
        ));
    }
    let line = |name: &str, members, owner: &str| (name.to_owned(), members, owner.to_owned());
    assert_eq!(
        report,
        [
            line("Alpha项目组", 5, "project_manager_001"),
            line("Beta项目组", 3, "beta_lead"),
            line("Gamma项目组", 2, "gamma_lead"),
        ]
    );
    server.stop().await;
}

#[tokio::test]
async fn document_001_is_answered_to_the_letter() {
    let server = Server::start().await;
    let app = server.demo().await;
    for name in APPCHAT {
        assert_eq!(play(&app, name).await, printed(name), "{name}");
    }
    assert_eq!(app.say("CHATID", "TEXT").await, printed(APPCHAT_SEND));
    server.stop().await;
}

#[tokio::test]
async fn the_cloud_of_2026_refuses_some_samples() {
    let server = Server::with(|config| config.rules = Rulebook::Live2026).await;
    let app = server.demo().await;
    for (name, expected) in [
        ("001-01-create", 0),
        // userid4 is no member.
        ("001-02-update", 86216),
        ("001-03-get", 0),
        // Their chatids hold `_`.
        ("000-01-create", 86001),
        ("000-12-project-create", 86001),
    ] {
        let Sample {
            endpoint, request, ..
        } = sample(name);
        let answer = match name {
            "001-03-get" => play(&app, name).await,
            _ => app.post(&endpoint, request.unwrap()).await,
        };
        assert_eq!(code(&answer), expected, "{name}: {answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn document_003s_gettoken_is_answered_to_the_letter() {
    let server = Server::start().await;
    let app = server.demo().await;
    // The kit has got a token already, and what is left of it is less.
    server.advance(7200).await;
    let sample = sample(GET_TOKEN);
    let request = sample.request.unwrap();
    let query =
        ["corpid", "corpsecret"].map(|key| format!("{key}={}", request[key].as_str().unwrap()));
    let query = query
        .join("&")
        .replace("CORPID", &app.corpid)
        .replace("CORPSECRET", &app.secret);
    let mut answer = server.get(&format!("/cgi-bin/gettoken?{query}")).await;
    let printed = sample.response.unwrap();
    shaped(GET_TOKEN, &printed, &answer);
    answer["access_token"] = printed["access_token"].clone();
    assert_eq!(answer, printed);
    server.stop().await;
}

#[tokio::test]
async fn document_004s_join_ways_are_accepted_as_printed() {
    let server = Server::start().await;
    let app = server.demo().await;
    for name in JOIN_WAY {
        let answer = play(&app, name).await;
        if *name == "004-05-get-join-way" {
            let mut expected = printed(name);
            // The page prints scene 3, and lists 1 and 2.
            expected["join_way"]["scene"] = 2.into();
            expected["join_way"]["qr_code"] = answer["join_way"]["qr_code"].clone();
            assert_eq!(answer, expected);
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn document_004s_customer_groups_are_there() {
    for book in BOTH {
        let server = Server::with(|config| config.rules = book).await;
        let app = server.demo().await;
        let [transfer, list, get] = GROUPCHAT else {
            panic!("{GROUPCHAT:?}")
        };
        // The page prints a refused group that its request does not name.
        let mut expected = printed(transfer);
        expected["failed_chat_list"][0]["chat_id"] = "wrOgQhDgAAcwMTB7YmDkbeBsgT_AAAA".into();
        assert_eq!(play(&app, transfer).await, expected);

        // The first of the printed groups is another owner's in the sample of get.
        let mut expected = printed(list);
        expected["group_chat_list"]
            .as_array_mut()
            .unwrap()
            .remove(0);
        expected["next_cursor"] = "".into();
        assert_eq!(play(&app, list).await, expected);

        // The page leaves out the owner and the admins, who are members.
        let mut answer = send(&app, get).await;
        let mut expected = printed(get);
        let take = |group: &mut Value| group["group_chat"]["member_list"].take();
        let (members, printed) = (take(&mut answer), take(&mut expected));
        let version = answer["group_chat"]["member_version"].take();
        assert_eq!(version.as_str().unwrap().len(), 32);
        expected["group_chat"]["member_version"] = Value::Null;
        assert_eq!(answer, expected);
        let members = members.as_array().unwrap();
        for member in printed.as_array().unwrap() {
            assert!(members.contains(member), "{member} {members:?}");
        }
        let ids: Vec<&str> = members
            .iter()
            .map(|it| it["userid"].as_str().unwrap())
            .collect();
        assert_eq!(
            ids,
            [
                "ZhuShengBen",
                "abel",
                "wmOgQhDgAAuXFJGwbve4g4iXknfOAAAA",
                "jack",
                "sam",
                "pony"
            ]
        );
        server.stop().await;
    }
}

#[tokio::test]
async fn document_004s_statistics_are_answered_on_the_day_after() {
    for book in BOTH {
        // 2020-09-20 09:00 in UTC+8, as in the example of `--clock`.
        let clock = 1_600_563_600_000;
        let server = Server::with(|config| {
            config.clock = Some(clock);
            config.rules = book;
        })
        .await;
        let app = server.demo().await;
        let [by_owner, by_day] = STATISTIC else {
            panic!("{STATISTIC:?}")
        };
        assert_eq!(play(&app, by_day).await, printed(by_day));
        // The page prints an owner whom its request leaves out, and figures of another moment than by day, where each of
        // two days has two new groups.
        let mut expected = printed(by_owner);
        expected["items"].as_array_mut().unwrap().pop();
        expected["total"] = 1.into();
        expected["next_offset"] = 1.into();
        expected["items"][0]["data"]["new_chat_cnt"] = 4.into();
        assert_eq!(play(&app, by_owner).await, expected);
        server.stop().await;
    }
    // Years later those days are gone, here as in the cloud.
    let server = Server::start().await;
    let app = server.demo().await;
    let Sample {
        endpoint, request, ..
    } = sample(STATISTIC[0]);
    assert_eq!(app.code(&endpoint, request.unwrap()).await, 600_018);
    server.stop().await;
}

#[tokio::test]
async fn document_003s_message_arrives() {
    for rules in Rulebook::ALL {
        let server = Server::with(|config| config.rules = rules).await;
        let app = server.demo().await;
        let answer = play(&app, MESSAGE).await;
        assert_eq!(answer.as_object().unwrap().len(), 3, "{answer}");
        let message = sample(MESSAGE).request.unwrap();
        for userid in ["zhangsan", "lisi"] {
            assert_eq!(contents(&app, userid, "").await, [message["text"].clone()]);
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn page_90236s_messages_are_accepted_as_printed() {
    for rules in Rulebook::ALL {
        let server = Server::with(|config| config.rules = rules).await;
        let app = server.demo_app(1).await;
        for name in MESSAGES {
            let mut request = sample(name).request.unwrap();
            let kind = request["msgtype"].as_str().unwrap().to_owned();
            // What stands for an upload or a link.
            match kind.as_str() {
                "voice" | "video" => {
                    let file = content(&kind, 100);
                    let media_id = uploaded(&app, &kind, "a.bin", &file).await;
                    request[&kind]["media_id"] = media_id.into();
                }
                "textcard" => request[&kind]["url"] = "https://work.weixin.qq.com".into(),
                _ => {}
            }
            let answer = app.ok("message/send", request.clone()).await;
            let (printed, real) = (printed(MESSAGES_ANSWER), answer);
            // `userid1` to `userid3` are there; parties and tags are named by numbers.
            let lists = match kind.as_str() {
                "miniprogram_notice" => json!([null, null]),
                _ => json!(["PartyID1|PartyID2", "TagID1|TagID2"]),
            };
            assert_eq!(json!([real["invalidparty"], real["invalidtag"]]), lists);
            for (key, value) in real.as_object().unwrap() {
                shaped(&format!("{name}.{key}"), &printed[key], value);
            }
            let userid = match kind.as_str() {
                "miniprogram_notice" => "wangwu",
                _ => "userid2",
            };
            let shown = contents(&app, userid, "").await.pop().unwrap();
            let mut expected = request[&kind].clone();
            if kind == "news" {
                // A mini program is named, so the link is ignored.
                expected["articles"][0]
                    .as_object_mut()
                    .unwrap()
                    .shift_remove("url");
            }
            if kind == "mpnews" {
                let thumb = expected["articles"][0].as_object_mut().unwrap();
                thumb.shift_remove("thumb_media_id");
            }
            shaped(name, &expected, &shown);
            let msgid = json!({ "msgid": real["msgid"] });
            assert_eq!(app.post("message/recall", msgid).await, printed_recall());
        }
        server.stop().await;
    }
}

/// What recalling is said to answer; its sample's msgid stands for one that was given.
fn printed_recall() -> Value {
    assert!(sample(RECALL).request.unwrap()["msgid"].is_string());
    printed(RECALL)
}

#[tokio::test]
async fn page_90236s_answer_has_its_shape() {
    let server = Server::start().await;
    let users = json!([{ "userid": "UserID1" }, { "userid": "userid3", "licence_end": 1 }]);
    let app = server
        .world(json!({ "name": "t", "apps": [{ "name": "a" }], "users": users }))
        .await;
    let answer = app
        .ok(
            "message/send",
            json!({
                "touser": "userid1|UserID2|userid3", "toparty": "PartyID1", "totag": "TagID1",
                "agentid": app.agentid, "msgtype": "text", "text": { "content": "x" },
            }),
        )
        .await;
    let mut expected = printed(MESSAGES_ANSWER);
    // Only cards have one.
    expected
        .as_object_mut()
        .unwrap()
        .shift_remove("response_code");
    shaped(MESSAGES_ANSWER, &expected, &answer);
    let lists = [
        "invaliduser",
        "invalidparty",
        "invalidtag",
        "unlicenseduser",
    ];
    assert_eq!(
        lists.map(|list| answer[list].as_str().unwrap()),
        ["userid2", "PartyID1", "TagID1", "userid3"]
    );
    server.stop().await;
}

#[tokio::test]
async fn document_003s_getuserid_is_answered_to_the_letter() {
    for rules in Rulebook::ALL {
        let server = Server::with(|config| config.rules = rules).await;
        let app = server.demo().await;
        assert_eq!(play(&app, GET_USERID).await, printed(GET_USERID), "{rules}");
        server.stop().await;
    }
}
