//! Every help has an example, and every example works.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use qun_protocol::{Callers, all::named};

use crate::kit::{Server, run};

const QUN: &str = env!("CARGO_BIN_EXE_qun");

/// All commands, by the helps that name them.
fn commands(command: &[String]) -> Vec<Vec<String>> {
    let words: Vec<&str> = command
        .iter()
        .map(String::as_str)
        .chain(["--help"])
        .collect();
    let help = run(&words);
    assert_eq!(help.code, 0, "{words:?}");
    let below = help.out.split("\nCommands:\n").nth(1).unwrap_or_default();
    let names = below
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help");
    let mut all = vec![command.to_vec()];
    for name in names {
        all.extend(commands(&[command, &[name.to_owned()]].concat()));
    }
    all
}

/// The lines of a help's example, as a script.
fn example(command: &[String]) -> String {
    let words: Vec<&str> = command
        .iter()
        .map(String::as_str)
        .chain(["--help"])
        .collect();
    let help = run(&words).out;
    let Some((_, rest)) = help.rsplit_once("Example:\n") else {
        panic!("{words:?} has no example:\n{help}");
    };
    let lines: Vec<&str> = rest
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .collect();
    assert!(
        lines.iter().any(|line| line.contains("qun ")),
        "{words:?}: {rest}"
    );
    lines.join("\n")
}

