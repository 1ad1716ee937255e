use qun_protocol::{
    Endpoint, GroupChatId, Limit, Refusal as R, Refused, Rules, UserId,
    groupchat::{FailedChat, OnjobTransfer, Transfer, Transferred},
    rulebook::Window,
    world::UserStatus,
};
use qun_store::{
    Counter,
    table::{
        chat,
        company::{self, Company},
        customer_group::{self, Group, status},
        directory::{self, Person},
    },
};

use super::sees;
use crate::{Caller, Command, Cx, Failure, Outcome, Use, customer_group as core, range};

/// A call names at most so many groups.
const CHATS: usize = 100;
/// onjob_transfer looks back so many natural days.
const NATURAL_DAYS: i64 = 90;

impl Command<Transfer> for Use {
    fn run(cx: &mut Cx, request: &Transfer) -> Outcome<Transferred> {
        let call = Call::begin(cx, &request.chat_id_list, request.new_owner.as_ref())?;
        call.each::<Transfer>(cx, &request.chat_id_list, inherit)
    }
}

impl Command<OnjobTransfer> for Use {
    fn run(cx: &mut Cx, request: &OnjobTransfer) -> Outcome<Transferred> {
        let call = Call::begin(cx, &request.chat_id_list, request.new_owner.as_ref())?;
        call.each::<OnjobTransfer>(cx, &request.chat_id_list, hand_on)
    }
}

/// What all groups of a call share.
struct Call {
    caller: std::sync::Arc<Caller>,
    company: Company,
    heir: Person,
}

impl Call {
    /// Checks all but the groups.
    fn begin(cx: &mut Cx, chats: &[GroupChatId], heir: Option<&UserId>) -> Outcome<Call> {
        let caller = cx.caller()?;
        let corp = caller.corp;
        cx.touched = Some(corp);
        if chats.is_empty() {
            return Err(Refused::invalid("chat_id_list").into());
        }
        if chats.len() > CHATS {
            return Err(Refused::too_long("chat_id_list", CHATS).into());
        }
        let heir = heir.ok_or(R::InvalidUserid)?;
        let heir = directory::person_by_userid(cx.tx.as_read(), corp, &heir.folded())?;
        let heir = heir.ok_or(R::InvalidUserid)?;
        let status = UserStatus::numbered(heir.status);
        if status == UserStatus::Left {
            return Err(R::InvalidUserid.into());
        }
        if !caller.sees_root && !range::holds(cx.tx.as_read(), corp, caller.agentid, heir.person)? {
            return Err(R::NoPrivilege.into());
        }
        if !heir.customer_contact {
            return Err(R::ApiForbidden.into());
        }
        if !heir.real_named {
            return Err(R::NotRealNamed.into());
        }
        if status != UserStatus::Active {
            return Err(R::NotActivated.into());
        }
        let company = company::by_corp(cx.tx.as_read(), corp)?.unwrap_or_default();
        Ok(Call {
            caller,
            company,
            heir,
        })
    }

    /// Gives each group on by itself, and tells which were refused.
    fn each<E: Endpoint>(
        &self,
        cx: &mut Cx,
        chats: &[GroupChatId],
        give: fn(&mut Cx, &Call, &mut Group) -> Outcome<()>,
    ) -> Outcome<Transferred> {
        let book = self.caller.rules.book;
        let mut failed_chat_list = Vec::new();
        for chat_id in chats {
            match self.one(cx, chat_id, give) {
                Ok(()) => {}
                // Whatever is refused is refused before anything of this group is written.
                Err(Failure::Refused(refused)) => failed_chat_list.push(FailedChat {
                    chat_id: chat_id.clone(),
                    errcode: refused.refusal.code(book, &E::META),
                    errmsg: refused.text(book).into_owned(),
                }),
                Err(failure) => return Err(failure),
            }
        }
        Ok(Transferred { failed_chat_list })
    }

