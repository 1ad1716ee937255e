//! Messages to people.

mod interrupted;

use std::{fs, io::Write, process::Stdio};

use serde_json::{Value, json};

use crate::kit::{Ran, Server};

const APP: &str = "1000002";

/// `qun message` in the name of the demo company's first app.
fn message(server: &Server, words: &[&str]) -> Ran {
    let words = [&["message"], words, &["--app", APP]].concat();
    server.run(&words)
}

fn good(server: &Server, words: &[&str]) -> String {
    let ran = message(server, words);
    assert_eq!(ran.code, 0, "{words:?}: {}", ran.err);
    ran.out
}

fn write(server: &Server, name: &str, content: impl AsRef<[u8]>) {
    fs::write(server.home.path().join(name), content).unwrap();
}

/// What a person has got from apps, a line each.
fn inbox(server: &Server, person: &str) -> Vec<Value> {
    let inbox = server.value(&["people", "inbox", person]);
    inbox.as_array().unwrap().clone()
}

fn texts(server: &Server, person: &str) -> Vec<String> {
    let inbox = inbox(server, person);
    let texts = inbox
        .iter()
        .map(|arrived| arrived["text"].as_str().unwrap().to_owned());
    texts.collect()
}

fn documented() -> Server {
    let server = Server::memory();
    write(
        &server,
        "a.png",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0",
    );
    server
}

const CARD: &str = r#"{"card_type": "text_notice", "main_title": {"title": "请假已批准"},
    "card_action": {"type": 1, "url": "https://example.com/leave/17"}}"#;

#[test]
fn every_kind_goes_to_people() {
    let server = documented();
    write(&server, "周报.txt", "本周总结\n");
    write(&server, "a.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0");
    write(
        &server,
        "a.amr",
        [b"#!AMR\n".as_slice(), &[0x3c; 32]].concat(),
    );
    write(&server, "card.json", CARD);
    write(
        &server,
        "notice.json",
        r#"{"appid": "wx123123123123123", "title": "会议室预订成功", "content_item": [{"key": "会议室", "value": "402"}]}"#,
    );
    write(
        &server,
        "articles.json",
        r#"[{"title": "公告", "thumb": "a.png", "content": "<p>正文</p>", "author": "张三"}]"#,
    );
    for words in [
        &["你好", "--safe"][..],
        &["--markdown", "**上线**"],
        &["--image", "a.png"],
        &["--voice", "a.amr"],
        &["--video", "a.mp4", "--title", "录像"],
        &["--file", "周报.txt"],
        &["--card", "上线|今晚八点|https://x|看"],
        &["--news", "周报|https://x", "--news", "月报|https://y|总结"],
        &["--mpnews", "articles.json"],
        &["--notice", "notice.json"],
        &["--template-card", "card.json"],
    ] {
        let out = good(&server, &[&["send", "--to", "lisi"], words].concat());
        assert_eq!(out.lines().count(), 1, "a msgid: {out}");
    }
    let arrived = inbox(&server, "lisi");
    let kinds: Vec<&str> = arrived
        .iter()
        .map(|it| it["msgtype"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "text",
            "markdown",
            "image",
            "voice",
            "video",
            "file",
            "textcard",
            "news",
            "mpnews",
            "miniprogram_notice",
            "template_card"
        ]
    );
    assert_eq!(arrived[0]["safe"], 1);
    assert_eq!(arrived[8]["content"]["articles"][0]["author"], "张三");

    // A group takes articles of their own as well.
    server.good(&["chat", "create", "zhangsan", "lisi", "--chatid", "g1"]);
    server.good(&["chat", "send", "g1", "--mpnews", "articles.json"]);
    assert_eq!(texts(&server, "zhangsan"), ["公告"]);
}

