//! Data goes to stdout, talk to stderr, and a reader who leaves is no error.

mod jq;
pub(crate) mod progress;

use std::io::{self, IsTerminal, Write};

use clap::Args;
use console::{Alignment, Term, measure_text_width, pad_str, style};
use jiff::{Timestamp, tz::Offset};
use serde::Serialize;
use serde_json::{Map, Value, json};

use self::jq::Filter;
use crate::failure::usage;

/// How answers are written.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Output")]
pub(crate) struct Format {
    /// Print JSON; with names of fields, only those
    #[arg(long, global = true, value_name = "FIELDS", num_args = 0..=1, value_delimiter = ',')]
    json: Option<Vec<String>>,
    /// Print what this jq expression makes of the JSON
    #[arg(long, global = true, value_name = "EXPR")]
    jq: Option<String>,
    /// Say nothing beside the data and errors
    #[arg(short, long, global = true)]
    quiet: bool,
}

/// Writes what a command found.
pub(crate) struct Output {
    json: Option<Vec<String>>,
    filter: Option<Filter>,
    quiet: bool,
    form: Value,
}

impl Output {
    /// Checks the format, so that a mistake in it is told before anything is done.
    pub(crate) fn new(format: Format) -> anyhow::Result<Self> {
        Ok(Output {
            form: json!([format.json, format.jq]),
            filter: format.jq.as_deref().map(Filter::new).transpose()?,
            json: format.json,
            quiet: format.quiet,
        })
    }

    /// Whether nothing is to be said beside the data.
    pub(crate) fn quiet(&self) -> bool {
        self.quiet
    }

    /// Says something to whoever watches.
    pub(crate) fn talk(&self, text: impl AsRef<str>) {
        if !self.quiet {
            tell(text);
        }
    }

    /// Writes rows: a table on a terminal, tabs between the columns otherwise.
    pub(crate) fn list(&self, columns: &[&str], rows: &[impl Serialize]) -> anyhow::Result<()> {
        let rows: Vec<Value> = rows
            .iter()
            .map(serde_json::to_value)
            .collect::<Result<_, _>>()?;
        if self.is_json() {
            return self.write(Value::Array(rows), columns);
        }
        let cell = match io::stdout().is_terminal() {
            true => short,
            false => cell,
        };
        let cells: Vec<Vec<String>> = rows
            .iter()
            .map(|row| columns.iter().map(|name| cell(name, &row[*name])).collect())
            .collect();
        let mut text = String::new();
        if io::stdout().is_terminal() {
            if cells.is_empty() {
                self.talk("nothing found");
                return Ok(());
            }
            let width = usize::from(Term::stdout().size().1);
            text.push_str(&table(columns, &cells, width));
        } else {
            for row in cells {
                text.push_str(&row.join("\t"));
                text.push('\n');
            }
        }
        Ok(print(text)?)
    }

    /// Writes one thing: a line for each of its fields.
    pub(crate) fn record(&self, value: &impl Serialize) -> anyhow::Result<()> {
        let value = serde_json::to_value(value)?;
        if self.is_json() {
            return self.write(value, &[]);
        }
        let fields = value.as_object().cloned().unwrap_or_default();
        let rows: Vec<_> = fields
            .iter()
            .map(|(name, value)| (name.clone(), cell(name, value)))
            .collect();
        Ok(columns(&rows)?)
    }

    /// Writes one thing of which the text alone is wanted mostly, such as an id.
    pub(crate) fn bare(&self, text: &str, value: &impl Serialize) -> anyhow::Result<()> {
        if self.is_json() {
            return self.write(serde_json::to_value(value)?, &[]);
        }
        Ok(line(text)?)
    }

    /// Writes text of its own form, or JSON where that is asked for.
    pub(crate) fn text_or_json(
        &self,
        text: impl FnOnce() -> anyhow::Result<()>,
        value: &impl Serialize,
    ) -> anyhow::Result<()> {
        match self.is_json() {
            true => self.write(serde_json::to_value(value)?, &[]),
            false => text(),
        }
    }

    /// Writes JSON in any case.
    pub(crate) fn json(&self, value: Value) -> anyhow::Result<()> {
        self.write(value, &[])
    }

    /// Says that something was done; as JSON it is data.
    pub(crate) fn done(&self, text: impl AsRef<str>, value: &impl Serialize) -> anyhow::Result<()> {
        if self.is_json() {
            return self.write(serde_json::to_value(value)?, &[]);
        }
        self.talk(text);
        Ok(())
    }

    /// The form in which things are written, to be compared with another command's.
    pub(crate) fn form(&self) -> &Value {
        &self.form
    }

