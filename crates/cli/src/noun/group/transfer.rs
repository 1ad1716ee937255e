//! `qun group transfer`: all groups of one owner for another, over as many calls and days as that takes.

use std::{collections::HashMap, path::PathBuf};

use anyhow::Result;
use clap::Args;
use qun_client::{GroupTransfer, TransferState};
use serde_json::{Value, json};

use crate::{
    connect::Session,
    failure::Partly,
    output::{self, progress},
};

/// The end of the help.
pub(super) const HELP: &str = "\
A hundred groups go in a call and 300 in a day. The same line again goes on where an earlier one ended or was stopped: what is
under way is not given twice. Exit code 5 says that groups wait for another day, 6 that some were refused.

Example:
  qun group transfer --from abel --to zhangsan --dry-run
  qun user resign abel --yes
  qun group transfer --from abel --to zhangsan --yes";

#[derive(Args)]
pub(super) struct Transfer {
    /// Whose groups
    #[arg(long, value_name = "USERID")]
    from: String,
    /// Who owns them then
    #[arg(long, value_name = "USERID")]
    to: String,
    /// The owner is an employee, who has not resigned: groups are given at once, each twice in 90 days
    #[arg(long)]
    on_job: bool,
    /// Wait for the next day when the day's groups are spent, as often as that takes
    #[arg(long)]
    wait: bool,
    /// Note here what is given: a later run with the same file knows what of the day is spent, and what was done before
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

const COLUMNS: [&str; 6] = [
    "chat_id",
    "status",
    "result",
    "errcode",
    "errmsg",
    "until_time",
];

pub(super) async fn run(session: &Session, asked: Transfer) -> Result<()> {
    let Transfer { from, to, .. } = &asked;
    let groups = session.client()?.customer_groups();
    let mut transfer = groups.transfer_all(from.as_str(), to.as_str());
    if asked.on_job {
        transfer = transfer.on_job();
    }
    if let Some(file) = &asked.record {
        transfer = transfer.record(file);
    }
    if asked.wait {
        transfer = transfer.waiting();
    }
    let plan = progress::during(&session.output, "List customer groups", transfer.plan()).await?;
    if session.dry_run() {
        session.output.talk("nothing was sent; this would be:");
        let rows: Vec<Value> = plan.iter().map(row).collect();
        return session.output.list(&COLUMNS, &rows);
    }
    let open = plan.iter().filter(|group| waits(group)).count();
    if open > 0 {
        let question =
            format!("Give {open} customer groups of {from} to {to}? That cannot be taken back.");
        if !session.confirm(&question)? {
            return Ok(());
        }
    }

    let mut steps = progress::Steps::new(&session.output, plan.len());
    // What is known of each, also where an error ends it.
    let mut known: HashMap<_, GroupTransfer> = HashMap::new();
    let mut waiting = false;
    let done = transfer
        .run(|group| {
            match group.state {
                // Those that wait are told one after the other; the turn of the first comes first.
                TransferState::Waits { until } if asked.wait && !waiting => {
                    steps.say(&format!("the next go from {} on", output::moment(until)));
                }
                TransferState::Waits { .. } => {}
                _ => steps.next(&group.chat_id),
            }
            waiting = waits(group);
            known.insert(group.chat_id.clone(), group.clone());
        })
        .await;
    drop(steps);
    let rows = plan.iter().filter_map(|group| known.get(&group.chat_id));
    let rows: Vec<Value> = rows.map(row).collect();
    session.output.list(&COLUMNS, &rows)?;
    let report = done?;
    let refused = report.count(|state| matches!(state, TransferState::Refused { .. }));
    let left = report.count(|state| matches!(state, TransferState::Waits { .. }));
    if let Some(time) = report.go_on {
        return Err(Partly::Waits(format!(
            "{left} groups are left: the day's are spent; run the same line again from {} on",
            output::moment(time)
        ))
        .into());
    }
    match refused {
        0 => Ok(()),
        some => Err(Partly::Refused(format!(
            "{some} of {} groups were refused",
            report.groups.len()
        ))
        .into()),
    }
}

fn waits(group: &GroupTransfer) -> bool {
    matches!(group.state, TransferState::Waits { .. })
}

fn row(group: &GroupTransfer) -> Value {
    let mut row = json!({ "chat_id": group.chat_id, "status": group.status });
    row["result"] = match &group.state {
        TransferState::Accepted => "accepted",
        TransferState::Pending => "pending",
        TransferState::Done => "done",
        TransferState::Refused { code, message } => {
            row["errcode"] = json!(code);
            row["errmsg"] = json!(message);
            "refused"
        }
        TransferState::Waits { until } => {
            row["until_time"] = json!(until);
            "waits"
        }
    }
    .into();
    row
}
