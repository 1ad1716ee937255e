//! Customer groups, from the phones to the app that reads them.

use serde_json::json;

use crate::kit::Server;

const CUSTOMER: &str = "wmOgQhDgAAuXFJGwbve4g4iXknfOAAAA";

#[test]
fn a_customer_group_is_made_filled_managed_and_dismissed() {
    let server = Server::memory();
    let people = |words: &[&str]| server.good(&[&["people"], words].concat());
    let made = people(&["create-group", "abel", CUSTOMER, "--name", "新客户"]);
    let group = made.trim();
    let added = server.good(&["customer", "add", "--name", "李先生", "--type", "wecom"]);
    let second = added.trim();
    assert!(second.starts_with("wo"), "{second}");
    people(&["invite", CUSTOMER, group, "jack"]);
    let code = people(&["qr-code", "jack", group]);
    assert_eq!(people(&["join", second, code.trim()]).trim(), group);
    people(&["nickname", second, group, "老李"]);
    people(&["admins", "abel", group, "jack"]);
    people(&["notice", "jack", group, "文明沟通"]);
    people(&["say", second, group, "你好"]);
    let inbox = server.value(&["people", "inbox", CUSTOMER]);
    assert_eq!(
        (&inbox[0]["sender"], &inbox[0]["text"]),
        (&json!(second), &json!("你好"))
    );

    let shown = server.value(&["group", "get", group]);
    assert_eq!(
        (
            &shown["name"],
            &shown["owner"],
            &shown["notice"],
            &shown["admin_list"]
        ),
        (
            &json!("新客户"),
            &json!("abel"),
            &json!("文明沟通"),
            &json!([{ "userid": "jack" }])
        )
    );
    let last = &shown["member_list"][3];
    assert_eq!(
        (&last["name"], &last["group_nickname"], &last["join_scene"]),
        (&json!("李先生"), &json!("老李"), &json!(3))
    );
    let list = |words: &[&str]| server.good(&[&["group", "list"], words].concat());
    let line = format!("{group}\t0\t跟进人正常");
    assert!(list(&["--owner", "abel"]).contains(&line));
    assert!(!list(&["--owner", "jack"]).contains(group));
    server.good(&["user", "resign", "abel", "--yes"]);
    assert!(list(&["--status", "resigned"]).contains(&format!("{group}\t1\t跟进人离职")));
    assert!(!list(&["--status", "done"]).contains(group));

    people(&["dismiss", "abel", group, "--yes"]);
    let gone = server.run(&["group", "get", group]);
    assert_eq!(gone.code, 3, "{}", gone.err);
    assert_eq!(server.run(&["people", "join", second, code.trim()]).code, 3);
}

#[test]
fn a_customer_is_kept_but_for_what_is_given() {
    let server = Server::memory();
    let set = [
        "customer",
        "set",
        "wmNew",
        "--name",
        "赵女士",
        "--unionid",
        "oNew",
    ];
    server.good(&set);
    server.good(&["customer", "set", "wmNew", "--corp-name", "某公司"]);
    assert_eq!(
        server.value(&["customer", "show", "wmNew"]),
        json!({ "external_userid": "wmNew", "name": "赵女士", "type": "wechat", "unionid": "oNew", "corp_name": "某公司" })
    );
    assert!(
        server
            .good(&["customer", "list"])
            .contains("wmNew\t赵女士\twechat\toNew\t某公司")
    );
    assert_eq!(server.run(&["customer", "show", "wmNobody"]).code, 3);
}
