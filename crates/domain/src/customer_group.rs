//! 客户群: the one place where customer groups change.
//!
//! Whoever changes one (a phone, a scanned code, a bot, an app, an inheritance that is due) calls these functions, and all of
//! them end in [`happened`]: it saves the group, tells the apps, and lets the statistics know.

mod notify;
mod statistic;

use qun_protocol::{
    GroupChatId, Limit, Refusal as R, Refused, Rules,
    event::ChangeExternalChat,
    groupchat::{FollowStatus, JoinScene},
    world::UserStatus,
};
use qun_store::{
    Effect, Read,
    table::{
        chat,
        company::Company,
        customer_group::{self, Group, Way, status},
        directory,
    },
};
use sha2::{Digest, Sha256};

use statistic::Fact;
pub(crate) use statistic::What;

use crate::{Cx, Outcome, participant, rule, token};

/// A customer group that is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct New<'a> {
    /// [`chat::kind::CUSTOMER`] or [`chat::kind::ROOM`].
    pub(crate) kind: i64,
    /// Its name.
    pub(crate) name: &'a str,
    /// Its owner, who is its first member.
    pub(crate) owner: i64,
    /// Who else is in it.
    pub(crate) others: &'a [i64],
}

/// How somebody goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quit {
    /// By himself.
    Left,
    /// Removed by another.
    Removed,
}

/// Makes a group.
pub(crate) fn create(
    cx: &mut Cx,
    company: &Company,
    rules: &Rules,
    new: New<'_>,
) -> Outcome<Group> {
    let corp = company.corp;
    let mut members = vec![new.owner];
    members.extend_from_slice(new.others);
    let members = rule::chat::distinct(&members);
    room_for(rules, 0, members.len())?;
    let mut group = Group {
        chat: cx.ids.next(),
        chat_id: format!("wr{}", cx.letters(30)),
        kind: new.kind,
        name: new.name.to_owned(),
        owner: new.owner,
        member_count: members.len() as i64,
        created: cx.now,
        ..Group::default()
    };
    group.version = cx.ids.take(members.len() as i64);
    customer_group::insert(cx.tx, corp, &group)?;
    let way = Way {
        scene: JoinScene::Invited.number(),
        ..Way::default()
    };
    let at = (group.version, cx.now);
    customer_group::join(cx.tx, corp, group.chat, at, &members[..1], way)?;
    let way = Way {
        invitor: Some(new.owner),
        ..way
    };
    let at = (group.version + 1, cx.now);
    customer_group::join(cx.tx, corp, group.chat, at, &members[1..], way)?;
    let event = ChangeExternalChat {
        change_type: "create".into(),
        ..Default::default()
    };
    happened(cx, company, &group, None, event, What::Created)?;
    Ok(group)
}

/// Lets people in, in this order; gives those who were not in it before.
pub(crate) fn join(
    cx: &mut Cx,
    company: &Company,
    rules: &Rules,
    group: &mut Group,
    people: &[i64],
    way: Way<'_>,
) -> Outcome<Vec<i64>> {
    let present = customer_group::present(cx.tx.as_read(), company.corp, group.chat)?;
    let mut joining = rule::chat::distinct(people);
    joining.retain(|person| !present.contains(person));
    if !joining.is_empty() {
        room_for(rules, present.len(), joining.len())?;
        let_in(cx, company, group, &joining, way, None)?;
    }
    Ok(joining)
}

/// Lets members go. If the owner goes, the longest-standing employee owns it, before others one with customer contact; when
/// no employee remains, the group is dismissed.
pub(crate) fn leave(
    cx: &mut Cx,
    company: &Company,
    group: &mut Group,
    people: &[i64],
    quit: Quit,
) -> Outcome<()> {
    if !people.contains(&group.owner) {
        return let_go(cx, company, group, people, quit, None);
    }
    let Some(heir) = heir(cx.tx.as_read(), company.corp, group, people)? else {
        return dismiss(cx, company, group);
    };
    let_go(cx, company, group, people, quit, None)?;
    set_owner(cx, company, group, heir, None)
}

/// Who owns a group when these go.
fn heir(read: &mut dyn Read, corp: i64, group: &Group, going: &[i64]) -> Outcome<Option<i64>> {
    let mut eldest = None;
    for key in customer_group::present(read, corp, group.chat)? {
        if key < 0 || going.contains(&key) {
            continue;
        }
        let Some(person) = directory::person_by_key(read, corp, key)? else {
            continue;
        };
        if UserStatus::numbered(person.status) == UserStatus::Left {
            continue;
        }
        if person.customer_contact {
            return Ok(Some(key));
        }
        eldest = eldest.or(Some(key));
    }
    Ok(eldest)
}

