//! Join ways from the shell: made, drawn, scanned, changed and removed.

use std::fs;

use serde_json::json;

use crate::kit::Server;

const KNOWN: &str = "9ad7fa5cdaa6511298498f979c472aaa";
const BUTTON: &str = "42b34949e138eb6e027c123cba77faaa";
const GROUPS: [&str; 2] = [
    "wrOgQhDgAAH2Yy-CTZ6POca8mlBEdaaa",
    "wrOgQhDgAALPUthpRAKvl7mgiQRw_aaa",
];
const CUSTOMER: &str = "wmOgQhDgAAuXFJGwbve4g4iXknfOAAAA";

#[test]
fn a_join_way_is_made_changed_and_removed() {
    let server = Server::memory();
    let made = server.good(&[
        "join-way",
        "add",
        GROUPS[0],
        GROUPS[1],
        "--remark",
        "海报",
        "--base-name",
        "福利群",
        "--base-id",
        "3",
        "--state",
        "poster",
    ]);
    let id = made.trim();
    let mut got = server.value(&["join-way", "get", id]);
    let picture = got["qr_code"].take();
    let mut expected = json!({
        "config_id": id, "type": 3, "scene": 2, "remark": "海报", "auto_create_room": 1, "room_base_name": "福利群",
        "room_base_id": 3, "chat_id_list": GROUPS, "qr_code": null, "state": "poster",
    });
    assert_eq!(got, expected);
    // What is not named stays.
    server.good(&[
        "join-way",
        "update",
        id,
        GROUPS[1],
        "--state",
        "autumn",
        "--no-new-rooms",
    ]);
    expected["chat_id_list"] = json!([GROUPS[1]]);
    expected["state"] = "autumn".into();
    expected["auto_create_room"] = 0.into();
    expected["qr_code"] = picture;
    assert_eq!(server.value(&["join-way", "get", id]), expected);
    server.good(&["join-way", "update", id, "--new-rooms"]);
    expected["auto_create_room"] = 1.into();
    assert_eq!(server.value(&["join-way", "get", id]), expected);

    let listed = server.value(&["join-way", "list", "--agentid", "1000002"]);
    assert_eq!(listed.as_array().unwrap().len(), 4);
    assert_eq!(listed[3]["config_id"], id);
    let ran = server.run(&["join-way", "rm", id]);
    assert_eq!(
        ran.code, 2,
        "without a terminal it must be meant: {}",
        ran.err
    );
    let ran = server.run(&["join-way", "rm", id, "--yes"]);
    assert_eq!((ran.code, ran.err), (0, format!("removed {id}\n")));
    let ran = server.run(&["join-way", "get", id]);
    assert!(
        ran.code == 3 && ran.err.contains("made itself"),
        "{}",
        ran.err
    );
    // A dry run shows what would be.
    let shown = server.good(&["join-way", "add", GROUPS[0], "--mini-program", "--dry-run"]);
    assert!(
        shown.contains("add_join_way") && shown.contains(r#""scene":1"#),
        "{shown}"
    );
}

#[test]
fn a_qr_code_is_drawn_and_leads_into_the_group() {
    let server = Server::memory();
    let drawn = server.good(&["join-way", "qr", KNOWN]);
    let (code, url) = drawn.trim_end().rsplit_once('\n').unwrap();
    assert!(
        code.lines().count() > 15 && code.contains('▀') && code.contains('█'),
        "{drawn}"
    );
    assert!(url.starts_with(server.text("url")), "{url}");
    let shown = server.value(&["join-way", "qr", KNOWN]);
    assert_eq!(
        (&shown["url"], &shown["qr_code"]),
        (&json!(url), &json!(format!("{url}.png")))
    );
    for (name, start) in [("poster.png", &b"\x89PNG"[..]), ("poster.svg", b"<?xml")] {
        let ran = server.run(&["join-way", "qr", KNOWN, "--out", name]);
        assert_eq!((ran.code, ran.err), (0, format!("wrote {name}\n")));
        let file = fs::read(server.home.path().join(name)).unwrap();
        assert!(file.starts_with(start), "{name}");
    }
    let ran = server.run(&["join-way", "qr", KNOWN, "--out", "poster.gif"]);
    assert_eq!(ran.code, 2, "{}", ran.err);
    let ran = server.run(&["join-way", "qr", BUTTON]);
    assert!(ran.code == 1 && ran.err.contains("button"), "{}", ran.err);

    assert_eq!(
        server.good(&["people", "scan", CUSTOMER, url]),
        format!("{}\n", GROUPS[0])
    );
    let code = url.rsplit('/').next().unwrap();
    assert_eq!(
        server.good(&["people", "scan", "lisi", code]),
        format!("{}\n", GROUPS[0])
    );
    assert_eq!(
        server.good(&["people", "tap-join", "wangwu", BUTTON]),
        format!("{}\n", GROUPS[0])
    );
    let ran = server.run(&["people", "scan", "lisi", "unknown"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
}
