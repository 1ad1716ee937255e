use qun_protocol::{
    Done, Refusal as R, Refused,
    manage::{
        AttachRoomLabel, CreateRoomLabel, DeleteRoomLabel, DetachRoomLabel, RenameRoomLabel,
        RoomLabels, RoomLabelsOf,
    },
    world::RoomLabel,
};
use qun_store::{
    Read,
    table::room::{self, label},
};

use super::{bot::any_room, hosting, id, world};
use crate::{Command, Cx, Outcome, Query, ReadCx, Use, manage::bad};

fn known(read: &mut dyn Read, corp: i64, text: &str) -> Outcome<label::Label> {
    label::by_id(read, corp, text)?
        .ok_or_else(|| Refused::because(R::RoomLabelUnknown, text).into())
}

pub(super) fn check_name(name: &str) -> Outcome<()> {
    if (1..=64).contains(&name.chars().count()) {
        Ok(())
    } else {
        Err(bad("a label's name has 1 to 64 characters"))
    }
}

fn shown(read: &mut dyn Read, corp: i64, label: label::Label) -> Outcome<RoomLabel> {
    let mut rooms = Vec::new();
    for chat in label::rooms(read, corp, label.label)? {
        if let Some(room) = room::by_key(read, corp, chat)? {
            rooms.push(id::of_room(read, corp, &room)?);
        }
    }
    Ok(RoomLabel {
        id: Some(label.label_id),
        name: label.name,
        rooms,
    })
}

impl Query<RoomLabels> for Use {
    fn run(cx: &mut ReadCx, request: &RoomLabels) -> Outcome<RoomLabelsOf> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let hosting = hosting::known(cx.read, corp, &request.group)?;
        let mut labels = Vec::new();
        for label in label::of_hosting(cx.read, corp, hosting.hosting)? {
            labels.push(shown(cx.read, corp, label)?);
        }
        Ok(RoomLabelsOf { labels })
    }
}

impl Command<CreateRoomLabel> for Use {
    fn run(cx: &mut Cx, request: &CreateRoomLabel) -> Outcome<RoomLabel> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let hosting = hosting::known(cx.tx.as_read(), corp, &request.group)?;
        let label = world::put_label(cx, corp, hosting.hosting, &request.label)?;
        shown(cx.tx.as_read(), corp, label)
    }
}

impl Command<RenameRoomLabel> for Use {
    fn run(cx: &mut Cx, request: &RenameRoomLabel) -> Outcome<Done> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let label = known(cx.tx.as_read(), corp, &request.id)?;
        check_name(&request.name)?;
        label::rename(cx.tx, corp, label.label, &request.name)?;
        Ok(Done {})
    }
}

impl Command<DeleteRoomLabel> for Use {
    fn run(cx: &mut Cx, request: &DeleteRoomLabel) -> Outcome<Done> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let label = known(cx.tx.as_read(), corp, &request.id)?;
        label::remove(cx.tx, corp, label.label)?;
        Ok(Done {})
    }
}

impl Command<AttachRoomLabel> for Use {
    fn run(cx: &mut Cx, request: &AttachRoomLabel) -> Outcome<Done> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let label = known(cx.tx.as_read(), corp, &request.id)?;
        let chat = any_room(cx.tx.as_read(), corp, &request.room)?;
        label::attach(cx.tx, corp, label.label, chat)?;
        Ok(Done {})
    }
}

impl Command<DetachRoomLabel> for Use {
    fn run(cx: &mut Cx, request: &DetachRoomLabel) -> Outcome<Done> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let label = known(cx.tx.as_read(), corp, &request.id)?;
        let chat = any_room(cx.tx.as_read(), corp, &request.room)?;
        label::detach(cx.tx, corp, label.label, chat)?;
        Ok(Done {})
    }
}
