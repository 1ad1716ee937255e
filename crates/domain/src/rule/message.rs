//! What a message may be: its fields, what is cut, what is refused.

use qun_protocol::{
    Limit, MediaId, Refusal as R, Refused, Rules,
    appchat::{
        Article, ArticlePage, File, Image, Markdown, MpNews, News, Send, Text, TextCard, Video,
        Voice,
    },
    media::MediaType,
    text,
};
use serde_json::{Value, json};

/// File name endings that a confidential file may have (90248).
const SAFE_FILES: [&str; 14] = [
    "txt", "pdf", "doc", "docx", "ppt", "pptx", "xls", "xlsx", "xml", "jpg", "jpeg", "png", "bmp",
    "gif",
];

/// A message that the rules accept.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its kind.
    pub kind: &'static str,
    /// The object of its kind, as it is drawn.
    pub body: Value,
    /// The files that it needs, and where in the body each belongs.
    pub files: Vec<Needed>,
    /// 1 where it is confidential.
    pub safe: i64,
    /// What the cloud would not have done.
    pub lints: Vec<String>,
}

/// A file that a message needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// The file.
    pub media_id: MediaId,
    /// Its kind.
    pub kind: MediaType,
    /// The article that needs it; absent where the message itself does.
    pub article: Option<usize>,
}

/// Checks a message, and cuts it where the rules cut.
pub fn check(rules: &Rules, send: &Send) -> Result<Message, Refused> {
    let mut draft = Draft {
        rules,
        files: Vec::new(),
        lints: Vec::new(),
    };
    let safe = send.safe.unwrap_or(0);
    if !(0..=1).contains(&safe) {
        return Err(Refused::invalid("safe"));
    }
    let kind = send.msgtype.as_deref().unwrap_or_default();
    let (kind, body) = match kind {
        "text" => ("text", draft.text(send.text.as_ref())?),
        "image" => ("image", draft.image(send.image.as_ref())?),
        "voice" => ("voice", draft.voice(send.voice.as_ref())?),
        "video" => ("video", draft.video(send.video.as_ref())?),
        "file" => ("file", draft.file(send.file.as_ref())?),
        "textcard" => ("textcard", draft.textcard(send.textcard.as_ref())?),
        "news" => ("news", draft.news(send.news.as_ref())?),
        "mpnews" => ("mpnews", draft.mpnews(send.mpnews.as_ref())?),
        "markdown" => ("markdown", draft.markdown(send.markdown.as_ref())?),
        _ => return Err(R::MessageType.into()),
    };
    let safe = match kind {
        "news" if safe == 1 => return Err(R::SafeUnsupported.into()),
        "text" | "image" | "video" | "file" | "mpnews" => safe,
        _ => {
            if safe == 1 {
                draft.lints.push(format!("safe has no effect on {kind}"));
            }
            0
        }
    };
    if kind == "markdown" {
        draft
            .lints
            .push("markdown is not shown in WeChat's plugin (微信插件)".into());
    }
    Ok(Message {
        kind,
        body,
        files: draft.files,
        safe,
        lints: draft.lints,
    })
}

/// Whether a file may be sent confidentially, by its name.
pub fn may_be_safe(filename: &str) -> bool {
    filename.rsplit_once('.').is_some_and(|(_, ending)| {
        SAFE_FILES
            .iter()
            .any(|known| known.eq_ignore_ascii_case(ending))
    })
}

/// Whether a message mentions a person: by its list, by `@all`, or by `<@userid>` in its text.
pub fn mentions(kind: &str, body: &Value, userid: &str) -> bool {
    let listed = body["mentioned_list"].as_array().is_some_and(|list| {
        list.iter()
            .filter_map(Value::as_str)
            .any(|id| id == "@all" || id.eq_ignore_ascii_case(userid))
    });
    let inline = || {
        let content = body["content"].as_str().unwrap_or_default();
        content.split("<@").skip(1).any(|rest| {
            rest.split_once('>')
                .is_some_and(|(id, _)| id.eq_ignore_ascii_case(userid))
        })
    };
    matches!(kind, "text" | "markdown") && (listed || inline())
}

