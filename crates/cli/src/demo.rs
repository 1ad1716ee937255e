//! `qun demo`: document 000's project-group story, played through the SDK on a server in memory.

use std::{io, net::SocketAddr};

use anyhow::{Context, Result, anyhow};
use clap::Args;
use jiff::{Timestamp, tz::Offset};
use qun_client::{Client, Manager};
use qun_protocol::{
    ChatId, Rulebook, UserId,
    appchat::{Article, Create, Get, News, Send, Text, Update},
    people::{Arrived, Inbox},
};
use qun_server::{Config, Place};

use crate::{
    output::line,
    settings::{LISTEN, address},
    up,
};

#[derive(Args)]
pub(crate) struct Demo {
    /// End after the story instead of serving on.
    #[arg(long)]
    exit: bool,
    /// Where to listen; port 0 picks a free one [default: 127.0.0.1:7800, or a free port where that one is taken]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
}

const OWNER: &str = "project_manager_001";
const TEAM: [&str; 6] = [
    "pm_001", "dev_001", "dev_002", "qa_001", "ui_001", "ops_001",
];
const DEVELOPERS: [&str; 3] = ["dev_003", "dev_004", "backend_001"];
const REPORTED: [&str; 3] = [
    "alpha_project_20231101",
    "beta_project_20231015",
    "gamma_project_20231020",
];

pub(crate) async fn run(demo: Demo) -> Result<()> {
    up::log(false, "warn");
    let listen = match &demo.listen {
        Some(text) => {
            let listen = address(text)?;
            if !listen.ip().is_loopback() {
                return Err(crate::failure::usage(
                    "the demo listens on this machine only; for others there is qun up --allow-remote",
                ));
            }
            listen
        }
        None => free_unless(address(LISTEN)?),
    };
    let stop = up::Stop::listen()?;
    let running = up::start(Config {
        listen,
        place: Place::Memory,
        world: None,
        rules: Rulebook::default(),
        limits_off: false,
        clock: None,
        manage_token: None,
        callbacks: Default::default(),
    })
    .await?;
    let ready = running.ready();
    let app = ready
        .agents
        .first()
        .ok_or_else(|| anyhow!("the demo company has no app"))?;
    let secret = app.secret.clone();
    let client = Client::builder(ready.corpid.as_str(), secret.as_str())
        .base_url(ready.url.as_str())
        .manage_token(&ready.manage_token)
        .build()?;
    line(format!(
        "qun at {}: company {}, app {} {}",
        ready.url, ready.corpid, app.agentid, app.name
    ))?;
    play(&client).await.context("the story broke off")?;
    if demo.exit {
        running.stop().await;
        return Ok(());
    }
    line(up::first_steps(ready, &secret))?;
    line("It goes on serving; Ctrl-C stops it, and everything in it is gone then.")?;
    up::finish(running, stop).await;
    Ok(())
}

/// The address, or one with a free port where its own is taken.
fn free_unless(usual: SocketAddr) -> SocketAddr {
    match std::net::TcpListener::bind(usual) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            eprintln!("{usual} is taken by another program; a free port is used instead");
            SocketAddr::new(usual.ip(), 0)
        }
        _ => usual,
    }
}

async fn play(client: &Client) -> Result<()> {
    let today = Offset::constant(8).to_datetime(Timestamp::now()).date();
    let chatid = ChatId(format!("alpha_project_{}", today.strftime("%Y%m%d")));

    chapter("1. 创建项目群 The project's group")?;
    client
        .send(Create {
            chatid: Some(chatid.clone()),
            name: Some("Alpha项目组".into()),
            owner: Some(OWNER.into()),
            userlist: people(&TEAM),
        })
        .await?;
    line(format!("项目群创建成功: {chatid}"))?;
    let welcome = "欢迎大家加入Alpha项目组!\n\n项目目标:开发新版本产品功能\n预计周期:8周\n请大家及时在群内同步工作进展,有问题随时讨论。";
    say(client, &chatid, welcome).await?;
    let card = Article {
        title: Some("项目进度提醒".into()),
        description: Some("请各位同事及时更新项目进度,确保按时完成任务".into()),
        url: Some("https://project.company.com/alpha/progress".into()),
        picurl: Some("https://cdn.company.com/project-icon.png".into()),
        ..Default::default()
    };
    client
        .send(Send {
            chatid: Some(chatid.clone()),
            msgtype: Some("news".into()),
            news: Some(News {
                articles: vec![card],
            }),
            ..Default::default()
        })
        .await?;
    line("sent a card: 项目进度提醒")?;

    chapter("2. 动态群成员管理 The development phase begins")?;
    client
        .send(Update {
            chatid: Some(chatid.clone()),
            add_user_list: people(&DEVELOPERS),
            ..Default::default()
        })
        .await?;
    line(format!("added {}", DEVELOPERS.join(", ")))?;
    say(client, &chatid, "项目进入开发阶段,开发团队全员到位!").await?;

    chapter("3. 群消息推送 The daily status")?;
    say(client, &chatid, &status(75, (45, 60), 12, 3)).await?;

    chapter("4. 群聊数据统计 The report")?;
    for reported in REPORTED {
        let group = Get {
            chatid: Some(reported.into()),
        };
        let group = client.send(group).await?.chat_info;
        line(format!("群聊: {}", group.name))?;
        line(format!("成员数: {}", group.userlist.len()))?;
        line(format!("群主: {}", group.owner))?;
        line("---")?;
    }

    chapter("5. What each member's phone shows")?;
    let group = Get {
        chatid: Some(chatid.clone()),
    };
    let group = client.send(group).await?.chat_info;
    let manager = client.manage()?;
    let mut screens: Vec<(Vec<&str>, Vec<String>)> = Vec::new();
    for member in &group.userlist {
        let arrived = inbox(&manager, member, &chatid).await?;
        let screen: Vec<String> = arrived.iter().map(drawn).collect();
        match screens.iter_mut().find(|(_, known)| *known == screen) {
            Some((members, _)) => members.push(member),
            None => screens.push((vec![member], screen)),
        }
    }
    for (members, screen) in screens {
        line(format!("{} ({}):", members.join(", "), group.name))?;
        for message in screen {
            line(format!("  {message}"))?;
        }
    }
    Ok(())
}

