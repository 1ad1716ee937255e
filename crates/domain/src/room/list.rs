use qun_protocol::room::{ListByLabel, ListByMember, Page, Room, Rooms, RoomsPage};
use qun_store::table::room::{self, bot, label};

use super::{id, view};
use crate::{Hosted, Outcome, Query, ReadCx, Use};

/// Rooms of a page where the call does not say, and at most.
const PAGE: (i64, i64) = (20, 100);

impl Query<ListByLabel> for Use {
    fn run(cx: &mut ReadCx, request: &ListByLabel) -> Outcome<RoomsPage> {
        let hosted = cx.who.hosted()?.clone();
        let (corp, hosting) = (hosted.corp, hosted.hosting);
        let current = request.current.unwrap_or(1).max(1);
        let size = request.page_size.filter(|size| *size > 0);
        let size = size.unwrap_or(PAGE.0).min(PAGE.1);
        let wanted = request.mh_tag_id.as_deref().unwrap_or_default();
        let label = label::by_id(cx.read, corp, wanted)?.filter(|label| label.hosting == hosting);
        let Some(label) = label else {
            return Ok(RoomsPage {
                page: Page { current, total: 0 },
                ..Default::default()
            });
        };
        let total = room::count_with_label(cx.read, corp, label.label, hosting)?;
        let before = (current - 1).saturating_mul(size);
        let found = room::with_label(cx.read, corp, label.label, hosting, size, before)?;
        Ok(RoomsPage {
            data: rooms(cx, &hosted, &found)?,
            page: Page { current, total },
        })
    }
}

impl Query<ListByMember> for Use {
    fn run(cx: &mut ReadCx, request: &ListByMember) -> Outcome<Rooms> {
        let hosted = cx.who.hosted()?.clone();
        let wanted = request.contact_wxid.as_deref().unwrap_or_default();
        let found = match id::contact(cx.read, hosted.corp, wanted)? {
            Some(person) => room::with_member(cx.read, hosted.corp, person, hosted.hosting)?,
            None => Vec::new(),
        };
        Ok(Rooms {
            data: rooms(cx, &hosted, &found)?,
        })
    }
}

/// Rooms, each as an account sees it: pairs of group and account.
fn rooms(cx: &mut ReadCx, hosted: &Hosted, found: &[(i64, i64)]) -> Outcome<Vec<Room>> {
    let corp = hosted.corp;
    let mut rooms = Vec::with_capacity(found.len());
    for (chat, key) in found {
        let Some(bot) = bot::by_key(cx.read, corp, *key)? else {
            continue;
        };
        if let Some(view) = view::of(cx.read, corp, &bot, *chat)? {
            let labels = label::of_chat(cx.read, corp, *chat, hosted.hosting)?;
            rooms.push(view.listed(labels, hosted.wecom_chat_id));
        }
    }
    Ok(rooms)
}
