use qun_protocol::{
    Done, Refusal as R, Refused, Rules, UserId,
    manage::{
        DeleteDepartment, DeleteTag, DeleteUser, Departments, DepartmentsOf, GetUser,
        PutDepartment, PutTag, PutUser, Tags, TagsOf, Users, UsersOf,
    },
    world::{Department, Tag, User, UserStatus},
};
use qun_store::{
    Read,
    table::{
        app::range,
        directory::{self, Place},
    },
};

use super::{app::named, bad};
use crate::{
    Command, Cx, Failure, Outcome, Query, ReadCx, Use,
    directory::{changed, department, person, tag},
    people::feed::page_size,
};

fn shown(read: &mut dyn Read, corp: i64, person: directory::Person) -> Outcome<User> {
    let departments = directory::departments_of(read, corp, person.person)?;
    Ok(User {
        userid: UserId(person.userid),
        name: Some(person.name),
        alias: person.alias,
        mobile: person.mobile,
        email: person.email,
        biz_mail: person.biz_mail,
        departments: Some(departments),
        status: UserStatus::numbered(person.status),
        real_named: Some(person.real_named),
        customer_contact: person.customer_contact,
        licence_end: person.licence_end,
    })
}

/// A refusal of the directory's rules as the own API says it.
fn own(failure: Failure) -> Failure {
    let Failure::Refused(refused) = failure else {
        return failure;
    };
    let refusal = match refused.refusal {
        R::MobileTaken | R::EmailTaken => R::DetailTaken,
        R::ParentNotFound => R::DepartmentUnknown,
        _ => {
            return match refused.detail {
                Some(detail) => bad(detail),
                None => bad(refused.message()),
            };
        }
    };
    Refused { refusal, ..refused }.into()
}

/// Makes or replaces a person.
pub(crate) fn put_user(cx: &mut Cx, corp: i64, user: &User) -> Outcome<()> {
    let read = cx.tx.as_read();
    let known = directory::person_by_userid(read, corp, &user.userid.folded())?;
    let (row, places) = checked(cx, corp, user, known.map_or(0, |person| person.person))?;
    person::save(cx, corp, &row, &places).map(drop)
}

/// Makes a person whose userid nobody has, with a key that is free: worlds bring people by the thousand.
pub(crate) fn put_new_user(cx: &mut Cx, corp: i64, user: &User, key: i64) -> Outcome<()> {
    let (mut row, places) = checked(cx, corp, user, 0)?;
    row.person = key;
    person::add(cx, corp, &row, &places)
}

/// A person as the directory keeps one, with the departments; `key` is 0 for a new one.
fn checked(
    cx: &mut Cx,
    corp: i64,
    user: &User,
    key: i64,
) -> Outcome<(directory::Person, Vec<Place>)> {
    let read = cx.tx.as_read();
    let name = user.name.clone().filter(|name| !name.is_empty());
    let mut row = directory::Person {
        person: key,
        userid: user.userid.0.clone(),
        name: name.unwrap_or_else(|| user.userid.0.clone()),
        alias: user.alias.clone(),
        mobile: user.mobile.clone(),
        email: user.email.clone(),
        biz_mail: user.biz_mail.clone(),
        status: user.status.number(),
        real_named: user.real_named.unwrap_or(true),
        customer_contact: user.customer_contact,
        licence_end: user.licence_end,
    };
    person::check(read, corp, &mut row).map_err(own)?;
    // Who is new is in no department yet.
    let before = match row.person {
        0 => Vec::new(),
        key => directory::places_of(read, corp, &[key])?,
    };
    let root = [directory::ROOT];
    let mut places = Vec::new();
    for id in user.departments.as_deref().unwrap_or(&root) {
        if directory::department(read, corp, *id)?.is_none() {
            let detail = format!("{}: {id}", user.userid);
            return Err(Refused::because(R::DepartmentUnknown, detail).into());
        }
        // The place among the department's people is not for the operator to say, and stays.
        let known = before.iter().find(|place| place.department == *id);
        places.push(known.copied().unwrap_or(Place {
            department: *id,
            ..Place::default()
        }));
    }
    Ok((row, places))
}

