//! Cards that all nodes send and change at once.

use futures_util::future::join_all;
use qun_protocol::Rulebook;
use serde_json::{Value, json};

use crate::{
    database::{Database, everywhere, stop, unlimited},
    kit::code,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_and_a_code_are_used_once_over_all_nodes() {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(2).await;
    let company = json!({
        "rulebook": Rulebook::Documented, "limits": unlimited(), "users": [{ "userid": "p1" }, { "userid": "p2" }],
        "apps": [{
            "name": "app",
            "callback": {
                "url": "http://127.0.0.1:9/", "token": "token",
                "encoding_aes_key": "4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws",
            },
        }],
    });
    let app = nodes[0].world(company).await;
    let apps = everywhere(&app, &nodes);
    let one = |codes: &[i64], other: i64| {
        let won = codes.iter().filter(|code| **code == 0).count();
        let lost = codes.iter().filter(|code| **code == other).count();
        assert_eq!((won, lost), (1, codes.len() - 1), "{codes:?}");
    };
    for round in 0..5 {
        let card = json!({
            "card_type": "button_interaction", "task_id": round.to_string(), "main_title": { "title": "t" },
            "button_list": [{ "text": "b", "key": "k" }],
        });
        let message = json!({ "touser": "p1|p2", "agentid": app.agentid, "msgtype": "template_card", "template_card": card });
        let send = |n: usize| apps[n % 2].post("message/send", message.clone());
        let sent = join_all((0..10).map(send)).await;
        one(&sent.iter().map(code).collect::<Vec<i64>>(), 42014);
        let response_code = sent
            .iter()
            .find_map(|sent| sent["response_code"].as_str())
            .unwrap();
        let update = |n: usize| {
            let change = json!({
                "atall": 1, "agentid": app.agentid, "response_code": response_code, "button": { "replace_name": n.to_string() },
            });
            apps[n % 2].post("message/update_template_card", change)
        };
        let updated = join_all((0..10).map(update)).await;
        let codes: Vec<i64> = updated.iter().map(code).collect();
        one(&codes, 60140);
        let winner = codes.iter().position(|code| *code == 0).unwrap();
        for app in &apps {
            for person in ["p1", "p2"] {
                let page = app.inbox(person, "").await;
                let card: &Value = page["messages"].as_array().unwrap().last().unwrap();
                assert_eq!(card["content"]["replace_text"], winner.to_string());
            }
        }
    }
    assert_eq!(database.number("SELECT COUNT(*) FROM card_change").await, 5);
    assert_eq!(
        database.number("SELECT COUNT(*) FROM response_code").await,
        0
    );
    stop(nodes).await;
}