/// The files that the examples name, and what they find on the server.
fn prepare(server: &Server) {
    let file =
        |name: &str, content: &[u8]| fs::write(server.home.path().join(name), content).unwrap();
    file("README.md", "# 说明\n".as_bytes());
    file(
        "picture.png",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0",
    );
    file("voice.amr", &[b"#!AMR\n".as_slice(), &[0x3c; 32]].concat());
    file("film.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0");
    file(
        "world.json",
        br#"{"version": 1, "companies": [{"corpid": "wwexample"}]}"#,
    );
    file("app.json", r#"{"name": "机器人"}"#.as_bytes());
    file(
        "user.json",
        r#"{"userid": "dev_001", "name": "开发甲"}"#.as_bytes(),
    );
    file(
        "department.json",
        r#"{"id": 3, "name": "设计组"}"#.as_bytes(),
    );
    file("customer.json", r#"{"name": "王小姐"}"#.as_bytes());
    file("tag.json", r#"{"tagid": 2, "tagname": "值班"}"#.as_bytes());
    file("hosting.json", r#"{"name": "二组"}"#.as_bytes());
    file("token.json", b"{}");
    file("bot.json", br#"{"userid": "zhangsan"}"#);
    file("label.json", r#"{"name": "新标签"}"#.as_bytes());
    file("room.json", br#"{"members": ["kx23498"]}"#);
    server.good(&["department", "set", "3", "--name", "设计组"]);
    server.good(&["tag", "set", "2", "--name", "夜班", "--app", "1000002"]);
}

fn try_example(command: &[String], server: &Server) -> Result<(), String> {
    prepare(server);
    let endpoint = match command {
        [call, name] if call == "call" => named(name),
        _ => None,
    };
    // The first app is self-built, the third keeps the directory.
    let agent = match endpoint.map(|endpoint| endpoint.meta.callers) {
        Some(Callers::ContactsSync) => 2,
        _ => 0,
    };
    try_script_as(agent, &example(command), server)
}

fn try_script(script: &str, server: &Server) -> Result<(), String> {
    try_script_as(0, script, server)
}

/// Runs a script with the secret of one of the demo company's apps.
fn try_script_as(agent: usize, script: &str, server: &Server) -> Result<(), String> {
    let folders = std::env::var("PATH").unwrap_or_default();
    let own = Path::new(QUN).parent().unwrap().display();
    let variables = server.qun(&[]);
    let mut shell = Command::new("sh");
    shell
        .args(["-eu", "-c", script])
        .current_dir(server.home.path())
        .env_clear()
        .envs(
            variables
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .env("PATH", format!("{own}:{folders}"))
        .env(
            "QUN_SECRET",
            server.ready["agents"][agent]["secret"].as_str().unwrap(),
        )
        .stdin(Stdio::null());
    let output = shell.output().unwrap();
    match output.status.success() {
        true => Ok(()),
        false => Err(format!(
            "{script}\n{}",
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}

fn try_all(commands: Vec<Vec<String>>) {
    let failed: Vec<String> = commands
        .iter()
        .filter_map(|command| try_example(command, &Server::clocked()).err())
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {}:\n{}",
        failed.len(),
        commands.len(),
        failed.join("\n")
    );
}

#[test]
fn the_examples_of_all_commands_work() {
    let mut all = commands(&[]);
    assert!(all.len() > 60, "{}", all.len());
    // It serves for ever, and has a test of its own.
    all.retain(|command| command != &["up"]);
    // So does the first of these, and the others need it.
    for command in RECEIVED.into_iter().chain(TAPS) {
        all.retain(|other| other != command);
    }
    // These need a card.
    all.retain(|command| command != &["message", "update-card"]);
    all.retain(|command| command != &["people", "accept"] && command != &["people", "ignore"]);
    // Copies are made of a directory.
    let (copies, all): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|command| command == &["backup"] || command == &["restore"]);
    try_all(all);
    for command in copies {
        let server = Server::start(&["--listen", "127.0.0.1:0", "--json"]);
        try_example(&command, &server).unwrap();
    }
}

#[test]
fn the_examples_of_all_endpoints_work() {
    let list = run(&["call", "--list"]).out;
    let names = list.lines().filter_map(|line| line.split('\t').next());
    let command = |name: &str| ["call", name].map(str::to_owned).to_vec();
    let apart = [&CALLBACKS[..], &CARDS, &INVITATIONS].concat();
    let names = names.filter(|name| !apart.contains(name));
    try_all(names.map(command).collect());
}

/// These need an invitation card.
const INVITATIONS: [&str; 2] = [
    "POST /_qun/people/{userid}/invitations/{id}/accept",
    "POST /_qun/people/{userid}/invitations/{id}/ignore",
];

#[test]
fn the_examples_of_invitations_work() {
    let server = Server::memory();
    // From one member on nobody is in at once.
    server.good(&["company", "rules", "room_direct_members=1"]);
    for verb in ["accept", "ignore"] {
        let name = format!("POST /_qun/people/{{userid}}/invitations/{{id}}/{verb}");
        for command in [vec!["call", &name], vec!["people", verb]] {
            server.good(&["room", "add", "testUserId", "7888888888", "R:888888"]);
            let cards = server.good(&["people", "invitations", "7888888888", "--json"]);
            let cards: serde_json::Value = serde_json::from_str(&cards).unwrap();
            let card = cards.as_array().unwrap().last().unwrap()["id"].to_string();
            let words: Vec<String> = command.iter().map(|word| word.to_string()).collect();
            let script = example(&words).replace("1698811200000000", &card);
            assert!(script.contains(&card), "{script}");
            try_script(&script, &server).unwrap();
            if verb == "accept" {
                server.good(&[
                    "call",
                    "POST",
                    "/_qun/people/7888888888/groups/wrrRhyBgAAGf2Wo90zgjmNspXj4y8pQA/leave",
                ]);
            }
        }
    }
}

/// These need a receiver, or something that an app was told.
const CALLBACKS: [&str; 3] = [
    "PUT /_qun/companies/{corpid}/apps/{agentid}/callback",
    "GET /_qun/companies/{corpid}/callbacks/{id}",
    "POST /_qun/companies/{corpid}/callbacks/{id}/resend",
];

/// A server in memory whose first app is told what happens by `qun listen`, while `run` runs.
fn received<T>(run: impl FnOnce(&Server) -> T) -> T {
    let server = Server::memory();
    let (token, key) = ("example", "4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws");
    let mut receiver = server
        .qun(&["listen", "--listen", "127.0.0.1:0", "--app", "1000002"])
        .env("QUN_CALLBACK_TOKEN", token)
        .env("QUN_CALLBACK_AES_KEY", key)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(receiver.stderr.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let url = line.trim().strip_prefix("listening at ").unwrap();
    let callback = serde_json::json!({ "url": url, "token": token, "encoding_aes_key": key });
    fs::write(
        server.home.path().join("callback.json"),
        callback.to_string(),
    )
    .unwrap();
    let done = run(&server);
    receiver.kill().unwrap();
    receiver.wait().unwrap();
    done
}

#[test]
fn the_examples_of_endpoints_about_callbacks_work() {
    let ran = received(|server| {
        let id = server.good(&["trigger", "enter_agent", "dev_001", "--app", "1000002"]);
        CALLBACKS.map(|name| {
            let example = example(&["call", name].map(str::to_owned));
            let script = example.replace("/callbacks/3", &format!("/callbacks/{}", id.trim()));
            try_script(&script, server)
        })
    });
    assert_eq!(ran, [const { Ok(()) }; 3]);
}

/// These need a card that was sent, by an app that is told of taps.
const CARDS: [&str; 2] = [
    "POST /_qun/people/{userid}/cards/{id}/tap",
    "message/update_template_card",
];

/// The same of the commands.
const TAPS: [&[&str]; 2] = [&["people", "tap"], &["trigger", "template_card_event"]];

#[test]
fn the_examples_around_a_card_work() {
    let card = serde_json::json!({
        "touser": "dev_001|dev_002", "agentid": 1000002, "msgtype": "template_card",
        "template_card": {
            "card_type": "button_interaction", "task_id": "leave-17", "main_title": { "title": "请假" },
            "button_selection": { "question_key": "reason", "option_list": [{ "id": "trip", "text": "出行" }, { "id": "ill", "text": "生病" }] },
            "button_list": [{ "text": "同意", "key": "agree" }, { "text": "驳回", "key": "reject" }],
        },
    });
    let ran = received(|server| {
        fs::write(server.home.path().join("card.json"), card.to_string()).unwrap();
        let code = server.good(&[
            "call",
            "message/send",
            "--body",
            "card.json",
            "--jq",
            ".response_code",
        ]);
        let id = server.good(&["people", "inbox", "dev_001", "--jq", ".[-1].id"]);
        let plain = |text: &str| text.trim().trim_matches('"').to_owned();
        let commands = TAPS.map(|command| command.iter().map(|word| word.to_string()).collect());
        let calls = CARDS.map(|name| ["call", name].map(str::to_owned).to_vec());
        let all: Vec<Vec<String>> = commands.into_iter().chain(calls).collect();
        let ran: Vec<Result<(), String>> = all
            .iter()
            .map(|command| {
                let script =
                    example(command).replace("/cards/3/", &format!("/cards/{}/", plain(&id)));
                try_script(&script.replace("RESPONSE_CODE", &plain(&code)), server)
            })
            .collect();
        let shown = server.good(&["people", "inbox", "dev_001", "--last", "1"]);
        assert!(shown.contains("请假 [已同意]"), "{shown}");
        let told = server.good(&["callback", "list", "--json"]);
        assert_eq!(told.matches("template_card_event").count(), 3, "{told}");
        ran
    });
    assert_eq!(ran, [const { Ok(()) }; 4]);
}

#[test]
fn the_example_of_changing_a_card_works() {
    let card = serde_json::json!({
        "card_type": "button_interaction", "task_id": "leave-18", "main_title": { "title": "请假" },
        "button_list": [{ "text": "同意", "key": "agree" }],
    });
    let shown = received(|server| {
        fs::write(server.home.path().join("card.json"), card.to_string()).unwrap();
        let send = [
            "message",
            "send",
            "--template-card",
            "card.json",
            "--all",
            "--app",
            "1000002",
        ];
        let code = server.good(&[&send[..], &["--jq", ".response_codes[0]"]].concat());
        let script = example(&["message", "update-card"].map(str::to_owned));
        let script = script.replace("RESPONSE_CODE", code.trim().trim_matches('"'));
        try_script(&script, server).unwrap();
        server.good(&["people", "inbox", "dev_001", "--last", "1"])
    });
    assert!(shown.contains("请假 [已同意]"), "{shown}");
}

const RECEIVED: [&[&str]; 3] = [&["listen"], &["callback", "doctor"], &["callback", "set"]];

#[test]
fn the_examples_around_a_receiver_meet() {
    let server = Server::memory();
    let variables = server.qun(&[]);

    const DOCUMENTED: &str = "127.0.0.1:7801";
    let shell = |command: &[&str], address: &str| {
        let command: Vec<String> = command.iter().map(|word| word.to_string()).collect();
        let script = example(&command);
        assert!(script.contains(DOCUMENTED), "{script}");
        // The shell becomes the last command, so that ending it ends that.
        let script = script.replace(DOCUMENTED, address);
        let (before, last) = script.rsplit_once('\n').unwrap();
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-eu", "-c", &format!("{before}\nexec {last}")])
            .current_dir(server.home.path())
            .env_clear()
            .envs(
                variables
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            )
            .env("PATH", Path::new(QUN).parent().unwrap());
        shell
    };
    let mut child = shell(RECEIVED[0], "127.0.0.1:0")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line.trim().strip_prefix("listening at http://");
    let address = address.unwrap().trim_end_matches("/callback");
    let others = RECEIVED[1..].iter();
    let ran: Vec<_> = others
        .map(|command| shell(command, address).output().unwrap())
        .collect();
    child.kill().unwrap();
    child.wait().unwrap();
    for ran in ran {
        assert!(ran.status.success(), "{ran:?}");
    }
}

#[test]
fn the_example_of_the_server_serves() {
    let home = tempfile::tempdir().unwrap();
    let mut child = Command::new("/bin/sh")
        .env_clear()
        .env("HOME", home.path())
        .args(["-c", &format!("exec {}", example(&["up".to_owned()]))])
        .current_dir(home.path())
        .env("PATH", Path::new(QUN).parent().unwrap())
        .env("QUN_LISTEN", "127.0.0.1:0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        line.starts_with("qun is ready at http://127.0.0.1:"),
        "{line}"
    );
}
