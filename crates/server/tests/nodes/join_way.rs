//! Join ways whose codes are scanned at all nodes at once.

use qun_protocol::Rulebook;
use serde_json::json;

use crate::database::{Database, everywhere, stop};

#[path = "../api/join_way/kit.rs"]
mod kit;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_group_is_too_full_at_two_nodes() {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(2).await;
    let limits = json!({ "customer_group_members_max": 7, "calls_per_corp_minute": -1 });
    let company = kit::company(Rulebook::Documented, 60, limits);
    let app = nodes[0].world(kit::with_groups(company, 2)).await;
    kit::fill(&everywhere(&app, &nodes), 60, 7).await;
    // What stands at the groups is what is in them.
    let strays = "SELECT COUNT(*) FROM chat c WHERE c.kind = 1 AND c.member_count <> (SELECT COUNT(*) FROM chat_member m \
                  WHERE m.corp = c.corp AND m.chat = c.chat AND m.to_id IS NULL)";
    assert_eq!(database.number(strays).await, 0);
    stop(nodes).await;
}
