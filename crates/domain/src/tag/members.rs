use qun_protocol::{
    Limit, Refusal as R, UserId,
    tag::{AddTagUsers, DelTagUsers, Invalid},
};
use qun_store::table::{
    app::range,
    directory::{self, Tag},
};

use super::own;
use crate::{
    Caller, Command, Cx, Outcome, Use,
    directory::{View, changed, is_over, person},
};

/// A list of people and departments, told apart by whether the app may give and take its tags of them.
#[derive(Default)]
struct Sorted {
    /// Kinds and ids.
    valid: Vec<(i64, i64)>,
    users: Vec<String>,
    parties: Vec<i64>,
}

impl Sorted {
    fn of(cx: &mut Cx, caller: &Caller, users: &[UserId], parties: &[i64]) -> Outcome<Self> {
        let rules = &caller.rules;
        if users.is_empty() && parties.is_empty() {
            return Err(R::ParametersEmpty.into());
        }
        if is_over(rules, Limit::TagUsersPerCall, users.len() as i64)
            || is_over(rules, Limit::TagPartiesPerCall, parties.len() as i64)
        {
            return Err(R::TooManyAtOnce.into());
        }
        let read = cx.tx.as_read();
        let mut view = View::of(read, caller)?;
        let mut sorted = Sorted::default();
        for userid in users {
            let known = person::known(read, caller.corp, userid)?;
            let key = match known.filter(|person| !person::has_left(person)) {
                None => None,
                Some(person) => {
                    let key = person.person;
                    let departments = directory::departments_of(read, caller.corp, key)?;
                    let seen = view.sees_person(read, key, departments)?;
                    seen.then_some(key)
                }
            };
            match key {
                Some(key) => sorted.valid.push((range::PERSON, key)),
                None => sorted.users.push(userid.0.clone()),
            }
        }
        for id in parties {
            let known = directory::department(read, caller.corp, *id)?.is_some();
            if known && view.sees_department(read, *id)? {
                sorted.valid.push((range::DEPARTMENT, *id));
            } else {
                sorted.parties.push(*id);
            }
        }
        if sorted.valid.is_empty() {
            return Err(R::AllListInvalid.into());
        }
        Ok(sorted)
    }

    fn told(self) -> Invalid {
        Invalid {
            invalidlist: (!self.users.is_empty()).then(|| self.users.join("|")),
            invalidparty: (!self.parties.is_empty()).then_some(self.parties),
        }
    }
}

impl Command<AddTagUsers> for Use {
    const EVICTS: bool = true;

    fn run(cx: &mut Cx, request: &AddTagUsers) -> Outcome<Invalid> {
        let caller = cx.caller()?;
        let Tag { tag, .. } = own(cx.tx.as_read(), &caller, request.tagid)?;
        let sorted = Sorted::of(cx, &caller, &request.userlist, &request.partylist)?;
        for (kind, id) in &sorted.valid {
            directory::add_tag_member(cx.tx, caller.corp, tag, *kind, *id)?;
        }
        let all = directory::tag_members(cx.tx.as_read(), caller.corp, tag)?;
        if is_over(&caller.rules, Limit::TagNodesMax, all.len() as i64) {
            return Err(R::TagFull.into());
        }
        changed(cx, caller.corp)?;
        Ok(sorted.told())
    }
}

impl Command<DelTagUsers> for Use {
    const EVICTS: bool = true;

    fn run(cx: &mut Cx, request: &DelTagUsers) -> Outcome<Invalid> {
        let caller = cx.caller()?;
        let Tag { tag, .. } = own(cx.tx.as_read(), &caller, request.tagid)?;
        let sorted = Sorted::of(cx, &caller, &request.userlist, &request.partylist)?;
        for (kind, id) in &sorted.valid {
            directory::remove_tag_member(cx.tx, caller.corp, tag, *kind, *id)?;
        }
        changed(cx, caller.corp)?;
        Ok(sorted.told())
    }
}
