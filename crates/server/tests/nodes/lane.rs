//! Nodes that lose their lanes.

use crate::{
    database::{Database, everywhere, stop},
    load::{self, Load},
};

/// Ends the sessions that hold lanes of this schema, as an operator would; gives how many.
const TERMINATE: &str = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_locks \
    WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND objid::BIGINT > 2147483647 \
    AND classid::BIGINT = CAST(CAST(current_schema AS regnamespace) AS oid)::BIGINT";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_sessions_are_ended_goes_on_with_a_free_lane() {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(2).await;
    let app = load::company(&nodes[0]).await;
    let apps = everywhere(&app, &nodes);
    let boots = "SELECT CAST(SUM(boot) AS BIGINT) FROM lane";
    let before = database.number(boots).await;
    let load = Load::start(&apps, 6);
    let mut ended = 0;
    for _ in 0..6 {
        load.more(60).await;
        ended += database.number(TERMINATE).await;
    }
    load.more_at(0, 60).await;
    load.more_at(1, 60).await;
    println!("{ended} sessions ended: {:?}", load.counts());
    load.check(&apps[1]).await;
    assert!(ended >= 12, "{ended}");
    let taken = database.number(boots).await - before;
    assert!(
        taken >= ended / 2,
        "{taken} lanes taken after {ended} were lost"
    );
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lane_that_another_has_taken_is_left_to_it() {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(2).await;
    let app = load::company(&nodes[0]).await;
    let apps = everywhere(&app, &nodes);
    let load = Load::start(&apps, 4);
    load.more(40).await;
    // What the next owner of each lane does first.
    let fenced = database.sql(|client| {
        client
            .execute("UPDATE lane SET boot = boot + 1, before = last_id", &[])
            .unwrap()
    });
    assert!(fenced.await >= 4);
    let boots = "SELECT CAST(SUM(boot) AS BIGINT) FROM lane";
    let before = database.number(boots).await;
    load.more_at(0, 60).await;
    load.more_at(1, 60).await;
    println!("fenced: {:?}", load.counts());
    load.check(&apps[0]).await;
    let taken = database.number(boots).await - before;
    assert!(taken >= 2, "nobody has noticed it");
    stop(nodes).await;
}
