//! Profiles, and the order in which settings count.

use std::{fs, os::unix::fs::PermissionsExt};

use qun_testkit::authority::{self, Authority};
use serde_json::json;

use crate::kit::{Ran, Server, qun};

fn private(path: &std::path::Path, text: &str, mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The program without variables.
fn bare(server: &Server, words: &[&str]) -> Ran {
    qun(server.home.path()).args(words).output().unwrap().into()
}

fn secret(server: &Server) -> &str {
    server.ready["agents"][0]["secret"].as_str().unwrap()
}

/// A server with a profile for everything.
fn with_profile() -> Server {
    let server = Server::memory();
    private(&server.home.path().join("secret"), secret(&server), 0o600);
    private(
        &server.home.path().join("manage"),
        server.text("manage_token"),
        0o600,
    );
    let words = [
        "profile",
        "set",
        "local",
        "--url",
        server.text("url"),
        "--corpid",
        server.text("corpid"),
        "--agentid",
        "1000002",
        "--secret-file",
        "secret",
        "--manage-token-file",
        "manage",
    ];
    let ran = bare(&server, &words);
    assert_eq!(ran.code, 0, "{}", ran.err);
    server
}

#[test]
fn a_profile_says_everything_that_a_command_needs() {
    let server = with_profile();
    for words in [
        &["chat", "get", "beta_project_20231015"][..],
        &["company", "list"],
        &["call", "appchat/get", "--chatid", "beta_project_20231015"],
        &["call", "/_qun/people/zhangsan/groups"],
        &["doctor"],
        &["app", "revoke", "--yes"],
    ] {
        let ran = bare(&server, words);
        assert_eq!(ran.code, 0, "{words:?}: {}", ran.err);
    }
    let shown = bare(&server, &["profile", "show", "--json"]).out;
    assert!(
        !shown.contains(secret(&server)) && shown.contains("/secret\""),
        "{shown}"
    );
    let file = fs::read_to_string(server.home.path().join(".config/qun/profiles.toml")).unwrap();
    assert!(
        !file.contains(secret(&server)) && file.starts_with("default = \"local\""),
        "{file}"
    );
}

#[test]
fn flags_count_before_variables_and_variables_before_the_default_profile() {
    let server = with_profile();
    let nowhere = "http://127.0.0.1:1";
    let get = ["chat", "get", "beta_project_20231015"];
    let code = |words: &[&str], variables: &[(&str, &str)]| {
        let mut command = qun(server.home.path());
        command
            .args(get)
            .args(words)
            .envs(variables.iter().copied());
        command.output().unwrap().status.code().unwrap()
    };
    assert_eq!(code(&[], &[("QUN_URL", nowhere)]), 1);
    assert_eq!(
        code(&["--url", server.text("url")], &[("QUN_URL", nowhere)]),
        0
    );
    assert_eq!(code(&["--profile", "local"], &[("QUN_URL", nowhere)]), 0);
    assert_eq!(code(&["--profile", "local", "--url", nowhere], &[]), 1);
    assert_eq!(code(&[], &[("QUN_SECRET", "wrong-in-any-case")]), 4);
    bare(&server, &["profile", "set", "other", "--url", nowhere]);
    assert_eq!(code(&[], &[]), 0, "the first stays the default");
    assert_eq!(
        code(&[], &[("QUN_PROFILE", "other")]),
        2,
        "it has no corpid"
    );
    assert_eq!(code(&[], &[("QUN_PROFILE", "nothing")]), 3);
}

#[test]
fn profiles_are_listed_chosen_and_removed() {
    let server = with_profile();
    let word = |words: &[&str]| bare(&server, &[&["profile"], words].concat());
    word(&[
        "set",
        "cloud",
        "--url",
        "https://qyapi.weixin.qq.com",
        "--corpid",
        "ww1",
        "--secret-env",
        "MY_SECRET",
    ]);
    assert_eq!(
        word(&["list"]).out,
        format!(
            "cloud\tfalse\thttps://qyapi.weixin.qq.com\tww1\t\nlocal\ttrue\t{}\t{}\t1000002\n",
            server.text("url"),
            server.text("corpid")
        )
    );
    assert_eq!(word(&["use", "cloud"]).code, 0);
    let shown: serde_json::Value = serde_json::from_str(&word(&["show", "--json"]).out).unwrap();
    assert_eq!(
        shown,
        json!({ "name": "cloud", "default": true, "url": "https://qyapi.weixin.qq.com", "corpid": "ww1", "secret_env": "MY_SECRET" })
    );
    let ran = bare(&server, &["chat", "get", "x"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("MY_SECRET"), "{}", ran.err);
    assert_eq!(word(&["remove", "cloud"]).code, 2, "nobody was asked");
    assert_eq!(word(&["remove", "cloud", "--yes"]).code, 0);
    assert_eq!(word(&["show"]).code, 2, "there is no default any more");
    let near = word(&["use", "locall"]);
    assert_eq!(near.code, 3);
    assert!(near.err.contains("did you mean \"local\""), "{}", near.err);
    assert_eq!(word(&["set", "x", "--url", "127.0.0.1:7800"]).code, 2);
    assert_eq!(word(&["set", "x"]).code, 2);
}

#[test]
fn comments_in_the_file_stay() {
    let server = Server::memory();
    let folder = server.home.path().join(".config/qun");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("profiles.toml");
    fs::write(
        &file,
        "# mine\ndefault = \"a\"\n\n[profiles.a] # the first\nurl = \"http://127.0.0.1:1\"\n",
    )
    .unwrap();
    assert_eq!(
        bare(&server, &["profile", "set", "a", "--corpid", "ww1"]).code,
        0
    );
    let text = fs::read_to_string(&file).unwrap();
    assert_eq!(
        text,
        "# mine\ndefault = \"a\"\n\n[profiles.a] # the first\nurl = \"http://127.0.0.1:1\"\ncorpid = \"ww1\"\n"
    );
}

#[test]
fn a_broken_file_is_told_with_its_place() {
    let server = Server::memory();
    let folder = server.home.path().join(".config/qun");
    fs::create_dir_all(&folder).unwrap();
    for (text, part) in [
        (
            "[profiles.a]\nurls = 'x'",
            "profile \"a\": no setting \"urls\"; did you mean \"url\"",
        ),
        ("[profiles.a]\nsecret = 'x'", "no setting \"secret\""),
        ("default = ", "profiles.toml"),
        ("default = 'gone'", "no profile \"gone\""),
    ] {
        fs::write(folder.join("profiles.toml"), text).unwrap();
        let ran = server.run(&["chat", "get", "beta_project_20231015"]);
        assert!(matches!(ran.code, 2 | 3), "{}", ran.err);
        assert!(
            ran.err.contains(part) && ran.err.lines().count() == 1,
            "{}",
            ran.err
        );
        assert_eq!(
            run_explain(&server),
            0,
            "what needs no server does not read it"
        );
    }
}

fn run_explain(server: &Server) -> i32 {
    bare(server, &["explain", "60011"]).code
}

#[test]
fn a_secret_that_others_can_read_is_refused() {
    let server = with_profile();
    let path = server.home.path().join("secret");
    for (mode, code) in [(0o644, 1), (0o600, 0)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let ran = bare(&server, &["chat", "get", "beta_project_20231015"]);
        assert_eq!(ran.code, code, "{mode:o}: {}", ran.err);
        if code != 0 {
            assert!(
                ran.err.contains(&format!("chmod 600 {}", path.display())),
                "{}",
                ran.err
            );
        }
    }
    private(&path, "\n", 0o600);
    let ran = bare(&server, &["chat", "get", "x"]);
    assert!(
        ran.code == 1 && ran.err.contains("holds no secret"),
        "{}",
        ran.err
    );
    fs::remove_file(&path).unwrap();
    let ran = bare(&server, &["chat", "get", "x"]);
    assert!(
        ran.code == 1 && ran.err.contains("cannot be read"),
        "{}",
        ran.err
    );
    assert_eq!(
        bare(&server, &["profile", "set", "b", "--secret-file", "secret"]).code,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_behind_tls_is_believed_by_its_authority() {
    let server = Server::memory();
    let target = server.text("url")["http://".len()..].parse().unwrap();
    let ours = Authority::named("ours").unwrap();
    let proof = ours.signs(&["localhost"]).unwrap().acceptor().unwrap();
    let port = authority::before(target, proof).await.unwrap().port();
    let home = server.home.path();
    fs::write(home.join("ca.pem"), &ours.pem).unwrap();
    fs::write(home.join("none.pem"), "nothing").unwrap();
    let url = format!("https://localhost:{port}");
    let run = |ca: Option<&str>, words: &[&str]| -> Ran {
        let mut command = qun(home);
        command.args(words).env("QUN_URL", &url);
        command.env("QUN_CORPID", server.text("corpid"));
        command.env("QUN_SECRET", secret(&server));
        if let Some(ca) = ca {
            command.env("QUN_CA", ca);
        }
        tokio::task::block_in_place(|| command.output())
            .unwrap()
            .into()
    };
    let get = ["chat", "get", "beta_project_20231015"];
    for (ca, words) in [
        (Some("ca.pem"), &get[..]),
        (
            None,
            &["chat", "get", "beta_project_20231015", "--ca", "ca.pem"],
        ),
        (Some("ca.pem"), &["wait", "ready"]),
        (Some("ca.pem"), &["doctor"]),
    ] {
        let ran = run(ca, words);
        assert_eq!(ran.code, 0, "{words:?}: {}{}", ran.out, ran.err);
    }
    let ran = run(None, &get);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("certificate"), "{}", ran.err);
    for (ca, part) in [
        ("none.pem", "authorities"),
        ("absent.pem", "--ca: absent.pem"),
    ] {
        let ran = run(Some(ca), &get);
        assert_ne!(ran.code, 0);
        assert!(ran.err.contains(part), "{}", ran.err);
    }
}