/// Makes or replaces a department below another.
pub(crate) fn put_department(
    cx: &mut Cx,
    corp: i64,
    rules: &Rules,
    wanted: &Department,
) -> Outcome<()> {
    let parent = match (wanted.id, wanted.parentid) {
        (directory::ROOT, _) => 0,
        (_, parent) => parent.unwrap_or(directory::ROOT),
    };
    let row = directory::Department {
        department: wanted.id,
        parent,
        name: wanted.name.clone(),
        name_en: wanted.name_en.clone(),
        ord: wanted.order,
    };
    department::save(cx, corp, rules, &row).map_err(own)
}

/// Makes or replaces a tag.
pub(crate) fn put_tag(cx: &mut Cx, corp: i64, wanted: &Tag) -> Outcome<()> {
    let mut members = Vec::new();
    for userid in &wanted.users {
        members.push((range::PERSON, cx.person(corp, userid)?.person));
    }
    for id in &wanted.departments {
        if directory::department(cx.tx.as_read(), corp, *id)?.is_none() {
            let detail = format!("tag {}: {id}", wanted.tagid);
            return Err(Refused::because(R::DepartmentUnknown, detail).into());
        }
        members.push((range::DEPARTMENT, *id));
    }
    let row = directory::Tag {
        tag: wanted.tagid,
        name: wanted.tagname.clone(),
        app: wanted.agentid,
    };
    tag::save(cx, corp, &row).map_err(own)?;
    Ok(directory::set_tag_members(
        cx.tx,
        corp,
        wanted.tagid,
        &members,
    )?)
}

impl Query<Users> for Use {
    fn run(cx: &mut ReadCx, request: &Users) -> Outcome<UsersOf> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let limit = page_size(request.limit)?;
        let after = after_key(request.after.as_deref())?;
        let search = request
            .search
            .as_deref()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let mut found = if search.is_empty() {
            directory::persons(cx.read, corp, after, limit + 1)?
        } else {
            directory::search_persons(
                cx.read,
                corp,
                after,
                usize::try_from(limit + 1).unwrap_or(usize::MAX),
                &search,
            )?
        };
        let more = found.len() as i64 > limit;
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = found
            .last()
            .filter(|_| more)
            .map(|person| person.person.to_string());
        let mut users = Vec::new();
        for person in found {
            users.push(shown(cx.read, corp, person)?);
        }
        Ok(UsersOf { users, next })
    }
}

/// What `after` of a list by key says.
pub(crate) fn after_key(after: Option<&str>) -> Outcome<i64> {
    match after.filter(|after| !after.is_empty()) {
        None => Ok(0),
        Some(after) => after
            .parse()
            .map_err(|_| bad("after is not what next of a page before said")),
    }
}

impl Query<GetUser> for Use {
    fn run(cx: &mut ReadCx, request: &GetUser) -> Outcome<User> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let person = cx.person(corp, &request.userid)?;
        shown(cx.read, corp, person)
    }
}

impl Command<PutUser> for Use {
    fn run(cx: &mut Cx, request: &PutUser) -> Outcome<User> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let mut user = request.user.clone();
        if user.userid.is_empty() {
            user.userid = request.userid.clone();
        }
        if user.userid != request.userid {
            return Err(bad("the userid in the body is not the one in the path"));
        }
        put_user(cx, corp, &user)?;
        changed(cx, corp)?;
        let person = cx.person(corp, &request.userid)?;
        shown(cx.tx.as_read(), corp, person)
    }
}