    fn one(
        &self,
        cx: &mut Cx,
        chat_id: &GroupChatId,
        give: fn(&mut Cx, &Call, &mut Group) -> Outcome<()>,
    ) -> Outcome<()> {
        let corp = self.caller.corp;
        let named = core::named(cx.tx.as_read(), corp, Some(chat_id));
        let mut group = match named {
            Err(Failure::Refused(refused)) if refused.refusal == R::GroupChatUnknown => {
                let internal = chat::by_chatid(cx.tx.as_read(), corp, chat_id)?;
                return Err(match internal {
                    Some(_) => R::NotCustomerGroup.into(),
                    None => R::GroupChatUnknown.into(),
                });
            }
            named => named?,
        };
        sees(cx.tx.as_read(), &self.caller, group.owner)?;
        if group.status == status::UNDER_WAY {
            return Err(R::TransferUnderWay.into());
        }
        give(cx, self, &mut group)
    }

    fn rules(&self) -> &Rules {
        &self.caller.rules
    }

    /// Counts a group from its owner to the heir, or refuses where the day's are spent.
    fn spend(&self, cx: &mut Cx, owner: i64, onjob: bool) -> Outcome<()> {
        let kind = if onjob { "onjob " } else { "" };
        let scope = format!("{kind}{owner} {}", self.heir.person);
        let counter = Counter {
            corp: self.caller.corp,
            key: Limit::TransfersPerOwnersDay.key(),
            scope: &scope,
        };
        let start = Window::Day.start(cx.now);
        let spent = cx.tx.spent(&counter, start)?;
        let most = self.rules().limit(Limit::TransfersPerOwnersDay);
        if self.rules().enforced && spent.amount >= most {
            return Err(R::Frequency.into());
        }
        Ok(cx.tx.spend(&counter, start, 1)?)
    }
}

fn has_left(cx: &mut Cx, corp: i64, owner: i64) -> Outcome<bool> {
    let owner = directory::person_by_key(cx.tx.as_read(), corp, owner)?;
    Ok(owner.is_none_or(|owner| UserStatus::numbered(owner.status) == UserStatus::Left))
}

/// Begins the inheritance of a group whose owner has resigned.
fn inherit(cx: &mut Cx, call: &Call, group: &mut Group) -> Outcome<()> {
    let corp = call.caller.corp;
    if !has_left(cx, corp, group.owner)? {
        return Err(match group.status {
            status::DONE => R::TransferDone.into(),
            _ => R::OwnerNotResigned.into(),
        });
    }
    call.spend(cx, group.owner, false)?;
    let seconds = call.rules().limit(Limit::TransferSeconds);
    group.status = status::UNDER_WAY;
    group.transfer = Some(customer_group::Transfer {
        heir: call.heir.person,
        due: cx.now.saturating_add(seconds.saturating_mul(1000)),
        app: call.caller.agentid,
    });
    customer_group::update(cx.tx, corp, group)?;
    if seconds == 0 {
        core::inherit(cx, corp, group.chat)?;
    }
    Ok(())
}

/// Hands a group of an employee on, at once.
fn hand_on(cx: &mut Cx, call: &Call, group: &mut Group) -> Outcome<()> {
    let corp = call.caller.corp;
    let heir = call.heir.person;
    if has_left(cx, corp, group.owner)? {
        return Err(R::OwnerResigned.into());
    }
    if group.owner == heir {
        return Err(R::OwnerUnchanged.into());
    }
    let day = |time: i64| Window::Day.start(time) / Window::Day.length();
    let recent = |time: Option<i64>| time.is_some_and(|it| day(cx.now) - day(it) < NATURAL_DAYS);
    let times = [recent(group.handed), recent(group.handed_before)];
    let times = times.into_iter().filter(|it| *it).count();
    let rules = call.rules();
    if rules.enforced && times >= rules.size(Limit::OnjobTransfersPerChat) {
        return Err(R::TransferTooOften.into());
    }
    if !chat::is_member(cx.tx.as_read(), corp, group.chat, heir)?
        && core::room_for(rules, group.member_count as usize, 1).is_err()
    {
        return Err(R::NoRoomForHeir.into());
    }
    call.spend(cx, group.owner, true)?;
    group.handed_before = group.handed.replace(cx.now);
    core::hand_to(cx, &call.company, group, heir, None)
}
