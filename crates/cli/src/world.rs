//! `qun world`: the schema of world files, and a check of one.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, bail};
use clap::Subcommand;
use qun_protocol::{openapi, rulebook, world::World};

use crate::output;

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Print the JSON Schema of world files.
    #[command(after_help = "Example:\n  qun world schema > world.schema.json")]
    Schema,
    /// Read a world file strictly and say where it is wrong.
    #[command(
        after_help = "Example:\n  echo '{\"version\": 1, \"companies\": []}' | qun world check -\n\nThe same with a file:\n  qun world check world.json"
    )]
    Check {
        /// The file, or - for what stands on stdin.
        file: PathBuf,
    },
}

pub(crate) fn run(verb: Verb) -> Result<()> {
    match verb {
        Verb::Schema => output::json(&openapi::world_schema()),
        Verb::Check { file } => {
            let world = read(&file)?;
            output::line(format!(
                "{}: ok, {}",
                file.display(),
                count(world.companies.len(), "company", "companies")
            ))?;
            for company in &world.companies {
                let id = company.corpid.as_deref().unwrap_or("(made when loaded)");
                output::line(format!(
                    "  {id} {}: {}, {}, {}",
                    company.name,
                    count(company.apps.len(), "app", "apps"),
                    count(company.users.len(), "person", "people"),
                    count(
                        company.chats.len() + company.customer_groups.len(),
                        "group",
                        "groups"
                    ),
                ))?;
            }
            Ok(())
        }
    }
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Reads a world; an error names the file and the place in it.
pub(crate) fn read(file: &Path) -> Result<World> {
    let shown = file.display();
    let mut text = String::new();
    if file == Path::new("-") {
        std::io::stdin()
            .read_to_string(&mut text)
            .context("stdin cannot be read")?;
    } else {
        text = fs::read_to_string(file).with_context(|| format!("{shown} cannot be read"))?;
    }
    parse(&text).with_context(|| format!("{shown} is no world"))
}

fn parse(text: &str) -> Result<World> {
    let mut source = serde_json::Deserializer::from_str(text);
    let world: World = serde_path_to_error::deserialize(&mut source).map_err(|error| {
        let place = error.path().to_string();
        let reason = error.into_inner();
        if place == "." {
            anyhow!("{reason}")
        } else {
            anyhow!("at {place}: {reason}")
        }
    })?;
    source.end()?;
    if world.version != 1 {
        bail!("at version: it is {}, and only 1 is known", world.version);
    }
    for (number, company) in world.companies.iter().enumerate() {
        for key in company.limits.keys() {
            if let Err(reason) = key.parse::<rulebook::Limit>() {
                bail!("at companies[{number}].limits: {reason}");
            }
        }
    }
    Ok(world)
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn refusal(text: &str) -> String {
        format!("{:#}", parse(text).unwrap_err())
    }

    #[test]
    fn the_place_of_an_error_is_named() {
        let text = r#"{"version": 1, "companies": [{"users": [{"userid": "a"}, {"userid": "b", "nam": "B"}]}]}"#;
        let reason = refusal(text);
        assert!(
            reason.starts_with("at companies[0].users[1].nam")
                && reason.contains("unknown field `nam`"),
            "{reason}"
        );
        assert!(refusal(r#"{"version": 2}"#).contains("only 1 is known"));
        assert!(refusal("{}").contains("version"));
        assert!(refusal(r#"{"version": 1} x"#).contains("trailing"));
        let limits = r#"{"version": 1, "companies": [{"limits": {"chat_member_max": 3}}]}"#;
        assert!(refusal(limits).contains("did you mean \"chat_members_max\""));
        assert!(parse(r#"{"version": 1}"#).is_ok());
    }
}
