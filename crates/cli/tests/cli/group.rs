//! Customer groups, from the phones to the app that reads them.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::kit::{Ran, Server, on_terminal};

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

#[test]
fn all_groups_of_an_owner_go_to_another_over_days() {
    let server = Server::clocked();
    for _ in 0..3 {
        server.good(&["people", "create-group", "abel", CUSTOMER]);
    }
    let line = ["group", "transfer", "--from", "abel", "--to", "zhangsan"];
    let with = |words: &[&str]| server.run(&[&line[..], words].concat());
    let results = |ran: &Ran| -> Vec<String> {
        let rows = ran.out.lines();
        rows.map(|row| row.split('\t').nth(2).unwrap().to_owned())
            .collect()
    };
    let statuses = || server.value(&["group", "list", "--owner", "abel", "--jq", "map(.status)"]);

    let unasked = with(&[]);
    assert_eq!((unasked.code, unasked.out.as_str()), (2, ""));
    assert!(
        unasked
            .err
            .contains("Give 4 customer groups of abel to zhangsan?")
            && unasked.err.contains("--yes")
    );
    let (code, shown) = on_terminal(server.qun(&line), 120, "n\n");
    assert!(code == 0 && shown.contains("nothing was done"), "{shown}");
    let early = with(&["--yes"]);
    assert_eq!(early.code, 6);
    assert_eq!(results(&early), ["refused"; 4]);
    assert!(
        early
            .out
            .contains("\t90500\tthe owner of this chat is not resigned\t")
    );
    assert!(
        early.err.contains("4 of 4 groups were refused"),
        "{}",
        early.err
    );

    server.good(&["user", "resign", "abel", "--yes"]);
    let plan = with(&["--dry-run"]);
    assert_eq!(
        (plan.code, results(&plan)),
        (0, vec!["waits".to_owned(); 4])
    );
    assert_eq!(statuses(), json!([1, 1, 1, 1]), "a dry run gives nothing");

    server.good(&["company", "rules", "transfers_per_owners_day=3"]);
    let first = with(&["--yes", "--record", "transfers.jsonl"]);
    assert_eq!(first.code, 5, "{}", first.err);
    assert_eq!(
        results(&first),
        ["accepted", "accepted", "accepted", "waits"]
    );
    assert!(first.out.trim_end().ends_with("2023-11-02T00:00:00+08:00"));
    assert!(
        first
            .err
            .contains("run the same line again from 2023-11-02T00:00:00+08:00 on")
    );
    assert_eq!(statuses(), json!([2, 2, 2, 1]));
    let same_day = with(&["--yes", "--quiet", "--jq", "map(.result)"]);
    let shown = r#"["pending","pending","pending","waits"]"#;
    assert_eq!((same_day.code, same_day.out.trim()), (5, shown));

    server.good(&["clock", "advance", "13h"]);
    let last = with(&[
        "--yes",
        "--json",
        "chat_id,result",
        "--record",
        "transfers.jsonl",
    ]);
    assert_eq!(last.code, 0, "{}", last.err);
    let rows: Value = serde_json::from_str(&last.out).unwrap();
    assert_eq!(rows[3]["result"], "accepted");
    let again = with(&[]);
    assert_eq!(
        (again.code, results(&again)),
        (0, vec!["pending".to_owned(); 4])
    );

    // Once they are zhangsan's, only the record knows that they were abel's.
    server.good(&["clock", "advance", "1d"]);
    assert_eq!(with(&[]).out, "");
    let recorded = with(&["--record", "transfers.jsonl"]);
    assert_eq!(results(&recorded), ["done"; 4]);
    assert_eq!(recorded.code, 0);

    let on_job = [
        "group", "transfer", "--from", "jack", "--to", "sam", "--on-job", "--yes",
    ];
    assert!(server.good(&on_job).contains("\taccepted\t"));
    assert_eq!(server.good(&on_job), "", "jack has none any more");
    let nobody = server.run(&[
        "group", "transfer", "--from", "sam", "--to", "nobody", "--on-job", "--yes",
    ]);
    assert_eq!(nobody.code, 3, "{}", nobody.err);
    let same = server.run(&["group", "transfer", "--from", "sam", "--to", "Sam", "--yes"]);
    assert_eq!(same.code, 2, "{}", same.err);
}

