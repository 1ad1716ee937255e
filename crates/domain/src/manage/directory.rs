use qun_protocol::{
    Done, Refusal as R, Refused, UserId,
    manage::{
        DeleteDepartment, DeleteTag, DeleteUser, Departments, DepartmentsOf, GetUser,
        PutDepartment, PutTag, PutUser, Tags, TagsOf, Users, UsersOf,
    },
    world::{Department, Tag, User, UserStatus},
};
use qun_store::{
    Read,
    table::{app::range, audience, chat, company, directory},
};

use super::{app::named, bad};
use crate::{Command, Cx, Outcome, Query, ReadCx, Use, people::feed::page_size};

fn shown(read: &mut dyn Read, corp: i64, person: directory::Person) -> Outcome<User> {
    let departments = directory::departments_of(read, corp, person.person)?;
    Ok(User {
        userid: UserId(person.userid),
        name: Some(person.name),
        alias: person.alias,
        mobile: person.mobile,
        email: person.email,
        departments: Some(departments),
        status: UserStatus::numbered(person.status),
        real_named: Some(person.real_named),
        customer_contact: person.customer_contact,
        licence_end: person.licence_end,
    })
}

fn check_userid(userid: &str) -> Outcome<()> {
    let good = |c: char| c.is_ascii_alphanumeric() || "_-@.".contains(c);
    let first = userid
        .chars()
        .next()
        .is_some_and(|c| c.is_ascii_alphanumeric());
    if first && userid.len() <= 64 && userid.chars().all(good) {
        Ok(())
    } else {
        Err(bad(format!(
            "userid {userid:?}: 1 to 64 of 0-9 A-Z a-z _ - @ . beginning with a letter or digit"
        )))
    }
}

/// Makes or replaces a person.
pub(crate) fn put_user(cx: &mut Cx, corp: i64, user: &User) -> Outcome<()> {
    check_userid(&user.userid)?;
    let name = user
        .name
        .clone()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| user.userid.0.clone());
    if name.chars().count() > 64
        || user
            .alias
            .as_ref()
            .is_some_and(|alias| alias.chars().count() > 64)
    {
        return Err(bad(format!(
            "{}: name and alias have at most 64 characters",
            user.userid
        )));
    }
    if user
        .mobile
        .as_ref()
        .is_some_and(|mobile| !(5..=32).contains(&mobile.len()))
    {
        return Err(bad(format!("{}: mobile has 5 to 32 bytes", user.userid)));
    }
    if user
        .email
        .as_ref()
        .is_some_and(|email| !(6..=64).contains(&email.len()) || !email.contains('@'))
    {
        return Err(bad(format!(
            "{}: email has 6 to 64 bytes and an @",
            user.userid
        )));
    }
    let known = directory::person_by_userid(cx.tx.as_read(), corp, &user.userid.folded())?;
    let new = known.is_none();
    let key = match known {
        Some(person) => person.person,
        None => directory::next_person(cx.tx.as_read(), corp)?,
    };
    if (user.mobile.is_some() || user.email.is_some())
        && directory::detail_taken(
            cx.tx.as_read(),
            corp,
            key,
            user.mobile.as_deref(),
            user.email.as_deref(),
        )?
    {
        return Err(Refused::because(R::DetailTaken, user.userid.to_string()).into());
    }
    let departments = user
        .departments
        .clone()
        .unwrap_or_else(|| vec![directory::ROOT]);
    for id in &departments {
        if directory::department(cx.tx.as_read(), corp, *id)?.is_none() {
            return Err(
                Refused::because(R::DepartmentUnknown, format!("{}: {id}", user.userid)).into(),
            );
        }
    }
    let person = directory::Person {
        person: key,
        userid: user.userid.0.clone(),
        name,
        alias: user.alias.clone(),
        mobile: user.mobile.clone(),
        email: user.email.clone(),
        status: user.status.number(),
        real_named: user.real_named.unwrap_or(true),
        customer_contact: user.customer_contact,
        licence_end: user.licence_end,
    };
    directory::put_person(cx.tx, corp, &person, new)?;
    directory::set_departments(cx.tx, corp, key, &departments)?;
    Ok(())
}

/// How many departments may stand above one.
const DEEPEST: i64 = 15;

