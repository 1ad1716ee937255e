//! A schema of a test's own, and nodes on it.

use std::{
    net::{SocketAddr, ToSocketAddrs},
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    thread,
    time::{Duration, UNIX_EPOCH},
};

use futures_util::future::join_all;
use postgres::{Client, Config, NoTls, config::Host};
use qun_server::Place;
use qun_testkit::{cluster, fault::Fault};
use serde_json::{Value, json};

use crate::kit::{App, NOON, Server};

const VARIABLE: &str = "QUN_TEST_POSTGRES";

/// Limits that load would reach.
pub fn unlimited() -> Value {
    json!({
        "chat_sends_per_corp_minute": -1, "chat_sends_per_corp_hour": -1, "chat_updates_per_corp_hour": -1,
        "chats_per_corp_day": -1, "calls_per_corp_minute": -1, "calls_per_address_minute": -1,
    })
}

/// An empty schema, dropped at the end.
pub struct Database {
    server: String,
    schema: String,
    pub url: String,
}

impl Database {
    /// A schema of the server that `QUN_TEST_POSTGRES` names; none, and a word about it, where the variable is not set.
    /// That fails under `CI`.
    pub fn new() -> Option<Database> {
        let Ok(server) = std::env::var(VARIABLE) else {
            assert!(
                std::env::var_os("CI").is_none(),
                "{VARIABLE} must name a PostgreSQL server"
            );
            eprintln!("not tested on PostgreSQL: {VARIABLE} is not set");
            return None;
        };
        Some(Database::of(&server))
    }

    /// The programs of PostgreSQL, for a cluster of a test's own; none under the same rule.
    pub fn programs() -> Option<PathBuf> {
        std::env::var_os(VARIABLE)
            .is_some()
            .then(|| cluster::find().expect("PostgreSQL runs, but its programs were not found"))
            .or_else(|| {
                assert!(std::env::var_os("CI").is_none(), "{VARIABLE} must be set");
                eprintln!("not tested on PostgreSQL: {VARIABLE} is not set");
                None
            })
    }

    /// A schema of a server.
    pub fn of(server: &str) -> Database {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let time = UNIX_EPOCH.elapsed().unwrap().as_nanos();
        let count = COUNT.fetch_add(1, Relaxed);
        let schema = format!("nodes_{}_{time}_{count}", std::process::id());
        let mark = if server.contains('?') { '&' } else { '?' };
        Database {
            url: format!("{server}{mark}options=-c%20search_path%3D{schema}"),
            server: server.to_owned(),
            schema,
        }
    }

    /// The same schema through a proxy that fails on demand.
    pub async fn through_fault(&self) -> (Fault, String) {
        let config: Config = self.server.parse().unwrap();
        let host = match &config.get_hosts()[0] {
            Host::Tcp(name) => name.clone(),
            Host::Unix(_) => panic!("{VARIABLE} must name a host and a port"),
        };
        let port = config.get_ports()[0];
        let target: SocketAddr = (host.as_str(), port)
            .to_socket_addrs()
            .unwrap()
            .next()
            .unwrap();
        let fault = Fault::to(target).await.unwrap();
        let (from, to) = (format!("{host}:{port}"), fault.address().to_string());
        let url = self.url.replacen(&from, &to, 1);
        assert_ne!(url, self.url, "{VARIABLE} must name a host and a port");
        (fault, url)
    }

    /// A node.
    pub async fn node(&self) -> Server {
        node(&self.url, None).await
    }

    /// A node that is the first and whose clock can be moved; it starts at [`NOON`].
    pub async fn first(&self) -> Server {
        node(&self.url, Some(NOON)).await
    }

    /// Several nodes; the clock can be moved and starts at [`NOON`].
    pub async fn nodes(&self, count: usize) -> Vec<Server> {
        let mut nodes = vec![self.first().await];
        nodes.extend(join_all((1..count).map(|_| self.node())).await);
        nodes
    }

    /// Runs `f` with a connection to the schema.
    pub async fn sql<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Client) -> T + Send + 'static,
    ) -> T {
        let url = self.url.clone();
        let run = move || f(&mut Client::connect(&url, NoTls).unwrap());
        tokio::task::spawn_blocking(run).await.unwrap()
    }

    /// The number that a query finds.
    pub async fn number(&self, sql: &str) -> i64 {
        let sql = sql.to_owned();
        self.sql(move |client| client.query_one(&sql, &[]).unwrap().get(0))
            .await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, schema) = (self.server.clone(), self.schema.clone());
        // Not on a thread of the runtime, which the client would not like.
        let drop = thread::spawn(move || {
            if let Ok(mut client) = Client::connect(&server, NoTls) {
                let _ = client.batch_execute(&format!(
                    "SET lock_timeout = '20s'; DROP SCHEMA IF EXISTS {schema} CASCADE"
                ));
            }
        });
        let _ = drop.join();
    }
}

/// A node on a database's address.
pub async fn node(url: &str, clock: Option<i64>) -> Server {
    Server::with(|config| {
        config.place = Place::Postgres {
            url: url.to_owned(),
            password: None,
        };
        config.clock = clock;
        config.manage_token = Some("the nodes' own".into());
    })
    .await
}

/// The same app with the same token at another node.
pub fn at<'s>(app: &App<'_>, server: &'s Server) -> App<'s> {
    App {
        server,
        corpid: app.corpid.clone(),
        agentid: app.agentid,
        secret: app.secret.clone(),
        token: app.token.clone(),
    }
}

/// The app at each node.
pub fn everywhere<'s>(app: &App<'_>, nodes: &'s [Server]) -> Vec<App<'s>> {
    nodes.iter().map(|node| at(app, node)).collect()
}

/// Moves the clock forward, and waits until every node has noticed it.
pub async fn advance(nodes: &[Server], seconds: i64) {
    let goal = nodes[0].now_ms().await + seconds * 1000;
    nodes[0].advance(seconds).await;
    for node in nodes {
        until("a node notices the clock", async || {
            node.now_ms().await >= goal
        })
        .await;
    }
}

pub async fn stop(nodes: Vec<Server>) {
    join_all(nodes.into_iter().map(Server::stop)).await;
}

/// Waits until a condition holds.
pub async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let look = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), look)
        .await
        .unwrap_or_else(|_| panic!("it never came to this: {what}"));
}
