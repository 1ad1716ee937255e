//! Companies and their rules.

use crate::{Read, ReadExt, Result, Row, Tx};

statements! {
    BY_CORP = "SELECT corp, corpid, name, industry, account_cap, chat_member_cap, developer_id, version FROM company WHERE corp = $1";
    BY_CORPID = "SELECT corp, corpid, name, industry, account_cap, chat_member_cap, developer_id, version FROM company WHERE corpid = $1";
    PAGE = "SELECT corp, corpid, name, industry, account_cap, chat_member_cap, developer_id, version FROM company WHERE corpid > $1 ORDER BY corpid LIMIT $2";
    FIRST = "SELECT corp FROM company ORDER BY corp LIMIT 2";
    INSERT = "INSERT INTO company (corp, corpid, name, industry, account_cap, chat_member_cap, developer_id, version, last_id, created) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, 0, $8)";
    UPDATE = "UPDATE company SET name = $2, industry = $3, account_cap = $4, chat_member_cap = $5, developer_id = $6 WHERE corp = $1";
    NEXT_CORP = "SELECT COALESCE(MAX(corp), 0) + 1 FROM company";
    CHANGED = "UPDATE company SET version = version + 1 WHERE corp = $1";
    VERSION = "SELECT version FROM company WHERE corp = $1";
    VERSIONS = "SELECT corp, version FROM company WHERE corp IN (SELECT l.v FROM {ints $1} AS l)";
    LAST_CHANGE = "UPDATE company SET last_id = $2 WHERE corp IN (SELECT l.v FROM {ints $1} AS l)";
    RULES = "SELECT since, rulebook, key, value FROM rule WHERE corp = $1 ORDER BY id";
    ADD_RULE = "INSERT INTO rule (corp, id, since, rulebook, key, value) VALUES ($1, $2, $3, $4, $5, $6)";
}

pub(super) const KEPT: &[&str] = &[VERSION];

/// A company.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Company {
    /// The key of everything in it.
    pub corp: i64,
    /// 企业ID
    pub corpid: String,
    /// Its name.
    pub name: String,
    /// 所属行业
    pub industry: Option<String>,
    /// 帐号上限
    pub account_cap: i64,
    /// 群成员人数上限
    pub chat_member_cap: Option<i64>,
    /// The bound WeChat developer id.
    pub developer_id: Option<String>,
    /// Raised by every change that caches must see.
    pub version: i64,
}

fn company(row: &dyn Row) -> Company {
    Company {
        corp: row.int(0),
        corpid: row.text(1).to_owned(),
        name: row.text(2).to_owned(),
        industry: row.opt_text(3).map(str::to_owned),
        account_cap: row.int(4),
        chat_member_cap: row.opt_int(5),
        developer_id: row.opt_text(6).map(str::to_owned),
        version: row.int(7),
    }
}

/// The company with a key.
pub fn by_corp(read: &mut dyn Read, corp: i64) -> Result<Option<Company>> {
    read.one(BY_CORP, &[corp.into()], company)
}

/// The company with a corpid.
pub fn by_corpid(read: &mut dyn Read, corpid: &str) -> Result<Option<Company>> {
    read.one(BY_CORPID, &[corpid.into()], company)
}

/// A page of companies after a corpid, by corpid.
pub fn page(read: &mut dyn Read, after: &str, limit: i64) -> Result<Vec<Company>> {
    read.all(PAGE, &[after.into(), limit.into()], company)
}

/// The keys of the first two companies: enough to know whether there is just one.
pub fn first_two(read: &mut dyn Read) -> Result<Vec<i64>> {
    read.all(FIRST, &[], |row| row.int(0))
}

/// Adds a company; its `corp` is taken from [`next_corp`].
pub fn insert(tx: &mut dyn Tx, c: &Company, now: i64) -> Result<()> {
    let vals = [
        c.corp.into(),
        (&c.corpid).into(),
        (&c.name).into(),
        c.industry.as_ref().into(),
        c.account_cap.into(),
        c.chat_member_cap.into(),
        c.developer_id.as_ref().into(),
        now.into(),
    ];
    tx.exec(INSERT, &vals).map(drop)
}

/// Saves a company's settings.
pub fn update(tx: &mut dyn Tx, c: &Company) -> Result<()> {
    let vals = [
        c.corp.into(),
        (&c.name).into(),
        c.industry.as_ref().into(),
        c.account_cap.into(),
        c.chat_member_cap.into(),
        c.developer_id.as_ref().into(),
    ];
    tx.exec(UPDATE, &vals).map(drop)
}

/// The key for one more company.
pub fn next_corp(read: &mut dyn Read) -> Result<i64> {
    Ok(read.int(NEXT_CORP, &[])?.unwrap_or(1))
}

/// Says that what is cached of a company is stale.
pub fn changed(tx: &mut dyn Tx, corp: i64) -> Result<()> {
    tx.exec(CHANGED, &[corp.into()]).map(drop)
}

/// The version of a company.
pub fn version(read: &mut dyn Read, corp: i64) -> Result<Option<i64>> {
    read.int(VERSION, &[corp.into()])
}

/// The versions of companies.
pub fn versions(read: &mut dyn Read, companies: &[i64]) -> Result<Vec<(i64, i64)>> {
    let list = super::chat::int_list(companies);
    read.all(VERSIONS, &[(&list).into()], |row| (row.int(0), row.int(1)))
}

/// Notes the last change of companies: the statement and its values.
pub fn last_change<T>(
    companies: &[i64],
    id: i64,
    run: impl FnOnce(&'static str, &[crate::Val<'_>]) -> T,
) -> T {
    let list = super::chat::int_list(companies);
    run(LAST_CHANGE, &[(&list).into(), id.into()])
}

/// One change of a company's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleRow {
    /// From when on, ms UTC.
    pub since: i64,
    /// The rulebook it sets, if it does.
    pub rulebook: Option<String>,
    /// The number it sets, if it does; otherwise empty.
    pub key: String,
    /// Its value; `None` goes back to the rulebook's.
    pub value: Option<i64>,
}

/// All changes of a company's rules, oldest first.
pub fn rules(read: &mut dyn Read, corp: i64) -> Result<Vec<RuleRow>> {
    read.all(RULES, &[corp.into()], |row| RuleRow {
        since: row.int(0),
        rulebook: row.opt_text(1).map(str::to_owned),
        key: row.text(2).to_owned(),
        value: row.opt_int(3),
    })
}

/// Adds a change.
pub fn add_rule(tx: &mut dyn Tx, corp: i64, id: i64, rule: &RuleRow) -> Result<()> {
    let vals = [
        corp.into(),
        id.into(),
        rule.since.into(),
        rule.rulebook.as_ref().into(),
        (&rule.key).into(),
        rule.value.into(),
    ];
    tx.exec(ADD_RULE, &vals).map(drop)
}
