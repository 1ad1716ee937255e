//! `qun bot`: accounts that Juzi hosts (needs the manage token).

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use qun_protocol::{
    manage::{
        Befriend, BotOperation, BotShown, Bots, ChangeBot, CreateBot, CreatePersonalRoom,
        DeleteBot, FailNext, GetBot, PutBotRoom, Unfriend,
    },
    people::SyncRoom,
    world::{Bot, BotFriend, PersonalRoom},
};
use serde_json::json;

use super::hosting;
use crate::connect::{Common, Session};

/// The end of the help.
pub(crate) const HELP: &str = "\
An account is named by its botId, its imBotId, or its userid where no other account has it.

Example:
  qun bot list";

#[derive(Args)]
pub(crate) struct Noun {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the hosted accounts.
    #[command(after_help = "Example:\n  qun bot list")]
    List,
    /// Show a hosted account with its friends and rooms.
    #[command(after_help = "Example:\n  qun bot show testUserId")]
    Show(One),
    /// Host one more account.
    #[command(after_help = "Example:\n  qun bot host zhangsan --friends 7888888888")]
    Host(New),
    /// Host an account no longer; who it is stays in the company and in the rooms.
    #[command(after_help = "Example:\n  qun bot remove testUserId --yes")]
    Remove(One),
    /// Start an account: it is on line, loads its rooms and tells of them.
    #[command(after_help = "Example:\n  qun bot start testUserId")]
    Start(One),
    /// Stop an account: it is off line and told of nothing.
    #[command(after_help = "Example:\n  qun bot stop testUserId")]
    Stop(One),
    /// Log an account in properly.
    #[command(after_help = "Example:\n  qun bot login testUserId")]
    Login(One),
    /// Let an account be logged in no longer.
    #[command(after_help = "Example:\n  qun bot logout testUserId")]
    Logout(One),
    /// Make somebody a friend of an account.
    #[command(after_help = "Example:\n  qun bot friend testUserId kx23498")]
    Friend {
        /// The account
        bot: String,
        /// The contact: an external_userid or a wxid
        contact: String,
        /// A wxid for the contact
        #[arg(long)]
        wxid: Option<String>,
        /// The account has not loaded the contact
        #[arg(long)]
        unloaded: bool,
    },
    /// End a friendship of an account.
    #[command(after_help = "Example:\n  qun bot unfriend testUserId 7888888888")]
    Unfriend {
        /// The account
        bot: String,
        /// The contact: an external_userid or a wxid
        contact: String,
    },
    /// Let an account load a room anew, and tell of it.
    #[command(after_help = "Example:\n  qun bot sync testUserId R:888888")]
    Sync(InRoom),
    /// Let an account have a room not loaded.
    #[command(after_help = "Example:\n  qun bot unload testUserId R:888888")]
    Unload(InRoom),
    /// Make the account's next operation of a kind fail.
    #[command(after_help = "Example:\n  qun bot fail testUserId create")]
    Fail {
        /// The account
        bot: String,
        /// Which operation
        operation: Operation,
    },
    /// Make a room of personal WeChat with an account of personal WeChat, and print its wxid.
    #[command(after_help = "Example:\n  qun bot room iguxiaobei 周末爬山 kx23498")]
    Room {
        /// The account
        bot: String,
        /// The room's name
        name: String,
        /// Who else is in it: wxids or external_userids
        #[arg(value_name = "CONTACT")]
        members: Vec<String>,
    },
    /// Groups of hosted accounts, their tokens and callback URLs.
    #[command(after_help = "Example:\n  qun bot group list")]
    Group {
        #[command(subcommand)]
        verb: hosting::Verb,
    },
}

#[derive(Args)]
struct One {
    /// The account
    bot: String,
}

#[derive(Args)]
struct InRoom {
    /// The account
    bot: String,
    /// The room: its wxid, or a customer group's chat_id
    room: String,
}

