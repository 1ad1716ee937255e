//! `qun join-way`: codes and buttons with which people join customer groups.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use console::style;
use qun_protocol::{
    ConfigId, GroupChatId,
    groupchat::{AddJoinWay, DelJoinWay, GetJoinWay, JoinWay, JoinWayScene},
    manage::JoinWays,
};
use serde_json::json;

use crate::{
    connect::{Common, Session, probe},
    failure::usage,
    output::{line, progress},
};

#[derive(Args)]
pub(crate) struct Noun {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Make a join way and print its config_id.
    #[command(
        after_help = "Example:\n  qun join-way add wrOgQhDgAAH2Yy-CTZ6POca8mlBEdaaa --state poster --base-name 销售客服群 --base-id 10"
    )]
    Add {
        /// The customer groups, at most 5, in the order in which they are filled
        #[arg(required = true, value_delimiter = ',', value_name = "CHAT_ID")]
        chat_id_list: Vec<GroupChatId>,
        /// A mini-program's button instead of a QR code
        #[arg(long)]
        mini_program: bool,
        #[command(flatten)]
        settings: Settings,
    },
    /// Show a join way.
    #[command(after_help = "Example:\n  qun join-way get 9ad7fa5cdaa6511298498f979c472aaa")]
    Get(One),
    /// Change what is given of a join way. Its QR code stays the same.
    #[command(
        after_help = "Example:\n  qun join-way update 9ad7fa5cdaa6511298498f979c472aaa --state autumn --remark 秋季海报"
    )]
    Update {
        /// The join way
        config_id: ConfigId,
        /// All its customer groups, in the order in which they are filled
        #[arg(value_delimiter = ',', value_name = "CHAT_ID")]
        chat_id_list: Vec<GroupChatId>,
        /// Make new groups when all are full
        #[arg(long, conflicts_with = "no_new_rooms")]
        new_rooms: bool,
        #[command(flatten)]
        settings: Settings,
    },
    /// Remove a join way; its groups stay.
    #[command(after_help = "Example:\n  qun join-way rm 42b34949e138eb6e027c123cba77faaa --yes")]
    Rm(One),
    /// List the join ways of the company (needs the manage token; the cloud lists none).
    #[command(after_help = "Example:\n  qun join-way list")]
    List {
        /// Only those that this app made
        #[arg(long)]
        agentid: Option<i64>,
    },
    /// Draw a QR code in the terminal, or put its picture into a file.
    #[command(
        after_help = "Example:\n  qun join-way qr 9ad7fa5cdaa6511298498f979c472aaa\n  qun join-way qr 9ad7fa5cdaa6511298498f979c472aaa --out poster.svg"
    )]
    Qr {
        /// The join way
        config_id: ConfigId,
        /// Where the picture goes: its ending says whether it is PNG or SVG
        #[arg(long, short, value_name = "PATH")]
        out: Option<PathBuf>,
    },
}

#[derive(Args)]
struct One {
    /// The join way
    config_id: ConfigId,
}

#[derive(Args)]
struct Settings {
    /// A remark, at most 30 characters
    #[arg(long)]
    remark: Option<String>,
    /// When all groups are full, let nobody in instead of making a new group
    #[arg(long)]
    no_new_rooms: bool,
    /// What the names of new groups begin with, at most 40 characters
    #[arg(long, value_name = "NAME")]
    base_name: Option<String>,
    /// The number of the first new group, which follows the name
    #[arg(long, value_name = "NUMBER")]
    base_id: Option<i64>,
    /// What tells those apart who come this way, at most 30 characters
    #[arg(long)]
    state: Option<String>,
}