/// Gives a group to another member. `asked` is the app that wanted it, if one did.
pub(crate) fn set_owner(
    cx: &mut Cx,
    company: &Company,
    group: &mut Group,
    owner: i64,
    asked: Option<i64>,
) -> Outcome<()> {
    let before = std::mem::replace(&mut group.owner, owner);
    if before == owner {
        return Ok(());
    }
    // Whoever owns a group is no admin of it.
    customer_group::unset_admin(cx.tx, company.corp, group.chat, owner)?;
    let event = update("change_owner");
    happened(cx, company, group, asked, event, What::Owner { before })
}

/// Gives a group another name.
pub(crate) fn rename(
    cx: &mut Cx,
    company: &Company,
    group: &mut Group,
    name: String,
) -> Outcome<()> {
    group.name = name;
    happened(cx, company, group, None, update("change_name"), What::Else)
}

/// Gives a group another notice.
pub(crate) fn set_notice(
    cx: &mut Cx,
    company: &Company,
    group: &mut Group,
    notice: String,
) -> Outcome<()> {
    group.notice = notice;
    let event = update("change_notice");
    happened(cx, company, group, None, event, What::Else)
}

/// Ends a group; everybody is out of it. Its chat_id stays known.
pub(crate) fn dismiss(cx: &mut Cx, company: &Company, group: &mut Group) -> Outcome<()> {
    let members = std::mem::take(&mut group.member_count);
    let id = cx.ids.next();
    group.dismissed = Some(id);
    group.transfer = None;
    chat::dissolve(cx.tx, company.corp, group.chat, id)?;
    let event = ChangeExternalChat {
        change_type: "dismiss".into(),
        ..Default::default()
    };
    let what = What::Dismissed { members };
    happened(cx, company, group, None, event, what)
}

/// Notes that a member said something; the message itself is written by the caller.
pub(crate) fn spoken(cx: &mut Cx, corp: i64, group: &Group, person: i64, id: i64) -> Outcome<()> {
    if group.kind != chat::kind::CUSTOMER {
        return Ok(());
    }
    // What is counted changes rows: such a message runs alone in its company.
    cx.tx.enter(corp, Effect::Change)?;
    record(cx, corp, group, id / 1000, What::Spoken { person })
}

/// Notes a fact about a group as it is after it, at a time in ms UTC. Only for what no function here has done: messages, and
/// what a world tells of the past.
pub(crate) fn record(
    cx: &mut Cx,
    corp: i64,
    group: &Group,
    time: i64,
    what: What<'_>,
) -> Outcome<()> {
    Ok(statistic::note(cx.tx, &Fact::of(corp, group, time, what))?)
}

/// What remains of an inheritance that is due: the heir comes in and owns the group, and who has resigned goes. Whoever has
/// resigned meanwhile inherits nothing: the group waits again.
pub fn inherit(cx: &mut Cx, corp: i64, chat: i64) -> Outcome<()> {
    cx.tx.enter(corp, cx.effect)?;
    cx.touched = Some(corp);
    let Some(company) = qun_store::table::company::by_corp(cx.tx.as_read(), corp)? else {
        return Ok(());
    };
    let Some(mut group) = customer_group::by_key(cx.tx.as_read(), corp, chat)? else {
        return Ok(());
    };
    let Some(transfer) = group.transfer.filter(|transfer| transfer.due <= cx.now) else {
        return Ok(());
    };
    group.transfer = None;
    let heir = directory::person_by_key(cx.tx.as_read(), corp, transfer.heir)?;
    if heir.is_none_or(|heir| UserStatus::numbered(heir.status) == UserStatus::Left) {
        group.status = status::NORMAL;
        return Ok(customer_group::update(cx.tx, corp, &group)?);
    }
    group.status = status::DONE;
    let asked = Some(transfer.app);
    let owner = group.owner;
    if chat::is_member(cx.tx.as_read(), corp, chat, owner)? {
        let_go(cx, &company, &mut group, &[owner], Quit::Left, asked)?;
    }
    hand_to(cx, &company, &mut group, transfer.heir, asked)
}

/// Removes figures of a company that can no longer be asked for and that no later day needs: owner and day.
pub fn forget_figures(cx: &mut Cx, corp: i64, rows: &[(i64, i64)]) -> Outcome<()> {
    cx.tx.enter(corp, cx.effect)?;
    Ok(statistic::forget(cx.tx, corp, rows)?)
}

/// Removes codes that have ended.
pub fn forget_codes(cx: &mut Cx, codes: &[(i64, String)]) -> Outcome<()> {
    for (corp, code) in codes {
        cx.tx.enter(*corp, cx.effect)?;
        customer_group::remove_code(cx.tx, *corp, code)?;
    }
    Ok(())
}

