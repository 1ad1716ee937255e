use qun_protocol::{
    ChatId, Limit, Refusal as R, UserId,
    appchat::{Create, Created},
};
use qun_store::table::chat;

use super::{owner, people};
use crate::{Command, Cx, Outcome, Use, rule};

impl Command<Create> for Use {
    fn run(cx: &mut Cx, request: &Create) -> Outcome<Created> {
        let caller = cx.caller()?;
        let (corp, rules) = (caller.corp, &*caller.rules);
        let chatid = match request.chatid.as_ref().filter(|chatid| !chatid.is_empty()) {
            Some(chatid) => {
                rule::chat::chatid(rules, chatid)?;
                cx.lints.extend(rule::chat::chatid_lint(chatid));
                chatid.clone()
            }
            None => ChatId(cx.letters(32)),
        };
        let name = match &request.name {
            Some(name) => {
                cx.lints.extend(rule::chat::name_lint(rules, name));
                rule::chat::name(rules, name)?
            }
            None => String::new(),
        };
        let distinct = distinct_userids(&request.userlist);
        rule::chat::count(rules, distinct)?;
        let userlist = people(cx.tx.as_read(), corp, &request.userlist)?;
        let owner = owner(cx.tx.as_read(), &caller, request.owner.as_ref())?;
        cx.lints.extend(rule::chat::wish_lints(&rule::chat::Wish {
            add: &userlist,
            new_owner: owner,
            ..Default::default()
        }));
        let (members, owner) = rule::chat::found(rules, &userlist, owner)?;
        if chat::by_chatid(cx.tx.as_read(), corp, &chatid)?.is_some() {
            return Err(R::ChatIdTaken.into());
        }
        let alive = rules.limit(Limit::ChatsAlivePerApp);
        if rules.enforced
            && alive != qun_protocol::UNLIMITED
            && chat::alive(cx.tx.as_read(), corp, caller.agentid)? >= alive
        {
            return Err(R::ChatsAlive.into());
        }
        rule::quota::spend(cx, rules, corp, Limit::ChatsPerCorpDay, 1, R::ChatsPerDay)?;
        let key = cx.ids.next();
        let row = chat::Chat {
            chat: key,
            chatid: chatid.0.clone(),
            app: caller.agentid,
            name,
            owner,
            member_count: members.len() as i64,
            created: cx.now,
            first_message: None,
        };
        chat::insert(cx.tx, corp, &row)?;
        let from = cx.ids.take(members.len() as i64);
        chat::join(cx.tx, corp, key, from, cx.now, &members)?;
        cx.touched = Some(corp);
        Ok(Created { chatid })
    }
}

fn distinct_userids(users: &[UserId]) -> usize {
    users
        .iter()
        .map(|user| user.folded())
        .collect::<std::collections::BTreeSet<_>>()
        .len()
}