impl Settings {
    /// Changes what is given.
    fn put(self, way: &mut AddJoinWay) {
        way.remark = self.remark.or(way.remark.take());
        if self.no_new_rooms {
            way.auto_create_room = Some(0);
        }
        way.room_base_name = self.base_name.or(way.room_base_name.take());
        way.room_base_id = self.base_id.or(way.room_base_id);
        way.state = self.state.or(way.state.take());
    }
}

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    match noun.verb {
        Verb::Add {
            chat_id_list,
            mini_program,
            settings,
        } => {
            let mut way = match mini_program {
                true => AddJoinWay::mini_program(chat_id_list),
                false => AddJoinWay::qr_code(chat_id_list),
            };
            settings.put(&mut way);
            match session.change(way).await? {
                Some(made) => session.output.bare(&made.config_id, &made),
                None => Ok(()),
            }
        }
        Verb::Get(one) => {
            let way = read(&session, one.config_id).await?;
            session.output.record(&way)
        }
        Verb::Update {
            config_id,
            chat_id_list,
            new_rooms,
            settings,
        } => {
            let mut way = AddJoinWay::from(read(&session, config_id.clone()).await?);
            if !chat_id_list.is_empty() {
                way.chat_id_list = chat_id_list;
            }
            if new_rooms {
                way.auto_create_room = Some(1);
            }
            settings.put(&mut way);
            let said = format!("changed {config_id}");
            let done = json!({ "config_id": config_id });
            session
                .carry_out(way.replacing(config_id), said, &done)
                .await
        }
        Verb::Rm(one) => {
            let config_id = one.config_id;
            if !session.confirm(&format!("Remove {config_id}? Its QR code ends."))? {
                return Ok(());
            }
            let said = format!("removed {config_id}");
            let done = json!({ "config_id": config_id });
            let config_id = Some(config_id);
            session
                .carry_out(DelJoinWay { config_id }, said, &done)
                .await
        }
        Verb::List { agentid } => {
            let request = JoinWays {
                corpid: session.corpid().await?,
                agentid,
                limit: Some(1000),
                ..Default::default()
            };
            let columns = [
                "config_id",
                "agentid",
                "scene",
                "remark",
                "state",
                "chat_id_list",
            ];
            session.output.list(&columns, &session.all(request).await?)
        }
        Verb::Qr { config_id, out } => qr(&session, config_id, out).await,
    }
}

async fn read(session: &Session, config_id: ConfigId) -> Result<JoinWay> {
    let config_id = Some(config_id);
    Ok(session.send(GetJoinWay { config_id }).await?.join_way)
}

async fn qr(session: &Session, config_id: ConfigId, out: Option<PathBuf>) -> Result<()> {
    let way = read(session, config_id.clone()).await?;
    let Some(picture) = way.qr_code else {
        let button = way.scene == JoinWayScene::MiniProgram.number();
        let why = if button {
            "it is a mini-program's button"
        } else {
            "the server gave none"
        };
        bail!("{config_id} has no QR code: {why}");
    };
    let download = async |url: &str| {
        let coming = probe::download(session, url);
        progress::during(&session.output, "fetching the picture", coming).await
    };
    // Servers of ours have the picture in several forms; the cloud has one alone.
    let url = picture.strip_suffix(".png");
    let Some(path) = out else {
        let Some(url) = url else {
            return Err(usage("this server draws no characters: say --out FILE"));
        };
        let drawn = String::from_utf8(download(&format!("{url}.txt")).await?)?;
        let shown = json!({ "config_id": config_id, "url": url, "qr_code": picture });
        return session.output.text_or_json(|| draw(&drawn, url), &shown);
    };
    let ending = path.extension().and_then(|ending| ending.to_str());
    let from = match (url, ending) {
        (Some(url), Some(ending @ ("png" | "svg"))) => format!("{url}.{ending}"),
        (None, _) => picture,
        _ => return Err(usage("say --out FILE.png or --out FILE.svg")),
    };
    save(&path, &download(&from).await?).await?;
    let shown = json!({ "config_id": config_id, "out": path });
    session
        .output
        .done(format!("wrote {}", path.display()), &shown)
}

/// Dark on light where there are colours: most terminals are dark, and a reader wants it so.
fn draw(drawn: &str, url: &str) -> Result<()> {
    for row in drawn.lines() {
        line(style(row).black().on_white().on_bright().to_string())?;
    }
    Ok(line(url)?)
}

async fn save(path: &Path, content: &[u8]) -> Result<()> {
    let written = tokio::fs::write(path, content).await;
    written.with_context(|| format!("{} cannot be written", path.display()))
}
