//! Starting, settings, worlds, calls.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::kit::{Ran, Server, qun, run};

#[test]
fn help_goes_to_stdout_and_mistakes_to_stderr() {
    for words in [
        &["--help"][..],
        &["up", "--help"],
        &["serve", "--help"],
        &["demo", "--help"],
        &["call", "--help"],
        &["call", "appchat/create", "--help"],
        &["backup", "--help"],
        &["restore", "--help"],
        &["world", "check", "--help"],
    ] {
        let ran = run(words);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{words:?}");
        assert!(ran.out.contains("Example:\n  "), "{words:?}");
        assert!(!ran.out.contains('\x1b'));
    }
    let help = run(&["call", "appchat/create", "--help"]).out;
    assert!(
        help.contains("--userlist <USERLIST>") && help.contains("群成员"),
        "{help}"
    );
    for words in [
        &["nonsense"][..],
        &["up", "--nonsense"],
        &["up", "--rules", "old"],
        &["call"],
        &["call", "appchat/nothing"],
        &["call", "appchat/create", "--nonsense", "x"],
        &["call", "appchat/create", "--userlist", "a,b"],
        &["world", "check"],
    ] {
        let ran = run(words);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (2, ""),
            "{words:?}: {}",
            ran.err
        );
        assert!(!ran.err.is_empty());
    }
    let ran = run(&["call", "appchat/creat"]);
    assert!(
        ran.err.contains("did you mean \"appchat/create\""),
        "{}",
        ran.err
    );
}

#[test]
fn all_endpoints_are_listed() {
    let list = run(&["call", "--list"]).out;
    assert_eq!(list.lines().count(), qun_protocol::all::ALL.len());
    assert!(
        list.lines()
            .any(|line| line.starts_with("appchat/create\t"))
    );
}

#[test]
fn settings_that_cannot_be_are_told_before_anything_starts() {
    let home = TempDir::new().unwrap();
    let said = |command: &mut Command, part: &str| {
        let ran: Ran = command.output().unwrap().into();
        assert_eq!(ran.code, 2, "{}", ran.err);
        assert!(
            ran.err.contains(part) && ran.err.lines().count() == 1,
            "{}",
            ran.err
        );
    };
    let up = || {
        let mut command = qun(home.path());
        command.arg("up");
        command
    };
    said(
        up().args(["--memory", "--listen", "0.0.0.0:0"]),
        "--allow-remote",
    );
    said(up().args(["--memory", "--data", "d"]), "exclude each other");
    said(up().arg("--memory").env("QUN_LIMITS", "some"), "QUN_LIMITS");
    said(
        up().args(["--memory", "--clock", "noon"]),
        "2020-09-20T09:00:00+08:00",
    );
    std::fs::write(home.path().join("s.toml"), "lissten = '127.0.0.1:0'").unwrap();
    said(up().args(["--config", "s.toml"]), "did you mean \"listen\"");
}

