use qun_protocol::{
    Done, ExternalUserId, Refusal as R, Refused,
    manage::{AddCustomer, Customers, CustomersOf, GetCustomer, PutCustomer, Resign},
    world::{Customer, CustomerKind},
};
use qun_store::{
    Read,
    table::{company, customer, directory},
};

use super::{bad, directory::after_key};
use crate::{Command, Cx, Outcome, Query, ReadCx, Use, directory::person, people::feed::page_size};

fn shown(row: customer::Customer) -> Customer {
    Customer {
        external_userid: Some(ExternalUserId(row.external_userid)),
        name: row.name,
        kind: CustomerKind::numbered(row.kind),
        unionid: row.unionid,
        corp_name: row.corp_name,
    }
}

/// Whether a text can be an id that the server keeps: 1 to 64 of `0-9A-Za-z_-`.
pub(crate) fn is_id(text: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(good)
}

/// Makes or replaces a customer; gives the external_userid.
pub(crate) fn put(cx: &mut Cx, corp: i64, wanted: &Customer) -> Outcome<ExternalUserId> {
    let id = match &wanted.external_userid {
        Some(id) if is_id(id) => id.clone(),
        Some(id) => {
            return Err(bad(format!(
                "external_userid {id:?}: 1 to 64 of 0-9 A-Z a-z _ -"
            )));
        }
        None => {
            let kind = match wanted.kind {
                CustomerKind::Wechat => "wm",
                CustomerKind::Wecom => "wo",
            };
            ExternalUserId(format!("{kind}{}", cx.letters(30)))
        }
    };
    let long = |text: &Option<String>, most| {
        text.as_ref()
            .is_some_and(|text| text.is_empty() || text.chars().count() > most)
    };
    if wanted.name.chars().count() > 64 || long(&wanted.corp_name, 64) || long(&wanted.unionid, 64)
    {
        return Err(bad(format!(
            "{id}: name, unionid and corp_name have at most 64 characters, and the last two are not empty"
        )));
    }
    let known = customer::by_external_userid(cx.tx.as_read(), corp, &id)?;
    let new = known.is_none();
    let key = match &known {
        Some(known) => known.customer,
        None => customer::next_key(cx.tx.as_read(), corp)?,
    };
    if let Some(unionid) = &wanted.unionid
        && customer::by_unionid(cx.tx.as_read(), corp, unionid)?
            .is_some_and(|other| other.customer != key)
    {
        return Err(Refused::because(R::CustomerExists, format!("unionid {unionid}")).into());
    }
    // A path names an employee or a customer by one text.
    if new
        && directory::person_by_userid(cx.tx.as_read(), corp, &qun_protocol::fold(&id))?.is_some()
    {
        return Err(Refused::because(R::CustomerExists, format!("{id} is an employee")).into());
    }
    let row = customer::Customer {
        customer: key,
        external_userid: id.0.clone(),
        unionid: wanted.unionid.clone(),
        name: wanted.name.clone(),
        kind: wanted.kind.number(),
        corp_name: wanted.corp_name.clone(),
    };
    customer::put(cx.tx, corp, &row, new)?;
    Ok(id)
}

fn known(read: &mut dyn Read, corp: i64, id: &ExternalUserId) -> Outcome<Customer> {
    let found = customer::by_external_userid(read, corp, id)?;
    let found = found.ok_or_else(|| Refused::because(R::CustomerUnknown, id.to_string()))?;
    Ok(shown(found))
}

impl Query<Customers> for Use {
    fn run(cx: &mut ReadCx, request: &Customers) -> Outcome<CustomersOf> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let limit = page_size(request.limit)?;
        let after = after_key(request.after.as_deref())?;
        let mut found = customer::page(cx.read, corp, after.min(0), limit + 1)?;
        let more = found.len() as i64 > limit;
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let last = found.last().filter(|_| more);
        Ok(CustomersOf {
            next: last.map(|customer| customer.customer.to_string()),
            customers: found.into_iter().map(shown).collect(),
        })
    }
}

impl Query<GetCustomer> for Use {
    fn run(cx: &mut ReadCx, request: &GetCustomer) -> Outcome<Customer> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        known(cx.read, corp, &request.external_userid)
    }
}

impl Command<AddCustomer> for Use {
    fn run(cx: &mut Cx, request: &AddCustomer) -> Outcome<Customer> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        if let Some(id) = &request.customer.external_userid
            && customer::by_external_userid(cx.tx.as_read(), corp, id)?.is_some()
        {
            return Err(Refused::because(R::CustomerExists, id.to_string()).into());
        }
        let id = put(cx, corp, &request.customer)?;
        known(cx.tx.as_read(), corp, &id)
    }
}

impl Command<PutCustomer> for Use {
    fn run(cx: &mut Cx, request: &PutCustomer) -> Outcome<Customer> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let mut customer = request.customer.clone();
        let id = customer
            .external_userid
            .get_or_insert_with(|| request.external_userid.clone());
        if *id != request.external_userid {
            return Err(bad(
                "the external_userid in the body is not the one in the path",
            ));
        }
        let id = put(cx, corp, &customer)?;
        known(cx.tx.as_read(), corp, &id)
    }
}

impl Command<Resign> for Use {
    fn run(cx: &mut Cx, request: &Resign) -> Outcome<Done> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let known = cx.person(corp, &request.userid)?;
        person::resign(cx, corp, known)?;
        company::changed(cx.tx, corp)?;
        Ok(Done {})
    }
}
