//! What apps are told of customer groups.

use qun_protocol::{
    Rulebook,
    event::{ChangeExternalChat, Event, What},
};
use serde_json::json;

use super::company;
use crate::{
    callback::{ok, receiver::Got},
    kit::{NOON, Server},
};

fn change(got: &Got) -> &ChangeExternalChat {
    match &got.received.what {
        What::Event(Event::ChangeExternalChat(change)) => change,
        other => panic!("{other:?}"),
    }
}

/// `create`, `dismiss`, or what was updated.
fn kind(change: &ChangeExternalChat) -> &str {
    match change.update_detail.as_str() {
        "" => &change.change_type,
        detail => detail,
    }
}

#[tokio::test]
async fn every_change_is_told_in_order_and_versions_lead_from_one_to_the_next() {
    let server = Server::start().await;
    let app = company(&server, Rulebook::Documented, 3, 4).await;
    let receiver = app.told(ok()).await;
    let chat_id = app.group("p1", &["c1"]).await;
    let made = app.shown(&chat_id).await;
    app.did(
        "p1",
        &chat_id,
        "invite",
        json!({ "userlist": ["p2", "c2"] }),
    )
    .await;
    let link = app.did("p2", &chat_id, "link", json!({})).await;
    app.joins("c3", &link).await;
    let shown = app.did("p2", &chat_id, "qr_code", json!({})).await;
    app.joins("c4", &shown).await;
    app.did("c2", &chat_id, "leave", json!({})).await;
    app.did(
        "p1",
        &chat_id,
        "remove",
        json!({ "userlist": ["c3", "c4"] }),
    )
    .await;
    app.did("c1", &chat_id, "rename", json!({ "name": "新名" }))
        .await;
    app.did("p1", &chat_id, "notice", json!({ "notice": "新公告" }))
        .await;
    app.did("p1", &chat_id, "owner", json!({ "owner": "p2" }))
        .await;
    // What is no news for apps.
    app.did("p1", &chat_id, "nickname", json!({ "nickname": "x" }))
        .await;
    app.did("p1", &chat_id, "say", json!({ "text": "x" })).await;
    app.did("p2", &chat_id, "admins", json!({ "userlist": ["p1"] }))
        .await;
    // The owner goes, and another follows.
    app.did("p2", &chat_id, "leave", json!({})).await;
    let before = app.shown(&chat_id).await;
    app.did("p1", &chat_id, "dismiss", json!({})).await;

    let got = receiver.got(12).await;
    let changes: Vec<&ChangeExternalChat> = got.iter().map(change).collect();
    for got in &got {
        assert_eq!(got.received.to_user_name, app.corpid);
        assert_eq!(
            (got.received.from_user_name.as_str(), got.received.agent_id),
            ("sys", None)
        );
        assert!((NOON / 1000..NOON / 1000 + 600).contains(&got.received.create_time));
    }
    assert!(changes.iter().all(|it| it.chat_id == chat_id));
    let kinds: Vec<&str> = changes.iter().map(|it| kind(it)).collect();
    assert_eq!(
        kinds,
        [
            "create",
            "add_member",
            "add_member",
            "add_member",
            "del_member",
            "del_member",
            "change_name",
            "change_notice",
            "change_owner",
            "del_member",
            "change_owner",
            "dismiss",
        ]
    );
    let details: Vec<_> = changes
        .iter()
        .filter(|it| it.mem_change_cnt.is_some())
        .map(|it| {
            (
                it.join_scene,
                it.quit_scene,
                it.mem_change_cnt,
                it.mem_change_list.join(","),
            )
        })
        .collect();
    let row = |join, quit, count, list: &str| (join, quit, Some(count), list.to_owned());
    assert_eq!(
        details,
        [
            row(Some(0), None, 2, "p2,c2"),
            row(Some(0), None, 1, "c3"),
            row(Some(3), None, 1, "c4"),
            row(None, Some(0), 1, "c2"),
            row(None, Some(1), 2, "c3,c4"),
            row(None, Some(0), 1, "p2"),
        ]
    );
    // From the version that was read after the first event, each change leads to the next, and the last to what is read at the end.
    let mut version = made["member_version"].as_str().unwrap();
    let mut members = vec!["p1".to_owned(), "c1".to_owned()];
    for change in changes.iter().filter(|it| it.mem_change_cnt.is_some()) {
        assert_eq!(change.last_mem_ver, version);
        assert_ne!(change.cur_mem_ver, version);
        version = &change.cur_mem_ver;
        members.retain(|id| !change.mem_change_list.contains(id));
        if change.join_scene.is_some() {
            members.extend(change.mem_change_list.iter().cloned());
        }
    }
    assert_eq!(before["member_version"], version);
    assert_eq!(super::ids(&before["member_list"]), members);
    server.stop().await;
}

#[tokio::test]
async fn those_apps_are_told_that_see_the_owner_and_did_not_do_it() {
    let server = Server::start().await;
    let app = company(&server, Rulebook::Documented, 4, 1).await;
    let system = app.sibling(json!({ "kind": "customer_contact" })).await;
    let narrow = app
        .sibling(json!({ "customer_contact": true, "visible": { "users": ["p2", "p3"] } }))
        .await;
    let plain = app.sibling(json!({})).await;
    let off = app.sibling(json!({ "customer_contact": true })).await;
    let receivers = [
        app.told(ok()).await,
        system.told(ok()).await,
        narrow.told(ok()).await,
        plain.told(ok()).await,
        off.told(ok()).await,
    ];
    off.change(json!({ "disabled": true })).await;
    let chat_id = app.group("p1", &["c1"]).await;
    // The app itself hands it on: the others are told, of whom one sees the owner only from now on.
    let body = json!({ "chat_id_list": [chat_id], "new_owner": "p2" });
    app.groupchat("onjob_transfer", body).await;
    app.resigns("p2").await;
    let body = json!({ "chat_id_list": [chat_id], "new_owner": "p3" });
    let answer = system.groupchat("transfer", body).await;
    assert_eq!(answer["failed_chat_list"], json!([]));
    // The one that has asked for the inheritance is not told when it is done.
    server.advance(86_400).await;
    app.did("p3", &chat_id, "notice", json!({ "notice": "end" }))
        .await;
    let kinds = async |receiver: usize, count: usize| -> Vec<String> {
        let got = receivers[receiver].got(count).await;
        got.iter().map(|got| kind(change(got)).to_owned()).collect()
    };
    assert_eq!(
        kinds(0, 5).await,
        [
            "create",
            "del_member",
            "add_member",
            "change_owner",
            "change_notice"
        ]
    );
    assert_eq!(
        kinds(1, 4).await,
        ["create", "add_member", "change_owner", "change_notice"]
    );
    // p1's group was none of its business until p2 owned it.
    assert_eq!(
        kinds(2, 5).await,
        [
            "change_owner",
            "del_member",
            "add_member",
            "change_owner",
            "change_notice"
        ]
    );
    for silent in [3, 4] {
        assert_eq!(receivers[silent].so_far().len(), 0, "{silent}");
    }
    let events = app.callbacks("limit=100").await;
    assert_eq!(events["callbacks"].as_array().unwrap().len(), 14);
    server.stop().await;
}
