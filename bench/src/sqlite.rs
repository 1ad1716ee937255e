//! The rows on SQLite.

use anyhow::Result;

use crate::compare::{Bench, Subject};
use crate::report::Row;
use crate::server::Server;
use crate::setup::{self, Call, Calls};

/// What the report calls a node on SQLite.
pub(crate) const NAME: &str = "qun";
/// And the row with many members.
pub(crate) const CROWD: &str = "qun, 500 members";

/// `appchat/send` with so many connections.
pub(crate) fn send(connections: usize) -> String {
    let many = if connections == 1 { "" } else { "s" };
    format!("appchat/send, {connections} connection{many}")
}

/// `message/send` from 64 connections, to one person and to everybody.
pub(crate) const MESSAGE: &str = "message/send, 64 connections";
/// The row to everybody.
pub(crate) const EVERYBODY: &str = "qun, @all of 10000";
/// The same to many who are named.
pub(crate) const NAMED: &str = "message/send, 1000 named people";
pub(crate) const GETTOKEN: &str = "gettoken";
pub(crate) const GET_20: &str = "appchat/get, 20 members";
pub(crate) const GET_500: &str = "appchat/get, 500 members";

pub(crate) async fn rows(bench: &Bench<'_>, bare: &Server) -> Result<Vec<Row>> {
    let world = bench.world("world", &setup::world())?;
    let data = bench.path("data")?;
    let qun = bench
        .start_qun("qun", &["--data", &data, "--world", &world])
        .await?;
    // gettoken belongs to no company whose limits could be raised: everything is counted, nothing refused.
    let data = bench.path("unlimited")?;
    let args = ["--data", &data, "--world", &world, "--limits", "off"];
    let unlimited = bench.start_qun("unlimited", &args).await?;
    let no = Calls::for_bare();
    let calls = Calls::of(&qun, &setup::company(0)).await?;
    let tokens = Calls::of(&unlimited, &setup::company(0)).await?;

    let mut rows = Vec::new();
    for connections in [1, 64, 256] {
        let mut subjects = vec![
            subject("bare", bare, &no.send(2), connections),
            subject(NAME, &qun, &calls.send(2), connections),
        ];
        if connections == 64 {
            subjects.push(subject(CROWD, &qun, &calls.send(500), connections));
        }
        rows.extend(bench.rows(&send(connections), &subjects).await?);
    }
    for (what, server, call, same) in [
        (GETTOKEN, &unlimited, tokens.gettoken(), no.gettoken()),
        (GET_20, &qun, calls.get(20), no.get(20)),
        (GET_500, &qun, calls.get(500), no.get(500)),
    ] {
        let subjects = [reading("bare", bare, &same), reading(NAME, server, &call)];
        rows.extend(bench.rows(what, &subjects).await?);
    }
    unlimited.stop().await?;
    qun.stop().await?;
    rows.extend(messages(bench, bare).await?);
    Ok(rows)
}

/// Messages to people, in a company of many.
async fn messages(bench: &Bench<'_>, bare: &Server) -> Result<Vec<Row>> {
    let world = bench.world("crowd", &setup::crowd())?;
    let data = bench.path("crowd")?;
    let qun = bench
        .start_qun("crowd", &["--data", &data, "--world", &world])
        .await?;
    let no = Calls::for_bare();
    let calls = Calls::of(&qun, &setup::company(0)).await?;
    let one_or_all = [
        subject("bare", bare, &no.message(Some(1)), 64),
        subject(NAME, &qun, &calls.message(Some(1)), 64),
        subject(EVERYBODY, &qun, &calls.message(None), 64),
    ];
    let named = [
        subject("bare", bare, &no.message(Some(1000)), 64),
        subject(NAME, &qun, &calls.message(Some(1000)), 64),
    ];
    let mut rows = bench.rows(MESSAGE, &one_or_all).await?;
    rows.extend(bench.rows(NAMED, &named).await?);
    qun.stop().await?;
    Ok(rows)
}

/// One server with one call.
pub(crate) fn subject<'a>(
    name: &str,
    server: &'a Server,
    call: &Call,
    connections: usize,
) -> Subject<'a> {
    Subject {
        name: name.to_owned(),
        servers: vec![server],
        targets: vec![call.to(server)],
        connections,
        awake: false,
    }
}

/// The same for a call that waits for no disk, with 64 connections.
fn reading<'a>(name: &str, server: &'a Server, call: &Call) -> Subject<'a> {
    Subject {
        awake: true,
        ..subject(name, server, call, 64)
    }
}
