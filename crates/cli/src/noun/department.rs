//! `qun department`: the departments of a company (needs the manage token).

use anyhow::Result;
use clap::{Args, Subcommand};
use qun_protocol::{
    manage::{DeleteDepartment, Departments, PutDepartment},
    world::Department,
};
use serde_json::json;

use crate::connect::{Common, Session};

#[derive(Args)]
pub(crate) struct Noun {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the departments, the root first.
    #[command(after_help = "Example:\n  qun department list")]
    List,
    /// Make a department, or change what is given of one.
    #[command(after_help = "Example:\n  qun department set 3 --name 设计组 --parent 2")]
    Set(Given),
    /// Remove a department that has neither members nor children.
    #[command(
        after_help = "Example:\n  qun department set 4 --name 临时组\n  qun department delete 4 --yes"
    )]
    Delete {
        /// The department
        id: i64,
    },
}

#[derive(Args)]
struct Given {
    /// Its id, above 1
    id: i64,
    /// Its name; a new one needs it
    #[arg(long)]
    name: Option<String>,
    /// The department above; the root where none is named
    #[arg(long, value_name = "ID")]
    parent: Option<i64>,
    /// Its place among its siblings, higher first
    #[arg(long)]
    order: Option<i64>,
}

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    match noun.verb {
        Verb::List => {
            let columns = ["id", "name", "parentid", "order"];
            session.output.list(&columns, &all(&session).await?)
        }
        Verb::Set(given) => {
            let known = all(&session).await?;
            let known = known.into_iter().find(|known| known.id == given.id);
            let mut department = known.unwrap_or_default();
            department.id = given.id;
            department.name = given.name.unwrap_or(department.name);
            department.parentid = given.parent.or(department.parentid);
            department.order = given.order.unwrap_or(department.order);
            let request = PutDepartment {
                corpid: session.corpid().await?,
                id: given.id,
                department,
            };
            match session.change(request).await? {
                Some(department) => session.output.record(&department),
                None => Ok(()),
            }
        }
        Verb::Delete { id } => {
            if !session.confirm(&format!("Remove department {id}?"))? {
                return Ok(());
            }
            let corpid = session.corpid().await?;
            let said = format!("removed department {id}");
            let request = DeleteDepartment { corpid, id };
            session.carry_out(request, said, &json!({ "id": id })).await
        }
    }
}

async fn all(session: &Session) -> Result<Vec<Department>> {
    let corpid = session.corpid().await?;
    Ok(session.send(Departments { corpid }).await?.departments)
}
