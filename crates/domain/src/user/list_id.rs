use qun_protocol::{
    Limit, Refusal as R, Refused, UserId,
    user::{DeptUser, ListId, ListedIds},
};
use qun_store::table::directory;

use crate::{Outcome, Query, ReadCx, Use, seal};

/// What a cursor of this list is sealed for.
const PURPOSE: &str = "user/list_id";

impl Query<ListId> for Use {
    fn run(cx: &mut ReadCx, request: &ListId) -> Outcome<ListedIds> {
        let caller = cx.who.caller()?.clone();
        let corp = caller.corp;
        let most = caller.rules.limit(Limit::UserIdsPerPage);
        let limit = request.limit.unwrap_or(most);
        if !(1..=most).contains(&limit) {
            return Err(Refused::invalid("limit").into());
        }
        let after = match request.cursor.as_deref() {
            None => (0, 0),
            Some(cursor) => seal::open(cx.read, corp, PURPOSE, cursor)?
                .as_deref()
                .and_then(place)
                .ok_or(R::CursorInvalid)?,
        };
        let mut found = directory::places_after(cx.read, corp, after, limit + 1)?;
        let more = found.len() as i64 > limit;
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next_cursor = match found.last().filter(|_| more) {
            Some((person, department, _)) => {
                seal::seal(cx.read, corp, PURPOSE, &format!("{person} {department}"))?
            }
            None => String::new(),
        };
        let dept_user = found
            .into_iter()
            .map(|(_, department, userid)| DeptUser {
                userid: UserId(userid),
                department,
            })
            .collect();
        Ok(ListedIds {
            next_cursor,
            dept_user,
        })
    }
}

/// The person and department that a cursor names.
fn place(cursor: &str) -> Option<(i64, i64)> {
    let (person, department) = cursor.split_once(' ')?;
    Some((person.parse().ok()?, department.parse().ok()?))
}
