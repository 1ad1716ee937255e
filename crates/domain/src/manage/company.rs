use qun_protocol::{
    CorpId, Limit, Rulebook, Rules, UNLIMITED,
    manage::{
        ChangeCompany, ChangeRules, Companies, CompaniesOf, CompanyShown, GetCompany, GetRules,
        RulesShown,
    },
};
use qun_store::{
    Read,
    table::company::{self, Company, RuleRow},
};

use super::bad;
use crate::{Command, Cx, Outcome, Query, ReadCx, Use, people::feed::page_size, rule};

fn shown(company: Company, rulebook: Rulebook) -> CompanyShown {
    CompanyShown {
        corpid: CorpId(company.corpid),
        name: company.name,
        rulebook,
        industry: company.industry,
        account_cap: company.account_cap,
        chat_member_cap: company.chat_member_cap,
        developer_id: company.developer_id,
    }
}

impl Query<Companies> for Use {
    fn run(cx: &mut ReadCx, request: &Companies) -> Outcome<CompaniesOf> {
        let limit = page_size(request.limit)?;
        let mut found = company::page(
            cx.read,
            request.after.as_deref().unwrap_or_default(),
            limit + 1,
        )?;
        let more = found.len() as i64 > limit;
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = found
            .last()
            .filter(|_| more)
            .map(|company| company.corpid.clone());
        let mut companies = Vec::new();
        for company in found {
            let book = cx.rules(company.corp)?.book;
            companies.push(shown(company, book));
        }
        Ok(CompaniesOf { companies, next })
    }
}

impl Query<GetCompany> for Use {
    fn run(cx: &mut ReadCx, request: &GetCompany) -> Outcome<CompanyShown> {
        let company = cx.company(Some(&request.corpid))?;
        let book = cx.rules(company.corp)?.book;
        Ok(shown(company, book))
    }
}

/// Refuses settings that cannot be.
pub(crate) fn check(company: &Company) -> Outcome<()> {
    let texts = [
        Some(&company.name),
        company.industry.as_ref(),
        company.developer_id.as_ref(),
    ];
    if texts
        .into_iter()
        .flatten()
        .any(|text| text.chars().count() > 200)
    {
        return Err(bad(
            "name, industry and developer_id have at most 200 characters",
        ));
    }
    if !(1..=10_000_000).contains(&company.account_cap) {
        return Err(bad("account_cap is 1 to 10000000"));
    }
    if company.chat_member_cap.is_some_and(|cap| cap < 2) {
        return Err(bad("chat_member_cap is at least 2"));
    }
    Ok(())
}

impl Command<ChangeCompany> for Use {
    fn run(cx: &mut Cx, request: &ChangeCompany) -> Outcome<CompanyShown> {
        let mut company = cx.company(Some(&request.corpid))?;
        let text = |old: Option<String>, new: &Option<String>| match new {
            None => old,
            Some(new) => Some(new.clone()).filter(|new| !new.is_empty()),
        };
        company.industry = text(company.industry, &request.industry);
        company.developer_id = text(company.developer_id, &request.developer_id);
        if let Some(name) = &request.name {
            company.name.clone_from(name);
        }
        company.account_cap = request.account_cap.unwrap_or(company.account_cap);
        company.chat_member_cap = request
            .chat_member_cap
            .or(company.chat_member_cap)
            .filter(|cap| *cap != 0);
        check(&company)?;
        company::update(cx.tx, &company)?;
        company::changed(cx.tx, company.corp)?;
        let book = cx.rules(company.corp)?.book;
        Ok(shown(company, book))
    }
}

fn rules_shown(read: &mut dyn Read, corp: i64, now: i64, default: &Rules) -> Outcome<RulesShown> {
    let rules = rule::rules::in_force(read, corp, now, default)?;
    let overridden = rule::rules::overrides(&company::rules(read, corp)?, now);
    // No limit is shown as a number that any JSON reader keeps.
    let limits = rules
        .all()
        .into_iter()
        .map(|(key, value)| (key, if value == UNLIMITED { -1 } else { value }));
    let mut overridden: Vec<String> = overridden
        .iter()
        .map(|(limit, _)| limit.key().to_owned())
        .collect();
    overridden.sort();
    Ok(RulesShown {
        rulebook: rules.book,
        limits: limits.collect(),
        overridden,
    })
}

impl Query<GetRules> for Use {
    fn run(cx: &mut ReadCx, request: &GetRules) -> Outcome<RulesShown> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        rules_shown(cx.read, corp, cx.now, cx.default_rules)
    }
}

impl Command<ChangeRules> for Use {
    fn run(cx: &mut Cx, request: &ChangeRules) -> Outcome<RulesShown> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        if let Some(book) = request.rulebook {
            set_rulebook(cx, corp, book)?;
        }
        for (key, value) in &request.limits {
            set_limit(cx, corp, key, *value)?;
        }
        company::changed(cx.tx, corp)?;
        rules_shown(cx.tx.as_read(), corp, cx.now, cx.default_rules)
    }
}

/// Puts a company under a rulebook from now on.
pub(crate) fn set_rulebook(cx: &mut Cx, corp: i64, book: Rulebook) -> Outcome<()> {
    let row = RuleRow {
        since: cx.now,
        rulebook: Some(book.as_str().into()),
        key: String::new(),
        value: None,
    };
    let id = cx.ids.next();
    Ok(company::add_rule(cx.tx, corp, id, &row)?)
}

/// Sets one number for a company from now on; -1 is no limit, `None` the rulebook's.
pub(crate) fn set_limit(cx: &mut Cx, corp: i64, key: &str, value: Option<i64>) -> Outcome<()> {
    let limit: Limit = key
        .parse()
        .map_err(|error: String| bad(format!("limits: {error}")))?;
    let value = match value {
        Some(-1) => Some(UNLIMITED),
        Some(value) if value < 0 => {
            return Err(bad(format!(
                "limits: {key} is negative; -1 alone stands for no limit"
            )));
        }
        other => other,
    };
    let row = RuleRow {
        since: cx.now,
        rulebook: None,
        key: limit.key().into(),
        value,
    };
    let id = cx.ids.next();
    Ok(company::add_rule(cx.tx, corp, id, &row)?)
}
