//! `qun stats`: figures of customer groups, as a table and a chart, as CSV or as JSON.

use std::io::{self, IsTerminal};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use jiff::{civil::Date, tz::Offset};
use qun_client::{Days, Owners};
use qun_protocol::{
    groupchat::{Figures, day_of, day_start},
    manage::GetClock,
};
use serde_json::{Map, Value};

use crate::{
    connect::{Common, Session, Source},
    output::{self, progress},
};

/// The end of the help.
pub(crate) const HELP: &str = "\
Days are those of UTC+8. The server has those of the last 180, up to yesterday.

Example:
  qun stats --days 90 --csv > figures.csv
  qun stats --by owner --show new-members
  qun stats --owner lisi --jq 'map(.msg_total) | max'";

#[derive(Args)]
pub(crate) struct Noun {
    #[command(flatten)]
    common: Common,
    /// So many days up to yesterday
    #[arg(long, default_value_t = 30, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    days: u16,
    /// From this day on, such as 2020-09-17
    #[arg(long, value_name = "DATE", conflicts_with = "days")]
    from: Option<Date>,
    /// Up to this day; yesterday where absent
    #[arg(long, value_name = "DATE")]
    to: Option<Date>,
    /// Only groups of these owners, any number; otherwise of all whom the app sees
    #[arg(long, value_name = "USERID", value_delimiter = ',')]
    owner: Vec<String>,
    /// A row for each day, or for each owner
    #[arg(long, default_value = "day")]
    by: By,
    /// What the chart on a terminal shows
    #[arg(long, default_value = "members")]
    show: Show,
    /// Print CSV with a header
    #[arg(long, conflicts_with_all = ["json", "jq"])]
    csv: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    Day,
    Owner,
}

#[derive(Clone, Copy, ValueEnum)]
enum Show {
    /// 新增客户群数量
    NewGroups,
    /// 客户群总数量
    Groups,
    /// 有发过消息的客户群数量
    SpokenGroups,
    /// 新增群人数
    NewMembers,
    /// 群总人数
    Members,
    /// 有发过消息的群成员数
    Speakers,
    /// 消息总数
    Messages,
}

impl Show {
    fn title(self) -> &'static str {
        match self {
            Show::NewGroups => "新增客户群数量 new groups",
            Show::Groups => "客户群总数量 groups",
            Show::SpokenGroups => "有发过消息的客户群数量 groups in which somebody has spoken",
            Show::NewMembers => "新增群人数 new members",
            Show::Members => "群总人数 members",
            Show::Speakers => "有发过消息的群成员数 members who have spoken",
            Show::Messages => "消息总数 messages",
        }
    }

    fn of(self, figures: &Figures) -> i64 {
        match self {
            Show::NewGroups => figures.new_chat_cnt,
            Show::Groups => figures.chat_total,
            Show::SpokenGroups => figures.chat_has_msg,
            Show::NewMembers => figures.new_member_cnt,
            Show::Members => figures.member_total,
            Show::Speakers => figures.member_has_msg,
            Show::Messages => figures.msg_total,
        }
    }
}

/// Characters of the longest bar.
const BAR: i64 = 24;

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    let yesterday = today(&session).await? - 1;
    let last = noun.to.map_or(Ok(yesterday), number)?;
    let first = match noun.from {
        Some(from) => number(from)?,
        None => last - i64::from(noun.days) + 1,
    };
    let days = Days::from(day_start(first)..=day_start(last));
    let owners = match noun.owner.is_empty() {
        true => Owners::Everybody,
        false => noun.owner.into(),
    };
    let groups = session.client()?.customer_groups();
    let asking = async {
        Ok::<_, anyhow::Error>(match noun.by {
            By::Day => {
                let days = groups.statistics(days, owners).await?;
                let rows = days.into_iter().map(|it| (date(it.stat_time), it.data));
                rows.collect::<Vec<_>>()
            }
            By::Owner => {
                let owners = groups.statistics_by_owner(days, owners).await?;
                owners.into_iter().map(|it| (it.owner.0, it.data)).collect()
            }
        })
    };
    let records = progress::during(&session.output, "Read statistics", asking).await?;
    let name = match noun.by {
        By::Day => "day",
        By::Owner => "owner",
    };
    let rows = rows(name, &records)?;
    let mut columns: Vec<&str> = vec![name];
    columns.extend(COLUMNS);
    if records
        .iter()
        .any(|(_, it)| it.migrate_trainee_chat_cnt.is_some())
    {
        columns.push(MIGRATED);
    }
    if noun.csv {
        return Ok(output::text(csv(&columns, &rows))?);
    }
    session.output.list(&columns, &rows)?;
    if io::stdout().is_terminal() && !session.output.is_json() && !records.is_empty() {
        let values: Vec<i64> = records.iter().map(|(_, it)| noun.show.of(it)).collect();
        let lines = records.iter().zip(&values).zip(bars(&values));
        let lines: Vec<_> = lines
            .map(|(((key, _), value), bar)| (key.clone(), format!("{bar} {value}")))
            .collect();
        output::line(format!("\n{}", noun.show.title()))?;
        output::columns(&lines)?;
    }
    Ok(())
}

