//! The database stops and starts again.

use std::time::Instant;

use qun_testkit::cluster::{Cluster, Shutdown};

use crate::{
    database::{Database, everywhere, stop, until},
    load::{self, Load, ready},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_is_restarted_under_load() {
    let Some(programs) = Database::programs() else {
        return;
    };
    let mut cluster = Cluster::create(&programs).unwrap();
    let database = Database::of(&cluster.url());
    let nodes = database.nodes(2).await;
    let app = load::company(&nodes[0]).await;
    let apps = everywhere(&app, &nodes);
    for how in [Shutdown::Immediate, Shutdown::Fast, Shutdown::Immediate] {
        let load = Load::start(&apps, 8);
        load.more(150).await;
        cluster = tokio::task::spawn_blocking(move || {
            cluster.stop(how).unwrap();
            cluster
        })
        .await
        .unwrap();
        for node in &nodes {
            until("a node says that it is not ready", async || {
                ready(node).await == 503
            })
            .await;
        }
        let start = Instant::now();
        cluster = tokio::task::spawn_blocking(move || {
            cluster.start().unwrap();
            cluster
        })
        .await
        .unwrap();
        for node in &nodes {
            until("a node recovers", async || ready(node).await == 200).await;
        }
        load.more(150).await;
        println!("{how:?}: {:?} after {:?}", load.counts(), start.elapsed());
        load.check(&apps[1]).await;
    }
    stop(nodes).await;
}