fn people(ids: &[&str]) -> Vec<UserId> {
    ids.iter().map(|id| UserId::from(*id)).collect()
}

fn chapter(title: &str) -> Result<()> {
    Ok(line(format!("\n{title}"))?)
}

async fn say(client: &Client, chatid: &ChatId, text: &str) -> Result<()> {
    client
        .send(Send {
            chatid: Some(chatid.clone()),
            msgtype: Some("text".into()),
            text: Some(Text {
                content: Some(text.to_owned()),
                ..Default::default()
            }),
            ..Default::default()
        })
        .await?;
    line("sent:")?;
    for said in text.lines() {
        line(format!("  | {said}"))?;
    }
    Ok(())
}

/// The documents' status message, with its bar of ten.
fn status(progress: usize, (done, all): (u32, u32), fixed: u32, open: u32) -> String {
    let full = progress / 10;
    let bar = "█".repeat(full) + &"░".repeat(10_usize.saturating_sub(full));
    format!(
        "📊 项目进度日报\n\n进度: {bar} {progress}%\n任务完成: {done}/{all}\nBug修复: {fixed}\n待修复Bug: {open}\n\n继续加油!💪"
    )
}

/// Everything that a person got in one group.
async fn inbox(manager: &Manager, person: &UserId, chatid: &ChatId) -> Result<Vec<Arrived>> {
    let mut arrived = Vec::new();
    let mut after = None;
    loop {
        let page = manager
            .send(Inbox {
                userid: person.clone(),
                after,
                limit: Some(1000),
                ..Default::default()
            })
            .await?;
        arrived.extend(page.messages.into_iter().filter(|m| m.chatid == *chatid));
        if !page.more {
            return Ok(arrived);
        }
        after = Some(page.cursor);
    }
}

/// A message in one line.
fn drawn(message: &Arrived) -> String {
    let text = |value: &serde_json::Value, key: &str| {
        let text = value.get(key).and_then(serde_json::Value::as_str);
        let lines = text.unwrap_or_default().lines().map(str::trim);
        let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
        lines.join(" / ")
    };
    let content = &message.content;
    let mut drawn = match message.msgtype.as_str() {
        "text" | "markdown" => text(content, "content"),
        "news" => {
            let articles = content["articles"].as_array().cloned().unwrap_or_default();
            let cards: Vec<String> = articles
                .iter()
                .map(|card| {
                    format!(
                        "[{}] {} <{}>",
                        text(card, "title"),
                        text(card, "description"),
                        text(card, "url")
                    )
                })
                .collect();
            cards.join(" ")
        }
        kind => format!("[{kind}] {content}"),
    };
    if let Some(drop) = &message.dropped {
        drawn.push_str(&format!(" (never shown: {} {})", drop.limit, drop.value));
    }
    drawn
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_bar_has_ten_blocks() {
        assert!(status(75, (45, 60), 12, 3).contains("进度: ███████░░░ 75%\n任务完成: 45/60\n"));
        assert!(status(100, (1, 1), 0, 0).contains("██████████ 100%"));
        assert!(status(9, (1, 1), 0, 0).contains("░░░░░░░░░░ 9%"));
    }

    #[test]
    fn a_message_is_drawn_in_one_line() {
        let message = |msgtype: &str, content| Arrived {
            msgtype: msgtype.into(),
            content,
            ..Default::default()
        };
        assert_eq!(
            drawn(&message("text", json!({ "content": "你好\n\n再见" }))),
            "你好 / 再见"
        );
        let card =
            json!({ "articles": [{ "title": "周报", "description": "总结", "url": "https://x" }] });
        assert_eq!(drawn(&message("news", card)), "[周报] 总结 <https://x>");
        assert_eq!(
            drawn(&message("image", json!({ "media_id": "m" }))),
            r#"[image] {"media_id":"m"}"#
        );
    }

    #[test]
    fn a_taken_port_is_replaced_by_a_free_one() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        assert_eq!(free_unless(address).port(), 0);
        drop(taken);
        assert_eq!(free_unless(address), address);
    }
}
