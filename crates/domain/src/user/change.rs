use std::collections::BTreeSet;

use qun_protocol::{
    Limit, Refusal as R, Refused, Rules,
    user::{Attr, Create, Created, DepartmentInfo, DepartmentList, Update, Updated},
    world::UserStatus,
};
use qun_store::table::directory::{self, Department, Person, Place};

use super::named;
use crate::{
    Command, Cx, Outcome, Use,
    directory::{
        changed, department, is_over,
        person::{self, Profile},
    },
    rule,
};

/// The most direct leaders of a person.
const LEADERS: usize = 5;

impl Command<Create> for Use {
    const EVICTS: bool = true;

    fn run(cx: &mut Cx, request: &Create) -> Outcome<Created> {
        let caller = cx.caller()?;
        let (corp, rules) = (caller.corp, &*caller.rules);
        let userid = &request.userid;
        if userid.is_empty() {
            return Err(R::UseridMissing.into());
        }
        let before = directory::person_by_userid(cx.tx.as_read(), corp, &userid.folded())?;
        // Who was removed may come again, with the history.
        let key = match &before {
            None => 0,
            Some(gone) if person::is_gone(cx.tx.as_read(), corp, gone)? => gone.person,
            Some(_) => return Err(R::UseridTaken.into()),
        };
        if request.name.is_none() {
            return Err(too_short("name"));
        }
        if request.mobile.is_none() && request.email.is_none() {
            return Err(R::ContactMissing.into());
        }
        let mut wanted = Wanted {
            row: Person {
                person: key,
                userid: userid.0.clone(),
                status: UserStatus::NotActivated.number(),
                real_named: true,
                ..Person::default()
            },
            ..Wanted::default()
        };
        let mut given = Update::from(request.clone());
        given.department.get_or_insert_default();
        wanted.take(cx, corp, rules, &given)?;
        rule::quota::spend(
            cx,
            rules,
            corp,
            Limit::AccountsPerCorpMonth,
            1,
            R::Frequency,
        )?;
        let created_department_list = wanted.save(cx, corp)?;
        Ok(Created {
            created_department_list,
        })
    }
}

impl Command<Update> for Use {
    const EVICTS: bool = true;

    fn run(cx: &mut Cx, request: &Update) -> Outcome<Updated> {
        let caller = cx.caller()?;
        let corp = caller.corp;
        let row = named(cx.tx.as_read(), corp, &request.userid)?;
        let kept = directory::profile(cx.tx.as_read(), corp, row.person)?;
        let mut wanted = Wanted {
            places: directory::places_of(cx.tx.as_read(), corp, &[row.person])?,
            profile: Profile::read(kept.as_deref()),
            row,
            made: Vec::new(),
        };
        let mut given = request.clone();
        if UserStatus::numbered(wanted.row.status) == UserStatus::Active
            && given.mobile.take().is_some()
        {
            cx.lint("mobile is ignored: who has activated the account changes the number alone");
        }
        wanted.take(cx, corp, &caller.rules, &given)?;
        let created_department_list = wanted.save(cx, corp)?;
        Ok(Updated {
            created_department_list,
        })
    }
}

/// A person as one is to be.
#[derive(Default)]
struct Wanted {
    row: Person,
    places: Vec<Place>,
    profile: Profile,
    /// Departments that had to be made.
    made: Vec<DepartmentInfo>,
}

impl Wanted {
    /// Takes what is given; the rest stays.
    fn take(&mut self, cx: &mut Cx, corp: i64, rules: &Rules, given: &Update) -> Outcome<()> {
        let row = &mut self.row;
        if let Some(name) = &given.name {
            row.name.clone_from(name);
        }
        for (place, new) in [
            (&mut row.alias, &given.alias),
            (&mut row.mobile, &given.mobile),
            (&mut row.email, &given.email),
            (&mut row.biz_mail, &given.biz_mail),
        ] {
            if new.is_some() {
                place.clone_from(new);
            }
        }
        row.status = match (given.enable, UserStatus::numbered(row.status)) {
            (None, _) | (Some(0 | 1), UserStatus::Left) => row.status,
            (Some(0), _) => UserStatus::Disabled.number(),
            (Some(1), UserStatus::Disabled) => UserStatus::Active.number(),
            (Some(1), _) => row.status,
            (Some(_), _) => return Err(Refused::invalid("enable").into()),
        };
        person::check(cx.tx.as_read(), corp, row)?;
        self.take_profile(cx, corp, given)?;
        self.take_places(cx, corp, rules, given)
    }

    fn take_profile(&mut self, cx: &mut Cx, corp: i64, given: &Update) -> Outcome<()> {
        let profile = &mut self.profile;
        if let Some(position) = text("position", &given.position, 128)? {
            profile.position = position;
        }
        if let Some(address) = text("address", &given.address, 128)? {
            profile.address = address;
        }
        if let Some(position) = text("external_position", &given.external_position, 12)? {
            profile.external_position = Some(position);
        }
        if let Some(telephone) = text("telephone", &given.telephone, 32)? {
            if !telephone
                .bytes()
                .all(|b| b.is_ascii_digit() || b"-+,".contains(&b))
            {
                return Err(Refused::invalid("telephone").into());
            }
            profile.telephone = telephone;
        }
        match given.gender.as_deref() {
            None => {}
            Some("1") => profile.gender = 1,
            Some("2") => profile.gender = 2,
            Some(_) => return Err(Refused::invalid("gender").into()),
        }
        if let Some(extattr) = &given.extattr {
            check_attrs(&extattr.attrs)?;
            profile.extattr = Some(extattr.clone());
        }
        if let Some(external) = &given.external_profile {
            check_attrs(&external.external_attr)?;
            profile.external_profile = Some(external.clone());
        }
        if let Some(leaders) = &given.direct_leader {
            if leaders.len() > LEADERS {
                return Err(R::LeadersTooMany.into());
            }
            let mut keys = Vec::new();
            for leader in leaders {
                keys.push(named(cx.tx.as_read(), corp, leader)?.person);
            }
            profile.direct_leader = keys;
        }
        Ok(())
    }

