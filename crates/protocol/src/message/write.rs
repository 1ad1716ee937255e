//! Short ways to write messages to people.

use super::{MiniprogramNotice, NoticeItem, Send, TemplateCard};
use crate::appchat::{
    Article, File, Image, Markdown, MpNews, News, Text, TextCard, Video, Voice, kinds,
};

kinds!(
    Send: Text text, Image image, Voice voice, Video video, File file, TextCard textcard, News news,
    MpNews mpnews, Markdown markdown, MiniprogramNotice miniprogram_notice, TemplateCard template_card
);

impl Send {
    /// Makes it confidential (保密消息): no forwarding, and a watermark. For text, image, video, file and mpnews.
    ///
    /// ```
    /// # use qun_protocol::{appchat::Text, message::Send};
    /// assert_eq!(Send::from(Text::new("口令在此")).confidential().safe, Some(1));
    /// ```
    #[must_use]
    pub fn confidential(mut self) -> Self {
        self.safe = Some(1);
        self
    }

    /// Lets it be shared inside the company alone (仅限企业内分享). For mpnews.
    #[must_use]
    pub fn inside_the_company(mut self) -> Self {
        self.safe = Some(2);
        self
    }

    /// Puts names in the place of `$userName=ID$` and the like (id转译).
    #[must_use]
    pub fn with_names(mut self) -> Self {
        self.enable_id_trans = Some(1);
        self
    }

    /// Delivers the same request only once within so many seconds (重复消息检查), at most 14400.
    ///
    /// ```
    /// # use qun_protocol::{appchat::Text, message::Send};
    /// let message = Send::from(Text::new("下午三点开会")).once_within(3600);
    /// assert_eq!(message.duplicate_check_interval, Some(3600));
    /// ```
    #[must_use]
    pub fn once_within(mut self, seconds: u32) -> Self {
        self.enable_duplicate_check = Some(1);
        self.duplicate_check_interval = Some(seconds.into());
        self
    }
}

impl Article {
    /// An article that leads into a mini program, for messages to people alone; the path has at most 128 bytes.
    ///
    /// ```
    /// # use qun_protocol::{appchat::{Article, News}, message::Send};
    /// let news = News::new([Article::program("中秋礼品领取", "wx123123123123123", "pages/index")]);
    /// let mut message = Send::from(news);
    /// message.touser = Some("zhangsan".into());
    /// assert_eq!(message.check(), Ok(()));
    /// ```
    pub fn program(
        title: impl Into<String>,
        appid: impl Into<String>,
        pagepath: impl Into<String>,
    ) -> Self {
        Article {
            title: Some(title.into()),
            appid: Some(appid.into()),
            pagepath: Some(pagepath.into()),
            ..Default::default()
        }
    }
}

impl MiniprogramNotice {
    /// A notice of a mini program with a title of 4 to 12 characters. It cannot go to everybody.
    ///
    /// ```
    /// # use qun_protocol::message::{MiniprogramNotice, Send};
    /// let notice = MiniprogramNotice::new("wx123123123123123", "会议室预订成功通知")
    ///     .description("4月27日 16:16")
    ///     .page("pages/index?userid=zhangsan")
    ///     .item("会议室", "402")
    ///     .emphasised();
    /// let mut message = Send::from(notice);
    /// message.touser = Some("zhangsan".into());
    /// assert_eq!(message.check(), Ok(()));
    /// ```
    pub fn new(appid: impl Into<String>, title: impl Into<String>) -> Self {
        MiniprogramNotice {
            appid: Some(appid.into()),
            title: Some(title.into()),
            ..Default::default()
        }
    }

    /// With a description of 4 to 12 characters.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// With the page of the mini program that a tap opens, at most 1024 bytes.
    #[must_use]
    pub fn page(mut self, page: impl Into<String>) -> Self {
        self.page = Some(page.into());
        self
    }

    /// With one more line, of at most 10: a key of at most 10 characters and a value of at most 30.
    #[must_use]
    pub fn item(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.content_item.push(NoticeItem {
            key: key.into(),
            value: value.into(),
        });
        self
    }

    /// With its first line in large type.
    #[must_use]
    pub fn emphasised(mut self) -> Self {
        self.emphasis_first_item = Some(true);
        self
    }
}
