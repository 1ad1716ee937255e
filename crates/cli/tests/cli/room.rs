//! Juzi's rooms and accounts from the shell.

use serde_json::json;

use crate::kit::Server;

const LABEL: &str = "5eda03260e21f35ca20f9eb4";
const CONTACTS: [&str; 2] = [
    "wmrRhyBgAA6PKOL7IA2Nbikedjxxxxxx",
    "wmrRhyBgAANQ1O34HRXfVQh17exxxxxx",
];

#[test]
fn rooms_are_made_filled_left_and_listed() {
    let server = Server::memory();
    let create = ["room", "create", "testUserId", CONTACTS[0], CONTACTS[1]];
    let more = [
        "--users",
        "zhangsan",
        "--name",
        "体验群",
        "--greeting",
        "大家好",
    ];
    let made = server.value(&[&create[..], &more].concat());
    let room = made["roomWxid"].as_str().unwrap();
    server.good(&["room", "add", "testUserId", "7888888888", room]);
    let mine = ["room", "list", "--member", "7888888888"];
    let listed = server.value(&mine);
    assert_eq!(
        (
            &listed[0]["wxid"],
            &listed[0]["wecomChatId"],
            &listed[0]["memberCount"]
        ),
        (&json!(room), &made["chatId"], &json!(5))
    );
    // The same by any id of the group.
    for id in [
        room,
        made["chatId"].as_str().unwrap(),
        listed[0]["chatId"].as_str().unwrap(),
    ] {
        let explained = server.good(&["id", "explain", id]);
        assert!(
            explained.contains("体验群, owned by testUserId, with 5 members"),
            "{explained}"
        );
    }
    let label = server.good(&["room", "label", "create", "重点", "--rooms", room]);
    let labelled = server.good(&["room", "list", "--label", label.trim()]);
    assert!(
        labelled.starts_with(&format!("{room}\t体验群\ttestUserId\t")),
        "{labelled}"
    );
    assert_eq!(
        server
            .good(&["room", "list", "--label", LABEL])
            .lines()
            .count(),
        2
    );

    // Refused by the endpoint's own number; what cannot be taken back is asked.
    let owner = server.run(&["room", "exit", "testUserId", room, "--yes"]);
    assert_eq!((owner.code, owner.out.as_str()), (6, ""));
    assert!(owner.err.contains("-11 因托管账号是群主"), "{}", owner.err);
    let unasked = server.run(&["room", "exit", "testUserId", "R:123123123"]);
    assert_eq!(unasked.code, 2, "{}", unasked.err);
    server.good(&["room", "exit", "testUserId", "R:123123123", "--yes"]);
    let again = server.run(&["room", "exit", "testUserId", "R:123123123", "--yes"]);
    assert!(again.err.contains("-7 托管账号不在群内"), "{}", again.err);
    let dry = server.run(&["room", "add", "testUserId", "kx23498", room, "--dry-run"]);
    assert_eq!(dry.code, 0, "{}", dry.err);
    assert!(
        dry.out.contains("kx23498") && !dry.out.contains("abcd"),
        "{}",
        dry.out
    );
    assert_eq!(server.value(&mine)[0]["memberCount"], 5);
    let mut stranger = server.qun(&["room", "list", "--label", LABEL]);
    let output = stranger
        .env("QUN_JUZI_TOKEN", "wrong-one")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4));
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(
        err.contains("无效token") && !err.contains("wrong-one"),
        "{err}"
    );
}

#[test]
fn accounts_are_hosted_stopped_and_removed() {
    let server = Server::memory();
    let host = ["bot", "host", "zhangsan", "--friends"];
    let bot = server.value(&[&host[..], &["7888888888,kx23498"]].concat());
    assert_eq!(
        (&bot["online"], &bot["personal"]),
        (&json!(true), &json!(false))
    );
    let id = bot["bot_id"].as_str().unwrap();
    let friends = server.value(&["bot", "show", id])["friends"].clone();
    assert_eq!(friends.as_array().unwrap().len(), 2);
    let create = ["room", "create", "zhangsan", "7888888888", "kx23498"];
    let offline = || {
        let ran = server.run(&create);
        assert_eq!(ran.code, 6);
        assert!(ran.err.contains("-5 bot不在线"), "{}", ran.err);
    };
    server.good(&["bot", "stop", "zhangsan"]);
    offline();
    server.good(&["bot", "start", "zhangsan"]);
    server.good(&create);
    // Whoever resigns is off line.
    server.good(&["user", "resign", "zhangsan", "--yes"]);
    offline();
    assert_eq!(server.run(&["bot", "remove", "zhangsan"]).code, 2);
    server.good(&["bot", "remove", "zhangsan", "--yes"]);
    assert_eq!(server.run(&["bot", "show", id]).code, 3);
    let unknown = server.run(&create);
    assert!(
        unknown.err.contains("-2 botUserId的bot不存在"),
        "{}",
        unknown.err
    );
    assert_eq!(server.run(&["id", "explain", "nosuch"]).code, 3);
}
