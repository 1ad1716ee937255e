//! Short ways to write the requests of internal groups.

use super::{
    Article, ArticlePage, Create, File, Image, Markdown, MpNews, News, Send, Text, TextCard,
    Update, Video, Voice,
};
use crate::{ChatId, MediaId, UserId};

impl Text {
    /// A text.
    ///
    /// ```
    /// # use qun_protocol::appchat::Text;
    /// let text = Text::new("大家好").mention(["lisi"]);
    /// assert_eq!(text.check(), Ok(()));
    /// ```
    pub fn new(content: impl Into<String>) -> Self {
        Text {
            content: Some(content.into()),
            ..Default::default()
        }
    }

    /// Reminds these members; `@all` is everybody.
    #[must_use]
    pub fn mention<U: Into<UserId>>(mut self, people: impl IntoIterator<Item = U>) -> Self {
        self.mentioned_list
            .extend(people.into_iter().map(Into::into));
        self
    }
}

impl Markdown {
    /// A markdown text.
    ///
    /// ```
    /// # use qun_protocol::appchat::Markdown;
    /// assert_eq!(Markdown::new("**上线**完成").check(), Ok(()));
    /// ```
    pub fn new(content: impl Into<String>) -> Self {
        Markdown {
            content: Some(content.into()),
        }
    }
}

macro_rules! uploaded {
    ($($kind:ident),*) => {$(
        impl $kind {
            /// The uploaded file with this id.
            ///
            /// ```
            #[doc = concat!("# use qun_protocol::appchat::", stringify!($kind), ";")]
            #[doc = concat!("assert_eq!(", stringify!($kind), "::new(\"3aZb\").check(), Ok(()));")]
            /// ```
            pub fn new(media_id: impl Into<MediaId>) -> Self {
                #[allow(clippy::needless_update)] // a video has more fields
                $kind { media_id: Some(media_id.into()), ..Default::default() }
            }
        }
    )*};
}
uploaded!(Image, Voice, Video, File);

impl Video {
    /// With a title of at most 128 bytes.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// With a description of at most 512 bytes.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}

impl TextCard {
    /// A card that leads to a page.
    ///
    /// ```
    /// # use qun_protocol::appchat::TextCard;
    /// let card = TextCard::new("周报", "本周进展", "https://example.com/week").button("查看");
    /// assert_eq!(card.check(), Ok(()));
    /// ```
    pub fn new(
        title: impl Into<String>,
        description: impl Into<String>,
        url: impl Into<String>,
    ) -> Self {
        TextCard {
            title: Some(title.into()),
            description: Some(description.into()),
            url: Some(url.into()),
            btntxt: None,
        }
    }

    /// With another word than 详情 on its button, at most 4 characters.
    #[must_use]
    pub fn button(mut self, text: impl Into<String>) -> Self {
        self.btntxt = Some(text.into());
        self
    }
}

impl News {
    /// One to eight articles.
    ///
    /// ```
    /// # use qun_protocol::appchat::{Article, News};
    /// let news = News::new([Article::new("项目进度报告", "https://example.com/123")]);
    /// assert_eq!(news.check(), Ok(()));
    /// ```
    pub fn new(articles: impl IntoIterator<Item = Article>) -> Self {
        News {
            articles: articles.into_iter().collect(),
        }
    }
}

impl Article {
    /// An article that leads to a page.
    pub fn new(title: impl Into<String>, url: impl Into<String>) -> Self {
        Article {
            title: Some(title.into()),
            url: Some(url.into()),
            ..Default::default()
        }
    }

    /// With a description of at most 512 bytes.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// With a JPG or PNG picture from this link.
    #[must_use]
    pub fn picture(mut self, url: impl Into<String>) -> Self {
        self.picurl = Some(url.into());
        self
    }
}

impl MpNews {
    /// One to eight articles.
    ///
    /// ```
    /// # use qun_protocol::appchat::{ArticlePage, MpNews};
    /// let news = MpNews::new([ArticlePage::new("公告", "thumb1", "<p>正文</p>").author("张三")]);
    /// assert_eq!(news.check(), Ok(()));
    /// ```
    pub fn new(articles: impl IntoIterator<Item = ArticlePage>) -> Self {
        MpNews {
            articles: articles.into_iter().collect(),
        }
    }
}

impl ArticlePage {
    /// An article of HTML with an uploaded image as its thumbnail.
    pub fn new(
        title: impl Into<String>,
        thumb_media_id: impl Into<MediaId>,
        content: impl Into<String>,
    ) -> Self {
        ArticlePage {
            title: Some(title.into()),
            thumb_media_id: Some(thumb_media_id.into()),
            content: Some(content.into()),
            ..Default::default()
        }
    }

