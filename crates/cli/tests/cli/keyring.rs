//! Secrets of profiles in the system's keyring.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use qun_testkit::keyring;

use crate::kit::{Ran, Server, qun};

/// Runs the program with a keyring in reach, and `input` on stdin.
fn with_keyring(home: &Path, words: &[&str], input: &str) -> Ran {
    let plain = qun(home);
    let mut command = keyring::beside(Path::new(plain.get_program()), home).unwrap();
    command.env("PATH", std::env::var_os("PATH").unwrap());
    fed(command.current_dir(home).args(words), input)
}

fn fed(command: &mut Command, input: &str) -> Ran {
    let piped = [Stdio::piped(), Stdio::piped(), Stdio::piped()];
    let [stdin, stdout, stderr] = piped;
    let spawned = command.stdin(stdin).stdout(stdout).stderr(stderr).spawn();
    let mut child = spawned.unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap().into()
}

#[test]
fn a_secret_in_the_keyring_is_used_replaced_and_removed() {
    if let Some(program) = keyring::missing() {
        let ci = std::env::var("CI").is_ok_and(|value| !value.is_empty());
        assert!(!ci, "{program} is missing");
        eprintln!("{program} is missing: nothing was tested");
        return;
    }
    let server = Server::memory();
    let home = server.home.path();
    let secret = server.ready["agents"][0]["secret"].as_str().unwrap();
    let set = [
        "profile",
        "set",
        "kept",
        "--url",
        server.text("url"),
        "--corpid",
        server.text("corpid"),
        "--agentid",
        "1000002",
        "--keyring",
    ];

    let ran = with_keyring(home, &set, &format!("{secret}\n"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let profiles = fs::read_to_string(home.join(".config/qun/profiles.toml")).unwrap();
    assert!(profiles.contains("secret-keyring = \"kept\""), "{profiles}");
    assert!(!profiles.contains(secret) && !ran.err.contains(secret) && !ran.out.contains(secret));

    let get = ["chat", "get", "beta_project_20231015"];
    let ran = with_keyring(home, &get, "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran: Ran = qun(home).args(get).output().unwrap().into();
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.err.contains("no keyring answers"), "{}", ran.err);

    // Another secret takes the first one's place, and is wrong.
    let ran = with_keyring(home, &set, "wrong");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran = with_keyring(home, &["token"], "");
    assert_eq!((ran.code, ran.out.as_str()), (4, ""), "{}", ran.err);

    let ran = with_keyring(home, &set, " \n");
    assert_eq!(ran.code, 2, "{}", ran.err);

    // Without its entry, and with a profile that is gone.
    fs::copy(
        home.join(".config/qun/profiles.toml"),
        home.join("kept.toml"),
    )
    .unwrap();
    let ran = with_keyring(home, &["profile", "remove", "kept", "--yes"], "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    fs::copy(
        home.join("kept.toml"),
        home.join(".config/qun/profiles.toml"),
    )
    .unwrap();
    let ran = with_keyring(home, &get, "");
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(
        ran.err.contains("qun profile set kept --keyring"),
        "{}",
        ran.err
    );

    // One place at a time: a variable takes the keyring's place.
    let words = ["profile", "set", "kept", "--secret-env", "MINE"];
    let ran = with_keyring(home, &words, "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let profiles = fs::read_to_string(home.join(".config/qun/profiles.toml")).unwrap();
    assert!(
        profiles.contains("MINE") && !profiles.contains("keyring"),
        "{profiles}"
    );
}
