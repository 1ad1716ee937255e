//! What an app is told, and what it may answer: the plain texts of callbacks (pages 90238 to 90241), inside the envelope of `qun_crypt`.
//!
//! One file per event. A new one is a file here, and a line in [`Event`].

use qun_crypt::{Error, xml::Element};

mod change_external_chat;
mod enter_agent;
mod message;
mod reply;
mod subscribe;
mod template_card;

pub use change_external_chat::ChangeExternalChat;
pub use enter_agent::EnterAgent;
pub use message::{Image, Link, Location, Text, Video, Voice};
pub use reply::{Article, PassiveReply, Reply};
pub use subscribe::{Subscribe, Unsubscribe};
pub use template_card::{SelectedItem, TemplateCard, TemplateCardMenu};

/// What comes to an app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// The corpid.
    pub to_user_name: String,
    /// The userid; `sys` where nobody did it.
    pub from_user_name: String,
    /// When, in seconds since 1970.
    pub create_time: i64,
    /// The app; absent where an event is the company's and not an app's.
    pub agent_id: Option<i64>,
    /// What it is.
    pub what: What,
}

/// What elements a message or an event has beside those that all have.
trait Part: Sized {
    fn read(xml: &Element) -> Self;
    fn write(&self, xml: Element) -> Element;
}

/// An enum of parts, by the text that names each on the wire, and one for whatever else comes.
macro_rules! parts {
    ($(#[$doc:meta])* $name:ident by $element:literal { $($(#[$variant_doc:meta])* $text:literal => $variant:ident($part:ty),)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant($part),)*
            /// One that is not known here, whole.
            Unknown(Unknown),
        }

        impl $name {
            #[doc = concat!("Its `", $element, "`.")]
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$variant(_) => $text,)*
                    Self::Unknown(unknown) => &unknown.name,
                }
            }

            fn read(xml: &Element) -> Self {
                match xml.text_of($element) {
                    $($text => Self::$variant(<$part as Part>::read(xml)),)*
                    _ => Self::Unknown(Unknown::read($element, xml)),
                }
            }

            fn write(&self, xml: Element) -> Element {
                let xml = match self.name() {
                    "" => xml,
                    name => xml.text($element, name),
                };
                match self {
                    $(Self::$variant(part) => part.write(xml),)*
                    Self::Unknown(unknown) => unknown.write(xml),
                }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::Unknown(Unknown::default())
            }
        }
    };
}

parts! {
    /// A message that a person wrote to an app, or an event, by its `MsgType`.
    What by "MsgType" {
        /// Text.
        "text" => Text(Text),
        /// A picture.
        "image" => Image(Image),
        /// A recording.
        "voice" => Voice(Voice),
        /// A film.
        "video" => Video(Video),
        /// A place.
        "location" => Location(Location),
        /// A link.
        "link" => Link(Link),
        /// Something happened.
        "event" => Event(Event),
    }
}

parts! {
    /// What happened, by its `Event`.
    Event by "Event" {
        /// A person opened the app.
        "enter_agent" => EnterAgent(EnterAgent),
        /// A person came into the app's range, or follows it again.
        "subscribe" => Subscribe(Subscribe),
        /// A person left the app's range, or follows it no longer.
        "unsubscribe" => Unsubscribe(Unsubscribe),
        /// A person tapped a card.
        "template_card_event" => TemplateCard(TemplateCard),
        /// A customer group was made, changed or dismissed.
        "change_external_chat" => ChangeExternalChat(ChangeExternalChat),
        /// A person chose an entry of a card's menu.
        "template_card_menu_event" => TemplateCardMenu(TemplateCardMenu),
    }
}

impl Part for Event {
    fn read(xml: &Element) -> Self {
        Self::read(xml)
    }

    fn write(&self, xml: Element) -> Element {
        self.write(xml)
    }
}

/// A message or an event of a kind that is not known here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unknown {
    /// The kind: `MsgType` or `Event`. Empty where that element is not there, as in what third parties are told.
    pub name: String,
    /// All its elements but those of [`Received`] and the kind.
    pub elements: Vec<Element>,
}

/// The elements that [`Received`] holds.
const COMMON: [&str; 5] = [
    "ToUserName",
    "FromUserName",
    "CreateTime",
    "MsgType",
    "AgentID",
];

impl Unknown {
    fn read(element: &str, xml: &Element) -> Self {
        let other =
            |child: &&Element| child.name != element && !COMMON.contains(&child.name.as_str());
        Self {
            name: xml.text_of(element).to_owned(),
            elements: xml.children.iter().filter(other).cloned().collect(),
        }
    }

    fn write(&self, mut xml: Element) -> Element {
        xml.children.extend(self.elements.iter().cloned());
        xml
    }

    /// The text of the first element of this name, empty if there is none.
    pub fn text_of(&self, name: &str) -> &str {
        let found = self.elements.iter().find(|element| element.name == name);
        found.map_or("", |element| &element.text)
    }
}

impl What {
    /// The message's number (`MsgId`), by which one that comes twice is known. Events have none.
    pub fn msg_id(&self) -> Option<u64> {
        match self {
            Self::Text(part) => Some(part.msg_id),
            Self::Image(part) => Some(part.msg_id),
            Self::Voice(part) => Some(part.msg_id),
            Self::Video(part) => Some(part.msg_id),
            Self::Location(part) => Some(part.msg_id),
            Self::Link(part) => Some(part.msg_id),
            Self::Event(_) => None,
            Self::Unknown(unknown) => unknown.text_of("MsgId").parse().ok(),
        }
    }
}

impl What {
    /// Gives a message its number; events have none.
    pub fn set_msg_id(&mut self, msg_id: u64) {
        match self {
            Self::Text(part) => part.msg_id = msg_id,
            Self::Image(part) => part.msg_id = msg_id,
            Self::Voice(part) => part.msg_id = msg_id,
            Self::Video(part) => part.msg_id = msg_id,
            Self::Location(part) => part.msg_id = msg_id,
            Self::Link(part) => part.msg_id = msg_id,
            Self::Event(_) | Self::Unknown(_) => {}
        }
    }
}

impl Received {
    /// Reads the plain text. What is missing is empty, as old and foreign texts need.
    ///
    /// # Errors
    /// [`Error::Xml`].
    pub fn read(xml: &str) -> Result<Self, Error> {
        let xml = Element::read(xml)?;
        Ok(Self {
            to_user_name: xml.text_of("ToUserName").to_owned(),
            from_user_name: xml.text_of("FromUserName").to_owned(),
            create_time: xml.number_of("CreateTime").unwrap_or_default(),
            agent_id: xml.number_of("AgentID"),
            what: What::read(&xml),
        })
    }

    /// Writes the plain text, in the order of the official samples.
    pub fn write(&self) -> String {
        let xml = Element::new("xml")
            .text("ToUserName", &self.to_user_name)
            .text("FromUserName", &self.from_user_name)
            .bare("CreateTime", self.create_time);
        let mut xml = self.what.write(xml);
        let Some(agent_id) = self.agent_id else {
            return xml.write();
        };
        let agent_id = Element::default().bare("AgentID", agent_id).children;
        // Two samples have something after the app's number.
        let last = xml.children.last().map(|child| child.name.as_str());
        let at =
            xml.children.len() - usize::from(matches!(last, Some("AppType" | "SelectedItems")));
        xml.children.splice(at..at, agent_id);
        xml.write()
    }
}

#[cfg(test)]
mod tests;