    /// With its author, at most 64 bytes.
    #[must_use]
    pub fn author(mut self, author: impl Into<String>) -> Self {
        self.author = Some(author.into());
        self
    }

    /// With a digest of at most 512 bytes.
    #[must_use]
    pub fn digest(mut self, digest: impl Into<String>) -> Self {
        self.digest = Some(digest.into());
        self
    }

    /// With the page behind 阅读原文.
    #[must_use]
    pub fn source_url(mut self, url: impl Into<String>) -> Self {
        self.content_source_url = Some(url.into());
        self
    }
}

/// Each kind of message as a message.
macro_rules! kinds {
    ($send:ident: $($kind:ident $field:ident),*) => {$(
        impl From<$kind> for $send {
            fn from(message: $kind) -> Self {
                $send {
                    msgtype: Some(stringify!($field).to_owned()),
                    $field: Some(message),
                    ..Default::default()
                }
            }
        }
    )*};
}
pub(crate) use kinds;
kinds!(
    Send: Text text, Image image, Voice voice, Video video, File file, TextCard textcard, News news,
    MpNews mpnews, Markdown markdown
);

impl Send {
    /// Makes it confidential (保密消息): no forwarding. For text, image, video, file and mpnews.
    ///
    /// ```
    /// # use qun_protocol::appchat::{Send, Text};
    /// let message = Send::from(Text::new("口令在此")).confidential();
    /// assert_eq!(message.safe, Some(1));
    /// ```
    #[must_use]
    pub fn confidential(mut self) -> Self {
        self.safe = Some(1);
        self
    }
}

impl Create {
    /// A group of at least two people; its first owns it and its chatid is made, where nothing else is said.
    ///
    /// ```
    /// # use qun_protocol::appchat::Create;
    /// let group = Create::new(["zhangsan", "lisi"]).name("发布小组").chatid("launch");
    /// assert_eq!(group.check(), Ok(()));
    /// ```
    pub fn new<U: Into<UserId>>(userlist: impl IntoIterator<Item = U>) -> Self {
        Create {
            userlist: userlist.into_iter().map(Into::into).collect(),
            ..Default::default()
        }
    }

    /// With a name of at most 50 characters.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into().into());
        self
    }

    /// Owned by this person.
    #[must_use]
    pub fn owner(mut self, userid: impl Into<UserId>) -> Self {
        self.owner = Some(userid.into());
        self
    }

    /// Under this chatid.
    #[must_use]
    pub fn chatid(mut self, chatid: impl Into<ChatId>) -> Self {
        self.chatid = Some(chatid.into());
        self
    }
}

impl Update {
    /// A change of this group, which changes nothing yet.
    ///
    /// ```
    /// # use qun_protocol::appchat::Update;
    /// let change = Update::new("launch").name("二期").add_members(["zhaoliu"]).remove_members(["wangwu"]);
    /// assert_eq!(change.check(), Ok(()));
    /// ```
    pub fn new(chatid: impl Into<ChatId>) -> Self {
        Update {
            chatid: Some(chatid.into()),
            ..Default::default()
        }
    }

    /// Gives it a name of at most 50 characters.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into().into());
        self
    }

    /// Hands it over to a member.
    #[must_use]
    pub fn owner(mut self, userid: impl Into<UserId>) -> Self {
        self.owner = Some(userid.into());
        self
    }

    /// Lets these people in.
    #[must_use]
    pub fn add_members<U: Into<UserId>>(mut self, people: impl IntoIterator<Item = U>) -> Self {
        self.add_user_list
            .extend(people.into_iter().map(Into::into));
        self
    }

    /// Takes these people out, before others come in.
    #[must_use]
    pub fn remove_members<U: Into<UserId>>(mut self, people: impl IntoIterator<Item = U>) -> Self {
        self.del_user_list
            .extend(people.into_iter().map(Into::into));
        self
    }
}
