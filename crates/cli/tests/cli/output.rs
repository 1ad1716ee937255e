//! How answers look, on a terminal and in a pipe.

use crate::kit::{Server, on_terminal, timeless};

/// The same command on a terminal and in a pipe.
fn both(server: &Server, words: &[&str]) -> String {
    let (code, shown) = on_terminal(server.qun(words), 100, "");
    let ran = server.run(words);
    assert_eq!((code, ran.code), (0, 0), "{words:?}: {}", ran.err);
    let url = server.text("url");
    let text = format!(
        "--- terminal\n{shown}--- stdout\n{}--- stderr\n{}",
        ran.out, ran.err
    );
    timeless(&text.replace(url, "URL")).replace('\x1b', "␛")
}

#[test]
fn answers_look_as_they_were_released() {
    let server = Server::clocked();
    for (name, words) in [
        ("list", &["chat", "list"][..]),
        ("list_of_nothing", &["chat", "list", "--search", "nothing"]),
        ("record", &["chat", "get", "alpha_project_20231101"]),
        ("members", &["chat", "members", "gamma_project_20231020"]),
        ("report", &["chat", "report"]),
        ("inbox", &["people", "inbox", "dev_001"]),
        ("json", &["chat", "get", "gamma_project_20231020", "--json"]),
        (
            "json_fields",
            &["chat", "list", "--json", "chatid,member_count"],
        ),
        (
            "jq",
            &["chat", "list", "--jq", ".[] | [.name, .member_count]"],
        ),
        (
            "done",
            &[
                "chat",
                "update",
                "gamma_project_20231020",
                "--name",
                "Gamma",
            ],
        ),
        (
            "dry_run",
            &["chat", "quit", "gamma_project_20231020", "--dry-run"],
        ),
        ("stats", &["stats", "--days", "14"]),
        (
            "stats_by_owner",
            &["stats", "--by", "owner", "--show", "new-members"],
        ),
        ("departments", &["department", "list"]),
        ("apps", &["app", "list"]),
        ("rules", &["company", "rules"]),
        ("explain", &["explain", "86004"]),
    ] {
        insta::assert_snapshot!(name, both(&server, words));
    }
}

#[test]
fn messages_to_people_look_as_they_were_released() {
    let server = Server::clocked();
    let people = server.home.path().join("people.txt");
    std::fs::write(people, "zhangsan\nnobody\n").unwrap();
    let app = ["--app", "1000002"];
    let send = ["message", "send", "调查", "--to-file", "people.txt"];
    let text = both(&server, &[&send[..], &app].concat());
    // A msgid is never the same.
    let lines = text.lines().map(|line| match line.split_once("  sent ") {
        Some((start, _)) => format!("{start}  sent MSGID"),
        None => match line.split_once("\tsent\t") {
            Some((start, _)) => format!("{start}\tsent\tMSGID"),
            None => line.trim_end().to_owned(),
        },
    });
    let text: Vec<String> = lines.collect();
    insta::assert_snapshot!("message_to_many", text.join("\n"));
    let send = [
        "message",
        "send",
        "调查",
        "--to",
        "lisi",
        "--party",
        "2",
        "--dry-run",
    ];
    let text = both(&server, &[&send[..], &app].concat());
    insta::assert_snapshot!("message_dry_run", text);
}

#[test]
fn the_doctors_report_looks_as_it_was_released() {
    let server = Server::clocked();
    let mut text = both(&server, &["doctor"]);
    for unit in [" ms", " s\n"] {
        let parts: Vec<&str> = text.split(unit).collect();
        let bare: Vec<&str> = parts
            .iter()
            .map(|part| part.trim_end_matches(|c: char| c.is_ascii_digit()))
            .collect();
        text = bare.join(&format!("N{unit}"));
    }
    let text = text
        .replace(std::env::consts::ARCH, "ARCH")
        .replace(std::env::consts::OS, "OS");
    insta::assert_snapshot!("doctor", text);
}

#[test]
fn a_narrow_terminal_keeps_ids_whole() {
    let server = Server::clocked();
    let (_, shown) = on_terminal(server.qun(&["chat", "list"]), 64, "");
    for line in shown.lines().skip(1) {
        assert!(
            line.contains("_project_2023") && line.contains('…'),
            "{line}"
        );
        assert!(console_width(line) <= 64, "{line}");
    }
}

fn console_width(line: &str) -> usize {
    line.chars()
        .map(|c| if c > '\u{2e80}' { 2 } else { 1 })
        .sum()
}

#[test]
fn colour_is_only_for_terminals_that_want_it() {
    let server = Server::memory();
    let (_, shown) = on_terminal(server.qun(&["chat", "list"]), 100, "");
    assert!(shown.contains("\x1b[1m"), "{shown:?}");
    let mut plain = server.qun(&["chat", "list"]);
    plain.env("NO_COLOR", "1");
    let (_, shown) = on_terminal(plain, 100, "");
    assert!(
        !shown.contains('\x1b') && shown.contains("CHATID"),
        "{shown:?}"
    );
    assert!(!server.good(&["doctor"]).contains('\x1b'));
}

#[test]
fn what_takes_long_shows_that_it_goes_on() {
    let server = Server::memory();
    let words = ["wait", "message", "--to", "zhangsan", "--timeout", "2500ms"];
    let (code, shown) = on_terminal(server.qun(&words), 100, "");
    assert_eq!(code, 1);
    assert!(
        shown.contains("Read what arrived on a person's phone"),
        "{shown:?}"
    );
    let ran = server.run(&words);
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
}
