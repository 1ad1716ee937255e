//! qun: WeCom group chats on your own machine.

mod backup;
mod call;
mod demo;
mod failure;
mod output;
mod secret;
mod settings;
mod up;
mod world;

use std::process::ExitCode;

use clap::{ColorChoice, Parser, Subcommand};

/// WeCom group chats (企业微信群聊) on your own machine.
///
/// Exit codes: 0 ok, 1 error, 2 usage, 3 not found, 4 not authorised, 5 quota, 6 refused with another errcode, 130 interrupted.
#[derive(Parser)]
#[command(name = "qun", version, color = ColorChoice::Never, arg_required_else_help = true,
    after_help = "Example:\n  qun demo --exit")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Run the server until Ctrl-C or SIGTERM.
    #[command(alias = "serve", after_help = up::HELP)]
    Up(Box<up::Up>),
    /// Start a server in memory, play a project group's story on it, and show what each member's phone shows.
    #[command(after_help = "Example:\n  qun demo --exit")]
    Demo(demo::Demo),
    /// Call any endpoint and print its answer as JSON.
    #[command(after_help = call::HELP)]
    Call(call::Call),
    /// Copy a server's data directory, also while the server runs, and verify the copy.
    #[command(after_help = backup::HELP)]
    Backup(backup::Backup),
    /// Make a data directory from a copy that `qun backup` made; nothing is ever overwritten.
    #[command(after_help = backup::RESTORE_HELP)]
    Restore(backup::Restore),
    /// World files: companies with all that is in them.
    #[command(after_help = "Example:\n  qun world schema > world.schema.json")]
    World {
        #[command(subcommand)]
        verb: world::Verb,
    },
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return failure::of_arguments(&error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return failure::report(&error.into()),
    };
    let result = runtime.block_on(async {
        match cli.verb {
            Verb::Up(up) => up::run(*up).await,
            Verb::Demo(demo) => demo::run(demo).await,
            Verb::Call(call) => call::run(call).await,
            Verb::Backup(backup) => backup::backup(backup).await,
            Verb::Restore(restore) => backup::restore(restore).await,
            Verb::World { verb } => world::run(verb),
        }
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::report(&error),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent_and_every_help_ends_with_an_example() {
        fn walk(command: &mut clap::Command) {
            let help = command.render_long_help().to_string();
            let last = help.trim_end().lines().last().unwrap_or_default();
            assert!(
                help.contains("Example:") && last.starts_with("  qun "),
                "{help}"
            );
            let own = |verb: &&mut clap::Command| verb.get_name() != "help";
            for verb in command.get_subcommands_mut().filter(own) {
                walk(verb);
            }
        }
        let mut command = super::Cli::command();
        command.clone().debug_assert();
        walk(&mut command);
    }
}