#[test]
fn a_world_is_checked_with_the_place_of_its_error() {
    let home = TempDir::new().unwrap();
    let check = |text: &str| -> Ran {
        std::fs::write(home.path().join("w.json"), text).unwrap();
        let words = ["world", "check", "w.json"];
        qun(home.path()).args(words).output().unwrap().into()
    };
    let good = check(
        r#"{"version": 1, "companies": [{"corpid": "ww1", "name": "一", "users": [{"userid": "a"}]}]}"#,
    );
    assert_eq!(good.code, 0, "{}", good.err);
    assert_eq!(
        good.out,
        "w.json: ok, 1 company\n  ww1 一: 0 apps, 1 person, 0 groups\n"
    );
    let bad = check(r#"{"version": 1, "companies": [{"chats": [{"member": []}]}]}"#);
    assert_eq!((bad.code, bad.out.as_str()), (1, ""));
    assert!(
        bad.err.contains("w.json") && bad.err.contains("companies[0].chats[0].member"),
        "{}",
        bad.err
    );
    assert_eq!(bad.err.lines().count(), 1);

    let up = [
        "up",
        "--memory",
        "--listen",
        "127.0.0.1:0",
        "--world",
        "w.json",
    ];
    let ran: Ran = qun(home.path()).args(up).output().unwrap().into();
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("companies[0].chats[0].member"),
        "{}",
        ran.err
    );
    assert_eq!(run(&["world", "check", "nothing.json"]).code, 1);

    let schema: Value = serde_json::from_str(&run(&["world", "schema"]).out).unwrap();
    assert!(schema["properties"]["companies"].is_object());
    let mut piped = qun(home.path())
        .args(["world", "check", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = piped.stdin.take().unwrap();
    stdin.write_all(b"{\"version\": 1}").unwrap();
    drop(stdin);
    assert!(piped.wait_with_output().unwrap().status.success());
}

#[test]
fn the_demo_tells_the_documents_story() {
    let ran = run(&["demo", "--exit", "--listen", "127.0.0.1:0"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for fact in [
        "项目群创建成功: alpha_project_20",
        "欢迎大家加入Alpha项目组!",
        "项目进入开发阶段,开发团队全员到位!",
        "进度: ███████░░░ 75%",
        "成员数: 5\n群主: project_manager_001",
        "群聊: Beta项目组",
        "群聊: Gamma项目组",
        "[项目进度提醒] 请各位同事及时更新项目进度,确保按时完成任务 <https://project.company.com/alpha/progress>",
    ] {
        assert!(ran.out.contains(fact), "{fact} in {}", ran.out);
    }
    // Who came later sees what was said later.
    let newcomers = ran
        .out
        .split("dev_003, dev_004, backend_001 (")
        .nth(1)
        .unwrap();
    assert_eq!(newcomers.lines().count(), 3, "{newcomers}");
    assert!(newcomers.contains("项目进入开发阶段") && !newcomers.contains("欢迎大家"));
}

#[test]
fn calls_bring_json_and_refusals_bring_exit_codes() {
    let server = Server::memory();
    let made = server.json(&[
        "appchat/create",
        "--chatid",
        "g1",
        "--name",
        "测试群",
        "--userlist",
        "zhangsan,lisi",
    ]);
    assert_eq!(
        made,
        json!({ "errcode": 0, "errmsg": "ok", "chatid": "g1" })
    );
    let got = server.json(&["appchat/get", "--chatid", "g1"]);
    assert_eq!(got["chat_info"]["userlist"], json!(["zhangsan", "lisi"]));
    server.json(&[
        "appchat/send",
        "--chatid",
        "g1",
        "--msgtype",
        "text",
        "text.content=你好=再见",
    ]);
    let inbox = server.json(&["/_qun/people/lisi/inbox"]);
    let texts = inbox["messages"].as_array().unwrap().iter();
    assert!(
        texts
            .clone()
            .any(|m| m["content"]["content"] == "你好=再见"),
        "{inbox}"
    );
    assert_eq!(server.json(&["gettoken"])["errcode"], 0);

    let ran = server.call(&["appchat/get", "--chatid", "nowhere"]);
    assert_eq!((ran.code, ran.out.as_str()), (3, ""));
    assert!(
        ran.err.contains("86002 chat not exist")
            && ran.err.contains("No live group with this chatid")
            && ran.err.contains("what to do:"),
        "{}",
        ran.err
    );
    assert_eq!(
        server
            .call(&["/_qun/companies/wwqundemo000000001/groups/nowhere"])
            .code,
        3
    );
    let taken = server.call(&[
        "appchat/create",
        "--chatid",
        "g1",
        "--userlist",
        "zhangsan,lisi",
    ]);
    assert_eq!(taken.code, 6);
    assert!(taken.err.contains("86215"), "{}", taken.err);

    let wrong = |name: &str, words: &[&str]| -> Ran {
        let mut command = server.command(words);
        command.env(name, "not-the-right-one");
        command.output().unwrap().into()
    };
    let ran = wrong("QUN_SECRET", &["appchat/get", "--chatid", "g1"]);
    assert_eq!(ran.code, 4, "{}", ran.err);
    assert!(ran.err.contains("40001"), "{}", ran.err);
    assert_eq!(wrong("QUN_MANAGE_TOKEN", &["/_qun/companies"]).code, 4);
    assert_eq!(wrong("QUN_URL", &["appchat/get"]).code, 2);
    let mut nobody = server.command(&["appchat/get", "--chatid", "g1"]);
    let ran: Ran = nobody
        .env("QUN_URL", "http://127.0.0.1:1")
        .output()
        .unwrap()
        .into();
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("check the URL"), "{}", ran.err);

    server.json(&[
        "PUT",
        "/_qun/companies/wwqundemo000000001/rules",
        "limits.chat_sends_per_corp_minute=1",
    ]);
    let ran = server.call(&[
        "appchat/send",
        "--chatid",
        "g1",
        "--msgtype",
        "text",
        "text.content=x",
    ]);
    assert_eq!(ran.code, 5, "{}", ran.err);
}

#[test]
fn secrets_come_from_files_that_not_everybody_reads() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::memory();
    let path = server.home.path().join("secret");
    let secret = server.ready["agents"][0]["secret"].as_str().unwrap();
    std::fs::write(&path, format!("{secret}\n")).unwrap();
    for (mode, code) in [(0o600, 0), (0o640, 0), (0o604, 1)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let mut command = server.command(&["get_api_domain_ip", "--secret-file", "secret"]);
        let ran: Ran = command.env_remove("QUN_SECRET").output().unwrap().into();
        assert_eq!(ran.code, code, "{mode:o}: {}", ran.err);
    }
}

#[test]
fn files_go_up_and_come_down() {
    let server = Server::memory();
    std::fs::write(server.home.path().join("周报.txt"), "本周总结\n").unwrap();
    let uploaded = server.json(&["media/upload", "--type", "file", "--file", "周报.txt"]);
    let media_id = uploaded["media_id"].as_str().unwrap();
    let ran = server.call(&["media/get", "--media-id", media_id, "--out", "-"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "本周总结\n"));
    let saved = server.json(&["media/get", "--media-id", media_id, "--out", "copy"]);
    assert_eq!(
        (&saved["filename"], &saved["size"]),
        (&json!("周报.txt"), &json!(13))
    );
    let copy = std::fs::read_to_string(server.home.path().join("copy")).unwrap();
    assert_eq!(copy, "本周总结\n");
    assert_eq!(server.call(&["media/get", "--media-id", "gone"]).code, 3);
}

#[test]
fn a_body_comes_from_a_file_or_from_stdin_and_flags_count_before_it() {
    let server = Server::memory();
    let body = r#"{"chatid": "g2", "userlist": ["zhangsan", "lisi"], "name": "旧"}"#;
    let mut child = server
        .command(&["appchat/create", "--body", "-", "--name", "新"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(body.as_bytes()).unwrap();
    drop(stdin);
    assert!(child.wait_with_output().unwrap().status.success());
    let got = server.json(&["appchat/get", "--chatid", "g2"]);
    assert_eq!(got["chat_info"]["name"], "新");
    let world = r#"{"version": 1, "companies": [{"corpid": "ww2", "apps": [{"agentid": 5, "secret": "0123456789abcdef"}]}]}"#;
    std::fs::write(server.home.path().join("world.json"), world).unwrap();
    let loaded = server.json(&["POST", "/_qun/worlds", "--body", "world.json"]);
    assert_eq!(loaded["companies"][0]["created"], true, "{loaded}");
}

#[test]
fn two_servers_do_not_share_a_port_or_a_directory() {
    let words = ["--listen", "127.0.0.1:0", "--json", "--data", "d"];
    let server = Server::start(&words);
    let second = |words: &[&str]| -> Ran {
        let mut command = qun(server.home.path());
        command.arg("up").args(words).output().unwrap().into()
    };
    let ran = second(&["--memory", "--listen", server.address()]);
    assert_eq!((ran.code, ran.err.lines().count()), (1, 1), "{}", ran.err);
    assert!(ran.err.contains(server.address()), "{}", ran.err);
    let ran = second(&words);
    assert_eq!((ran.code, ran.err.lines().count()), (1, 1), "{}", ran.err);
}

#[test]
fn a_signal_stops_it_and_what_it_kept_is_there_again() {
    use nix::{
        sys::signal::{Signal, kill},
        unistd::Pid,
    };
    let words = ["--listen", "127.0.0.1:0", "--json", "--data", "d"];
    let mut server = Server::start(&words);
    server.json(&[
        "appchat/create",
        "--chatid",
        "kept",
        "--userlist",
        "zhangsan,lisi",
    ]);
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let id = Pid::from_raw(i32::try_from(server.child.id()).unwrap());
        kill(id, signal).unwrap();
        assert_eq!(server.child.wait().unwrap().code(), Some(0), "{signal}");
        let home = std::mem::replace(&mut server.home, TempDir::new().unwrap());
        let mut command = qun(home.path());
        command.arg("up").args(words);
        server = Server::spawn(command, home);
        server.json(&["appchat/get", "--chatid", "kept"]);
    }
}

#[test]
fn the_settings_file_and_the_environment_are_read() {
    let home = TempDir::new().unwrap();
    let folder = home.path().join(".config/qun");
    std::fs::create_dir_all(&folder).unwrap();
    let file = "listen = '127.0.0.1:0'\nmemory = true\nrules = 'live-2026'\njson = false";
    std::fs::write(folder.join("server.toml"), file).unwrap();
    let mut command = qun(home.path());
    command
        .arg("up")
        .env("QUN_JSON", "1")
        .env("QUN_CLOCK", "2020-09-20T09:00:00+08:00");
    let server = Server::spawn(command, home);
    let clock = server.json(&["/_qun/clock"]);
    assert_eq!(clock["movable"], true);
    assert!((1_600_563_600_000..1_600_563_700_000).contains(&clock["now_ms"].as_i64().unwrap()));
    let rules = server.json(&["/_qun/companies/wwqundemo000000001/rules"]);
    assert_eq!(rules["rulebook"], "live-2026");
    // live-2026 has no such endpoint.
    assert_eq!(server.call(&["appchat/quit", "--chatid", "x"]).code, 3);
}

#[test]
fn logs_are_lines_of_json_with_lints_and_without_secrets() {
    let home = TempDir::new().unwrap();
    let log = std::fs::File::create(home.path().join("log")).unwrap();
    let mut command = qun(home.path());
    command
        .args(["up", "--memory", "--listen", "127.0.0.1:0", "--json"])
        .args(["--log-json", "--limits", "off"])
        .stderr(log);
    let mut server = Server::spawn_with(command.env("RUST_LOG", "trace"), home);
    // Accepted here, and refused, cut or unknown in the cloud of 2026.
    let long = "群".repeat(51);
    let chat = ["--chatid", "a_b", "--name", &long, "--owner"];
    let create = ["appchat/create", "--userlist", "zhangsan,lisi"];
    server.json(&[&create[..], &chat[..], &["wangwu"]].concat());
    let update = ["appchat/update", "--del-user-list", "userid4"];
    server.json(&[&update[..], &chat[..], &["userid3"]].concat());
    let send = ["appchat/send", "--chatid", "a_b"];
    let card =
        ["title=t", "description=d", "url=u", "btntxt=查看更多吧"].map(|f| format!("textcard.{f}"));
    let card: Vec<&str> = card.iter().map(String::as_str).collect();
    server.json(&[&send[..], &["--msgtype", "textcard"], &card].concat());
    let text = format!("text.content={}", "a".repeat(2049));
    server.json(&[&send[..], &["--msgtype", "text", &text]].concat());
    server.json(&["appchat/members", "--chatid", "a_b"]);
    server.json(&["appchat/quit", "--chatid", "a_b"]);
    // Refused here.
    assert_eq!(server.call(&["appchat/get", "--chatid", "none"]).code, 3);
    let token = server.json(&["gettoken"])["access_token"].clone();
    server.child.kill().unwrap();
    server.child.wait().unwrap();

    let log = std::fs::read_to_string(server.home.path().join("log")).unwrap();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let line = |target: &str, part: &str| {
        let said = |line: &&Value| {
            line["target"] == target && line["fields"]["message"].as_str().unwrap().contains(part)
        };
        lines
            .iter()
            .find(said)
            .unwrap_or_else(|| panic!("{part}: {log}"))
    };
    let (no_owner, cut) = (
        "the owner is not among the members",
        "name is cut from 51 to 50",
    );
    for (endpoint, parts) in [
        ("create", &["a_b", no_owner, cut][..]),
        ("update", &[no_owner, cut, "who is to go is no member"]),
        (
            "send",
            &[
                "url",
                "btntxt is cut",
                "text.content is cut from 2049 to 2048 bytes",
            ],
        ),
        ("members", &["does not exist in the cloud"]),
        ("quit", &["does not exist in the cloud"]),
    ] {
        for part in parts {
            let found = lines.iter().any(|line| {
                let fields = &line["fields"];
                line["target"] == "qun::lint"
                    && fields["endpoint"] == format!("/cgi-bin/appchat/{endpoint}")
                    && fields["message"].as_str().unwrap().contains(part)
            });
            assert!(found, "{endpoint} {part}: {log}");
        }
    }
    let refused = line("qun_server::http", "No live group");
    assert_eq!(refused["fields"]["refusal"], "ChatNotFound");
    let secret = &server.ready["agents"][0]["secret"];
    for secret in [secret, &server.ready["manage_token"], &token] {
        assert!(!log.contains(secret.as_str().unwrap()));
    }
}

#[test]
fn a_manage_token_of_ones_own_is_taken_from_its_file() {
    use std::os::unix::fs::PermissionsExt;
    let home = TempDir::new().unwrap();
    let file = home.path().join("manage");
    std::fs::write(&file, "a-manage-token-of-ones-own\n").unwrap();
    let up = || {
        let mut command = qun(home.path());
        let words = ["up", "--memory", "--listen", "127.0.0.1:0", "--json"];
        command.args(words).args(["--manage-token-file", "manage"]);
        command
    };
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o604)).unwrap();
    let open: Ran = up().output().unwrap().into();
    assert_eq!(open.code, 1, "{}", open.err);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let command = up();
    let server = Server::spawn(command, home);
    assert_eq!(server.text("manage_token"), "a-manage-token-of-ones-own");
    server.json(&["/_qun/companies"]);
}
