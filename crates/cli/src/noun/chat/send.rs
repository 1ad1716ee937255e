//! `qun chat send`.

use std::{
    io::{self, IsTerminal, Read},
    path::PathBuf,
};

use anyhow::{Context, Result};
use clap::{ArgGroup, Args};
use qun_protocol::{
    ChatId,
    appchat::{Article, File, Image, Markdown, News, Send, Text, TextCard, Video, Voice},
    media::MediaType,
};
use serde_json::json;

use super::{super::media, people};
use crate::{connect::Session, failure::usage};

/// The end of the help.
pub(super) const HELP: &str = "\
Fields of a card and of an article stand in one argument, separated by |:
  --card 'TITLE|DESCRIPTION|URL[|BUTTON]'   --news 'TITLE|URL[|DESCRIPTION[|PICTURE]]'

Example:
  qun chat send alpha_project_20231101 大家好，请看进度。 --mention dev_001
  echo 构建完成 | qun chat send alpha_project_20231101 -
  qun chat send alpha_project_20231101 --file README.md
  qun chat send alpha_project_20231101 --card '上线|今晚八点|https://ci.example/1|看'
  qun chat send alpha_project_20231101 --news '周报|https://wiki.example/1|本周总结'";

#[derive(Args)]
#[command(group = ArgGroup::new("content").required(true).args(
    ["text", "markdown", "image", "voice", "video", "file", "card", "news"]))]
pub(super) struct Message {
    /// The group
    chatid: String,
    /// A text; - is what stands on stdin
    text: Option<String>,
    /// A markdown text; - is what stands on stdin
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    markdown: Option<String>,
    /// A JPG or PNG, uploaded on the way
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
    /// An AMR of at most 60 seconds, uploaded on the way
    #[arg(long, value_name = "FILE")]
    voice: Option<PathBuf>,
    /// An MP4, uploaded on the way
    #[arg(long, value_name = "FILE")]
    video: Option<PathBuf>,
    /// Any file, uploaded on the way
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// A card with a button
    #[arg(long, value_name = "CARD")]
    card: Option<String>,
    /// An article with a link; up to eight times
    #[arg(long, value_name = "ARTICLE")]
    news: Vec<String>,
    /// Whom a text mentions, or @all
    #[arg(long, value_name = "USERID", value_delimiter = ',', requires = "text")]
    mention: Vec<String>,
    /// A video's title
    #[arg(long, requires = "video")]
    title: Option<String>,
    /// A video's description
    #[arg(long, requires = "video")]
    description: Option<String>,
    /// Make it confidential (保密消息)
    #[arg(long)]
    safe: bool,
}

pub(super) async fn run(session: &Session, message: Message) -> Result<()> {
    let chatid = ChatId(message.chatid.clone());
    let send = Send {
        chatid: Some(chatid.clone()),
        safe: message.safe.then_some(1),
        ..content(session, message).await?
    };
    send.check().map_err(|unfit| usage(unfit.to_string()))?;
    let msgtype = send.msgtype.clone();
    if session.change(send).await?.is_some() {
        let kind = msgtype.as_deref().unwrap_or_default();
        let said = format!("sent a message ({kind}) to {chatid}");
        let value = json!({ "chatid": chatid, "msgtype": msgtype });
        session.output.done(said, &value)?;
    }
    Ok(())
}

async fn content(session: &Session, message: Message) -> Result<Send> {
    let mut send = Send::default();
    let kind = if let Some(text) = message.text {
        send.text = Some(Text {
            content: Some(or_stdin(text)?),
            mentioned_list: people(message.mention),
        });
        "text"
    } else if let Some(text) = message.markdown {
        let content = Some(or_stdin(text)?);
        send.markdown = Some(Markdown { content });
        "markdown"
    } else if let Some(path) = message.image {
        let media_id = Some(media::uploaded(session, MediaType::Image, &path).await?);
        send.image = Some(Image { media_id });
        "image"
    } else if let Some(path) = message.voice {
        let media_id = Some(media::uploaded(session, MediaType::Voice, &path).await?);
        send.voice = Some(Voice { media_id });
        "voice"
    } else if let Some(path) = message.video {
        send.video = Some(Video {
            media_id: Some(media::uploaded(session, MediaType::Video, &path).await?),
            title: message.title,
            description: message.description,
        });
        "video"
    } else if let Some(path) = message.file {
        let media_id = Some(media::uploaded(session, MediaType::File, &path).await?);
        send.file = Some(File { media_id });
        "file"
    } else if let Some(card) = message.card {
        send.textcard = Some(textcard(&card)?);
        "textcard"
    } else {
        let articles = message.news.iter().map(|text| article(text));
        let articles = articles.collect::<Result<_>>()?;
        send.news = Some(News { articles });
        "news"
    };
    send.msgtype = Some(kind.to_owned());
    Ok(send)
}

fn or_stdin(text: String) -> Result<String> {
    if text != "-" {
        return Ok(text);
    }
    let mut stdin = io::stdin();
    if stdin.is_terminal() {
        eprintln!("the message ends with Ctrl-D on a line of its own");
    }
    let mut text = String::new();
    stdin
        .read_to_string(&mut text)
        .context("stdin cannot be read")?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn textcard(text: &str) -> Result<TextCard> {
    let fields: Vec<&str> = text.split('|').collect();
    let [title, description, url, button @ ..] = fields.as_slice() else {
        return Err(usage(format!(
            "{text:?} is no card; it looks like 'TITLE|DESCRIPTION|URL|BUTTON'"
        )));
    };
    let field = |text: &str| Some(text.trim().to_owned());
    Ok(TextCard {
        title: field(title),
        description: field(description),
        url: field(url),
        btntxt: button.first().and_then(|text| field(text)),
    })
}

fn article(text: &str) -> Result<Article> {
    let fields: Vec<&str> = text.split('|').collect();
    let [title, url, more @ ..] = fields.as_slice() else {
        return Err(usage(format!(
            "{text:?} is no article; it looks like 'TITLE|URL|DESCRIPTION|PICTURE'"
        )));
    };
    let field = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    Ok(Article {
        title: field(title),
        url: field(url),
        description: more.first().and_then(|text| field(text)),
        picurl: more.get(1).and_then(|text| field(text)),
        ..Default::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_and_articles_are_read_from_one_argument() {
        let card = textcard("上线 | 今晚八点 | https://x?a=1").unwrap();
        assert_eq!(card.title.as_deref(), Some("上线"));
        assert_eq!(card.url.as_deref(), Some("https://x?a=1"));
        assert_eq!(card.btntxt, None);
        let card = textcard("a|b|c|看").unwrap();
        assert_eq!(card.btntxt.as_deref(), Some("看"));
        let news = article("周报|https://x||https://p").unwrap();
        assert_eq!(news.description, None);
        assert_eq!(news.picurl.as_deref(), Some("https://p"));
        assert!(textcard("a|b").is_err() && article("a").is_err());
    }
}