/// The figures, in the order of the page.
const COLUMNS: [&str; 7] = [
    "new_chat_cnt",
    "chat_total",
    "chat_has_msg",
    "new_member_cnt",
    "member_total",
    "member_has_msg",
    "msg_total",
];
/// What companies in education have beyond that.
const MIGRATED: &str = "migrate_trainee_chat_cnt";

/// A day's number, in UTC+8.
fn number(date: Date) -> Result<i64> {
    let zone = jiff::tz::TimeZone::fixed(Offset::constant(8));
    let start = date.to_zoned(zone).context("no such day")?;
    Ok(day_of(start.timestamp().as_second()))
}

/// The date of a day that begins then.
fn date(stat_time: i64) -> String {
    output::moment(stat_time).chars().take(10).collect()
}

/// Today by the server's clock where it may be asked, else by this machine's.
async fn today(session: &Session) -> Result<i64> {
    let now = match session.target.manage_token {
        Source::Nowhere => jiff::Timestamp::now().as_second(),
        _ => session.send(GetClock {}).await?.now_ms.div_euclid(1000),
    };
    Ok(day_of(now))
}

fn rows(name: &str, records: &[(String, Figures)]) -> Result<Vec<Map<String, Value>>> {
    let mut rows = Vec::new();
    for (key, figures) in records {
        let mut row = Map::new();
        row.insert(name.to_owned(), key.as_str().into());
        if let Value::Object(figures) = serde_json::to_value(figures)? {
            row.extend(figures);
        }
        rows.push(row);
    }
    Ok(rows)
}

/// Days, userids and numbers hold nothing that must be quoted.
fn csv(columns: &[&str], rows: &[Map<String, Value>]) -> String {
    let mut text = columns.join(",") + "\n";
    for row in rows {
        let cells = columns.iter().map(|name| match row.get(*name) {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => String::new(),
        });
        text += &cells.collect::<Vec<_>>().join(",");
        text.push('\n');
    }
    text
}

/// Bars that are as long as values are great; the greatest has [`BAR`] characters.
fn bars(values: &[i64]) -> Vec<String> {
    const PARTS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let most = values.iter().copied().max().unwrap_or(0).max(1);
    let bar = |value: &i64| {
        let eighths = usize::try_from(value.saturating_mul(BAR * 8) / most).unwrap_or(0);
        let mut bar = "█".repeat(eighths / 8);
        if eighths % 8 > 0 {
            bar.push(PARTS[eighths % 8]);
        }
        bar
    };
    values.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_in_proportion() {
        assert_eq!(bars(&[]), [""; 0]);
        assert_eq!(bars(&[0, 0]), ["", ""]);
        let full = "█".repeat(24);
        assert_eq!(
            bars(&[48, 24, 1, 3]),
            [full.as_str(), &"█".repeat(12), "▌", "█▌"]
        );
        assert_eq!(bars(&[i64::MAX, 1])[1], "");
    }

    #[test]
    fn days_are_those_of_utc8() {
        let day = number(jiff::civil::date(2020, 9, 17)).unwrap();
        assert_eq!(day_start(day), 1_600_272_000);
        assert_eq!(date(1_600_272_000), "2020-09-17");
    }
}