#[derive(Args)]
struct New {
    /// The employee's userid, or that of an account of personal WeChat
    userid: String,
    /// An account of personal WeChat
    #[arg(long)]
    personal: bool,
    /// imBotId; made where left out
    #[arg(long)]
    wxid: Option<String>,
    /// Its nickname
    #[arg(long, value_name = "NAME")]
    nick_name: Option<String>,
    /// Its friends: external_userids or wxids
    #[arg(long, value_name = "CONTACT", value_delimiter = ',')]
    friends: Vec<String>,
    /// In this group of hosted accounts; may be left out where there is only one
    #[arg(long, value_name = "ID")]
    group: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Operation {
    /// room/addMember
    Add,
    /// room/create
    Create,
    /// room/exit
    Exit,
}

impl From<Operation> for BotOperation {
    fn from(operation: Operation) -> Self {
        match operation {
            Operation::Add => BotOperation::Add,
            Operation::Create => BotOperation::Create,
            Operation::Exit => BotOperation::Exit,
        }
    }
}

const COLUMNS: [&str; 8] = [
    "bot_id",
    "userid",
    "nick_name",
    "wxid",
    "personal",
    "online",
    "logged_in",
    "group",
];

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    match noun.verb {
        Verb::List => {
            let corpid = session.corpid().await?;
            let bots = session.send(Bots { corpid }).await?.bots;
            session.output.list(&COLUMNS, &bots)
        }
        Verb::Show(One { bot }) => {
            let corpid = Some(session.corpid().await?);
            let whole = session.send(GetBot { corpid, id: bot }).await?;
            session.output.record(&whole)
        }
        Verb::Host(new) => host(&session, new).await,
        Verb::Remove(One { bot }) => {
            if !session.confirm(&format!("Host {bot} no longer, and forget its friends?"))? {
                return Ok(());
            }
            let said = format!("{bot} is hosted no longer");
            let request = DeleteBot {
                corpid: Some(session.corpid().await?),
                id: bot,
            };
            session.carry_out(request, said, &json!({})).await
        }
        Verb::Start(one) => change(&session, one, |it| it.online = Some(true)).await,
        Verb::Stop(one) => change(&session, one, |it| it.online = Some(false)).await,
        Verb::Login(one) => change(&session, one, |it| it.logged_in = Some(true)).await,
        Verb::Logout(one) => change(&session, one, |it| it.logged_in = Some(false)).await,
        Verb::Friend {
            bot,
            contact,
            wxid,
            unloaded,
        } => {
            let said = format!("{contact} is a friend of {bot}");
            let request = Befriend {
                corpid: Some(session.corpid().await?),
                id: bot,
                contact,
                wxid,
                loaded: Some(!unloaded),
            };
            session.carry_out(request, said, &json!({})).await
        }
        Verb::Unfriend { bot, contact } => {
            let said = format!("{contact} is no friend of {bot} any more");
            let request = Unfriend {
                corpid: Some(session.corpid().await?),
                id: bot,
                contact,
            };
            session.carry_out(request, said, &json!({})).await
        }
        Verb::Sync(InRoom { bot, room }) => {
            let said = format!("{bot} has loaded {room}");
            let request = SyncRoom {
                corpid: Some(session.corpid().await?),
                userid: bot.into(),
                room,
            };
            session.carry_out(request, said, &json!({})).await
        }
        Verb::Unload(InRoom { bot, room }) => {
            let said = format!("{bot} has {room} not loaded");
            let request = PutBotRoom {
                corpid: Some(session.corpid().await?),
                id: bot,
                room,
                loaded: Some(false),
                ..PutBotRoom::default()
            };
            session.carry_out(request, said, &json!({})).await
        }
        Verb::Fail { bot, operation } => {
            let request = FailNext {
                corpid: Some(session.corpid().await?),
                id: bot,
                op: operation.into(),
            };
            shown(&session, session.change(request).await?)
        }
        Verb::Room { bot, name, members } => {
            let request = CreatePersonalRoom {
                corpid: Some(session.corpid().await?),
                id: bot,
                room: PersonalRoom {
                    wxid: None,
                    name,
                    members,
                },
            };
            match session.change(request).await? {
                Some(made) => session.output.bare(&made.wxid, &made),
                None => Ok(()),
            }
        }
        Verb::Group { verb } => hosting::run(&session, verb).await,
    }
}

fn shown(session: &Session, bot: Option<BotShown>) -> Result<()> {
    match bot {
        Some(bot) => session.output.record(&bot),
        None => Ok(()),
    }
}

async fn change(session: &Session, one: One, set: impl FnOnce(&mut ChangeBot)) -> Result<()> {
    let mut request = ChangeBot {
        corpid: Some(session.corpid().await?),
        id: one.bot,
        ..ChangeBot::default()
    };
    set(&mut request);
    shown(session, session.change(request).await?)
}

async fn host(session: &Session, new: New) -> Result<()> {
    let friends = new.friends.into_iter().map(|contact| BotFriend {
        contact,
        ..BotFriend::default()
    });
    let request = CreateBot {
        corpid: session.corpid().await?,
        group: hosting::group(session, new.group).await?,
        bot: Bot {
            userid: new.userid.into(),
            personal: new.personal,
            wxid: new.wxid,
            nick_name: new.nick_name,
            friends: friends.collect(),
            ..Bot::default()
        },
    };
    shown(session, session.change(request).await?)
}
