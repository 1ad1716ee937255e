use qun_protocol::{
    Rules,
    world::{AppKind, JoinWay},
};
use qun_store::{
    Read,
    table::{app, join_way},
};

use crate::{
    Cx, Failure, Outcome,
    caller::has_customer_contact,
    join_way::{Wanted, add, groups, settle},
    manage::{bad, customer::is_id},
};

/// Puts a join way there.
pub(super) fn put(cx: &mut Cx, rules: &Rules, corp: i64, wanted: &JoinWay) -> Outcome<()> {
    let mut row = join_way::JoinWay {
        app: maker(cx.tx.as_read(), corp, wanted.agentid)?,
        ..Default::default()
    };
    let wish = Wanted::from(wanted);
    settle(rules, &wish, &mut row).map_err(|refused| bad(refused.message()))?;
    let groups = groups(
        cx.tx.as_read(),
        corp,
        rules,
        wish.chat_id_list,
        &[],
        &mut |_, _| Ok(()),
    )
    .map_err(readable)?;
    row.way = cx.ids.next();
    row.config_id = match &wanted.config_id {
        Some(config_id) => config_id.0.clone(),
        None => cx.hex(16),
    };
    row.code = match &wanted.code {
        Some(code) => code.clone(),
        None => cx.letters(32),
    };
    for id in [&row.config_id, &row.code] {
        if !is_id(id) {
            return Err(bad(format!("{id:?}: 1 to 64 of 0-9 A-Z a-z _ -")));
        }
    }
    let read = cx.tx.as_read();
    if join_way::by_config_id(read, corp, &row.config_id)?.is_some()
        || join_way::by_code(read, corp, &row.code)?.is_some()
    {
        return Err(bad(format!("{} or its code is there twice", row.config_id)));
    }
    add(cx, corp, rules, &row, &groups).map_err(readable)
}

/// The app that made it: the one that is named, or the first that could have.
fn maker(read: &mut dyn Read, corp: i64, agentid: Option<i64>) -> Outcome<i64> {
    let apps = app::all(read, corp)?.into_iter();
    let mut able =
        apps.filter(|app| has_customer_contact(AppKind::named(&app.kind), app.customer_contact));
    let found = able.find(|app| agentid.is_none_or(|agentid| app.app == agentid));
    let found = found.ok_or_else(|| bad("no app that may call customer contact made it"))?;
    Ok(found.app)
}

/// A refusal of the cloud's API in the words of the own one.
fn readable(failure: Failure) -> Failure {
    match failure {
        Failure::Refused(refused) => bad(refused.message()),
        other => other,
    }
}
