//! `qun tag`: the tags of a company (needs the manage token).

use anyhow::Result;
use clap::{Args, Subcommand};
use qun_protocol::{
    manage::{DeleteTag, PutTag, Tags},
    world::Tag,
};
use serde_json::json;

use super::chat::people;
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
    /// List the tags.
    #[command(after_help = "Example:\n  qun tag list")]
    List,
    /// Make a tag, or change what is given of one.
    #[command(after_help = "Example:\n  qun tag set 1 --name 值班 --users zhangsan,lisi")]
    Set(Given),
    /// Remove a tag.
    #[command(after_help = "Example:\n  qun tag set 7 --name 临时\n  qun tag delete 7 --yes")]
    Delete {
        /// The tag
        tagid: i64,
    },
}

#[derive(Args)]
struct Given {
    /// Its id, above 0
    tagid: i64,
    /// Its name; a new one needs it
    #[arg(long)]
    name: Option<String>,
    /// The app that may change it through the API, by its agentid
    #[arg(long, value_name = "AGENTID")]
    app: Option<i64>,
    /// All people with it
    #[arg(long, value_name = "USERID", value_delimiter = ',')]
    users: Option<Vec<String>>,
    /// All departments with it
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    departments: Option<Vec<i64>>,
}

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    match noun.verb {
        Verb::List => {
            let columns = ["tagid", "tagname", "users", "departments"];
            session.output.list(&columns, &all(&session).await?)
        }
        Verb::Set(given) => {
            let known = all(&session).await?;
            let known = known.into_iter().find(|known| known.tagid == given.tagid);
            let mut tag = known.unwrap_or_default();
            tag.tagid = given.tagid;
            tag.tagname = given.name.unwrap_or(tag.tagname);
            tag.agentid = given.app.or(tag.agentid);
            tag.users = given.users.map_or(tag.users, people);
            tag.departments = given.departments.unwrap_or(tag.departments);
            let request = PutTag {
                corpid: session.corpid().await?,
                tagid: given.tagid,
                tag,
            };
            match session.change(request).await? {
                Some(tag) => session.output.record(&tag),
                None => Ok(()),
            }
        }
        Verb::Delete { tagid } => {
            if !session.confirm(&format!("Remove tag {tagid}?"))? {
                return Ok(());
            }
            let corpid = session.corpid().await?;
            let said = format!("removed tag {tagid}");
            let request = DeleteTag { corpid, tagid };
            let done = json!({ "tagid": tagid });
            session.carry_out(request, said, &done).await
        }
    }
}

async fn all(session: &Session) -> Result<Vec<Tag>> {
    let corpid = session.corpid().await?;
    Ok(session.send(Tags { corpid }).await?.tags)
}