impl Command<DeleteUser> for Use {
    fn run(cx: &mut Cx, request: &DeleteUser) -> Outcome<Done> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let person = cx.person(corp, &request.userid)?;
        if person::in_history(cx.tx.as_read(), corp, person.person)? {
            let detail = "who was in a group, was told something or is hosted stays; set the status to left instead";
            return Err(Refused::because(R::PersonInUse, detail).into());
        }
        directory::delete_person(cx.tx, corp, person.person)?;
        changed(cx, corp)?;
        Ok(Done {})
    }
}

fn department_shown(row: directory::Department) -> Department {
    let parentid = (row.parent != 0).then_some(row.parent);
    Department {
        id: row.department,
        name: row.name,
        name_en: row.name_en,
        parentid,
        order: row.ord,
    }
}

impl Query<Departments> for Use {
    fn run(cx: &mut ReadCx, request: &Departments) -> Outcome<DepartmentsOf> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let departments = directory::departments(cx.read, corp)?;
        Ok(DepartmentsOf {
            departments: departments.into_iter().map(department_shown).collect(),
        })
    }
}

impl Command<PutDepartment> for Use {
    fn run(cx: &mut Cx, request: &PutDepartment) -> Outcome<Department> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let mut department = request.department.clone();
        if department.id == 0 {
            department.id = request.id;
        }
        if department.id != request.id {
            return Err(bad("the id in the body is not the one in the path"));
        }
        let rules = cx.rules(corp)?;
        put_department(cx, corp, &rules, &department)?;
        changed(cx, corp)?;
        let row = directory::department(cx.tx.as_read(), corp, request.id)?.unwrap_or_default();
        Ok(department_shown(row))
    }
}

impl Command<DeleteDepartment> for Use {
    fn run(cx: &mut Cx, request: &DeleteDepartment) -> Outcome<Done> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        if directory::department(cx.tx.as_read(), corp, request.id)?.is_none() {
            return Err(R::DepartmentUnknown.into());
        }
        if request.id == directory::ROOT
            || directory::has_children(cx.tx.as_read(), corp, request.id)?
            || directory::has_members(cx.tx.as_read(), corp, request.id)?
        {
            return Err(R::DepartmentInUse.into());
        }
        directory::delete_department(cx.tx, corp, request.id)?;
        changed(cx, corp)?;
        Ok(Done {})
    }
}

fn tag_shown(read: &mut dyn Read, corp: i64, row: directory::Tag) -> Outcome<Tag> {
    let members = directory::tag_members(read, corp, row.tag)?;
    let members = named(read, corp, &members)?;
    Ok(Tag {
        tagid: row.tag,
        tagname: row.name,
        agentid: row.app,
        users: members.users,
        departments: members.departments,
    })
}

impl Query<Tags> for Use {
    fn run(cx: &mut ReadCx, request: &Tags) -> Outcome<TagsOf> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let mut tags = Vec::new();
        for row in directory::tags(cx.read, corp)? {
            tags.push(tag_shown(cx.read, corp, row)?);
        }
        Ok(TagsOf { tags })
    }
}

impl Command<PutTag> for Use {
    fn run(cx: &mut Cx, request: &PutTag) -> Outcome<Tag> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let mut tag = request.tag.clone();
        if tag.tagid == 0 {
            tag.tagid = request.tagid;
        }
        if tag.tagid != request.tagid {
            return Err(bad("the tagid in the body is not the one in the path"));
        }
        put_tag(cx, corp, &tag)?;
        changed(cx, corp)?;
        let row = directory::tag(cx.tx.as_read(), corp, tag.tagid)?.unwrap_or_default();
        tag_shown(cx.tx.as_read(), corp, row)
    }
}

impl Command<DeleteTag> for Use {
    fn run(cx: &mut Cx, request: &DeleteTag) -> Outcome<Done> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        if directory::tag(cx.tx.as_read(), corp, request.tagid)?.is_none() {
            return Err(R::TagUnknown.into());
        }
        directory::delete_tag(cx.tx, corp, request.tagid)?;
        changed(cx, corp)?;
        Ok(Done {})
    }
}
