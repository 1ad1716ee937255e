//! Tells the apps of customer contact that a group has changed.

use qun_protocol::{
    event::{ChangeExternalChat, Event, What},
    world::AppKind,
};
use qun_store::table::{app, callback, company::Company, customer_group::Group};

use crate::{
    Cx, Outcome,
    callback::{Sender, raise_from},
    caller, range,
};

/// Tells every app that may call customer contact, has a callback and sees the group's owner; but not the one that asked for
/// it through the API, now or when it began.
pub(super) fn tell(
    cx: &mut Cx,
    company: &Company,
    group: &Group,
    asked: Option<i64>,
    event: ChangeExternalChat,
) -> Outcome<()> {
    let corp = company.corp;
    for app in app::all(cx.tx.as_read(), corp)? {
        if asked == Some(app.app)
            || app.disabled
            || !caller::has_customer_contact(AppKind::named(&app.kind), app.customer_contact)
            || !callback::is_set(cx.tx.as_read(), corp, app.app)?
            || !range::holds(cx.tx.as_read(), corp, app.app, group.owner)?
        {
            continue;
        }
        let event = ChangeExternalChat {
            chat_id: group.chat_id.clone(),
            ..event.clone()
        };
        let queue = format!("group {}", group.chat);
        raise_from(cx, company, app.app, queue, Sender::System, |_| {
            What::Event(Event::ChangeExternalChat(event))
        })?;
    }
    Ok(())
}
