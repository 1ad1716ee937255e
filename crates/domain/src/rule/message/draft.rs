use qun_protocol::{
    Limit, MediaId, Refusal as R, Refused, Rules,
    appchat::{
        Article, ArticlePage, File, Image, Markdown, MpNews, News, Text, TextCard, Video, Voice,
    },
    check::To,
    media::MediaType,
    message::{CardMoment, MiniprogramNotice, TemplateCard},
    text::{self, given},
};
use serde_json::{Value, json};

use super::Needed;
use crate::rule::card;

/// A message that is being checked.
pub(super) struct Draft<'a> {
    rules: &'a Rules,
    to: To,
    pub(super) files: Vec<Needed>,
    pub(super) lints: Vec<String>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(rules: &'a Rules, to: To) -> Self {
        Draft {
            rules,
            to,
            files: Vec::new(),
            lints: Vec::new(),
        }
    }

    fn cut<'t>(&mut self, field: &str, text: &'t str, limit: Limit) -> &'t str {
        let most = self.rules.size(limit);
        let (cut, from, unit) = if limit.is_of_chars() {
            let chars = text.chars().count();
            (text::cut_chars(text, most), chars, "characters")
        } else {
            (text::cut_bytes(text, most), text.len(), "bytes")
        };
        if cut.len() < text.len() {
            let to = if limit.is_of_chars() { most } else { cut.len() };
            self.lints
                .push(format!("{field} is cut from {from} to {to} {unit}"));
        }
        cut
    }

    /// Refuses a text of more characters than allowed.
    fn within(&self, text: &str, limit: Limit, refused: impl Into<Refused>) -> Result<(), Refused> {
        let length = match limit.is_of_chars() {
            true => text.chars().count(),
            false => text.len(),
        };
        if length > self.rules.size(limit) {
            return Err(refused.into());
        }
        Ok(())
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
        match (url.contains("://"), self.to) {
            (false, To::People) => return Err(R::UrlScheme.into()),
            (false, To::Group) => self.lints.push(format!("url {url:?} has no scheme")),
            (true, _) => {}
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

    pub(super) fn text(&mut self, text: Option<&Text>) -> Result<Value, Refused> {
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
        if !mentioned.is_empty() && self.to == To::Group {
            body["mentioned_list"] = json!(mentioned);
        }
        Ok(body)
    }

    pub(super) fn image(&mut self, image: Option<&Image>) -> Result<Value, Refused> {
        self.needs(
            image.and_then(|image| image.media_id.as_ref()),
            MediaType::Image,
            None,
        )?;
        Ok(json!({}))
    }

    pub(super) fn voice(&mut self, voice: Option<&Voice>) -> Result<Value, Refused> {
        self.needs(
            voice.and_then(|voice| voice.media_id.as_ref()),
            MediaType::Voice,
            None,
        )?;
        Ok(json!({}))
    }

    pub(super) fn file(&mut self, file: Option<&File>) -> Result<Value, Refused> {
        self.needs(
            file.and_then(|file| file.media_id.as_ref()),
            MediaType::File,
            None,
        )?;
        Ok(json!({}))
    }

    pub(super) fn video(&mut self, video: Option<&Video>) -> Result<Value, Refused> {
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

    pub(super) fn textcard(&mut self, card: Option<&TextCard>) -> Result<Value, Refused> {
        let Some(card) = card else {
            return Err(R::TitleMissing.into());
        };
        let (of_title, of_description) = self.to.of_card();
        let title = given(&card.title).ok_or(R::TitleMissing)?;
        let title = self.cut("textcard.title", title, of_title);
        let description = given(&card.description).ok_or(R::DescriptionMissing)?;
        let description = self.cut("textcard.description", description, of_description);
        let url = self.url(&card.url)?;
        let button = given(&card.btntxt).unwrap_or("详情");
        let button = self.cut("textcard.btntxt", button, Limit::ButtonChars);
        Ok(json!({ "title": title, "description": description, "url": url, "btntxt": button }))
    }

    fn articles<T>(&self, articles: &[T]) -> Result<(), Refused> {
        if articles.is_empty() || articles.len() > self.rules.size(Limit::ArticlesMax) {
            return Err(R::ArticleCount.into());
        }
        Ok(())
    }

    pub(super) fn news(&mut self, news: Option<&News>) -> Result<Value, Refused> {
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
            match (self.to, self.program(article)?) {
                (To::People, Some((appid, pagepath))) => {
                    set(&mut body, "appid", Some(appid));
                    set(&mut body, "pagepath", Some(pagepath));
                }
                _ => set(&mut body, "url", Some(self.url(&article.url)?)),
            }
            if let Some(picurl) = given(&article.picurl) {
                if self.to == To::People {
                    let most = self.rules.size(Limit::UrlBytes);
                    let refused = Refused::too_long("news.articles.picurl", most);
                    self.within(picurl, Limit::UrlBytes, refused)?;
                }
                set(&mut body, "picurl", Some(picurl.to_owned()));
            }
            drawn.push(body);
        }
        Ok(json!({ "articles": drawn }))
    }

    /// The page of a mini program that an article leads to.
    fn program(&self, article: &Article) -> Result<Option<(String, String)>, Refused> {
        let (Some(appid), Some(pagepath)) = (given(&article.appid), given(&article.pagepath))
        else {
            return Ok(None);
        };
        let most = self.rules.size(Limit::PagepathBytes);
        let refused = Refused::too_long("news.articles.pagepath", most);
        self.within(pagepath, Limit::PagepathBytes, refused)?;
        Ok(Some((appid.to_owned(), pagepath.to_owned())))
    }

    pub(super) fn mpnews(&mut self, news: Option<&MpNews>) -> Result<Value, Refused> {
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

    pub(super) fn card(&mut self, card: Option<&TemplateCard>) -> Result<Value, Refused> {
        let none = TemplateCard::default();
        let card = card.unwrap_or(&none);
        card.check_in(CardMoment::Sent, self.rules)?;
        if card.own() != *card {
            self.lints.push(format!(
                "a {} shows only the fields of its type",
                card.kind()
            ));
        }
        Ok(card::drawn(card))
    }

    pub(super) fn markdown(&mut self, markdown: Option<&Markdown>) -> Result<Value, Refused> {
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

impl Draft<'_> {
    pub(super) fn notice(&mut self, notice: Option<&MiniprogramNotice>) -> Result<Value, Refused> {
        let notice = notice.ok_or(R::NoticeAppMissing)?;
        let appid = given(&notice.appid).ok_or(R::NoticeAppMissing)?;
        let mut body = json!({ "appid": appid });
        if let Some(page) = given(&notice.page) {
            self.within(page, Limit::NoticePageBytes, R::NoticePage)?;
            set(&mut body, "page", Some(page.to_owned()));
        }
        let title = given(&notice.title).ok_or(R::TitleMissing)?;
        self.notice_text("miniprogram_notice.title", title)?;
        set(&mut body, "title", Some(title.to_owned()));
        if let Some(description) = given(&notice.description) {
            self.notice_text("miniprogram_notice.description", description)?;
            set(&mut body, "description", Some(description.to_owned()));
        }
        body["emphasis_first_item"] = notice.emphasis_first_item.unwrap_or(false).into();
        if notice.content_item.len() > self.rules.size(Limit::NoticeItemsMax) {
            return Err(R::NoticeItems.into());
        }
        let mut items = Vec::new();
        for item in &notice.content_item {
            self.within(&item.key, Limit::NoticeKeyChars, R::NoticeKey)?;
            self.within(&item.value, Limit::NoticeValueChars, R::NoticeValue)?;
            if !item.key.is_empty() || !item.value.is_empty() {
                items.push(json!({ "key": item.key, "value": item.value }));
            }
        }
        body["content_item"] = items.into();
        Ok(body)
    }

    fn notice_text(&self, field: &'static str, text: &str) -> Result<(), Refused> {
        let most = self.rules.size(Limit::NoticeTitleChars);
        self.within(
            text,
            Limit::NoticeTitleChars,
            Refused::too_long(field, most),
        )?;
        if text.chars().count() < self.rules.size(Limit::NoticeTitleMinChars) {
            return Err(Refused::invalid(field));
        }
        Ok(())
    }
}

fn set(body: &mut Value, key: &str, value: Option<String>) {
    if let Some(value) = value {
        body[key] = value.into();
    }
}
