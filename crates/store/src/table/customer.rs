//! 外部联系人: customers.

use crate::{Read, ReadExt, Result, Row, Tx};

statements! {
    BY_EXTERNAL_USERID = "SELECT customer, external_userid, unionid, name, kind, corp_name FROM customer WHERE corp = $1 AND external_userid = $2";
    BY_KEY = "SELECT customer, external_userid, unionid, name, kind, corp_name FROM customer WHERE corp = $1 AND customer = $2";
    BY_UNIONID = "SELECT customer, external_userid, unionid, name, kind, corp_name FROM customer WHERE corp = $1 AND unionid = $2";
    PAGE = "SELECT customer, external_userid, unionid, name, kind, corp_name FROM customer WHERE corp = $1 AND customer < $2 ORDER BY customer DESC LIMIT $3";
    EXTERNAL_USERIDS = "SELECT c.customer, c.external_userid FROM {ints $2} AS l CROSS JOIN customer c WHERE c.corp = $1 AND c.customer = l.v";
    LAST = "SELECT COALESCE(MIN(customer), 0) FROM customer WHERE corp = $1";
    INSERT = "INSERT INTO customer (corp, customer, external_userid, unionid, name, kind, corp_name) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    UPDATE = "UPDATE customer SET external_userid = $3, unionid = $4, name = $5, kind = $6, corp_name = $7 WHERE corp = $1 AND customer = $2";
}

/// A customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Customer {
    /// The key, below 0.
    pub customer: i64,
    /// The id on the wire, `wm…` or `wo…`.
    pub external_userid: String,
    /// The id on the WeChat open platform, unique in the company.
    pub unionid: Option<String>,
    /// The name.
    pub name: String,
    /// 1 of WeChat, 2 of another company's WeCom.
    pub kind: i64,
    /// The company that the customer works for.
    pub corp_name: Option<String>,
}

fn customer(row: &dyn Row) -> Customer {
    Customer {
        customer: row.int(0),
        external_userid: row.text(1).to_owned(),
        unionid: row.opt_text(2).map(str::to_owned),
        name: row.text(3).to_owned(),
        kind: row.int(4),
        corp_name: row.opt_text(5).map(str::to_owned),
    }
}

/// The customer with an external_userid.
pub fn by_external_userid(read: &mut dyn Read, corp: i64, id: &str) -> Result<Option<Customer>> {
    read.one(BY_EXTERNAL_USERID, &[corp.into(), id.into()], customer)
}

/// The customer with a key.
pub fn by_key(read: &mut dyn Read, corp: i64, key: i64) -> Result<Option<Customer>> {
    read.one(BY_KEY, &[corp.into(), key.into()], customer)
}

/// The customer with a unionid.
pub fn by_unionid(read: &mut dyn Read, corp: i64, unionid: &str) -> Result<Option<Customer>> {
    read.one(BY_UNIONID, &[corp.into(), unionid.into()], customer)
}

/// A page of customers after a key (0: from the first), in the order in which they were made.
pub fn page(read: &mut dyn Read, corp: i64, after: i64, limit: i64) -> Result<Vec<Customer>> {
    read.all(PAGE, &[corp.into(), after.into(), limit.into()], customer)
}

/// The external_userids of keys, in no order.
pub fn external_userids(
    read: &mut dyn Read,
    corp: i64,
    keys: &[i64],
) -> Result<Vec<(i64, String)>> {
    let list = super::chat::int_list(keys);
    read.all(EXTERNAL_USERIDS, &[corp.into(), (&list).into()], |row| {
        (row.int(0), row.text(1).to_owned())
    })
}

/// The key for one more customer.
pub fn next_key(read: &mut dyn Read, corp: i64) -> Result<i64> {
    Ok(read.int(LAST, &[corp.into()])?.unwrap_or(0) - 1)
}

/// Adds a customer, or saves one who is there.
pub fn put(tx: &mut dyn Tx, corp: i64, c: &Customer, new: bool) -> Result<()> {
    let vals = [
        corp.into(),
        c.customer.into(),
        (&c.external_userid).into(),
        c.unionid.as_ref().into(),
        (&c.name).into(),
        c.kind.into(),
        c.corp_name.as_ref().into(),
    ];
    tx.exec(if new { INSERT } else { UPDATE }, &vals).map(drop)
}
