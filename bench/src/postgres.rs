//! The rows on PostgreSQL: one, two and four nodes, each number on a database of its own in one cluster.

use std::time::Duration;

use anyhow::{Context, Result};
use postgres::{Client, NoTls};
use qun_testkit::cluster::{self, Cluster};

use crate::compare::{Bench, Subject, spec};
use crate::flush::{self, Flushes};
use crate::report::Row;
use crate::server::Server;
use crate::setup::{self, COMPANIES, Calls, HOT};

/// So many nodes share a database.
const NODES: [usize; 3] = [1, 2, 4];
/// The flush of a slow disk, µs.
const SLOW: u64 = 3_000;
/// More sends a second than one machine answers.
const SENDS: f64 = 50_000.0;
const HEATING: Duration = Duration::from_secs(1);

pub(crate) const HOT_ROW: &str = "PostgreSQL, a limit near";
pub(crate) const MANY_COMPANIES: &str = "PostgreSQL, four companies";
pub(crate) const SLOW_ROW: &str = "PostgreSQL, flush of 3 ms";
pub(crate) const SLOW_HOT_ROW: &str = "PostgreSQL, flush of 3 ms, a limit near";

/// `appchat/send` on PostgreSQL with so many connections altogether.
pub(crate) fn send(connections: usize) -> String {
    format!("PostgreSQL, {connections} connections")
}

/// What the report calls so many nodes.
pub(crate) fn nodes(count: usize) -> String {
    match count {
        1 => "1 node".to_owned(),
        more => format!("{more} nodes"),
    }
}

/// What is measured once.
pub(crate) struct Facts {
    pub(crate) version: String,
    pub(crate) flushes: Flushes,
    /// Of a message, over its body.
    pub(crate) message_bytes: f64,
    /// The hour, and with it what was spent, ended while a limit was to be near.
    pub(crate) hour_ended: bool,
}

/// The nodes on one database.
struct Group {
    count: usize,
    nodes: Vec<Server>,
    companies: Vec<Calls>,
    hot: Calls,
}

/// Nothing where PostgreSQL is not installed.
pub(crate) async fn rows(bench: &Bench<'_>, bare: &Server) -> Result<Option<(Vec<Row>, Facts)>> {
    let Some(bin) = cluster::find() else {
        eprintln!("PostgreSQL is not installed: its rows are left out");
        return Ok(None);
    };
    // The cluster's files are there too.
    let flushes = flush::measure(&std::env::temp_dir(), HEATING)?;
    let cluster = blocking(move || Cluster::create(&bin)).await?;
    let url = cluster.url();
    let version = asked(&url, |client| {
        Ok(client.query_one("SHOW server_version", &[])?.get(0))
    })
    .await?;
    let hour = || {
        std::time::UNIX_EPOCH
            .elapsed()
            .map(|now| now.as_secs() / 3_600)
    };
    let begun = hour();
    let world = bench.world("postgres", &setup::world())?;
    let mut groups = Vec::new();
    for count in NODES {
        groups.push(start(bench, &url, count, &world).await?);
    }

    let no = Calls::for_bare();
    let mut rows = Vec::new();
    for (what, connections, pick) in [
        (HOT_ROW.to_owned(), 64, Pick::Hot),
        (send(64), 64, Pick::First),
        (send(256), 256, Pick::First),
        (MANY_COMPANIES.to_owned(), 64, Pick::All),
    ] {
        let mut subjects = vec![one("bare", bare, &no, connections)];
        subjects.extend(groups.iter().map(|group| group.subject(pick, connections)));
        rows.extend(bench.rows(&what, &subjects).await?);
    }
    let slower = format!(
        "ALTER SYSTEM SET commit_delay = {SLOW}; ALTER SYSTEM SET commit_siblings = 0; SELECT pg_reload_conf()"
    );
    asked(&url, move |client| {
        for statement in slower.split("; ") {
            client.batch_execute(statement)?;
        }
        Ok(())
    })
    .await?;
    for (what, pick) in [(SLOW_HOT_ROW, Pick::Hot), (SLOW_ROW, Pick::First)] {
        let mut subjects = vec![one("bare", bare, &no, 64)];
        for group in &groups {
            subjects.push(group.subject(pick, 64 * group.count));
        }
        rows.extend(bench.rows(what, &subjects).await?);
    }
    for group in groups {
        for node in group.nodes {
            node.stop().await?;
        }
    }
    let hour_ended = begun.ok() != hour().ok();
    let message_bytes = asked(&database(&url, NODES[0]), weigh_messages).await?;
    let facts = Facts {
        version,
        flushes,
        message_bytes,
        hour_ended,
    };
    blocking(move || {
        drop(cluster);
        Ok(())
    })
    .await?;
    Ok(Some((rows, facts)))
}

