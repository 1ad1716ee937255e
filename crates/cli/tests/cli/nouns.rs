//! Every noun once, with its effect.

use std::{fs, io::Write, process::Stdio};

use serde_json::{Value, json};

use crate::kit::{Ran, Server, await_line, run};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";

/// What a person's phone shows, by kind.
fn kinds(server: &Server, person: &str) -> Vec<String> {
    let inbox = server.value(&["people", "inbox", person]);
    let messages = inbox.as_array().unwrap().iter();
    messages
        .map(|message| message["msgtype"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn chat_creates_changes_and_dissolves() {
    let server = Server::memory();
    let made = server.good(&[
        "chat",
        "create",
        "zhangsan",
        "lisi,wangwu",
        "--name",
        "发布小组",
        "--chatid",
        "g1",
    ]);
    assert_eq!(made, "g1\n");
    server.good(&["chat", "add", "g1", "zhaoliu"]);
    server.good(&["chat", "remove", "g1", "wangwu"]);
    server.good(&[
        "chat", "update", "g1", "--name", "二期", "--owner", "lisi", "--add", "dev001",
    ]);
    assert_eq!(
        server.value(&["chat", "get", "g1"]),
        json!({ "chatid": "g1", "name": "二期", "owner": "lisi", "userlist": ["zhangsan", "lisi", "zhaoliu", "dev001"] })
    );
    let members = server.good(&["chat", "members", "g1"]);
    let ids: Vec<&str> = members
        .lines()
        .filter_map(|line| line.split('\t').next())
        .collect();
    assert_eq!(ids, ["zhangsan", "lisi", "zhaoliu", "dev001"]);
    let ran = server.run(&["chat", "quit", "g1", "--yes"]);
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (0, "", "dissolved g1\n")
    );
    assert_eq!(server.run(&["chat", "get", "g1"]).code, 3);
}

#[test]
fn members_are_listed_where_the_server_cannot_list_them() {
    let server = Server::start(&[
        "--memory",
        "--listen",
        "127.0.0.1:0",
        "--json",
        "--rules",
        "live-2026",
    ]);
    server.good(&["chat", "create", "zhangsan", "lisi", "--chatid", "g1"]);
    assert_eq!(
        server.good(&["chat", "members", "g1"]),
        "zhangsan\t\t\nlisi\t\t\n"
    );
}

#[test]
fn chat_sends_every_kind() {
    let server = Server::memory();
    server.good(&["chat", "create", "zhangsan", "lisi", "--chatid", "g1"]);
    let file =
        |name: &str, content: &[u8]| fs::write(server.home.path().join(name), content).unwrap();
    file("a.png", PNG);
    file("周报.txt", "本周总结\n".as_bytes());
    file("a.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0");
    file("a.amr", &[b"#!AMR\n".as_slice(), &[0x3c; 32]].concat());
    for words in [
        &["你好", "--mention", "lisi", "--safe"][..],
        &["--markdown", "**上线**"],
        &["--image", "a.png"],
        &["--voice", "a.amr"],
        &["--video", "a.mp4", "--title", "录像"],
        &["--file", "周报.txt"],
        &["--card", "上线|今晚八点|https://x|看"],
        &["--news", "周报|https://x", "--news", "月报|https://y|总结"],
    ] {
        server.good(&[&["chat", "send", "g1"], words].concat());
    }
    assert_eq!(
        kinds(&server, "lisi"),
        [
            "text", "markdown", "image", "voice", "video", "file", "textcard", "news"
        ]
    );
    let inbox = server.value(&["people", "inbox", "lisi", "--chatid", "g1"]);
    assert_eq!(
        (&inbox[0]["mentioned"], &inbox[0]["safe"]),
        (&json!(true), &json!(1))
    );
    assert_eq!(inbox[4]["content"]["title"], "录像");
    assert_eq!(inbox[5]["text"], "周报.txt");
    assert_eq!(inbox[6]["content"]["btntxt"], "看");
    assert_eq!(inbox[7]["text"], "周报, 月报");

    let mut child = server
        .qun(&["chat", "send", "g1", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all("从管道\n".as_bytes())
        .unwrap();
    assert!(child.wait().unwrap().success());
    let last = server.value(&["people", "inbox", "lisi", "--last", "1"]);
    assert_eq!(last[0]["text"], "从管道");

    // Nothing is cut in silence.
    let ran = server.run(&["chat", "send", "g1", &"长".repeat(700)]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert_eq!(kinds(&server, "lisi").len(), 9);
}

#[test]
fn chat_lists_the_silent_and_counts() {
    let server = Server::clocked();
    server.good(&["clock", "advance", "40d"]);
    server.good(&["chat", "send", "beta_project_20231015", "还在"]);
    server.good(&["chat", "create", "zhangsan", "lisi", "--chatid", "young"]);
    let ids = |words: &[&str]| -> Vec<String> {
        let out = server.good(&[words, &["--jq", ".[].chatid"]].concat());
        out.lines().map(str::to_owned).collect()
    };
    let all = [
        "alpha_project_20231101",
        "beta_project_20231015",
        "gamma_project_20231020",
        "young",
    ];
    assert_eq!(ids(&["chat", "list"]), all);
    assert_eq!(
        ids(&["chat", "list", "--inactive", "30d"]),
        [all[0], all[2]]
    );
    assert_eq!(ids(&["chat", "list", "--inactive", "41d"]), [""; 0]);
    assert_eq!(ids(&["chat", "list", "--search", "gamma"]), [all[2]]);

    let report = server.run(&["chat", "report"]);
    assert_eq!(
        report.out,
        "alpha_project_20231101\tAlpha项目组\tproject_manager_001\t5\t1\n\
         beta_project_20231015\tBeta项目组\tbeta_lead\t3\t2\n\
         gamma_project_20231020\tGamma项目组\tgamma_lead\t2\t1\n\
         young\t\tzhangsan\t2\t0\n"
    );
    assert_eq!(report.err, "4 groups, 12 members, 4 messages\n");
    // As an app alone, as in the cloud.
    let mut app = server.qun(&["chat", "report", "gamma_project_20231020"]);
    let ran: Ran = app.env_remove("QUN_MANAGE_TOKEN").output().unwrap().into();
    assert_eq!(
        ran.out,
        "gamma_project_20231020\tGamma项目组\tgamma_lead\t2\n"
    );
    let mut none = server.qun(&["chat", "report"]);
    let ran: Ran = none.env_remove("QUN_MANAGE_TOKEN").output().unwrap().into();
    assert_eq!(ran.code, 2, "{}", ran.err);
}

#[test]
fn media_goes_up_and_comes_down() {
    let server = Server::memory();
    fs::write(server.home.path().join("a.png"), PNG).unwrap();
    fs::write(server.home.path().join("计划.txt"), "第一周\n").unwrap();
    let media_id = server.good(&["media", "upload", "计划.txt"]);
    assert_eq!(server.good(&["media", "get", media_id.trim()]), "第一周\n");
    let saved = server.value(&["media", "get", media_id.trim(), "--out", "b.txt"]);
    assert_eq!(saved["filename"], "计划.txt");
    assert_eq!(
        fs::read_to_string(server.home.path().join("b.txt")).unwrap(),
        "第一周\n"
    );
    let image = server.value(&["media", "upload", "a.png"]);
    assert_eq!(image["type"], "image");
    let url = server.good(&["media", "upload", "a.png", "--type", "picture"]);
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    assert_eq!(server.run(&["media", "get", "gone"]).code, 3);
    assert_eq!(server.run(&["media", "upload", "nothing.txt"]).code, 1);
}

#[test]
fn people_act_in_their_groups() {
    let server = Server::memory();
    let group = "alpha_project_20231101";
    let id = server.good(&["people", "say", "dev_001", group, "收到"]);
    let inbox = server.value(&["people", "inbox", "qa_001"]);
    let last = &inbox[inbox.as_array().unwrap().len() - 1];
    assert_eq!(
        (&last["id"], &last["sender"], &last["text"]),
        (&json!(id.trim()), &json!("dev_001"), &json!("收到"))
    );
    server.good(&["people", "rename", "dev_001", group, "新名"]);
    server.good(&["people", "owner", "project_manager_001", group, "pm_001"]);
    server.good(&["people", "remove", "pm_001", group, "qa_001"]);
    server.good(&["people", "leave", "dev_001", group]);
    let shown = server.value(&["chat", "get", group]);
    assert_eq!(
        (&shown["name"], &shown["owner"], &shown["userlist"]),
        (
            &json!("新名"),
            &json!("pm_001"),
            &json!(["project_manager_001", "pm_001", "dev_002"])
        )
    );
    assert_eq!(server.good(&["people", "groups", "dev_001"]), "");
    assert!(
        server
            .good(&["people", "groups", "pm_001"])
            .starts_with("alpha_project_20231101\t新名\tpm_001\t3\t")
    );
    assert_eq!(server.run(&["people", "leave", "dev_001", group]).code, 3);
}

#[test]
fn companies_and_their_rules() {
    let server = Server::memory();
    let made = server.value(&[
        "company",
        "create",
        "我的公司",
        "--id",
        "wwmine",
        "--users",
        "anna,bo",
        "--rulebook",
        "live-2026",
    ]);
    assert_eq!(
        (&made["corpid"], &made["agentid"]),
        (&json!("wwmine"), &json!(1_000_002))
    );
    assert!(
        server
            .good(&["company", "list"])
            .contains("wwmine\t我的公司\tlive-2026\t1000\n")
    );
    let again = server.run(&["company", "create", "x", "--id", "wwmine"]);
    assert_eq!(again.code, 2, "{}", again.err);
    // The new app works at once.
    let secret = made["secret"].as_str().unwrap();
    let mut create = server.qun(&["chat", "create", "anna", "bo", "--chatid", "one"]);
    create.env("QUN_CORPID", "wwmine").env("QUN_SECRET", secret);
    assert!(create.output().unwrap().status.success());

    let there = |words: &[&str]| server.value(&[words, &["--corpid", "wwmine"]].concat());
    assert_eq!(
        there(&[
            "company",
            "update",
            "--name",
            "新",
            "--chat-member-cap",
            "9"
        ])["chat_member_cap"],
        9
    );
    assert_eq!(there(&["company", "show"])["name"], "新");
    let rule = |rules: &Value, key: &str| {
        let mut rules = rules.as_array().unwrap().iter();
        rules.find(|rule| rule["key"] == key).unwrap().clone()
    };
    let rules = there(&[
        "company",
        "rules",
        "chat_updates_per_corp_hour=3",
        "chats_per_corp_day=-1",
    ]);
    assert_eq!(rule(&rules, "chat_updates_per_corp_hour")["value"], 3);
    assert_eq!(rule(&rules, "chats_per_corp_day")["changed"], true);
    let rules = there(&["company", "rules", "chat_updates_per_corp_hour="]);
    assert_eq!(rule(&rules, "chat_updates_per_corp_hour")["value"], 1000);
    let rules = there(&["company", "rules", "--rulebook", "documented"]);
    assert_eq!(rule(&rules, "chat_updates_per_corp_hour")["value"], 100);
    let wrong = server.run(&["company", "rules", "chat_member_max=3"]);
    assert_eq!(wrong.code, 2);
    assert!(
        wrong.err.contains("did you mean \"chat_members_max\""),
        "{}",
        wrong.err
    );
}

#[test]
fn apps_and_their_secrets() {
    let server = Server::memory();
    let made = server.value(&[
        "app",
        "create",
        "机器人",
        "--agentid",
        "1000009",
        "--departments",
        "1",
        "--trusted-address",
        "10.0.0.1",
    ]);
    let secret = made["secret"].as_str().unwrap();
    let token = |secret: &str| -> Ran {
        let mut token = server.qun(&["token"]);
        token.env("QUN_SECRET", secret).output().unwrap().into()
    };
    let group = |secret: &str| -> Ran {
        let mut get = server.qun(&["chat", "get", "nobodys"]);
        get.env("QUN_SECRET", secret).output().unwrap().into()
    };
    // The token is given to everybody, and no call from here is allowed.
    assert_eq!((token(secret).code, group(secret).code), (0, 4));
    let changed = server.value(&[
        "app",
        "update",
        "1000009",
        "--name",
        "值班",
        "--trusted-address",
        "127.0.0.1",
    ]);
    assert_eq!((&changed["name"], group(secret).code), (&json!("值班"), 3));
    server.good(&["app", "revoke", "1000009", "--yes"]);
    assert_eq!(group(secret).code, 3, "a fresh token is fetched");
    let new = server.value(&["app", "secret", "1000009", "--yes"]);
    assert_eq!(
        (
            group(secret).code,
            group(new["secret"].as_str().unwrap()).code
        ),
        (4, 3)
    );
    server.good(&["app", "update", "1000009", "--disabled"]);
    assert!(
        server
            .good(&["app", "list"])
            .contains("1000009\t值班\tself_built\ttrue\t127.0.0.1\n")
    );
    let mut known = server.qun(&["app", "update", "--disabled=false"]);
    assert!(
        known
            .env("QUN_AGENTID", "1000009")
            .output()
            .unwrap()
            .status
            .success()
    );
    assert_eq!(server.run(&["app", "secret", "--yes"]).code, 2);
}

#[test]
fn the_directory_is_filled_and_emptied() {
    let server = Server::memory();
    server.good(&[
        "department",
        "set",
        "3",
        "--name",
        "设计组",
        "--parent",
        "2",
    ]);
    server.good(&["department", "set", "3", "--order", "7"]);
    server.good(&[
        "user",
        "set",
        "anna",
        "--name",
        "安娜",
        "--departments",
        "3",
    ]);
    server.good(&["user", "set", "anna", "--mobile", "13900000001"]);
    server.good(&["tag", "set", "1", "--name", "值班", "--users", "anna"]);
    server.good(&["tag", "set", "1", "--departments", "3"]);
    assert!(
        server
            .good(&["department", "list"])
            .contains("3\t设计组\t2\t7\n")
    );
    assert_eq!(
        server.good(&["user", "list", "--search", "安娜"]),
        "anna\t安娜\t13900000001\t3\tactive\n"
    );
    assert_eq!(
        server.value(&["user", "show", "anna"])["departments"],
        json!([3])
    );
    assert!(
        server
            .good(&["tag", "list"])
            .starts_with("1\t值班\tanna\t3\n")
    );
    assert_eq!(
        server.run(&["department", "delete", "3", "--yes"]).code,
        6,
        "it has a member"
    );
    for words in [
        ["tag", "delete", "1"],
        ["user", "delete", "anna"],
        ["department", "delete", "3"],
    ] {
        assert_eq!(server.run(&words).code, 2, "nobody was asked");
        server.good(&[&words[..], &["--yes"]].concat());
    }
    assert_eq!(server.run(&["user", "show", "anna"]).code, 3);
    assert_eq!(server.good(&["tag", "list"]), "2\t行政\twangwu\t\n");
    server.good(&["user", "set", "dev_001", "--status", "left"]);
    assert_eq!(server.value(&["user", "show", "dev_001"])["status"], "left");
}

#[test]
fn waiting_ends_when_it_comes_or_when_time_is_over() {
    let server = Server::memory();
    let words = [
        "wait",
        "message",
        "--to",
        "dev_001",
        "--contains",
        "上线",
        "--timeout",
        "60s",
    ];
    let mut waiting = server.qun(&words);
    waiting.env("QUN_DEBUG", "api");
    let mut waiting = waiting
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    await_line(waiting.stderr.take().unwrap(), "wait=60");
    server.good(&["chat", "send", "alpha_project_20231101", "今晚上线"]);
    let ran: Ran = waiting.wait_with_output().unwrap().into();
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("text\t今晚上线\n"), "{}", ran.out);
    // What came before counts, unless it is said otherwise.
    server.good(&[
        "wait",
        "message",
        "--to",
        "dev_001",
        "--contains",
        "启动",
        "--timeout",
        "10s",
    ]);
    for more in [&["--new"][..], &["--chatid", "beta_project_20231015"]] {
        let words = [
            "wait",
            "message",
            "--to",
            "dev_001",
            "--contains",
            "启动",
            "--timeout",
            "1s",
        ];
        let ran = server.run(&[&words[..], more].concat());
        assert_eq!(ran.code, 1, "{}", ran.err);
        assert!(ran.err.contains("qun people inbox dev_001"), "{}", ran.err);
    }
    server.good(&["wait", "ready"]);
    let ran = run(&[
        "wait",
        "ready",
        "--url",
        "http://127.0.0.1:1",
        "--timeout",
        "1s",
    ]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("qun up"), "{}", ran.err);
    assert_eq!(run(&["wait", "ready", "--url", "nowhere"]).code, 2);
}

#[test]
fn the_clock_is_shown_and_moved() {
    let server = Server::clocked();
    let before = server.value(&["clock"]);
    assert!(
        before["now"]
            .as_str()
            .unwrap()
            .starts_with("2023-11-01T12:0"),
        "{before}"
    );
    let after = server.value(&["clock", "advance", "1h 30m"]);
    let moved = after["now_ms"].as_i64().unwrap() - before["now_ms"].as_i64().unwrap();
    assert!((5_400_000..5_460_000).contains(&moved), "{moved}");
    let fixed = Server::memory();
    assert_eq!(fixed.run(&["clock", "advance", "1h"]).code, 6);
}

#[test]
fn codes_are_explained_without_a_server() {
    let text = run(&["explain", "86004"]).out;
    for part in [
        "群名不合法",
        "under documented:\n    Fewer or more members",
        "under live-2026:\n    A name",
        "path/90313",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = run(&["explain", "60011"]).out;
    assert!(
        text.contains("what to do: widen the app's visible range to what is named"),
        "{text}"
    );
    assert!(
        run(&["explain", "86002"])
            .out
            .contains("in the cloud: no such code")
    );
    let json: Value = serde_json::from_str(&run(&["explain", "45009", "--json"]).out).unwrap();
    assert_eq!(json["errmsg"], "api freq out of limit");
    assert_eq!(run(&["explain", "-1"]).code, 0);
    let unknown = run(&["explain", "86666"]);
    assert_eq!((unknown.code, unknown.out.as_str()), (3, ""));
    assert!(
        unknown.err.contains("86222, 86224, 86225"),
        "{}",
        unknown.err
    );
}

#[test]
fn completions_and_manual_name_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = run(&["completions", shell]);
        assert_eq!(script.code, 0);
        for word in ["doctor", "members", "inactive"] {
            assert!(script.out.contains(word), "{shell}: {word}");
        }
    }
    let server = tempfile::tempdir().unwrap();
    let ran: Ran = crate::kit::qun(server.path())
        .args(["man", "man1"])
        .output()
        .unwrap()
        .into();
    assert_eq!(ran.code, 0, "{}", ran.err);
    let page = fs::read_to_string(server.path().join("man1/qun-chat-send.1")).unwrap();
    assert!(page.contains(".TH") && page.contains("mention"));
    assert!(run(&["man"]).out.contains(".SH NAME"));
}

#[test]
fn a_person_is_found_by_what_is_known_of_them() {
    let server = Server::memory();
    for words in [
        ["--mobile", "+86 13430388888"],
        ["--email", "zhangsan@demo.example"],
        ["--personal-email", "zhangsan@demo.example"],
    ] {
        let found = server.good(&["user", "find", words[0], words[1]]);
        assert_eq!(found, "zhangsan\n", "{words:?}");
    }
    let found = server.value(&["user", "find", "--mobile", "13430388888"]);
    assert_eq!(found, json!({ "userid": "zhangsan" }));
    let nobody = server.run(&["user", "find", "--mobile", "13811111111"]);
    assert_eq!((nobody.code, nobody.out.as_str()), (3, ""));
    assert!(nobody.err.contains("nobody in the app's visible range"));
    assert_eq!(server.run(&["user", "find"]).code, 2);
    let both = [
        "user",
        "find",
        "--mobile",
        "13800000000",
        "--email",
        "a@x.cn",
    ];
    assert_eq!(server.run(&both).code, 2);
}

#[test]
fn stats_are_a_table_csv_or_json() {
    // The day after those of document 004's samples.
    let server = Server::start(&[
        "--memory",
        "--listen",
        "127.0.0.1:0",
        "--json",
        "--clock",
        "2020-09-20T09:00:00+08:00",
    ]);
    let sampled = ["stats", "--owner", "zhangsan", "--from", "2020-09-17"];
    let csv = server.good(&[&sampled[..], &["--to", "2020-09-18", "--csv"]].concat());
    assert_eq!(
        csv,
        "day,new_chat_cnt,chat_total,chat_has_msg,new_member_cnt,member_total,member_has_msg,msg_total,migrate_trainee_chat_cnt\n\
         2020-09-17,2,2,0,0,6,0,0,3\n2020-09-18,2,2,0,0,6,0,0,3\n"
    );
    // The server's clock says what yesterday is.
    let days = server.value(&[&sampled[..], &["--json", "day,member_total"]].concat());
    assert_eq!(days.as_array().unwrap().len(), 3);
    assert_eq!(days[2], json!({ "day": "2020-09-19", "member_total": 6 }));
    let by_owner = server.value(&[&sampled[..], &["--by", "owner"]].concat());
    assert_eq!(by_owner[0]["owner"], "zhangsan");
    assert_eq!(by_owner[0]["new_chat_cnt"], 4);
    // More days than are kept are refused, and a marked group counts.
    assert_eq!(server.run(&["stats", "--days", "181"]).code, 6);
    let migrated = |server: &Server| {
        let all = server.value(&["stats", "--days", "1", "--owner", "ZhuShengBen"]);
        all[0]["migrate_trainee_chat_cnt"].as_i64().unwrap()
    };
    assert_eq!(migrated(&server), 0);
    server.good(&["group", "migrate", "wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA"]);
    server.good(&["clock", "advance", "1d"]);
    assert_eq!(migrated(&server), 1);
}
