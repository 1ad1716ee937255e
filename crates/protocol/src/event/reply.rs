use qun_crypt::{Error, xml::Element};

use crate::message::TemplateCard;

/// What an app answers to a callback: to whom, and what (page 90241).
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The userid that it answers.
    pub to_user_name: String,
    /// The corpid.
    pub from_user_name: String,
    /// When, in seconds since 1970.
    pub create_time: i64,
    /// What.
    pub what: PassiveReply,
}

/// What an app answers.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PassiveReply {
    /// Text. The platform shows its first 2048 bytes.
    Text {
        /// The text.
        content: String,
    },
    /// A picture.
    Image {
        /// Its media_id.
        media_id: String,
    },
    /// A recording.
    Voice {
        /// Its media_id.
        media_id: String,
    },
    /// A film.
    Video {
        /// Its media_id.
        media_id: String,
        /// Title.
        title: String,
        /// Description.
        description: String,
    },
    /// Articles.
    News {
        /// One to eight.
        articles: Vec<Article>,
    },
    /// The tapped button of a card gets another text and cannot be tapped again.
    UpdateButton {
        /// The text.
        replace_name: String,
    },
    /// The tapped card becomes another one.
    UpdateTemplateCard {
        /// The card that it becomes.
        template_card: Box<TemplateCard>,
    },
}

/// An article of [`PassiveReply::News`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Article {
    /// Title.
    pub title: String,
    /// Description.
    pub description: String,
    /// Its picture.
    pub pic_url: String,
    /// Where it leads.
    pub url: String,
}

impl Reply {
    /// Reads the plain text.
    ///
    /// # Errors
    /// [`Error::Xml`]; for another `MsgType` too.
    pub fn read(xml: &str) -> Result<Self, Error> {
        let xml = Element::read(xml)?;
        Ok(Self {
            to_user_name: xml.text_of("ToUserName").to_owned(),
            from_user_name: xml.text_of("FromUserName").to_owned(),
            create_time: xml.number_of("CreateTime").unwrap_or_default(),
            what: PassiveReply::read(&xml)?,
        })
    }

    /// Writes the plain text, in the order of the official samples.
    pub fn write(&self) -> String {
        let xml = Element::new("xml")
            .text("ToUserName", &self.to_user_name)
            .text("FromUserName", &self.from_user_name)
            .bare("CreateTime", self.create_time)
            .text("MsgType", self.what.msg_type());
        self.what.write(xml).write()
    }
}

impl PassiveReply {
    /// Its `MsgType`.
    pub fn msg_type(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Image { .. } => "image",
            Self::Voice { .. } => "voice",
            Self::Video { .. } => "video",
            Self::News { .. } => "news",
            Self::UpdateButton { .. } => "update_button",
            Self::UpdateTemplateCard { .. } => "update_template_card",
        }
    }

    fn read(xml: &Element) -> Result<Self, Error> {
        let within = |outer: &str, name: &str| {
            let outer = xml.get(outer);
            outer.map_or("", |outer| outer.text_of(name)).to_owned()
        };
        Ok(match xml.text_of("MsgType") {
            "text" => Self::Text {
                content: xml.text_of("Content").to_owned(),
            },
            "image" => Self::Image {
                media_id: within("Image", "MediaId"),
            },
            "voice" => Self::Voice {
                media_id: within("Voice", "MediaId"),
            },
            "video" => Self::Video {
                media_id: within("Video", "MediaId"),
                title: within("Video", "Title"),
                description: within("Video", "Description"),
            },
            "news" => {
                let articles = xml.get("Articles").map_or(&[][..], |it| &it.children);
                Self::News {
                    articles: articles.iter().map(Article::read).collect(),
                }
            }
            "update_button" => Self::UpdateButton {
                replace_name: within("Button", "ReplaceName"),
            },
            "update_template_card" => Self::UpdateTemplateCard {
                template_card: Box::new(TemplateCard::read_xml(
                    xml.get("TemplateCard")
                        .ok_or(Error::Missing("TemplateCard"))?,
                )),
            },
            "" => return Err(Error::Missing("MsgType")),
            other => {
                return Err(Error::Xml(format!(
                    "MsgType {other:?} is none of an answer"
                )));
            }
        })
    }

    fn write(&self, xml: Element) -> Element {
        match self {
            Self::Text { content } => xml.text("Content", content),
            Self::Image { media_id } => xml.child(Element::new("Image").text("MediaId", media_id)),
            Self::Voice { media_id } => xml.child(Element::new("Voice").text("MediaId", media_id)),
            Self::Video {
                media_id,
                title,
                description,
            } => xml.child(
                Element::new("Video")
                    .text("MediaId", media_id)
                    .text("Title", title)
                    .text("Description", description),
            ),
            Self::News { articles } => {
                let all = Element::new("Articles");
                let all = articles.iter().fold(all, |all, it| all.child(it.write()));
                xml.bare("ArticleCount", articles.len()).child(all)
            }
            Self::UpdateButton { replace_name } => {
                xml.child(Element::new("Button").text("ReplaceName", replace_name))
            }
            Self::UpdateTemplateCard { template_card } => xml.child(template_card.write_xml()),
        }
    }
}

impl Article {
    fn read(xml: &Element) -> Self {
        Self {
            title: xml.text_of("Title").to_owned(),
            description: xml.text_of("Description").to_owned(),
            pic_url: xml.text_of("PicUrl").to_owned(),
            url: xml.text_of("Url").to_owned(),
        }
    }

    fn write(&self) -> Element {
        Element::new("item")
            .text("Title", &self.title)
            .text("Description", &self.description)
            .text("PicUrl", &self.pic_url)
            .text("Url", &self.url)
    }
}
