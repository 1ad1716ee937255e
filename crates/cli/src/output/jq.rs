//! `--jq`: jq expressions without the program jq.

use std::io::{self, IsTerminal};

use anyhow::{Context, anyhow};
use jaq_core::{
    Compiler, Ctx, Vars, data,
    load::{Arena, File, Loader},
    unwrap_valr,
};
use jaq_json::{Val, read};
use serde_json::Value;

use crate::{failure::usage, output};

/// A compiled expression.
pub(crate) struct Filter(jaq_core::Filter<data::JustLut<Val>>);

impl Filter {
    /// Compiles an expression.
    pub(crate) fn new(expression: &str) -> anyhow::Result<Self> {
        let wrong = || {
            usage(format!(
                "{expression:?} is no jq expression; try --jq '.[]'"
            ))
        };
        let definitions = jaq_core::defs()
            .chain(jaq_std::defs())
            .chain(jaq_json::defs());
        let functions = jaq_core::funs()
            .chain(jaq_std::funs())
            .chain(jaq_json::funs());
        let arena = Arena::default();
        let file = File {
            code: expression,
            path: (),
        };
        let modules = Loader::new(definitions)
            .load(&arena, file)
            .map_err(|_| wrong())?;
        let compiled = Compiler::default().with_funs(functions).compile(modules);
        compiled.map(Filter).map_err(|errors| {
            let names = errors.into_iter().flat_map(|(_, errors)| errors);
            match names.map(|(name, _)| name.to_owned()).next() {
                Some(name) => usage(format!("jq knows no {name:?} (in {expression:?})")),
                None => wrong(),
            }
        })
    }

    /// Prints every result in a line: texts as they are, everything else as JSON.
    pub(crate) fn print(&self, value: &Value) -> anyhow::Result<()> {
        for result in self.run(value)? {
            match result {
                Value::String(text) => output::line(text)?,
                other if io::stdout().is_terminal() => output::json(&other)?,
                other => output::line(other.to_string())?,
            }
        }
        Ok(())
    }

    /// The same without a terminal: each result in a line.
    pub(crate) fn lines(&self, value: &Value) -> anyhow::Result<Vec<String>> {
        let line = |result| match result {
            Value::String(text) => text,
            other => other.to_string(),
        };
        Ok(self.run(value)?.into_iter().map(line).collect())
    }

    fn run(&self, value: &Value) -> anyhow::Result<Vec<Value>> {
        let input = read::parse_single(value.to_string().as_bytes())
            .map_err(|error| anyhow!("the answer cannot be given to jq: {error}"))?;
        let context = Ctx::<data::JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        self.0
            .id
            .run((context, input))
            .map(unwrap_valr)
            .map(|result| {
                let value = result.map_err(|error| anyhow!("jq: {error}"))?;
                serde_json::from_str(&value.to_string()).context("jq made what is no JSON")
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn run(expression: &str) -> anyhow::Result<Vec<Value>> {
        let rows = json!([{ "chatid": "a", "members": 3 }, { "chatid": "b", "members": 5 }]);
        Filter::new(expression)?.run(&rows)
    }

    #[test]
    fn expressions_work_as_in_jq() {
        assert_eq!(run(".[].chatid").unwrap(), [json!("a"), json!("b")]);
        assert_eq!(run("map(.members) | add").unwrap(), [json!(8)]);
        assert_eq!(
            run(r#".[] | select(.chatid | test("^b")) | "\(.chatid): \(.members)""#).unwrap(),
            [json!("b: 5")]
        );
        assert!(run(".chatid").unwrap_err().to_string().starts_with("jq: "));
    }

    #[test]
    fn a_bad_expression_is_told_at_once() {
        for (bad, part) in [(".[", "no jq expression"), ("nothing_such", "nothing_such")] {
            let error = Filter::new(bad).err().unwrap();
            assert!(error.to_string().contains(part), "{error}");
            assert!(error.is::<crate::failure::Usage>());
        }
    }
}
