//! Whoever can be in a group: an employee, or a customer.

use qun_protocol::{Refusal as R, Refused, UserId};
use qun_store::{
    Read,
    table::{
        customer::{self, Customer},
        directory::{self, Person},
    },
};

use crate::Outcome;

/// An employee or a customer.
#[derive(Clone, Debug)]
pub(crate) enum Participant {
    /// 企业成员
    Employee(Person),
    /// 外部联系人
    Customer(Customer),
}

impl Participant {
    /// The key of a member or sender: below 0 a customer's.
    pub(crate) fn key(&self) -> i64 {
        match self {
            Participant::Employee(person) => person.person,
            Participant::Customer(customer) => customer.customer,
        }
    }

    /// The userid or external_userid.
    pub(crate) fn id(&self) -> &str {
        match self {
            Participant::Employee(person) => &person.userid,
            Participant::Customer(customer) => &customer.external_userid,
        }
    }
}

/// Whoever has a userid, ignoring case, or an external_userid.
pub(crate) fn named(read: &mut dyn Read, corp: i64, id: &UserId) -> Outcome<Participant> {
    if let Some(person) = directory::person_by_userid(read, corp, &id.folded())? {
        return Ok(Participant::Employee(person));
    }
    match customer::by_external_userid(read, corp, id)? {
        Some(customer) => Ok(Participant::Customer(customer)),
        None => Err(Refused::because(R::PersonUnknown, id.to_string()).into()),
    }
}

/// Their keys, in the order of a list.
pub(crate) fn keys(read: &mut dyn Read, corp: i64, ids: &[UserId]) -> Outcome<Vec<i64>> {
    let keys = ids.iter().map(|id| Ok(named(read, corp, id)?.key()));
    keys.collect()
}

/// The userid or external_userid of a key; empty where nobody has it.
pub(crate) fn id_of(read: &mut dyn Read, corp: i64, key: i64) -> Outcome<UserId> {
    let id = if key > 0 {
        directory::person_by_key(read, corp, key)?.map(|person| person.userid)
    } else {
        customer::by_key(read, corp, key)?.map(|customer| customer.external_userid)
    };
    Ok(UserId(id.unwrap_or_default()))
}

/// The userids and external_userids of keys, in their order.
pub(crate) fn ids_of(read: &mut dyn Read, corp: i64, keys: &[i64]) -> Outcome<Vec<UserId>> {
    let of = |wanted: fn(&i64) -> bool| keys.iter().copied().filter(wanted).collect::<Vec<_>>();
    let mut known = directory::userids(read, corp, &of(|key| *key > 0))?;
    known.extend(customer::external_userids(read, corp, &of(|key| *key < 0))?);
    let known: std::collections::BTreeMap<i64, String> = known.into_iter().collect();
    let ids = keys.iter().map(|key| known.get(key).cloned());
    Ok(ids.map(|id| UserId(id.unwrap_or_default())).collect())
}
