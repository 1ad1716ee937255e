//! What a message says, for groups and for people alike: one flag for each kind.

use std::{
    io::{self, IsTerminal, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use clap::{ArgGroup, Args};
use qun_protocol::{
    appchat::{
        Article, ArticlePage, File, Image, Markdown, MpNews, News, Text, TextCard, Video, Voice,
    },
    media::MediaType,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::media;
use crate::{connect::Session, failure::usage};

/// How fields stand in one argument, for the helps.
macro_rules! syntax {
    () => {
        "\
Fields of a card and of an article stand in one argument, separated by |:
  --card 'TITLE|DESCRIPTION|URL[|BUTTON]'   --news 'TITLE|URL[|DESCRIPTION[|PICTURE]]'
"
    };
}
pub(super) use syntax;

/// One kind of message. It can be compared with another, so that a message which is sent in portions stays the same.
#[derive(Args, Clone, Debug, Default, Serialize)]
#[group(skip)]
#[command(group = ArgGroup::new("content").required(true))]
pub(super) struct Content {
    /// A text; - is what stands on stdin
    #[arg(group = "content")]
    text: Option<String>,
    /// A markdown text; - is what stands on stdin
    #[arg(
        long,
        value_name = "TEXT",
        allow_hyphen_values = true,
        group = "content"
    )]
    markdown: Option<String>,
    /// A JPG or PNG, uploaded on the way
    #[arg(long, value_name = "FILE", group = "content")]
    image: Option<PathBuf>,
    /// An AMR of at most 60 seconds, uploaded on the way
    #[arg(long, value_name = "FILE", group = "content")]
    voice: Option<PathBuf>,
    /// An MP4, uploaded on the way
    #[arg(long, value_name = "FILE", group = "content")]
    video: Option<PathBuf>,
    /// Any file, uploaded on the way
    #[arg(long, value_name = "FILE", group = "content")]
    file: Option<PathBuf>,
    /// A card with a button
    #[arg(long, value_name = "CARD", group = "content")]
    card: Option<String>,
    /// An article with a link; up to eight times
    #[arg(long, value_name = "ARTICLE", group = "content")]
    news: Vec<String>,
    /// Articles of their own, a JSON file: [{"title", "thumb": "PICTURE", "content": "HTML", "author", "digest"}]
    #[arg(long, value_name = "FILE", group = "content")]
    mpnews: Option<PathBuf>,
    /// A video's title
    #[arg(long, requires = "video")]
    title: Option<String>,
    /// A video's description
    #[arg(long, requires = "video")]
    description: Option<String>,
    /// Make it confidential (保密消息)
    #[arg(long)]
    pub safe: bool,
}

/// What every kind can be made into: the message of an endpoint.
pub(super) trait Message:
    From<Text>
    + From<Markdown>
    + From<Image>
    + From<Voice>
    + From<Video>
    + From<File>
    + From<TextCard>
    + From<News>
    + From<MpNews>
{
}

impl<M> Message for M where
    M: From<Text>
        + From<Markdown>
        + From<Image>
        + From<Voice>
        + From<Video>
        + From<File>
        + From<TextCard>
        + From<News>
        + From<MpNews>
{
}

impl Content {
    /// Reads what stands on stdin, if that is meant.
    pub(super) fn read(&mut self) -> Result<()> {
        for text in [&mut self.text, &mut self.markdown].into_iter().flatten() {
            if text == "-" {
                *text = stdin()?;
            }
        }
        Ok(())
    }

    /// Makes the message; files go up on the way. None where it is of a kind that is not here.
    pub(super) async fn message<M: Message>(&self, session: &Session) -> Result<Option<M>> {
        let up = async |kind, path: &Path| media::uploaded(session, kind, path).await;
        Ok(Some(if let Some(text) = &self.text {
            Text::new(text).into()
        } else if let Some(text) = &self.markdown {
            Markdown::new(text).into()
        } else if let Some(path) = &self.image {
            Image::new(up(MediaType::Image, path).await?).into()
        } else if let Some(path) = &self.voice {
            Voice::new(up(MediaType::Voice, path).await?).into()
        } else if let Some(path) = &self.video {
            Video {
                media_id: Some(up(MediaType::Video, path).await?),
                title: self.title.clone(),
                description: self.description.clone(),
            }
            .into()
        } else if let Some(path) = &self.file {
            File::new(up(MediaType::File, path).await?).into()
        } else if let Some(card) = &self.card {
            textcard(card)?.into()
        } else if let Some(path) = &self.mpnews {
            mpnews(session, path).await?.into()
        } else if !self.news.is_empty() {
            let articles = self.news.iter().map(|text| article(text));
            News::new(articles.collect::<Result<Vec<_>>>()?).into()
        } else {
            return Ok(None);
        }))
    }
}

fn stdin() -> Result<String> {
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
    let card = TextCard::new(title.trim(), description.trim(), url.trim());
    Ok(match button.first() {
        Some(button) => card.button(button.trim()),
        None => card,
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

/// Articles out of a JSON file, whose pictures go up on the way; they are looked for beside it.
async fn mpnews(session: &Session, path: &Path) -> Result<MpNews> {
    let mut articles = match json(path)? {
        Value::Object(mut message) if message.contains_key("articles") => {
            message.remove("articles").unwrap_or_default()
        }
        other => other,
    };
    for article in articles.as_array_mut().into_iter().flatten() {
        let thumb = article.as_object_mut().and_then(|it| it.remove("thumb"));
        if let Some(thumb) = thumb {
            let picture = thumb
                .as_str()
                .ok_or_else(|| usage("thumb is the path of a picture"))?;
            let picture = path.with_file_name(picture);
            let media_id = media::uploaded(session, MediaType::Image, &picture).await?;
            article["thumb_media_id"] = media_id.0.into();
        }
    }
    Ok(MpNews {
        articles: typed::<Vec<ArticlePage>>(path, articles)?,
    })
}

/// A JSON file.
fn json(path: &Path) -> Result<Value> {
    let text = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    serde_json::from_slice(&text)
        .map_err(|error| usage(format!("{} is no JSON: {error}", path.display())))
}

/// What a JSON file holds. A field that nobody knows is a mistake.
pub(super) fn file<T: DeserializeOwned + Serialize>(path: &Path) -> Result<T> {
    typed(path, json(path)?)
}

fn typed<T: DeserializeOwned + Serialize>(path: &Path, value: Value) -> Result<T> {
    let path = path.display();
    let read: T = serde_path_to_error::deserialize(&value)
        .map_err(|error| usage(format!("{path}: {error}")))?;
    match lost("", &value, &serde_json::to_value(&read)?) {
        Some(field) => Err(usage(format!("{path}: nobody knows the field {field}"))),
        None => Ok(read),
    }
}

/// A field of the first that the second does not have.
fn lost(place: &str, all: &Value, kept: &Value) -> Option<String> {
    match (all, kept) {
        (Value::Object(all), kept) => {
            let none = Map::new();
            let kept = kept.as_object().unwrap_or(&none);
            all.iter().find_map(|(name, value)| {
                let place = format!("{place}{}{name}", if place.is_empty() { "" } else { "." });
                match kept.get(name) {
                    Some(kept) => lost(&place, value, kept),
                    // What is empty is left out where it is written.
                    None if is_blank(value) => None,
                    None => Some(place),
                }
            })
        }
        (Value::Array(all), Value::Array(kept)) => all
            .iter()
            .zip(kept)
            .enumerate()
            .find_map(|(n, (all, kept))| lost(&format!("{place}[{n}]"), all, kept)),
        _ => None,
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use qun_protocol::message::TemplateCard;
    use serde_json::json;

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

    #[test]
    fn a_field_that_nobody_knows_is_a_mistake() {
        let read = |value| typed::<TemplateCard>(Path::new("card.json"), value);
        let good = json!({ "card_type": "text_notice", "main_title": { "title": "上线" }, "jump_list": [], "task_id": null });
        assert_eq!(read(good).unwrap().kind(), "text_notice");
        let wrong = json!({ "button_list": [{ "text": "a", "key": "1" }, { "txt": "b" }] });
        let error = read(wrong).unwrap_err().to_string();
        assert_eq!(
            error,
            "card.json: nobody knows the field button_list[1].txt"
        );
        let error = read(json!({ "button_list": [{ "text": 1 }] })).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("card.json: button_list[0].text:"),
            "{error}"
        );
    }
}