struct Draft<'a> {
    rules: &'a Rules,
    files: Vec<Needed>,
    lints: Vec<String>,
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

impl Draft<'_> {
    fn cut<'t>(&mut self, field: &str, text: &'t str, limit: Limit) -> &'t str {
        let cut = text::cut_bytes(text, self.rules.size(limit));
        if cut.len() < text.len() {
            self.lints.push(format!(
                "{field} is cut from {} to {} bytes",
                text.len(),
                cut.len()
            ));
        }
        cut
    }

    fn needs(
        &mut self,
        media_id: Option<&MediaId>,
        kind: MediaType,
        article: Option<usize>,
    ) -> Result<(), Refused> {
        let media_id = media_id
            .filter(|id| !id.is_empty())
            .ok_or(R::MediaId)?
            .clone();
        self.files.push(Needed {
            media_id,
            kind,
            article,
        });
        Ok(())
    }

    fn url(&mut self, url: &Option<String>) -> Result<String, Refused> {
        let url = given(url).ok_or(R::UrlMissing)?;
        let limit = self.rules.size(Limit::UrlBytes);
        if url.len() > limit {
            return Err(Refused {
                limit: limit as i64,
                ..R::UrlTooLong.into()
            });
        }
        if !url.contains("://") {
            self.lints.push(format!("url {url:?} has no scheme"));
        }
        Ok(url.to_owned())
    }

    fn title(&mut self, title: &Option<String>) -> Result<String, Refused> {
        let title = given(title).ok_or(R::TitleMissing)?;
        Ok(self.cut("title", title, Limit::TitleBytes).to_owned())
    }

    fn description(&mut self, field: &str, description: &Option<String>) -> Option<String> {
        given(description).map(|text| self.cut(field, text, Limit::DescriptionBytes).to_owned())
    }

    fn text(&mut self, text: Option<&Text>) -> Result<Value, Refused> {
        let content = text
            .and_then(|text| given(&text.content))
            .ok_or(R::EmptyContent)?;
        let mentioned = text
            .map(|text| text.mentioned_list.as_slice())
            .unwrap_or_default();
        if mentioned.len() > self.rules.size(Limit::MentionsMax) {
            return Err(Refused::too_long(
                "text.mentioned_list",
                self.rules.size(Limit::MentionsMax),
            ));
        }
        let content = self.cut("text.content", content, Limit::TextBytes);
        let mut body = json!({ "content": content });
        if !mentioned.is_empty() {
            body["mentioned_list"] = json!(mentioned);
        }
        Ok(body)
    }

    fn image(&mut self, image: Option<&Image>) -> Result<Value, Refused> {
        self.needs(
            image.and_then(|image| image.media_id.as_ref()),
            MediaType::Image,
            None,
        )?;
        Ok(json!({}))
    }

    fn voice(&mut self, voice: Option<&Voice>) -> Result<Value, Refused> {
        self.needs(
            voice.and_then(|voice| voice.media_id.as_ref()),
            MediaType::Voice,
            None,
        )?;
        Ok(json!({}))
    }

    fn file(&mut self, file: Option<&File>) -> Result<Value, Refused> {
        self.needs(
            file.and_then(|file| file.media_id.as_ref()),
            MediaType::File,
            None,
        )?;
        Ok(json!({}))
    }

    fn video(&mut self, video: Option<&Video>) -> Result<Value, Refused> {
        self.needs(
            video.and_then(|video| video.media_id.as_ref()),
            MediaType::Video,
            None,
        )?;
        let Some(video) = video else {
            return Err(R::MediaId.into());
        };
        let title = given(&video.title)
            .map(|title| self.cut("video.title", title, Limit::TitleBytes).to_owned());
        let description = self.description("video.description", &video.description);
        let mut body = json!({});
        set(&mut body, "title", title);
        set(&mut body, "description", description);
        Ok(body)
    }

    fn textcard(&mut self, card: Option<&TextCard>) -> Result<Value, Refused> {
        let Some(card) = card else {
            return Err(R::TitleMissing.into());
        };
        let title = self.title(&card.title)?;
        let description = self
            .description("textcard.description", &card.description)
            .ok_or(R::DescriptionMissing)?;
        let url = self.url(&card.url)?;
        let button = given(&card.btntxt).unwrap_or("详情");
        let cut = text::cut_chars(button, self.rules.size(Limit::ButtonChars));
        if cut.len() < button.len() {
            self.lints
                .push(format!("textcard.btntxt is cut to {cut:?}"));
        }
        Ok(json!({ "title": title, "description": description, "url": url, "btntxt": cut }))
    }

    fn articles<T>(&self, articles: &[T]) -> Result<(), Refused> {
        if articles.is_empty() || articles.len() > self.rules.size(Limit::ArticlesMax) {
            return Err(R::ArticleCount.into());
        }
        Ok(())
    }

    fn news(&mut self, news: Option<&News>) -> Result<Value, Refused> {
        let articles: &[Article] = news
            .map(|news| news.articles.as_slice())
            .unwrap_or_default();
        self.articles(articles)?;
        let mut drawn = Vec::new();
        for article in articles {
            let mut body = json!({ "title": self.title(&article.title)? });
            set(
                &mut body,
                "description",
                self.description("news.description", &article.description),
            );
            set(&mut body, "url", Some(self.url(&article.url)?));
            set(
                &mut body,
                "picurl",
                given(&article.picurl).map(str::to_owned),
            );
            drawn.push(body);
        }
        Ok(json!({ "articles": drawn }))
    }

    fn mpnews(&mut self, news: Option<&MpNews>) -> Result<Value, Refused> {
        let articles: &[ArticlePage] = news
            .map(|news| news.articles.as_slice())
            .unwrap_or_default();
        self.articles(articles)?;
        let mut drawn = Vec::new();
        for (index, article) in articles.iter().enumerate() {
            let mut body = json!({ "title": self.title(&article.title)? });
            self.needs(
                article.thumb_media_id.as_ref(),
                MediaType::Image,
                Some(index),
            )?;
            if article
                .author
                .as_ref()
                .is_some_and(|author| author.len() > self.rules.size(Limit::AuthorBytes))
            {
                return Err(R::AuthorTooLong.into());
            }
            set(
                &mut body,
                "author",
                given(&article.author).map(str::to_owned),
            );
            set(
                &mut body,
                "content_source_url",
                given(&article.content_source_url).map(str::to_owned),
            );
            let content = given(&article.content).ok_or(R::EmptyContent)?;
            if content.len() > self.rules.size(Limit::ArticleBytes) {
                return Err(R::ContentTooLong.into());
            }
            set(&mut body, "content", Some(content.to_owned()));
            set(
                &mut body,
                "digest",
                self.description("mpnews.digest", &article.digest),
            );
            drawn.push(body);
        }
        Ok(json!({ "articles": drawn }))
    }

    fn markdown(&mut self, markdown: Option<&Markdown>) -> Result<Value, Refused> {
        let content = markdown
            .and_then(|markdown| given(&markdown.content))
            .ok_or(R::EmptyContent)?;
        if content.len() > self.rules.size(Limit::MarkdownBytes) {
            return Err(Refused::too_long(
                "markdown.content",
                self.rules.size(Limit::MarkdownBytes),
            ));
        }
        Ok(json!({ "content": content }))
    }
}

fn set(body: &mut Value, key: &str, value: Option<String>) {
    if let Some(value) = value {
        body[key] = value.into();
    }
}
