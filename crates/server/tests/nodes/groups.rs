//! Groups that all nodes make and change at once.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use qun_protocol::Rulebook;
use serde_json::json;

use crate::{
    database::{Database, everywhere, stop, unlimited},
    kit::{App, code},
};

async fn userlist(app: &App<'_>, chatid: &str) -> Vec<String> {
    let got = app.get("appchat/get", &format!("&chatid={chatid}")).await;
    let list = got["chat_info"]["userlist"]
        .as_array()
        .unwrap_or_else(|| panic!("{got}"));
    list.iter()
        .map(|user| user.as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_fifty_makes_the_group() {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(4).await;
    let app = nodes[0].company(Rulebook::Documented, 3, unlimited()).await;
    let apps = everywhere(&app, &nodes);
    for chatid in ["one", "two"] {
        let create = |n: usize| {
            apps[n % 4].code(
                "appchat/create",
                json!({ "chatid": chatid, "userlist": ["p1", "p2"] }),
            )
        };
        let mut codes = join_all((0..50).map(create)).await;
        codes.sort_unstable();
        assert_eq!(codes[0], 0);
        assert!(codes[1..].iter().all(|code| *code == 86215), "{codes:?}");
    }
    // Without a chatid each makes a group of its own.
    let create = |n: usize| apps[n % 4].ok("appchat/create", json!({ "userlist": ["p1", "p3"] }));
    let made = join_all((0..80).map(create)).await;
    let ids: BTreeSet<&str> = made
        .iter()
        .map(|made| made["chatid"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 80);
    assert_eq!(
        database
            .number("SELECT COUNT(DISTINCT chat) FROM chat WHERE corp > 1")
            .await,
        82
    );

    // Before the first message a group is not there for people.
    assert_eq!(code(&apps[3].say("one", "hello").await), 0);
    let said = join_all(
        (0..200).map(|n| apps[n % 4].step("p1", "one", "say", json!({ "text": n.to_string() }))),
    )
    .await;
    let ids: BTreeSet<&str> = said
        .iter()
        .map(|(status, said)| {
            assert_eq!(*status, 200, "{said}");
            said["id"].as_str().unwrap()
        })
        .collect();
    assert_eq!(ids.len(), 200, "an id twice");
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_stand_in_one_order_at_all_nodes() {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(4).await;
    let app = nodes[0]
        .company(Rulebook::Documented, 60, unlimited())
        .await;
    let apps = everywhere(&app, &nodes);
    app.chat("g", &["p1", "p2"]).await;
    let join = |n: usize| {
        apps[n % 4].code(
            "appchat/update",
            json!({ "chatid": "g", "add_user_list": [format!("p{n}")] }),
        )
    };
    let codes = join_all((3..=60).map(join)).await;
    assert!(codes.iter().all(|code| *code == 0), "{codes:?}");
    let lists = join_all(apps.iter().map(|app| userlist(app, "g"))).await;
    assert_eq!(lists[0].len(), 60, "somebody's change was lost");
    assert!(lists.iter().all(|list| *list == lists[0]));
    assert_eq!(code(&apps[0].say("g", "hello").await), 0);

    // Half of them go, at all nodes at once; the others stand as they stood.
    join_all(
        (1..=60)
            .filter(|n| n % 2 == 0)
            .map(|n| leave(&apps[n % 4], format!("p{n}"))),
    )
    .await;
    let stay = |user: &String| user[1..].parse::<usize>().unwrap() % 2 == 1;
    let expected: Vec<String> = lists[0].iter().filter(|user| stay(user)).cloned().collect();
    for app in &apps {
        assert_eq!(userlist(app, "g").await, expected);
    }
    assert_eq!(
        database
            .number("SELECT member_count FROM chat WHERE corp > 1")
            .await,
        30
    );
    stop(nodes).await;
}

/// A person leaves the group `g`.
async fn leave(app: &App<'_>, userid: String) {
    let (status, answer) = app.step(&userid, "g", "leave", json!({})).await;
    assert_eq!(status, 200, "{userid}: {answer}");
}
