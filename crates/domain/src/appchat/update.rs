use qun_protocol::{Done, Limit, Refusal as R, appchat::Update};
use qun_store::table::chat;

use super::{goers, own_chat, owner, people};
use crate::{Command, Cx, Outcome, Use, room, rule};

impl Command<Update> for Use {
    fn run(cx: &mut Cx, request: &Update) -> Outcome<Done> {
        let caller = cx.caller()?;
        let (corp, rules) = (caller.corp, &*caller.rules);
        let mut chat = own_chat(cx.tx.as_read(), &caller, request.chatid.as_ref())?;
        if let Some(name) = &request.name {
            cx.lints.extend(rule::chat::name_lint(rules, name));
            chat.name = rule::chat::name(rules, name)?;
        }
        let add = people(cx.tx.as_read(), corp, &request.add_user_list)?;
        let remove = goers(cx.tx.as_read(), corp, &request.del_user_list)?;
        let new_owner = owner(cx.tx.as_read(), &caller, request.owner.as_ref())?;
        let mut joined = false;
        if !add.is_empty() || !remove.is_empty() || new_owner.is_some() {
            joined = change_members(cx, rules, corp, &mut chat, &add, &remove, new_owner)?;
        }
        rule::quota::spend(
            cx,
            rules,
            corp,
            Limit::ChatUpdatesPerCorpHour,
            1,
            R::Frequency,
        )?;
        chat::update(cx.tx, corp, &chat)?;
        if joined {
            room::event::joined(cx, corp, chat.chat)?;
        }
        cx.touched = Some(corp);
        Ok(Done {})
    }
}

/// Decides a wish and saves who came and went; whether anybody came. The group's own row is the caller's to save.
pub(crate) fn change_members(
    cx: &mut Cx,
    rules: &qun_protocol::Rules,
    corp: i64,
    chat: &mut chat::Chat,
    add: &[i64],
    remove: &[i64],
    new_owner: Option<i64>,
) -> Outcome<bool> {
    let members = chat::members(cx.tx.as_read(), corp, chat.chat)?;
    let present: Vec<i64> = members.iter().map(|member| member.person).collect();
    let wish = rule::chat::Wish {
        present: &present,
        owner: chat.owner,
        add,
        remove,
        new_owner,
    };
    cx.lints.extend(rule::chat::wish_lints(&wish));
    let decided = rule::chat::decide(rules, &wish)?;
    if !decided.leaves.is_empty() {
        let until = cx.ids.next();
        chat::leave(cx.tx, corp, chat.chat, until, &decided.leaves)?;
    }
    if !decided.joins.is_empty() {
        let from = cx.ids.take(decided.joins.len() as i64);
        chat::join(cx.tx, corp, chat.chat, from, cx.now, &decided.joins)?;
    }
    chat.owner = decided.owner;
    chat.member_count = decided.count as i64;
    Ok(!decided.joins.is_empty())
}
