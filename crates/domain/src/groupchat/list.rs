use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use qun_protocol::{
    GroupChatId, Limit, Refusal as R, Refused, UserId,
    groupchat::{FollowStatus, List, Listed, ListedGroup},
    world::UserStatus,
};
use qun_store::{
    Read,
    table::{
        customer_group::{self, Which, status},
        directory, recipient,
    },
};

use crate::{
    Caller, Outcome, Query, ReadCx, Use,
    customer_group::follow_status,
    range::{self, Sight},
    seal,
};

/// A list names at most so many owners.
const OWNERS: usize = 100;
/// The old form goes no further than this.
const FAR: i64 = 50_000;

impl Query<List> for Use {
    fn kept_as(request: &List) -> Option<String> {
        serde_json::to_string(request).ok()
    }

    fn run(cx: &mut ReadCx, request: &List) -> Outcome<Listed> {
        let caller = cx.who.caller()?.clone();
        let corp = caller.corp;
        let limit = match request.limit {
            Some(limit @ 1..=1000) => limit,
            _ => return Err(Refused::invalid("limit").into()),
        };
        let wanted = match request.status_filter.unwrap_or(0) {
            0 => None,
            number => Some(
                FollowStatus::numbered(number).ok_or_else(|| Refused::invalid("status_filter"))?,
            ),
        };
        let named = request.owner_filter.as_ref();
        let named = named.map_or(&[][..], |filter| &filter.userid_list);
        let owners = owners(cx, &caller, named, wanted)?;
        let context = context(&caller, wanted, named);
        let cursor = request.cursor.as_deref().filter(|text| !text.is_empty());
        let (after, skip) = match (cursor, request.offset) {
            (Some(text), _) => {
                let after = match seal::open(cx.read, corp, &context, text)?
                    .and_then(|key| key.parse().ok())
                {
                    None if customer_group::is_cursor(cx.read, corp, text)? => Some(0),
                    opened => opened,
                };
                (after.ok_or(R::CursorInvalid)?, 0)
            }
            (None, Some(offset)) => {
                if offset < 0 || offset.saturating_add(limit) > FAR {
                    return Err(Refused::invalid("offset").into());
                }
                cx.lints
                    .push("offset is of the old form of groupchat/list: page by cursor".into());
                (0, offset)
            }
            (None, None) => (0, 0),
        };
        // One more than wanted tells whether there is another page.
        let mut found = match &owners {
            Owners::All => match skip {
                0 => customer_group::all(cx.read, corp, after, limit + 1)?,
                skip => customer_group::all_from(cx.read, corp, skip, limit + 1)?,
            },
            Owners::These(people, which) => {
                let most = (skip + limit + 1) as usize;
                let mut found = merge(people, after, most, |owner, after, size| {
                    let size = size as i64;
                    let page = customer_group::of_owner(cx.read, corp, owner, *which, after, size)?;
                    Ok(page)
                })?;
                found.drain(..found.len().min(skip as usize));
                found
            }
        };
        let more = found.len() as i64 > limit;
        found.truncate(limit as usize);
        let next_cursor = match found.last().filter(|_| more) {
            Some(last) => seal::seal(cx.read, corp, &context, &last.chat.to_string())?,
            None => String::new(),
        };
        let left = match &caller.everybody {
            Some(everybody) => Cow::Borrowed(&everybody.left),
            None => Cow::Owned(left(cx.read, corp, &found)?),
        };
        let shown = found.into_iter().map(|group| ListedGroup {
            status: follow_status(group.status, left.contains(&group.owner)).number(),
            chat_id: GroupChatId(group.chat_id),
        });
        Ok(Listed {
            group_chat_list: shown.collect(),
            next_cursor,
        })
    }
}

/// Whose groups are listed.
enum Owners {
    /// Everybody's.
    All,
    /// Of these people, each once, these groups.
    These(Vec<i64>, Which),
}

/// Whose groups a list is about: of those who are named, or of everybody, whom the app sees.
fn owners(
    cx: &mut ReadCx,
    caller: &Caller,
    named: &[UserId],
    wanted: Option<FollowStatus>,
) -> Outcome<Owners> {
    let corp = caller.corp;
    let which = match wanted {
        Some(FollowStatus::Resigned) => Which::Without(status::UNDER_WAY),
        Some(FollowStatus::UnderWay) => Which::With(status::UNDER_WAY),
        Some(FollowStatus::Done) => Which::With(status::DONE),
        Some(FollowStatus::Normal) | None => Which::All,
    };
    let people = if named.is_empty() {
        let sight = everybody_in_range(cx, caller)?;
        match sight {
            Sight::Everybody if wanted.is_none() => return Ok(Owners::All),
            Sight::Everybody => {
                let people = recipient::everyone(cx.read, corp)?;
                people.iter().map(range::leaver).collect()
            }
            Sight::People(people) => people.into_iter().collect(),
        }
    } else {
        these(cx, caller, named)?
    };
    // An owner who has left makes the status of a group, unless its inheritance is under way.
    let fits = people.into_iter().filter(|(_, left)| match wanted {
        Some(FollowStatus::Resigned) => *left,
        Some(FollowStatus::Done) => !left,
        _ => true,
    });
    Ok(Owners::These(fits.map(|(key, _)| key).collect(), which))
}