#[test]
fn people_departments_tags_and_everybody_are_addressed() {
    let server = documented();
    good(&server, &["send", "部门", "--party", "2"]);
    good(&server, &["send", "标签", "--tag", "1,2"]);
    good(&server, &["send", "大家", "--all", "--once-within", "60"]);
    good(&server, &["send", "大家", "--all", "--once-within", "60"]);
    let ran = message(
        &server,
        &[
            "send",
            "两位 $userName=lisi$",
            "--names",
            "--to",
            "ZhangSan,nobody",
        ],
    );
    assert_eq!(ran.code, 0);
    assert_eq!(
        ran.err,
        "sent a message (text)\nnot sent to people who are unknown, or whom the app does not see: nobody\n"
    );
    assert_eq!(texts(&server, "zhangsan"), ["标签", "大家", "两位 李四"]);
    assert_eq!(texts(&server, "backend_001"), ["部门", "大家"]);

    let sent: Value = serde_json::from_str(&good(
        &server,
        &["send", "x", "--to", "lisi,nobody", "--json"],
    ))
    .unwrap();
    assert_eq!(sent["invalid_users"], json!(["nobody"]));
    assert_eq!(sent["msgids"].as_array().unwrap().len(), 1);

    let msgid = good(&server, &["send", "发错了", "--to", "lisi", "--quiet"]);
    let msgid = msgid.trim();
    assert!(texts(&server, "lisi").contains(&"发错了".to_owned()));
    let ran = message(&server, &["recall", msgid]);
    assert_eq!(
        ran.code, 2,
        "without a terminal it asks for --yes: {}",
        ran.err
    );
    let ran = message(&server, &["recall", msgid, "--yes"]);
    assert_eq!((ran.code, ran.err), (0, format!("took back {msgid}\n")));
    assert!(!texts(&server, "lisi").contains(&"发错了".to_owned()));
    assert_eq!(message(&server, &["recall", "none", "--yes"]).code, 6);
}

