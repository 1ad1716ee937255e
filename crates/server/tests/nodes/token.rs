//! Tokens, and what a company changes about its apps.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    database::{Database, everywhere, stop},
    kit::{App, code},
};
use qun_protocol::Rulebook;

/// What is changed acts everywhere within a second; a machine that others load takes longer to look.
const SOON: Duration = Duration::from_secs(2);

async fn ask(app: &App<'_>) -> i64 {
    code(&app.get("get_api_domain_ip", "").await)
}

/// Waits until every node answers so, and says how long the slowest took.
async fn soon<F: AsyncFn(&App<'_>) -> i64>(apps: &[App<'_>], what: &str, expected: i64, ask: F) {
    let start = Instant::now();
    for app in apps {
        loop {
            let found = ask(app).await;
            if found == expected {
                break;
            }
            assert!(start.elapsed() < SOON, "{what}: still {found} at a node");
        }
    }
    println!("{what}: {:?} to the last node", start.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_good_at_every_node_at_once() {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(3).await;
    let app = nodes[0].company(Rulebook::Documented, 3, json!({})).await;
    for round in 0..4 {
        // Every node knows the app already, with the token before this one.
        let mut issuer = everywhere(&app, &nodes).swap_remove(round % 3);
        issuer
            .server
            .manage_ok("POST", &format!("{}/revoke", app.path()), None)
            .await;
        let before = std::mem::take(&mut issuer.token);
        issuer.fetch_token().await;
        assert_ne!(issuer.token, before);
        for app in everywhere(&issuer, &nodes) {
            assert_eq!(ask(&app).await, 0, "round {round}");
        }
        let mut again = everywhere(&app, &nodes).swap_remove((round + 1) % 3);
        again.fetch_token().await;
        assert_eq!(again.token, issuer.token, "one token while it is valid");
    }
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_changed_at_one_node_acts_at_all_within_a_second() {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(3).await;
    let mut app = nodes[0].company(Rulebook::Documented, 4, json!({})).await;
    let apps = everywhere(&app, &nodes);
    soon(&apps, "the token", 0, ask).await;

    let last = &apps[2];
    last.server
        .manage_ok("POST", &format!("{}/revoke", app.path()), None)
        .await;
    soon(&apps, "a revoked token", 40014, ask).await;

    app.fetch_token().await;
    let apps = everywhere(&app, &nodes);
    soon(&apps, "a newer token", 0, ask).await;
    let made = apps[1]
        .server
        .manage_ok("POST", &format!("{}/secret", app.path()), None)
        .await;
    soon(&apps, "a new secret", 40014, ask).await;

    app.secret = made["secret"].as_str().unwrap().to_owned();
    app.fetch_token().await;
    let apps = everywhere(&app, &nodes);
    soon(&apps, "the new secret's token", 0, ask).await;
    for (settings, expected) in [
        (json!({ "trusted_addresses": ["192.0.2.7"] }), 60020),
        (json!({ "trusted_addresses": ["127.0.0.0/8"] }), 0),
        (json!({ "disabled": true }), 50003),
        (json!({ "disabled": false }), 0),
    ] {
        apps[1].change(settings.clone()).await;
        soon(&apps, &settings.to_string(), expected, ask).await;
    }

    let create = async |app: &App<'_>| {
        let userlist: Value = json!(["p1", "p2", "p3"]);
        code(
            &app.post("appchat/create", json!({ "userlist": userlist }))
                .await,
        )
    };
    soon(&apps, "three members", 0, create).await;
    apps[2]
        .rules(json!({ "limits": { "chat_members_max": 2 } }))
        .await;
    soon(&apps, "two members at most", 86004, create).await;
    apps[0]
        .rules(json!({ "limits": { "chat_members_max": null } }))
        .await;
    soon(&apps, "as before", 0, create).await;
    stop(nodes).await;
}