/// Whose messages are sent.
#[derive(Clone, Copy)]
enum Pick {
    First,
    All,
    Hot,
}

impl Group {
    /// The nodes and the companies take turns.
    fn subject(&self, pick: Pick, connections: usize) -> Subject<'_> {
        let companies = match pick {
            Pick::First => &self.companies[..1],
            Pick::All => &self.companies[..],
            Pick::Hot => std::slice::from_ref(&self.hot),
        };
        // All pairs of a node and a company.
        let targets = companies
            .iter()
            .flat_map(|company| self.nodes.iter().map(|node| company.send(2).to(node)));
        Subject {
            name: nodes(self.count),
            servers: self.nodes.iter().collect(),
            targets: targets.collect(),
            connections,
            awake: false,
        }
    }
}

fn one<'a>(name: &str, server: &'a Server, calls: &Calls, connections: usize) -> Subject<'a> {
    Subject {
        name: name.to_owned(),
        servers: vec![server],
        targets: vec![calls.send(2).to(server)],
        connections,
        awake: false,
    }
}

/// The first node loads the world and brings the hot company near its limit; then the others start.
async fn start(bench: &Bench<'_>, url: &str, count: usize, world: &str) -> Result<Group> {
    let name = format!("qun{count}");
    let create = format!("CREATE DATABASE {name}");
    asked(url, move |client| Ok(client.batch_execute(&create)?)).await?;
    let database = database(url, count);
    let first = bench
        .start_qun(
            &format!("{name}-1"),
            &["--database", &database, "--world", world],
        )
        .await?;
    let hot = Calls::of(&first, HOT).await?;
    let heat = [hot.send(500).to(&first)];
    let options = bench.options;
    // Two rows of two members each, with a reserve.
    let enough = SENDS * options.rounds as f64 * (options.seconds.as_secs_f64() + 1.0) * 4.0;
    let mut spent = 0;
    while (spent as f64) < enough {
        spent += 500 * bench.load(&spec(&heat, 64, HEATING)).await?.requests;
    }
    setup::draw_near(&first, spent).await?;
    let mut companies = Vec::new();
    for number in 0..COMPANIES {
        companies.push(Calls::of(&first, &setup::company(number)).await?);
    }
    let mut nodes = vec![first];
    for number in 2..=count {
        let name = format!("{name}-{number}");
        nodes.push(bench.start_qun(&name, &["--database", &database]).await?);
    }
    Ok(Group {
        count,
        nodes,
        companies,
        hot,
    })
}

fn database(url: &str, count: usize) -> String {
    let server = url.rsplit_once('/').map_or(url, |(server, _)| server);
    format!("{server}/qun{count}")
}

fn weigh_messages(client: &mut Client) -> Result<f64> {
    client.batch_execute("VACUUM message")?;
    let row = client.query_one(
        "SELECT pg_total_relation_size('message'), COUNT(*) FROM message",
        &[],
    )?;
    let (bytes, count): (i64, i64) = (row.get(0), row.get(1));
    Ok(bytes as f64 / count as f64 - setup::message_bytes() as f64)
}

/// Asks the database something.
async fn asked<T: Send + 'static>(
    url: &str,
    ask: impl FnOnce(&mut Client) -> Result<T> + Send + 'static,
) -> Result<T> {
    let url = url.to_owned();
    blocking(move || {
        let mut client = Client::connect(&url, NoTls).context("cannot reach PostgreSQL")?;
        ask(&mut client)
    })
    .await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_of_nodes_has_a_database() {
        let url = "postgres://postgres@127.0.0.1:5432/postgres";
        assert_eq!(database(url, 4), "postgres://postgres@127.0.0.1:5432/qun4");
    }
}
