use anyhow::Result;
use clap::Subcommand;
use qun_protocol::{
    manage::{
        AttachRoomLabel, CreateRoomLabel, DeleteRoomLabel, DetachRoomLabel, RenameRoomLabel,
        RoomLabels,
    },
    world::RoomLabel,
};
use serde_json::json;

use super::hosting;
use crate::connect::Session;

#[derive(Subcommand)]
pub(super) enum Verb {
    /// List the labels with their rooms.
    #[command(after_help = "Example:\n  qun room label list")]
    List {
        /// Of this group of hosted accounts; may be left out where there is only one
        #[arg(long, value_name = "ID")]
        group: Option<String>,
    },
    /// Make a label, and print its id.
    #[command(after_help = "Example:\n  qun room label create 老客户 --rooms R:888888")]
    Create {
        /// Its name
        name: String,
        /// Its id; made where left out
        #[arg(long)]
        id: Option<String>,
        /// The rooms that it is attached to
        #[arg(long, value_name = "ROOM", value_delimiter = ',')]
        rooms: Vec<String>,
        /// For this group of hosted accounts; may be left out where there is only one
        #[arg(long, value_name = "ID")]
        group: Option<String>,
    },
    /// Rename a label.
    #[command(after_help = "Example:\n  qun room label rename 5eda03260e21f35ca20f9eb4 贵宾群")]
    Rename {
        /// The label
        id: String,
        /// Its name
        name: String,
    },
    /// Attach a label to a room.
    #[command(after_help = "Example:\n  qun room label add 5eda03260e21f35ca20f9eb4 R:123123123")]
    Add {
        /// The label
        id: String,
        /// The room: its wxid, or a customer group's chat_id
        room: String,
    },
    /// Take a label from a room.
    #[command(after_help = "Example:\n  qun room label remove 5eda03260e21f35ca20f9eb4 R:888888")]
    Remove {
        /// The label
        id: String,
        /// The room: its wxid, or a customer group's chat_id
        room: String,
    },
    /// Remove a label, from all its rooms too.
    #[command(after_help = "Example:\n  qun room label delete 5eda03260e21f35ca20f9eb4 --yes")]
    Delete {
        /// The label
        id: String,
    },
}

pub(super) async fn run(session: &Session, verb: Verb) -> Result<()> {
    let corpid = session.corpid().await?;
    match verb {
        Verb::List { group } => {
            let group = hosting::group(session, group).await?;
            let labels = session.send(RoomLabels { corpid, group }).await?.labels;
            session.output.list(&["id", "name", "rooms"], &labels)
        }
        Verb::Create {
            name,
            id,
            rooms,
            group,
        } => {
            let group = hosting::group(session, group).await?;
            let label = RoomLabel { id, name, rooms };
            let request = CreateRoomLabel {
                corpid,
                group,
                label,
            };
            match session.change(request).await? {
                Some(label) => {
                    let id = label.id.clone().unwrap_or_default();
                    session.output.bare(&id, &label)
                }
                None => Ok(()),
            }
        }
        Verb::Rename { id, name } => {
            let said = format!("{id} is {name:?} now");
            let request = RenameRoomLabel { corpid, id, name };
            session.carry_out(request, said, &json!({})).await
        }
        Verb::Add { id, room } => {
            let said = format!("{room} has {id}");
            let request = AttachRoomLabel { corpid, id, room };
            session.carry_out(request, said, &json!({})).await
        }
        Verb::Remove { id, room } => {
            let said = format!("{room} has {id} no longer");
            let request = DetachRoomLabel { corpid, id, room };
            session.carry_out(request, said, &json!({})).await
        }
        Verb::Delete { id } => {
            if !session.confirm(&format!("Remove label {id}?"))? {
                return Ok(());
            }
            let said = format!("removed label {id}");
            let request = DeleteRoomLabel { corpid, id };
            session.carry_out(request, said, &json!({})).await
        }
    }
}