/// Gives a group to somebody who comes in for that, if need be.
pub(crate) fn hand_to(
    cx: &mut Cx,
    company: &Company,
    group: &mut Group,
    heir: i64,
    asked: Option<i64>,
) -> Outcome<()> {
    if !chat::is_member(cx.tx.as_read(), company.corp, group.chat, heir)? {
        let way = Way {
            scene: JoinScene::Invited.number(),
            ..Way::default()
        };
        let_in(cx, company, group, &[heir], way, asked)?;
    }
    set_owner(cx, company, group, heir, asked)
}

/// Whether so many more find room.
pub(crate) fn room_for(rules: &Rules, present: usize, more: usize) -> Outcome<()> {
    let most = rules.size(Limit::CustomerGroupMembersMax);
    if rules.enforced && present + more > most {
        return Err(Refused::because(R::GroupFull, format!("at most {most}")).into());
    }
    Ok(())
}

fn let_in(
    cx: &mut Cx,
    company: &Company,
    group: &mut Group,
    people: &[i64],
    way: Way<'_>,
    asked: Option<i64>,
) -> Outcome<()> {
    let count = people.len() as i64;
    let last = member_version(group);
    group.version = cx.ids.take(count);
    let at = (group.version, cx.now);
    customer_group::join(cx.tx, company.corp, group.chat, at, people, way)?;
    group.member_count += count;
    let scene = JoinScene::numbered(way.scene).unwrap_or_default();
    let event = ChangeExternalChat {
        join_scene: Some(scene.in_event()),
        ..members_changed(cx, company.corp, group, people, last, "add_member")?
    };
    happened(cx, company, group, asked, event, What::Joined(people))
}

fn let_go(
    cx: &mut Cx,
    company: &Company,
    group: &mut Group,
    people: &[i64],
    quit: Quit,
    asked: Option<i64>,
) -> Outcome<()> {
    let count = people.len() as i64;
    let last = member_version(group);
    group.version = cx.ids.next();
    chat::leave(cx.tx, company.corp, group.chat, group.version, people)?;
    group.member_count -= count;
    let event = ChangeExternalChat {
        quit_scene: Some(match quit {
            Quit::Left => 0,
            Quit::Removed => 1,
        }),
        ..members_changed(cx, company.corp, group, people, last, "del_member")?
    };
    happened(cx, company, group, asked, event, What::Gone(people))
}

fn update(detail: &str) -> ChangeExternalChat {
    ChangeExternalChat {
        change_type: "update".into(),
        update_detail: detail.into(),
        ..Default::default()
    }
}

fn members_changed(
    cx: &mut Cx,
    corp: i64,
    group: &Group,
    people: &[i64],
    last: String,
    detail: &str,
) -> Outcome<ChangeExternalChat> {
    let ids = participant::ids_of(cx.tx.as_read(), corp, people)?;
    Ok(ChangeExternalChat {
        mem_change_cnt: Some(people.len() as i64),
        mem_change_list: ids.into_iter().map(|id| id.0).collect(),
        last_mem_ver: last,
        cur_mem_ver: member_version(group),
        ..update(detail)
    })
}

/// The one end of every change: the group as it is now is saved, the apps are told, and the statistics know.
fn happened(
    cx: &mut Cx,
    company: &Company,
    group: &Group,
    asked: Option<i64>,
    event: ChangeExternalChat,
    what: What<'_>,
) -> Outcome<()> {
    customer_group::update(cx.tx, company.corp, group)?;
    if group.kind != chat::kind::CUSTOMER {
        return Ok(());
    }
    notify::tell(cx, company, group, asked, event)?;
    record(cx, company.corp, group, cx.now, what)
}

/// 当前群成员版本号: 32 hex digits that change whenever members do.
pub(crate) fn member_version(group: &Group) -> String {
    let mut digest = Sha256::new();
    digest.update(b"qun member version\0");
    digest.update(group.chat_id.as_bytes());
    digest.update(group.version.to_be_bytes());
    token::hex(&digest.finalize()[..16])
}

/// 客户群跟进状态, of a group whose owner has left the company or has not.
pub(crate) fn follow_status(stored: i64, owner_left: bool) -> FollowStatus {
    match stored {
        status::UNDER_WAY => FollowStatus::UnderWay,
        _ if owner_left => FollowStatus::Resigned,
        status::DONE => FollowStatus::Done,
        _ => FollowStatus::Normal,
    }
}

/// The live customer group that a call names.
pub(crate) fn named(
    read: &mut dyn Read,
    corp: i64,
    chat_id: Option<&GroupChatId>,
) -> Outcome<Group> {
    let chat_id = chat_id.ok_or(R::GroupChatUnknown)?;
    let group = customer_group::by_chat_id(read, corp, chat_id)?.ok_or(R::GroupChatUnknown)?;
    if group.dismissed.is_some() {
        return Err(R::GroupChatDismissed.into());
    }
    Ok(group)
}