/// A server whose company has so many customer groups, in each a customer and his owner.
fn with_groups(count: usize) -> Server {
    let member = |userid: &str| json!({ "userid": userid });
    let group = |n: usize| {
        let owner = ["abel", "jack"][n % 2];
        json!({
            "chat_id": format!("wr{n}"), "name": format!("群\"{n}\", 一"), "owner": owner,
            "members": [member(owner), member("wm1")],
        })
    };
    let groups: Vec<Value> = (0..count).map(group).collect();
    let world = json!({ "version": 1, "companies": [{
        "users": [{ "userid": "abel", "customer_contact": true }, { "userid": "jack", "customer_contact": true }],
        "customers": [{ "external_userid": "wm1", "name": "王, 语嫣" }], "customer_groups": groups,
        "apps": [{ "name": "app", "customer_contact": true }],
    }]});
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), world.to_string()).unwrap();
    let path = file.path().to_str().unwrap();
    Server::start(&[
        "--memory",
        "--listen",
        "127.0.0.1:0",
        "--json",
        "--world",
        path,
    ])
}

#[test]
fn all_groups_are_written_with_their_members() {
    let server = with_groups(205);
    let lines = |words: &[&str]| -> Vec<Value> {
        let out = server.good(&[&["group", "export"], words].concat());
        out.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let all = lines(&[]);
    assert_eq!(all.len(), 205);
    let mut one = server.value(&["group", "get", "wr204"]);
    one["status"] = json!(0);
    assert_eq!(all[204], one);
    assert_eq!(lines(&["--owner", "jack"]).len(), 102);
    assert_eq!(lines(&["--status", "resigned"]).len(), 0);
    assert_eq!(
        lines(&["--json", "chat_id,owner"])[3],
        json!({ "chat_id": "wr3", "owner": "jack" })
    );
    let out = server.good(&[
        "group",
        "export",
        "--jq",
        r#""\(.chat_id) \(.member_list | length)""#,
    ]);
    assert_eq!(out.lines().nth(1), Some("wr1 2"));

    let csv = server.good(&["group", "export", "--csv"]);
    let mut read = csv::Reader::from_reader(csv.as_bytes());
    let headers = read.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = read.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2 * 205);
    let cell = |row: usize, name: &str| {
        let at = headers.iter().position(|it| it == name).unwrap();
        rows[row][at].to_owned()
    };
    let group: Vec<String> = [
        "chat_id",
        "group_name",
        "owner",
        "userid",
        "name",
        "type",
        "admin",
    ]
    .map(|name| cell(7, name))
    .into();
    assert_eq!(
        group,
        ["wr3", "群\"3\", 一", "jack", "wm1", "王, 语嫣", "2", "0"]
    );
    assert_eq!(server.run(&["group", "export", "--csv", "--json"]).code, 2);
    assert_eq!(server.run(&["group", "export", "--resume"]).code, 2);
}

#[test]
fn an_export_that_is_killed_goes_on_where_it_stopped() {
    let server = with_groups(3000);
    let file = |ending: &str| server.home.path().join(format!("groups.jsonl{ending}"));
    let line = ["group", "export", "--out", "groups.jsonl"];
    let with = |words: &[&str]| server.run(&[&line[..], words].concat());
    let whole = server.good(&["group", "export"]);

    let mut child = server.qun(&line).spawn().unwrap();
    while !file(".resume").exists() {
        assert_eq!(
            child.try_wait().unwrap(),
            None,
            "it ended before a page was safe"
        );
        thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!file("").exists() && file(".part").exists());
    // A piece that was not written to its end.
    let mut part = OpenOptions::new().append(true).open(file(".part")).unwrap();
    part.write_all(b"{\"chat_id\":\"wrHal").unwrap();

    let anew = with(&[]);
    assert!(
        anew.code == 2 && anew.err.contains("--resume goes on"),
        "{}",
        anew.err
    );
    let other = with(&["--resume", "--owner", "jack"]);
    assert!(
        other.code == 2 && other.err.contains("another export"),
        "{}",
        other.err
    );
    let other = with(&["--resume", "--csv"]);
    assert!(
        other.code == 2 && other.err.contains("another export"),
        "{}",
        other.err
    );
    let done = with(&["--resume"]);
    assert_eq!((done.code, done.out.as_str()), (0, ""), "{}", done.err);
    let rest = done.err.trim().strip_prefix("wrote ").unwrap();
    let rest: usize = rest.split(' ').next().unwrap().parse().unwrap();
    assert!((1..3000).contains(&rest), "it began anew: {}", done.err);
    assert_eq!(fs::read_to_string(file("")).unwrap(), whole);
    assert!(!file(".part").exists() && !file(".resume").exists());

    let overwritten = with(&[]);
    assert!(
        overwritten.code == 2 && overwritten.err.contains("is there"),
        "{}",
        overwritten.err
    );
    assert_eq!(with(&["--resume", "--yes", "--quiet"]).err, "");
    assert_eq!(fs::read_to_string(file("")).unwrap(), whole);
}