#[test]
fn mistakes_are_told_before_anything_is_sent() {
    let server = documented();
    write(
        &server,
        "card.json",
        r#"{"card_type": "text_notice", "button": []}"#,
    );
    write(
        &server,
        "wrong.json",
        r#"{"card_type": "text_notice", "main_titel": {}}"#,
    );
    write(&server, "people.txt", "zhangsan\nli|si\n");
    write(&server, "mobiles.txt", "13430388888\n王五\n");
    write(&server, "empty.txt", "\n\n");
    let long = "长".repeat(700);
    for (words, part) in [
        (&["send", "x"][..], "--to"),
        (&["send", "--to", "lisi"], "--markdown"),
        (&["send", "x", "--to", "@all"], "say --all"),
        (&["send", "x", "--to", "a|b"], "is no userid"),
        (
            &["send", &long, "--to", "lisi"],
            "text.content has 2100 bytes",
        ),
        (
            &["send", "--card", "a|b|no-scheme", "--to", "lisi"],
            "textcard.url",
        ),
        (
            &["send", "--markdown", "x", "--safe", "--to", "lisi"],
            "safe would be ignored",
        ),
        (
            &["send", "--template-card", "card.json", "--to", "lisi"],
            "template_card",
        ),
        (
            &["send", "--template-card", "wrong.json", "--to", "lisi"],
            "nobody knows the field main_titel",
        ),
        (
            &["send", "x", "--once-within", "14401", "--to", "lisi"],
            "duplicate_check_interval",
        ),
        (
            &["send", "x", "--to-file", "people.txt"],
            "people.txt:2: \"li|si\" is no userid",
        ),
        (
            &["send", "x", "--mobiles-file", "mobiles.txt"],
            "mobiles.txt:2: \"王五\" is no mobile number",
        ),
        (&["send", "x", "--to-file", "empty.txt"], "nobody is named"),
        (
            &["send", "x", "--to-file", "people.txt", "--party", "2"],
            "--party",
        ),
        (
            &["send", "x", "--all", "--to", "lisi"],
            "cannot be used with",
        ),
    ] {
        let ran = message(&server, words);
        assert_eq!(ran.code, 2, "{words:?}: {}", ran.err);
        assert!(ran.err.contains(part), "{words:?}: {}", ran.err);
    }
    let ran = server.run(&["message", "send", "x", "--to", "lisi"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("say --app"), "{}", ran.err);
    assert_eq!(
        texts(&server, "zhangsan").len() + texts(&server, "lisi").len(),
        0
    );

    // All are unknown: the API refuses.
    assert_eq!(message(&server, &["send", "x", "--to", "nobody"]).code, 6);
    let dry = good(&server, &["send", "x", "--to", "lisi", "--dry-run"]);
    assert!(
        dry.starts_with("POST http://") && dry.contains(r#""touser":"lisi""#),
        "{dry}"
    );
    assert_eq!(texts(&server, "lisi").len(), 0);
}

#[test]
fn a_card_is_changed() {
    let server = documented();
    write(&server, "card.json", CARD.replace("text_notice", "button_interaction").replace("\"card_action\": {", "\"task_id\": \"leave-17\", \"button_list\": [{\"text\": \"同意\", \"key\": \"y\"}], \"card_action\": {"));
    // Such a card needs an app that is told of taps.
    let world = json!({ "version": 1, "companies": [{
        "corpid": "wwcards", "users": [{ "userid": "zhangsan" }, { "userid": "lisi" }],
        "apps": [{
            "agentid": 1000002, "name": "请假", "secret": "a-secret-of-the-cards-only-app",
            "callback": { "url": "http://127.0.0.1:9/", "token": "t", "encoding_aes_key": "4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws" },
        }],
    }] });
    write(&server, "world.json", world.to_string());
    server.good(&["call", "POST", "/_qun/worlds", "--body", "world.json"]);
    let of_company = |words: &[&str]| -> Ran {
        let mut command = server.qun(words);
        command
            .env("QUN_CORPID", "wwcards")
            .env("QUN_AGENTID", APP)
            .env("QUN_SECRET", "a-secret-of-the-cards-only-app");
        command.output().unwrap().into()
    };
    let send = [
        "message",
        "send",
        "--template-card",
        "card.json",
        "--to",
        "lisi,zhangsan",
        "--json",
    ];
    let sent = of_company(&send);
    assert_eq!(sent.code, 0, "{}", sent.err);
    let sent: Value = serde_json::from_str(&sent.out).unwrap();
    let code = sent["response_codes"][0].as_str().unwrap();
    let change = [
        "message",
        "update-card",
        code,
        "--button",
        "已同意",
        "--to",
        "lisi",
    ];
    let ran = of_company(&change);
    assert_eq!((ran.code, ran.err.as_str()), (0, "changed the card\n"));
    let inbox = of_company(&["people", "inbox", "lisi", "--jq", ".[0].text"]);
    assert!(inbox.out.contains("请假已批准 [已同意]"), "{}", inbox.out);
    assert_eq!(of_company(&change).code, 6, "a code is good for one change");
    // Its task was used.
    assert_eq!(of_company(&send).code, 6);
}

/// Rows as they are printed where nobody watches.
fn rows(out: &str) -> Vec<Vec<&str>> {
    out.lines().map(|line| line.split('\t').collect()).collect()
}

#[test]
fn recipients_out_of_files_have_a_result_each() {
    let server = documented();
    write(
        &server,
        "people.txt",
        "\u{feff}zhangsan\r\n\r\nnobody\nZHANGSAN\n",
    );
    write(&server, "mobiles.txt", "13430388888\n13900009999\n");
    let ran = message(
        &server,
        &[
            "send",
            "调查",
            "--to",
            "lisi",
            "--to-file",
            "people.txt",
            "--mobiles-file",
            "mobiles.txt",
        ],
    );
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.err, "sent to 3 of 5\n");
    let rows = rows(&ran.out);
    let shown: Vec<[&str; 3]> = rows.iter().map(|row| [row[0], row[1], row[2]]).collect();
    assert_eq!(
        shown,
        [
            ["lisi", "lisi", "sent"],
            ["zhangsan", "zhangsan", "sent"],
            ["nobody", "nobody", "invalid"],
            ["13430388888", "zhangsan", "sent"],
            ["13900009999", "", "not found"],
        ]
    );
    assert!(!rows[0][3].is_empty() && rows[0][3] == rows[1][3] && rows[2][3].is_empty());
    assert_eq!(
        texts(&server, "zhangsan"),
        ["调查"],
        "once, although named three times"
    );

    // From a pipe, as JSON.
    let mut child = server
        .qun(&[
            "message",
            "send",
            "又一条",
            "--to-file",
            "-",
            "--json",
            "recipient,result",
            "--app",
            APP,
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"lisi\n").unwrap();
    let out = child.wait_with_output().unwrap();
    let value: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(value, json!([{ "recipient": "lisi", "result": "sent" }]));

    let dry = good(
        &server,
        &["send", "x", "--mobiles-file", "mobiles.txt", "--dry-run"],
    );
    assert!(dry.contains(r#""touser":"USERID""#), "{dry}");
}

#[test]
fn what_does_not_fit_into_a_day_goes_on_the_next() {
    let server = Server::clocked();
    write(&server, "people.txt", "zhangsan\nlisi\nwangwu\n");
    server.good(&["company", "rules", "message_sends_per_app_day=4"]);
    good(&server, &["send", "一", "--to", "zhangsan,lisi"]);
    let send = [
        "send",
        "二",
        "--to-file",
        "people.txt",
        "--resume",
        "run.jsonl",
    ];
    let ran = message(&server, &send);
    assert_eq!(ran.code, 5, "{}", ran.err);
    assert!(
        rows(&ran.out).iter().all(|row| row[2] == "not sent"),
        "{}",
        ran.out
    );
    assert!(ran.err.contains("wait until the block ends"), "{}", ran.err);
    server.good(&["clock", "advance", "1d"]);
    let ran = message(&server, &send);
    assert_eq!((ran.code, ran.err.as_str()), (0, "sent to 3 of 3\n"));
    assert_eq!(texts(&server, "zhangsan"), ["一", "二"]);
}
