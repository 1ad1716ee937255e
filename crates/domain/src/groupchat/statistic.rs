use std::collections::BTreeMap;

use qun_protocol::{
    Refused, UserId,
    groupchat::{
        DailyStatistics, DayFigures, OrderBy, OwnerFigures, OwnerFilter, Statistic,
        StatisticGroupByDay, Statistics, day_start,
    },
};
use qun_store::table::{company, directory, group_day, recipient};

use super::list::{everybody_in_range, these};
use crate::{Caller, Outcome, Query, ReadCx, Use, range::Sight, rule::statistic};

/// Owners of a page where no number is asked.
const PAGE: i64 = 500;
/// The companies whose groups of trainees were migrated.
const EDUCATION: &str = "education";

impl Query<Statistic> for Use {
    fn run(cx: &mut ReadCx, request: &Statistic) -> Outcome<Statistics> {
        let caller = cx.who.caller()?.clone();
        let (begin, end) = (request.day_begin_time, request.day_end_time);
        let span = statistic::span(&caller.rules, cx.now, begin, end)?;
        // Clients in Go write 0 for what they leave out.
        let order = match request.order_by.unwrap_or(0) {
            0 => OrderBy::default(),
            number => OrderBy::numbered(number).ok_or_else(|| Refused::invalid("order_by"))?,
        };
        let ascending = match request.order_asc.unwrap_or(0) {
            0 => false,
            1 => true,
            _ => return Err(Refused::invalid("order_asc").into()),
        };
        let limit = match request.limit.unwrap_or(0) {
            0 => PAGE,
            limit @ 1..=1000 => limit,
            _ => return Err(Refused::invalid("limit").into()),
        };
        let offset = request.offset.unwrap_or(0);
        let offset = usize::try_from(offset).map_err(|_| Refused::invalid("offset"))?;
        let corp = caller.corp;
        let owners = owners(cx, &caller, request.owner_filter.as_ref())?;
        let before = group_day::at(cx.read, corp, &owners, span.first - 1)?;
        let end = group_day::at(cx.read, corp, &owners, span.last)?;
        let mut records = statistic::by_owner(&before, &end, in_education(cx, corp)?);
        statistic::sort(&mut records, order, ascending);
        let total = records.len();
        let from = offset.min(total);
        let to = from.saturating_add(limit as usize).min(total);
        let page = &records[from..to];
        let keys: Vec<i64> = page.iter().map(|(owner, _)| *owner).collect();
        let userids: BTreeMap<i64, String> = directory::userids(cx.read, corp, &keys)?
            .into_iter()
            .collect();
        let items = page.iter().map(|(owner, data)| OwnerFigures {
            owner: UserId(userids.get(owner).cloned().unwrap_or_default()),
            data: *data,
        });
        Ok(Statistics {
            total: total as i64,
            next_offset: to as i64,
            items: items.collect(),
        })
    }
}

impl Query<StatisticGroupByDay> for Use {
    fn run(cx: &mut ReadCx, request: &StatisticGroupByDay) -> Outcome<DailyStatistics> {
        let caller = cx.who.caller()?.clone();
        let (begin, end) = (request.day_begin_time, request.day_end_time);
        let span = statistic::span(&caller.rules, cx.now, begin, end)?;
        let corp = caller.corp;
        let owners = owners(cx, &caller, request.owner_filter.as_ref())?;
        let before = group_day::at(cx.read, corp, &owners, span.first - 1)?;
        let rows = group_day::span(cx.read, corp, &owners, span.first - 1, span.last)?;
        let days = statistic::by_day(span, &before, &rows, in_education(cx, corp)?);
        let items = days.into_iter().map(|(day, data)| DayFigures {
            stat_time: day_start(day),
            data,
        });
        Ok(DailyStatistics {
            items: items.collect(),
        })
    }
}

/// Those who are named, or everybody, whom the app sees; who has left the company among them.
fn owners(cx: &mut ReadCx, caller: &Caller, filter: Option<&OwnerFilter>) -> Outcome<Vec<i64>> {
    let named = filter.map_or(&[][..], |filter| &filter.userid_list);
    if !named.is_empty() {
        let people = these(cx, caller, named)?;
        return Ok(people.into_iter().map(|(person, _)| person).collect());
    }
    Ok(match everybody_in_range(cx, caller)? {
        Sight::People(people) => people.into_keys().collect(),
        Sight::Everybody => {
            let everybody = recipient::everyone(cx.read, caller.corp)?;
            everybody.into_iter().map(|person| person.person).collect()
        }
    })
}

fn in_education(cx: &mut ReadCx, corp: i64) -> Outcome<bool> {
    let company = company::by_corp(cx.read, corp)?.unwrap_or_default();
    Ok(company.industry.as_deref() == Some(EDUCATION))
}
