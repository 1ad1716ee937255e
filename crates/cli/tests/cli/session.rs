//! Tokens between commands, what is shown of the wire, and the doctor.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::Value;

use crate::kit::{Ran, Server, run};

fn debugged(server: &Server, words: &[&str]) -> Ran {
    server
        .qun(words)
        .env("QUN_DEBUG", "api")
        .output()
        .unwrap()
        .into()
}

#[test]
fn one_token_serves_many_commands() {
    let server = Server::clocked();
    let get = ["chat", "get", "beta_project_20231015"];
    let asked = |words: &[&str]| {
        let ran = debugged(&server, words);
        assert_eq!(ran.code, 0, "{}", ran.err);
        ran.err.matches("/cgi-bin/gettoken").count()
    };
    assert_eq!(asked(&get), 1);
    assert_eq!(asked(&get), 0);
    let token = server.good(&["token"]);
    assert_eq!(asked(&["token"]), 0);
    let folder = server.home.path().join(".cache/qun");
    let file = folder.join("tokens.json");
    assert!(fs::read_to_string(&file).unwrap().contains(token.trim()));
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(&folder)), (0o600, 0o700));
    // One that the server has taken back is replaced, once.
    server.good(&["app", "revoke", "1000002", "--yes"]);
    assert_eq!(asked(&get), 1);
    server.good(&["clock", "advance", "3h"]);
    assert_eq!(asked(&get), 1);
    assert_ne!(server.good(&["token"]), token);
    // Another app has another.
    let other = server.ready["agents"][1]["secret"].as_str().unwrap();
    let mut command = server.qun(&["token"]);
    let ran: Ran = command.env("QUN_SECRET", other).output().unwrap().into();
    assert_ne!(ran.out, server.good(&["token"]));
    let seconds = server.value(&["token"])["expires_in"].as_i64().unwrap();
    assert!((7000..=7200).contains(&seconds), "{seconds}");
    // A file that others can read stops the command.
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let ran = server.run(&get);
    assert!(
        ran.code != 0 && ran.err.contains("chmod 600"),
        "{}",
        ran.err
    );
}

#[test]
fn the_wire_is_shown_without_secrets() {
    let server = Server::memory();
    let ran = debugged(&server, &["chat", "send", "beta_project_20231015", "你好"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    for part in [
        "> GET ",
        "/cgi-bin/gettoken?corpid=",
        "corpsecret=***",
        "access_token=***",
        "你好",
        "< 200 after ",
        "\"errcode\":0",
    ] {
        assert!(ran.err.contains(part), "{part}: {}", ran.err);
    }
    let token = server.good(&["token"]);
    let secret = server.ready["agents"][0]["secret"].as_str().unwrap();
    assert!(!ran.err.contains(secret) && !ran.err.contains(token.trim()));
    let ran = debugged(&server, &["app", "secret", "1000003", "--yes", "--json"]);
    let made: Value = serde_json::from_str(&ran.out).unwrap();
    assert!(ran.err.contains("\"secret\":\"***\""), "{}", ran.err);
    assert!(!ran.err.contains(made["secret"].as_str().unwrap()));
    assert!(!ran.err.contains(server.text("manage_token")));
}

/// The checks of a report by name, each with its state.
fn states(ran: &Ran) -> Vec<(String, String)> {
    let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err));
    let report = report.as_array().unwrap().iter();
    let text = |check: &Value, key: &str| check[key].as_str().unwrap().to_owned();
    report
        .map(|check| (text(check, "check"), text(check, "state")))
        .collect()
}

fn state(ran: &Ran, name: &str) -> String {
    let found = states(ran).into_iter().find(|(check, _)| check == name);
    found.unwrap_or_else(|| panic!("{name}: {}", ran.out)).1
}

#[test]
fn the_doctor_finds_what_is_wrong() {
    let server = Server::memory();
    let doctor = ["doctor", "--json"];
    let ran = server.run(&doctor);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        states(&ran).iter().all(|(_, state)| state == "ok"),
        "{}",
        ran.out
    );
    assert_eq!(
        states(&ran)
            .iter()
            .filter(|(check, _)| check == "limits left")
            .count(),
        8
    );

    let with = |secret: &str| -> Ran {
        server
            .qun(&doctor)
            .env("QUN_SECRET", secret)
            .output()
            .unwrap()
            .into()
    };
    let ran = with("wrong-in-any-case");
    assert_eq!(
        (
            ran.code,
            state(&ran, "token").as_str(),
            state(&ran, "visible range").as_str()
        ),
        (1, "wrong", "skipped")
    );
    assert!(
        ran.out.contains("check that the secret is this app's"),
        "{}",
        ran.out
    );
    let contacts = server.ready["agents"][2]["secret"].as_str().unwrap();
    let ran = with(contacts);
    assert_eq!(
        (
            ran.code,
            state(&ran, "token").as_str(),
            state(&ran, "visible range").as_str()
        ),
        (1, "ok", "wrong")
    );
    let narrow = server.value(&["app", "create", "窄", "--departments", "2"]);
    let ran = with(narrow["secret"].as_str().unwrap());
    assert_eq!(
        (ran.code, state(&ran, "visible range").as_str()),
        (1, "wrong")
    );
    assert!(
        ran.out
            .contains("internal groups need the root department in it"),
        "{}",
        ran.out
    );
    let foreign = server.value(&["app", "create", "远", "--trusted-address", "10.0.0.1"]);
    let ran = with(foreign["secret"].as_str().unwrap());
    assert_eq!(
        (ran.code, state(&ran, "trusted address").as_str()),
        (1, "wrong")
    );
    assert!(!ran.out.contains(foreign["secret"].as_str().unwrap()));

    server.good(&["company", "rules", "chat_updates_per_corp_hour=1"]);
    server.good(&["chat", "update", "beta_project_20231015", "--name", "一"]);
    assert_eq!(
        server
            .run(&["chat", "update", "beta_project_20231015", "--name", "二"])
            .code,
        5
    );
    let ran = server.run(&doctor);
    assert_eq!(ran.code, 0, "a limit that is used up is no fault");
    assert!(
        ran.out.contains("chat_updates_per_corp_hour: 0 of 1")
            && ran.out.contains("calls are blocked until"),
        "{}",
        ran.out
    );

    let mut nothing = server.qun(&doctor);
    for name in ["QUN_CORPID", "QUN_SECRET", "QUN_MANAGE_TOKEN"] {
        nothing.env_remove(name);
    }
    let ran: Ran = nothing.output().unwrap().into();
    assert_eq!(
        (
            ran.code,
            state(&ran, "token").as_str(),
            state(&ran, "manage token").as_str()
        ),
        (0, "skipped", "skipped")
    );
    let ran = run(&["doctor", "--json", "--url", "http://127.0.0.1:1"]);
    assert_eq!((ran.code, state(&ran, "base URL").as_str()), (1, "wrong"));
    let ran = server.run(&[
        "doctor",
        "--json",
        "--url",
        &format!("{}/elsewhere", server.text("url")),
    ]);
    assert_eq!((ran.code, state(&ran, "base URL").as_str()), (1, "wrong"));
}
