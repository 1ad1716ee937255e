//! Pages of groupchat/list.

use std::collections::BTreeSet;

use qun_protocol::Rulebook;
use serde_json::{Value, json};

use super::{company, list::groups, refusal};
use crate::kit::{App, Server};

/// All pages of a list from a cursor on, each of at most `size`; nothing is left out or repeated.
async fn all(app: &App<'_>, filter: &Value, size: usize, mut cursor: String) -> Vec<String> {
    let mut chats = Vec::new();
    loop {
        let mut body = filter.clone();
        body["limit"] = size.into();
        body["cursor"] = cursor.into();
        let answer = app.groupchat("list", body).await;
        let page = groups(&answer);
        assert!(page.len() <= size);
        chats.extend(page.into_iter().map(|(chat_id, _)| chat_id));
        cursor = answer["next_cursor"].as_str().unwrap().to_owned();
        if cursor.is_empty() {
            let distinct: BTreeSet<&String> = chats.iter().collect();
            assert_eq!(distinct.len(), chats.len(), "a group is there twice");
            return chats;
        }
    }
}

#[tokio::test]
async fn pages_of_every_size_hold_the_same_groups_in_the_order_in_which_they_were_made() {
    let server = Server::start().await;
    let app = company(&server, Rulebook::Documented, 5, 1).await;
    let mut made = Vec::new();
    for n in 0..23 {
        let owner = format!("p{}", [1, 2, 2, 3, 1, 2, 4][n % 7]);
        made.push((owner.clone(), app.group(&owner, &["c1"]).await));
    }
    let of = |owners: &[&str]| -> Vec<String> {
        let wanted = made
            .iter()
            .filter(|(owner, _)| owners.contains(&owner.as_str()));
        wanted.map(|(_, chat_id)| chat_id.clone()).collect()
    };
    for owners in [
        vec![],
        vec!["p2"],
        vec!["p2", "p1"],
        vec!["p1", "p2", "p3", "p4", "p5"],
        vec!["p5"],
    ] {
        let expected = if owners.is_empty() {
            of(&["p1", "p2", "p3", "p4"])
        } else {
            of(&owners)
        };
        let filter = json!({ "owner_filter": { "userid_list": owners } });
        for size in [1, 2, 3, 7, 22, 23, 24, 1000] {
            assert_eq!(
                all(&app, &filter, size, String::new()).await,
                expected,
                "{owners:?} by {size}"
            );
        }
    }
    // The old form gives the same.
    let answer = app
        .groupchat("list", json!({ "offset": 4, "limit": 6 }))
        .await;
    let page: Vec<String> = groups(&answer)
        .into_iter()
        .map(|(chat_id, _)| chat_id)
        .collect();
    assert_eq!(page, of(&["p1", "p2", "p3", "p4"])[4..10]);
    let filter =
        json!({ "offset": 2, "limit": 3, "owner_filter": { "userid_list": ["p2", "p1"] } });
    let answer = app.groupchat("list", filter).await;
    let page: Vec<String> = groups(&answer)
        .into_iter()
        .map(|(chat_id, _)| chat_id)
        .collect();
    assert_eq!(page, of(&["p2", "p1"])[2..5]);
    server.stop().await;
}

#[tokio::test]
async fn pages_stay_right_while_groups_are_made_and_dismissed() {
    let server = Server::start().await;
    let app = company(&server, Rulebook::Documented, 3, 1).await;
    let mut made = Vec::new();
    for n in 0..9 {
        made.push(app.group(&format!("p{}", n % 2 + 1), &["c1"]).await);
    }
    for filter in [
        json!({}),
        json!({ "owner_filter": { "userid_list": ["p1", "p2", "p3"] } }),
    ] {
        let mut body = filter.clone();
        body["limit"] = 4.into();
        let answer = app.groupchat("list", body).await;
        let first: Vec<String> = groups(&answer)
            .into_iter()
            .map(|(chat_id, _)| chat_id)
            .collect();
        assert_eq!(first, made[..4]);
        let cursor = answer["next_cursor"].as_str().unwrap().to_owned();
        // The group at the cursor goes, one behind it goes, one changes its owner, and one comes.
        for at in [3, 6] {
            let owner = format!("p{}", at % 2 + 1);
            app.did(&owner, &made[at], "dismiss", json!({})).await;
        }
        app.did("p2", &made[5], "invite", json!({ "userlist": ["p3"] }))
            .await;
        app.did("p2", &made[5], "owner", json!({ "owner": "p3" }))
            .await;
        let new = app.group("p3", &["c1"]).await;
        let expected = [&made[4..6], &made[7..], std::slice::from_ref(&new)].concat();
        assert_eq!(all(&app, &filter, 2, cursor).await, expected);
        // For the next round.
        for chat_id in made.drain(..).chain([new]) {
            for owner in ["p1", "p2", "p3"] {
                app.step(owner, &chat_id, "dismiss", json!({})).await;
            }
        }
        for n in 0..9 {
            made.push(app.group(&format!("p{}", n % 2 + 1), &["c1"]).await);
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_cursor_is_good_for_what_it_was_given_for_alone() {
    let server = Server::start().await;
    let app = company(&server, Rulebook::Documented, 2, 1).await;
    let twin = app.sibling(json!({ "customer_contact": true })).await;
    for _ in 0..3 {
        app.group("p1", &["c1"]).await;
    }
    let other = company(&server, Rulebook::Documented, 1, 1).await;
    let first = app.groupchat("list", json!({ "limit": 2 })).await;
    let cursor = first["next_cursor"].as_str().unwrap().to_owned();
    assert_eq!(cursor.len(), 43);
    let page = |cursor: &str| json!({ "limit": 2, "cursor": cursor });
    assert_eq!(groups(&app.groupchat("list", page(&cursor)).await).len(), 1);
    // A page's size may change.
    let smaller = json!({ "limit": 1, "cursor": cursor });
    assert_eq!(groups(&app.groupchat("list", smaller).await).len(), 1);
    let invalid = (50100, "invalid cursor");
    for stranger in [&twin, &other] {
        assert_eq!(
            refusal(&stranger.groupchat("list", page(&cursor)).await),
            invalid
        );
    }
    let mut filtered = page(&cursor);
    filtered["owner_filter"] = json!({ "userid_list": ["p1"] });
    assert_eq!(refusal(&app.groupchat("list", filtered).await), invalid);
    let mut filtered = page(&cursor);
    filtered["status_filter"] = 3.into();
    assert_eq!(refusal(&app.groupchat("list", filtered).await), invalid);
    for place in 0..cursor.len() {
        let mut wrong = cursor.clone().into_bytes();
        wrong[place] = if wrong[place] == b'x' { b'y' } else { b'x' };
        let wrong = String::from_utf8(wrong).unwrap();
        assert_eq!(
            refusal(&app.groupchat("list", page(&wrong)).await),
            invalid,
            "{place}"
        );
    }
    let long = "x".repeat(100_000);
    for wrong in [
        "1",
        "r9FqSqsI8fgNbHLHE5QoCP50UIg2cFQbfma3l2QsmwI",
        long.as_str(),
    ] {
        assert_eq!(refusal(&app.groupchat("list", page(wrong)).await), invalid);
    }
    server.stop().await;
}