    /// Whether JSON is asked for.
    pub(crate) fn is_json(&self) -> bool {
        self.json.is_some() || self.filter.is_some()
    }

    /// One of many things that are written one after the other: its JSON in a line, or what `--json` and `--jq` make of it.
    pub(crate) fn lines(&self, value: Value) -> anyhow::Result<String> {
        let value = self.chosen(value, &[])?;
        let lines = match &self.filter {
            Some(filter) => filter.lines(&value)?,
            None => vec![value.to_string()],
        };
        Ok(lines.into_iter().map(|line| line + "\n").collect())
    }

    fn write(&self, value: Value, known: &[&str]) -> anyhow::Result<()> {
        let value = self.chosen(value, known)?;
        match &self.filter {
            Some(filter) => filter.print(&value),
            None => self::json(&value),
        }
    }

    /// The fields that are asked for.
    fn chosen(&self, value: Value, known: &[&str]) -> anyhow::Result<Value> {
        let fields = self.json.as_deref().unwrap_or_default();
        if fields.is_empty() {
            return Ok(value);
        }
        check(fields, &value, known)?;
        Ok(match value {
            Value::Array(rows) => rows.into_iter().map(|row| only(fields, row)).collect(),
            one => only(fields, one),
        })
    }
}

/// The named fields of an object, in the order in which they were asked for.
fn only(fields: &[String], mut value: Value) -> Value {
    let field = |name: &String| {
        let value = value.get_mut(name).map(Value::take).unwrap_or_default();
        (name.clone(), value)
    };
    Value::Object(fields.iter().map(field).collect::<Map<_, _>>())
}

/// A field that nothing has is a mistake; where nothing was found, every name may be right.
fn check(fields: &[String], value: &Value, known: &[&str]) -> anyhow::Result<()> {
    let objects: Vec<&Map<String, Value>> = match value {
        Value::Array(rows) => rows.iter().filter_map(Value::as_object).collect(),
        one => one.as_object().into_iter().collect(),
    };
    let mut names: Vec<&str> = known.to_vec();
    for name in objects.iter().flat_map(|object| object.keys()) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    match fields.iter().find(|field| !names.contains(&field.as_str())) {
        Some(unknown) if !objects.is_empty() => Err(usage(format!(
            "no field {unknown:?}; there are {}",
            names.join(",")
        ))),
        _ => Ok(()),
    }
}

/// A value in one line. Control characters, which could move a terminal's cursor, become blanks.
fn cell(name: &str, value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) if name == "time" || name.ends_with("_time") => {
            number.as_i64().map(moment).unwrap_or_default()
        }
        Value::Array(items) if items.iter().all(|item| !item.is_object()) => {
            let items: Vec<String> = items.iter().map(|item| cell("", item)).collect();
            items.join(",")
        }
        other => other.to_string(),
    };
    text.replace(char::is_control, " ")
}

/// The same for a table, where a time has its minutes alone.
fn short(name: &str, value: &Value) -> String {
    let text = cell(name, value);
    match (value, text.get(..16)) {
        (Value::Number(_), Some(minutes)) if text.ends_with("+08:00") => minutes.replace('T', " "),
        _ => text,
    }
}

/// Seconds UTC as a time in UTC+8, where WeCom lives.
pub(crate) fn moment(seconds: i64) -> String {
    match Timestamp::from_second(seconds) {
        Ok(time) => time.display_with_offset(Offset::constant(8)).to_string(),
        Err(_) => seconds.to_string(),
    }
}

/// Aligned columns under a header. What is too wide is cut, the widest columns first and the first one never: an id that
/// is cut is of no use.
fn table(columns: &[&str], cells: &[Vec<String>], width: usize) -> String {
    let header: Vec<String> = columns.iter().map(|name| heading(name)).collect();
    let mut widths: Vec<usize> = (0..columns.len())
        .map(|n| {
            let column = cells.iter().chain([&header]).map(|row| &row[n]);
            column
                .map(|cell| measure_text_width(cell))
                .max()
                .unwrap_or(0)
        })
        .collect();
    let blanks = GAP.len() * columns.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + blanks > width {
        let others = widths.iter_mut().skip(1);
        match others.max().filter(|widest| **widest > NARROWEST) {
            Some(widest) => *widest -= 1,
            None => break,
        }
    }
    let mut text = String::new();
    for (number, row) in [&header].into_iter().chain(cells).enumerate() {
        let cells: Vec<_> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| pad_str(cell, *width, Alignment::Left, Some("…")))
            .collect();
        let shown = cells.join(GAP).trim_end().to_owned();
        match number {
            0 => text.push_str(&style(shown).bold().to_string()),
            _ => text.push_str(&shown),
        }
        text.push('\n');
    }
    text
}

