//! Nodes that start.

use futures_util::future::join_all;
use qun_server::{Config, Place, StartError};

use crate::{
    database::{Database, node, stop},
    kit::code,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_at_once_load_the_demo_company_once() {
    for _ in 0..3 {
        let Some(database) = Database::new() else {
            return;
        };
        let nodes = join_all((0..3).map(|_| node(&database.url, None))).await;
        assert_eq!(database.number("SELECT COUNT(*) FROM company").await, 1);
        // One of them has made it and knows its secrets.
        let mut knows = Vec::new();
        for node in &nodes {
            let page = node.manage_ok("GET", "/_qun/companies", None).await;
            assert_eq!(page["companies"].as_array().unwrap().len(), 1, "{page}");
            knows.push(!node.ready().agents.is_empty());
        }
        assert_eq!(knows.iter().filter(|knows| **knows).count(), 1, "{knows:?}");
        let at = knows.iter().position(|knows| *knows).unwrap();
        let app = nodes[at].demo().await;
        for app in crate::database::everywhere(&app, &nodes) {
            assert_eq!(code(&app.get("get_api_domain_ip", "").await), 0);
        }
        stop(nodes).await;
    }
}

async fn refused(url: &str) -> StartError {
    refused_at("127.0.0.1:0", url).await
}

async fn refused_at(listen: &str, url: &str) -> StartError {
    let config = Config {
        listen: listen.parse().unwrap(),
        place: Place::Postgres {
            url: url.to_owned(),
            password: None,
        },
        world: None,
        rules: Default::default(),
        limits_off: false,
        clock: None,
        manage_token: None,
        callbacks: Default::default(),
    };
    qun_server::start(config).await.map(drop).unwrap_err()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_schema_is_refused() {
    let Some(database) = Database::new() else {
        return;
    };
    database.node().await.stop().await;
    let raise = "UPDATE meta SET value = CAST(CAST(value AS INT) + 1 AS TEXT) WHERE key = 'schema'";
    database
        .sql(move |client| client.execute(raise, &[]).unwrap())
        .await;
    let error = refused(&database.url).await.to_string();
    assert!(
        error.contains("newer") && error.contains("schema"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_out_of_reach_is_told_at_once() {
    let Some(database) = Database::new() else {
        return;
    };
    let (fault, url) = database.through_fault().await;
    fault.refuse().await;
    let error = refused(&url).await.to_string();
    assert!(error.to_lowercase().contains("connect"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_cannot_start_lets_go_of_the_database_and_says_why() {
    let Some(database) = Database::new() else {
        return;
    };
    let first = database.node().await;
    let taken = first.url.strip_prefix("http://").unwrap();
    for _ in 0..3 {
        let error = refused_at(taken, &database.url).await.to_string();
        assert!(error.contains("cannot listen"), "{error}");
    }
    let lanes = "SELECT COUNT(*) FROM lane";
    assert_eq!(
        database.number(lanes).await,
        4,
        "lanes are left to the next"
    );
    first.stop().await;
}
