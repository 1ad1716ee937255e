//! Exit codes, and what stands on stderr with them.

use crate::kit::{Ran, Server, on_terminal, run};

#[test]
fn every_code_has_its_reason() {
    let server = Server::memory();
    let said = |words: &[&str], code: i32, part: &str| {
        let ran = server.run(words);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (code, ""),
            "{words:?}: {}",
            ran.err
        );
        assert!(ran.err.contains(part), "{words:?}: {}", ran.err);
    };
    assert_eq!(
        server.run(&["chat", "get", "beta_project_20231015"]).code,
        0
    );
    said(
        &["chat", "get", "x", "--url", "http://127.0.0.1:1"],
        1,
        "check the URL",
    );
    said(&["chat", "get"], 2, "<CHATID>");
    said(&["chat", "get", "x", "--nonsense"], 2, "--nonsense");
    said(&["chat", "gett", "x"], 2, "'get'");
    said(&["chat", "list", "--inactive", "soon"], 2, "30d");
    said(&["chat", "list", "--jq", ".["], 2, "no jq expression");
    said(
        &["chat", "list", "--json", "chatid,nam"],
        2,
        "no field \"nam\"; there are chatid,name,owner",
    );
    said(&["chat", "update", "x"], 2, "--add");
    said(
        &["chat", "send", "x", "--card", "a|b"],
        2,
        "TITLE|DESCRIPTION|URL",
    );
    said(&["chat", "get", "nosuch"], 3, "more: qun explain 86002");
    said(&["user", "show", "nobody"], 3, "No person");
    said(&["profile", "show", "none"], 3, "qun profile set none");
    said(&["chat", "create", "zhangsan", "zhangsan"], 6, "86004");
    let app = "--app=1000002";
    said(&["message", "send", "x", "--to", "nobody", app], 6, "81013");
    let with = |name: &str, words: &[&str]| -> Ran {
        server
            .qun(words)
            .env(name, "wrong-in-any-case")
            .output()
            .unwrap()
            .into()
    };
    assert_eq!(with("QUN_SECRET", &["chat", "get", "x"]).code, 4);
    assert_eq!(with("QUN_MANAGE_TOKEN", &["company", "list"]).code, 4);
    assert_eq!(with("QUN_AGENTID", &["app", "list"]).code, 2);
    server.good(&["company", "rules", "chat_updates_per_corp_hour=1"]);
    server.good(&["chat", "update", "beta_project_20231015", "--name", "一"]);
    said(
        &["chat", "update", "beta_project_20231015", "--name", "二"],
        5,
        "wait until the block ends",
    );
}

#[test]
fn what_is_missing_is_named() {
    for (words, part) in [
        (&["chat", "get", "x"][..], "QUN_CORPID"),
        (&["chat", "get", "x", "--corpid", "ww1"], "QUN_SECRET"),
        (&["company", "list"], "QUN_MANAGE_TOKEN"),
        (&["token"], "QUN_CORPID"),
    ] {
        let ran = run(words);
        assert_eq!((ran.code, ran.err.lines().count()), (2, 1), "{}", ran.err);
        assert!(ran.err.contains(part), "{}", ran.err);
    }
}

#[test]
fn a_dry_run_changes_nothing() {
    let server = Server::memory();
    std::fs::write(server.home.path().join("a.txt"), "some text").unwrap();
    let url = server.text("url");
    let group = "beta_project_20231015";
    let before = server.good(&["chat", "get", group]);
    let ran = server.run(&["chat", "update", group, "--name", "x", "--dry-run"]);
    assert_eq!(
        ran.out,
        format!("POST {url}/cgi-bin/appchat/update {{\"chatid\":\"{group}\",\"name\":\"x\"}}\n")
    );
    let shown = server.value(&["chat", "quit", group, "--dry-run"]);
    assert_eq!(shown["body"]["chatid"], group);
    let sent = server.good(&["chat", "send", group, "--file", "a.txt", "--dry-run"]);
    assert!(
        sent.contains("\"size\":9") && sent.contains("\"media_id\":\"MEDIA_ID\""),
        "{sent}"
    );
    server.good(&["user", "delete", "zhangsan", "--dry-run"]);
    assert_eq!(server.good(&["chat", "get", group]), before);
    assert_eq!(
        server.good(&["chat", "report", group, "--jq", ".[].messages"]),
        "1\n"
    );
    server.good(&["user", "show", "zhangsan"]);
}

#[test]
fn on_a_terminal_it_asks_and_elsewhere_it_wants_yes() {
    let server = Server::memory();
    let group = "beta_project_20231015";
    let quit = || server.qun(&["chat", "quit", group]);
    let ran: Ran = quit().output().unwrap().into();
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("--yes"), "{}", ran.err);
    let (code, shown) = on_terminal(quit(), 80, "n\n");
    assert_eq!(code, 0);
    assert!(
        shown.contains("Dissolve beta_project_20231015 for all its members? [y/N]"),
        "{shown}"
    );
    assert!(shown.contains("nothing was done"), "{shown}");
    server.good(&["chat", "get", group]);
    let (code, shown) = on_terminal(quit(), 80, "y\n");
    assert_eq!(code, 0, "{shown}");
    assert_eq!(server.run(&["chat", "get", group]).code, 3);
}

#[test]
fn quiet_says_nothing_beside_the_data() {
    let server = Server::memory();
    let ran = server.run(&["chat", "add", "beta_project_20231015", "zhangsan", "-q"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    let ran = server.run(&["chat", "report", "--quiet"]);
    assert_eq!((ran.out.lines().count(), ran.err.as_str()), (3, ""));
}
