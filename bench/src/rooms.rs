//! The rows of rooms, as hosted accounts see them.

use anyhow::Result;

use crate::compare::Bench;
use crate::report::Row;
use crate::server::Server;
use crate::setup::{self, Calls};
use crate::sqlite::{NAME, subject};

/// A room made with a first message: a change like others, answered after its flush.
const CREATE: &str = "room/create, 2 contacts and a greeting";
/// What an account sees of rooms with a label.
const LIST: &str = "room/listByMHTag, 20 rooms of 20 members";

pub(crate) async fn rows(bench: &Bench<'_>, bare: &Server) -> Result<Vec<Row>> {
    let world = bench.world("rooms", &setup::rooms())?;
    let data = bench.path("rooms")?;
    // A token's calls have a limit that belongs to no company: everything is counted, nothing refused.
    let args = ["--data", &data, "--world", &world, "--limits", "off"];
    let qun = bench.start_qun("rooms", &args).await?;
    let mut rows = Vec::new();
    for (what, call) in [
        (CREATE, Calls::create_room()),
        (LIST, Calls::labelled_rooms()),
    ] {
        let subjects = [
            subject("bare", bare, &call, 64),
            subject(NAME, &qun, &call, 64),
        ];
        rows.extend(bench.rows(what, &subjects).await?);
    }
    qun.stop().await?;
    Ok(rows)
}