/// Everybody whom the app sees, where those are few enough to be asked for without naming them.
pub(super) fn everybody_in_range(cx: &mut ReadCx, caller: &Caller) -> Outcome<Sight> {
    let most = caller.rules.limit(Limit::RangePeopleMax);
    if let Some(everybody) = &caller.everybody {
        return match caller.rules.enforced && everybody.staff > most {
            true => Err(R::RangeTooLarge.into()),
            false => Ok(Sight::Everybody),
        };
    }
    let sight = range::sight(cx.read, caller.corp, caller.agentid)?;
    let counted = most.saturating_add(1);
    if caller.rules.enforced && sight.staff(cx.read, caller.corp, counted)? > most {
        return Err(R::RangeTooLarge.into());
    }
    Ok(sight)
}

/// Those who are named and whom the app sees, and whether they have left.
pub(super) fn these(
    cx: &mut ReadCx,
    caller: &Caller,
    named: &[UserId],
) -> Outcome<Vec<(i64, bool)>> {
    if named.len() > OWNERS {
        return Err(Refused::too_long("owner_filter.userid_list", OWNERS).into());
    }
    let mut people = BTreeMap::new();
    for userid in named {
        let person = directory::person_by_userid(cx.read, caller.corp, &userid.folded())?;
        let person = person.ok_or(R::InvalidUserid)?;
        if caller.sees_root || range::holds(cx.read, caller.corp, caller.agentid, person.person)? {
            let left = UserStatus::numbered(person.status) == UserStatus::Left;
            people.insert(person.person, left);
        }
    }
    Ok(people.into_iter().collect())
}

/// All that a cursor is good for.
fn context(caller: &Caller, wanted: Option<FollowStatus>, named: &[UserId]) -> String {
    let named: BTreeSet<_> = named.iter().map(UserId::folded).collect();
    let named: Vec<_> = named.into_iter().collect();
    let wanted = wanted.map_or(0, FollowStatus::number);
    format!(
        "groupchat/list {} {wanted} {}",
        caller.agentid,
        named.join("|")
    )
}

/// An owner's next group, and those behind it that were read with it.
struct Portion {
    owner: i64,
    first: customer_group::Listed,
    rest: std::vec::IntoIter<customer_group::Listed>,
}

/// The first groups of all these owners after a key, in their order: each owner's are read in portions as they are needed.
fn merge(
    owners: &[i64],
    after: i64,
    limit: usize,
    mut read: impl FnMut(i64, i64, usize) -> Outcome<Vec<customer_group::Listed>>,
) -> Outcome<Vec<customer_group::Listed>> {
    let size = (2 * limit / owners.len().max(1)).clamp(8, 1001).min(limit);
    let mut portion = |owner, after| -> Outcome<Option<Portion>> {
        let mut rest = read(owner, after, size)?.into_iter();
        Ok(rest.next().map(|first| Portion { owner, first, rest }))
    };
    let mut next = BTreeMap::new();
    for owner in owners {
        next.extend(portion(*owner, after)?.map(|it| (it.first.chat, it)));
    }
    let mut merged = Vec::new();
    while merged.len() < limit
        && let Some((
            chat,
            Portion {
                owner,
                first,
                mut rest,
            },
        )) = next.pop_first()
    {
        merged.push(first);
        let following = match rest.next() {
            Some(first) => Some(Portion { owner, first, rest }),
            None => portion(owner, chat)?,
        };
        next.extend(following.map(|it| (it.first.chat, it)));
    }
    Ok(merged)
}

/// Which owners of a page have left the company.
fn left(read: &mut dyn Read, corp: i64, page: &[customer_group::Listed]) -> Outcome<BTreeSet<i64>> {
    let owners: BTreeSet<i64> = page.iter().map(|group| group.owner).collect();
    let owners: Vec<i64> = owners.into_iter().collect();
    let owners = recipient::keyed(read, corp, &owners)?;
    let left = owners.iter().map(range::leaver).filter(|(_, left)| *left);
    Ok(left.map(|(owner, _)| owner).collect())
}