    fn take_places(
        &mut self,
        cx: &mut Cx,
        corp: i64,
        rules: &Rules,
        given: &Update,
    ) -> Outcome<()> {
        if let Some(departments) = &given.department {
            if is_over(rules, Limit::UserDepartmentsMax, departments.len() as i64) {
                return Err(R::DepartmentsTooMany.into());
            }
            let orders = matching(departments, &given.order)?;
            let leads = matching(departments, &given.is_leader_in_dept)?;
            let ids = match departments.as_slice() {
                [] => &[0],
                ids => ids,
            };
            let mut places = Vec::new();
            let mut seen = BTreeSet::new();
            for (n, id) in ids.iter().enumerate() {
                let department = self.department(cx, corp, rules, *id)?;
                let ord = orders.get(n).copied().unwrap_or(0);
                if !(0..=i64::from(u32::MAX)).contains(&ord) {
                    return Err(Refused::invalid("order").into());
                }
                let leader = match leads.get(n).copied().unwrap_or(0) {
                    0 => false,
                    1 => true,
                    _ => return Err(Refused::invalid("is_leader_in_dept").into()),
                };
                let stays = self.places.iter().any(|p| p.department == department);
                if seen.insert(department) {
                    if !stays {
                        department::has_room(cx.tx.as_read(), corp, rules, department)?;
                    }
                    places.push(Place {
                        person: self.row.person,
                        department,
                        ord,
                        leader,
                    });
                }
            }
            self.places = places;
        } else if given.order.is_some() || given.is_leader_in_dept.is_some() {
            cx.lint("order and is_leader_in_dept are ignored without department");
        }
        let is_in = |id| self.places.iter().any(|place| place.department == id);
        match given.main_department {
            Some(id) if !is_in(id) => return Err(Refused::invalid("main_department").into()),
            Some(id) => self.profile.main_department = Some(id),
            None if !self.profile.main_department.is_some_and(is_in) => {
                self.profile.main_department = None;
            }
            None => {}
        }
        Ok(())
    }

    /// The department that an id names: 0 is the one for people who are in no other, and one that is not there is made below it.
    fn department(&mut self, cx: &mut Cx, corp: i64, rules: &Rules, id: i64) -> Outcome<i64> {
        if id == 0 {
            return department::pending(cx, corp, rules);
        }
        if !department::is_id(id) {
            return Err(R::DepartmentIdInvalid.into());
        }
        if directory::department(cx.tx.as_read(), corp, id)?.is_some() {
            return Ok(id);
        }
        let parent = department::pending(cx, corp, rules)?;
        let new = Department {
            department: id,
            parent,
            name: id.to_string(),
            ..Department::default()
        };
        department::has_room(cx.tx.as_read(), corp, rules, parent)?;
        department::save(cx, corp, rules, &new)?;
        self.made.push(DepartmentInfo { name: new.name, id });
        Ok(id)
    }

    fn save(self, cx: &mut Cx, corp: i64) -> Outcome<Option<DepartmentList>> {
        let key = person::save(cx, corp, &self.row, &self.places)?;
        let profile = self.profile.write();
        directory::set_profile(cx.tx, corp, key, profile.as_deref())?;
        changed(cx, corp)?;
        Ok((!self.made.is_empty()).then_some(DepartmentList {
            department_info: self.made,
        }))
    }
}

fn too_short(field: &'static str) -> crate::Failure {
    Refused {
        field: field.into(),
        limit: 1,
        ..R::TooShort.into()
    }
    .into()
}

/// A text of at most so many characters.
fn text(field: &'static str, given: &Option<String>, most: usize) -> Outcome<Option<String>> {
    match given {
        Some(text) if text.chars().count() > most => Err(Refused::too_long(field, most).into()),
        given => Ok(given.clone()),
    }
}

/// A list with one entry for each department, or none at all.
fn matching<'a>(departments: &[i64], list: &'a Option<Vec<i64>>) -> Outcome<&'a [i64]> {
    match list.as_deref() {
        None => Ok(&[]),
        Some(list) if list.len() == departments.len() => Ok(list),
        Some(_) => Err(R::CountsDiffer.into()),
    }
}

fn check_attrs(attrs: &[Attr]) -> Outcome<()> {
    for attr in attrs {
        if !(0..=2).contains(&attr.kind) {
            return Err(Refused::invalid("type").into());
        }
        if attr
            .text
            .as_ref()
            .is_some_and(|text| text.value.chars().count() > 64)
        {
            return Err(Refused::too_long("text.value", 64).into());
        }
        if let Some(web) = &attr.web {
            if web.title.chars().count() > 12 {
                return Err(Refused::too_long("web.title", 12).into());
            }
            let scheme = ["http://", "https://"]
                .iter()
                .any(|scheme| web.url.starts_with(scheme));
            let clears = web.url.is_empty() && web.title.is_empty();
            if !clears && (!scheme || web.title.is_empty()) {
                return Err(Refused::invalid("web.url").into());
            }
        }
        if attr
            .miniprogram
            .as_ref()
            .is_some_and(|mini| mini.title.chars().count() > 12)
        {
            return Err(Refused::too_long("miniprogram.title", 12).into());
        }
    }
    Ok(())
}