/// What stands between columns.
const GAP: &str = "  ";
/// No column is made narrower.
const NARROWEST: usize = 8;

/// A field's name over its column.
fn heading(name: &str) -> String {
    match name {
        "member_count" => "MEMBERS".into(),
        "create_time" => "CREATED".into(),
        "join_time" => "JOINED".into(),
        "new_chat_cnt" => "+GROUPS".into(),
        "chat_total" => "GROUPS".into(),
        "chat_has_msg" => "ACTIVE".into(),
        "new_member_cnt" => "+MEMBERS".into(),
        "member_total" => "MEMBERS".into(),
        "member_has_msg" => "SPEAKERS".into(),
        "msg_total" => "MESSAGES".into(),
        "migrate_trainee_chat_cnt" => "MIGRATED".into(),
        other => other
            .trim_end_matches("_time")
            .to_uppercase()
            .replace('_', " "),
    }
}

/// Writes a line to stderr. Where nobody can read it, there is nobody to tell that either.
pub(crate) fn tell(text: impl AsRef<str>) {
    let _ = writeln!(io::stderr(), "{}", text.as_ref());
}

/// Writes a line.
pub(crate) fn line(text: impl AsRef<str>) -> io::Result<()> {
    print(format!("{}\n", text.as_ref()))
}

/// Writes text as it stands.
pub(crate) fn text(text: impl AsRef<str>) -> io::Result<()> {
    print(text)
}

fn print(text: impl AsRef<str>) -> io::Result<()> {
    bytes(text.as_ref().as_bytes())
}

/// Writes bytes as they stand.
pub(crate) fn bytes(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// Writes JSON: indented on a terminal, one line otherwise.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    let text = if io::stdout().is_terminal() {
        serde_json::to_string_pretty(value)?
    } else {
        serde_json::to_string(value)?
    };
    Ok(line(text)?)
}

/// Writes two columns: aligned on a terminal, separated by a tab otherwise.
pub(crate) fn columns(rows: &[(String, String)]) -> io::Result<()> {
    let terminal = io::stdout().is_terminal();
    let width = rows
        .iter()
        .map(|(first, _)| measure_text_width(first))
        .max();
    let mut text = String::new();
    for (first, second) in rows {
        if terminal {
            let first = pad_str(first, width.unwrap_or(0), Alignment::Left, None);
            text.push_str(format!("{first}  {second}").trim_end());
        } else {
            text.push_str(&format!("{first}\t{second}"));
        }
        text.push('\n');
    }
    print(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_one_line_of_plain_text() {
        for (name, value, shown) in [
            ("name", json!("a\tb\n\u{1b}[2J"), "a b  [2J"),
            (
                "join_time",
                json!(1_600_563_600),
                "2020-09-20T09:00:00+08:00",
            ),
            ("count", json!(1_600_563_600), "1600563600"),
            ("userlist", json!(["a", "b", 3]), "a,b,3"),
            ("content", json!({ "content": "x" }), r#"{"content":"x"}"#),
            ("owner", json!(null), ""),
            ("safe", json!(true), "true"),
        ] {
            assert_eq!(cell(name, &value), shown);
        }
    }

    #[test]
    fn a_table_counts_wide_characters_twice_and_fits() {
        let cells = vec![
            vec!["a".to_owned(), "项目组".to_owned(), "x".to_owned()],
            vec!["bcd".to_owned(), "b".to_owned(), "y".repeat(40)],
        ];
        let text = table(&["id", "name", "long_text"], &cells, 30);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], "a    项目组  x");
        assert_eq!(lines[2], "bcd  b       yyyyyyyyyyyyyyyy…");
        assert_eq!(
            table(&["id"], &[vec!["x".repeat(40)]], 30).lines().nth(1),
            Some(&*"x".repeat(40))
        );
        assert!(lines[0].contains("LONG TEXT"));
    }

    #[test]
    fn an_unknown_field_is_told_with_those_there_are() {
        let fields = ["nam".to_owned()];
        let rows = json!([{ "name": "x", "id": 1 }]);
        let error = check(&fields, &rows, &["chatid"]).unwrap_err().to_string();
        assert_eq!(error, "no field \"nam\"; there are chatid,name,id");
        assert!(check(&fields, &json!([]), &["chatid"]).is_ok());
        assert_eq!(
            only(&["b".into(), "a".into()], json!({ "a": 1, "c": 2 })).to_string(),
            r#"{"b":null,"a":1}"#
        );
    }
}
