//! qun: WeCom group chats on your own machine.

mod backup;
mod call;
mod connect;
mod demo;
mod failure;
mod noun;
mod output;
mod secret;
mod settings;
mod time;
mod up;
mod world;

use std::process::ExitCode;

use clap::{ColorChoice, CommandFactory, Parser, Subcommand};

use noun::{
    app, callback, chat, clock, company, customer, department, doctor, explain, group, join_way,
    media, message, people, profile as profiles, room, shell, stats, tag, token, user, wait,
};

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
    /// Internal groups: create, change, send, list, report.
    #[command(after_help = "Example:\n  qun chat create zhangsan lisi --name 发布小组")]
    Chat(Box<chat::Noun>),
    /// Messages to people: send, take back, change cards.
    #[command(
        after_help = "Example:\n  qun message send 今晚八点上线 --to zhangsan,lisi --app 1000002"
    )]
    Message(Box<message::Noun>),
    /// Customer groups (客户群): list and show.
    #[command(after_help = "Example:\n  qun group list")]
    Group(group::Noun),
    /// Codes and buttons with which people join customer groups.
    #[command(after_help = "Example:\n  qun join-way list")]
    JoinWay(Box<join_way::Noun>),
    /// Files: upload and download.
    #[command(after_help = "Example:\n  qun media upload picture.png")]
    Media(media::Noun),
    /// What a member's phone shows and does.
    #[command(after_help = "Example:\n  qun people inbox dev_001")]
    People(people::Noun),
    /// Rooms of Juzi: make, add, leave, list.
    #[command(after_help = room::HELP)]
    Room(Box<room::Noun>),
    /// Accounts that Juzi hosts, and what they know.
    #[command(after_help = room::bot::HELP)]
    Bot(Box<room::bot::Noun>),
    /// What an id is.
    #[command(after_help = "Example:\n  qun id explain R:888888")]
    Id(room::id::Noun),
    /// Companies and their rules.
    #[command(after_help = "Example:\n  qun company list")]
    Company(company::Noun),
    /// Apps and their secrets.
    #[command(after_help = "Example:\n  qun app list")]
    App(app::Noun),
    /// Callbacks: what apps are told, and who receives it.
    #[command(after_help = "Example:\n  qun callback list")]
    Callback(callback::Noun),
    #[command(after_help = callback::listen::HELP)]
    Listen(Box<callback::listen::Listen>),
    #[command(after_help = "Example:\n  qun trigger text dev_001 你好 --app 1000002")]
    Trigger(Box<callback::trigger::Noun>),
    /// Statistics of customer groups: a table and a chart, CSV, or JSON.
    #[command(after_help = stats::HELP)]
    Stats(stats::Noun),
    /// The people of a company.
    #[command(after_help = "Example:\n  qun user list --search 开发")]
    User(user::Noun),
    /// The customers of a company.
    #[command(after_help = "Example:\n  qun customer list")]
    Customer(customer::Noun),
    /// The departments of a company.
    #[command(after_help = "Example:\n  qun department list")]
    Department(department::Noun),
    /// The tags of a company.
    #[command(after_help = "Example:\n  qun tag list")]
    Tag(tag::Noun),
    #[command(after_help = "Example:\n  qun token")]
    Token(token::Noun),
    /// Wait for a message, or for the server.
    #[command(after_help = "Example:\n  qun wait ready")]
    Wait(wait::Noun),
    /// Show or move the server's clock.
    #[command(after_help = "Example:\n  qun clock")]
    Clock(clock::Noun),
    /// Servers, companies and apps under names of your own.
    #[command(after_help = profiles::HELP)]
    Profile(profiles::Noun),
    #[command(after_help = "Example:\n  qun explain 86004")]
    Explain(explain::Noun),
    #[command(after_help = "Example:\n  qun doctor")]
    Doctor(doctor::Noun),
    #[command(after_help = "Example:\n  qun completions bash > qun.bash")]
    Completions(shell::Completions),
    #[command(after_help = "Example:\n  qun man man1")]
    Man(shell::Man),
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
            Verb::Chat(noun) => chat::run(*noun).await,
            Verb::Message(noun) => message::run(*noun).await,
            Verb::Group(noun) => group::run(noun).await,
            Verb::JoinWay(noun) => join_way::run(*noun).await,
            Verb::Media(noun) => media::run(noun).await,
            Verb::People(noun) => people::run(noun).await,
            Verb::Room(noun) => room::run(*noun).await,
            Verb::Bot(noun) => room::bot::run(*noun).await,
            Verb::Id(noun) => room::id::run(noun).await,
            Verb::Company(noun) => company::run(noun).await,
            Verb::App(noun) => app::run(noun).await,
            Verb::Callback(noun) => callback::run(noun).await,
            Verb::Trigger(noun) => callback::trigger::run(*noun).await,
            Verb::Listen(listen) => callback::listen::run(*listen).await,
            Verb::Stats(noun) => stats::run(noun).await,
            Verb::User(noun) => user::run(noun).await,
            Verb::Customer(noun) => customer::run(noun).await,
            Verb::Department(noun) => department::run(noun).await,
            Verb::Tag(noun) => tag::run(noun).await,
            Verb::Token(noun) => token::run(noun).await,
            Verb::Wait(noun) => wait::run(noun).await,
            Verb::Clock(noun) => clock::run(noun).await,
            Verb::Profile(noun) => profiles::run(noun),
            Verb::Explain(noun) => explain::run(noun),
            Verb::Doctor(noun) => doctor::run(noun).await,
            Verb::Completions(shell) => shell::completions(&shell, Cli::command()),
            Verb::Man(man) => shell::man(&man, Cli::command()),
        }
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::report(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let mut command = Cli::command();
        command.clone().debug_assert();
        walk(&mut command);
    }
}