/// Makes or replaces a department below another.
pub(crate) fn put_department(cx: &mut Cx, corp: i64, department: &Department) -> Outcome<()> {
    if !(1..=4_294_967_295).contains(&department.id) {
        return Err(bad("a department's id is 1 to 4294967295"));
    }
    let chars = department.name.chars().count();
    if !(1..=64).contains(&chars)
        || department
            .name
            .contains(['\\', ':', '*', '?', '"', '<', '>', '|'])
    {
        return Err(bad(format!(
            "department {}: its name has 1 to 64 characters without \\:*?\"<>|",
            department.id
        )));
    }
    let parent = match (department.id, department.parentid) {
        (directory::ROOT, _) => 0,
        (_, parent) => parent.unwrap_or(directory::ROOT),
    };
    // Up to the root: the parent is there, and the department is not its own ancestor.
    let mut above = parent;
    let mut depth = 0;
    while above != 0 {
        depth += 1;
        if above == department.id || depth > DEEPEST {
            return Err(bad(format!(
                "department {}: at most {DEEPEST} deep, and not below itself",
                department.id
            )));
        }
        above = directory::department(cx.tx.as_read(), corp, above)?
            .ok_or_else(|| Refused::because(R::DepartmentUnknown, above.to_string()))?
            .parent;
    }
    if parent != 0 {
        depth += height_below(cx.tx.as_read(), corp, department.id, parent)?;
    }
    if depth > DEEPEST {
        return Err(bad(format!(
            "department {}: what is below it would be more than {DEEPEST} deep",
            department.id
        )));
    }
    let row = directory::Department {
        department: department.id,
        parent,
        name: department.name.clone(),
        ord: department.order,
    };
    Ok(directory::put_department(cx.tx, corp, &row)?)
}

/// How many levels there are below a department that moves under another parent; 0 where it stays or is new.
fn height_below(read: &mut dyn Read, corp: i64, id: i64, parent: i64) -> Outcome<i64> {
    if directory::department(read, corp, id)?.is_none_or(|known| known.parent == parent) {
        return Ok(0);
    }
    let all = directory::departments(read, corp)?;
    let mut level = vec![id];
    let mut height = 0;
    loop {
        let below = all.iter().filter(|d| level.contains(&d.parent));
        level = below.map(|d| d.department).collect();
        if level.is_empty() {
            return Ok(height);
        }
        height += 1;
    }
}

/// Makes or replaces a tag.
pub(crate) fn put_tag(cx: &mut Cx, corp: i64, tag: &Tag) -> Outcome<()> {
    if !(1..=4_294_967_295).contains(&tag.tagid) || !(1..=32).contains(&tag.tagname.chars().count())
    {
        return Err(bad(format!(
            "tag {}: an id above 0 and a name of 1 to 32 characters",
            tag.tagid
        )));
    }
    let mut members = Vec::new();
    for userid in &tag.users {
        members.push((range::PERSON, cx.person(corp, userid)?.person));
    }
    for id in &tag.departments {
        if directory::department(cx.tx.as_read(), corp, *id)?.is_none() {
            return Err(
                Refused::because(R::DepartmentUnknown, format!("tag {}: {id}", tag.tagid)).into(),
            );
        }
        members.push((range::DEPARTMENT, *id));
    }
    Ok(directory::put_tag(
        cx.tx,
        corp,
        tag.tagid,
        &tag.tagname,
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
        company::changed(cx.tx, corp)?;
        let person = cx.person(corp, &request.userid)?;
        shown(cx.tx.as_read(), corp, person)
    }
}

impl Command<DeleteUser> for Use {
    fn run(cx: &mut Cx, request: &DeleteUser) -> Outcome<Done> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let person = cx.person(corp, &request.userid)?;
        let read = cx.tx.as_read();
        if chat::ever_in_group(read, corp, person.person)?
            || audience::ever_addressed(read, corp, person.person)?
        {
            let detail = "who was in a group or got a message stays in its history; set the status to left instead";
            return Err(Refused::because(R::PersonInUse, detail).into());
        }
        directory::delete_person(cx.tx, corp, person.person)?;
        company::changed(cx.tx, corp)?;
        Ok(Done {})
    }
}

fn department_shown(row: directory::Department) -> Department {
    let parentid = (row.parent != 0).then_some(row.parent);
    Department {
        id: row.department,
        name: row.name,
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
        put_department(cx, corp, &department)?;
        company::changed(cx.tx, corp)?;
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
            || directory::department_in_use(cx.tx.as_read(), corp, request.id)?
        {
            return Err(R::DepartmentInUse.into());
        }
        directory::delete_department(cx.tx, corp, request.id)?;
        company::changed(cx.tx, corp)?;
        Ok(Done {})
    }
}

fn tag_shown(read: &mut dyn Read, corp: i64, tagid: i64, tagname: String) -> Outcome<Tag> {
    let members = directory::tag_members(read, corp, tagid)?;
    let members = named(read, corp, &members)?;
    Ok(Tag {
        tagid,
        tagname,
        users: members.users,
        departments: members.departments,
    })
}

impl Query<Tags> for Use {
    fn run(cx: &mut ReadCx, request: &Tags) -> Outcome<TagsOf> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let mut tags = Vec::new();
        for (id, name) in directory::tags(cx.read, corp)? {
            tags.push(tag_shown(cx.read, corp, id, name)?);
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
        company::changed(cx.tx, corp)?;
        tag_shown(cx.tx.as_read(), corp, tag.tagid, tag.tagname)
    }
}

impl Command<DeleteTag> for Use {
    fn run(cx: &mut Cx, request: &DeleteTag) -> Outcome<Done> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        if directory::tag(cx.tx.as_read(), corp, request.tagid)?.is_none() {
            return Err(R::TagUnknown.into());
        }
        directory::delete_tag(cx.tx, corp, request.tagid)?;
        company::changed(cx.tx, corp)?;
        Ok(Done {})
    }
}
