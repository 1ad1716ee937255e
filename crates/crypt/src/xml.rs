//! XML as WeCom writes it: a small tree of names and texts, without attributes.

use std::fmt::Write;

use quick_xml::{Reader, events::Event};

use crate::{Error, Result};

/// Real messages are nested five deep.
const DEPTH: usize = 32;

/// An element. What it holds beside texts and elements (attributes, comments) is not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name, without a prefix.
    pub name: String,
    /// Its text. Blanks around it are kept only inside CDATA.
    pub text: String,
    /// Whether the text stood in CDATA, as WeCom writes everything but numbers.
    pub cdata: bool,
    /// The elements within, in their order.
    pub children: Vec<Element>,
}

impl Element {
    /// An element without text.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Adds an element with a text in CDATA.
    pub fn text(mut self, name: &str, text: impl Into<String>) -> Self {
        self.children.push(Self {
            name: name.into(),
            text: text.into(),
            cdata: true,
            children: Vec::new(),
        });
        self
    }

    /// Adds an element with a bare text, as numbers are written.
    pub fn bare(mut self, name: &str, text: impl ToString) -> Self {
        self.children.push(Self {
            name: name.into(),
            text: text.to_string(),
            ..Self::default()
        });
        self
    }

    /// Adds an element.
    pub fn child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// The first element within of this name.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first element within of this name, empty if there is none.
    pub fn text_of(&self, name: &str) -> &str {
        self.get(name).map_or("", |child| &child.text)
    }

    /// The number in the first element within of this name; none if it is not there or no such number.
    pub fn number_of<N: std::str::FromStr>(&self, name: &str) -> Option<N> {
        self.get(name)?.text.trim().parse().ok()
    }

    /// Reads a document: its root.
    ///
    /// # Errors
    /// [`Error::Xml`]; also for what is nested more than 32 deep, and where nothing is there.
    pub fn read(xml: &str) -> Result<Self> {
        let wrong = |error: &dyn std::fmt::Display| Error::Xml(error.to_string());
        let mut reader = Reader::from_str(xml.trim_start_matches('\u{feff}'));
        reader.config_mut().expand_empty_elements = true;
        let mut open: Vec<Self> = Vec::new();
        let mut root = None;
        loop {
            match reader.read_event().map_err(|error| wrong(&error))? {
                Event::Start(_) if open.len() == DEPTH => {
                    return Err(Error::Xml("it is nested too deep".into()));
                }
                Event::Start(start) => {
                    let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
                    if !is_name(&name) {
                        return Err(Error::Xml(format!("{name:?} is no element's name")));
                    }
                    open.push(Self::new(name));
                }
                Event::Text(part) => {
                    let part = part.decode().map_err(|error| wrong(&error))?;
                    if let Some(element) = open.last_mut() {
                        // Blanks between an element's CDATA and its ends are layout.
                        if !(element.cdata && part.trim().is_empty()) {
                            element.text.push_str(&part);
                        }
                    }
                }
                Event::CData(part) => {
                    let part = part.decode().map_err(|error| wrong(&error))?;
                    if let Some(element) = open.last_mut() {
                        if !element.cdata {
                            element.text.truncate(element.text.trim_end().len());
                            element.cdata = true;
                        }
                        element.text.push_str(&part);
                    }
                }
                Event::GeneralRef(part) => {
                    let part = part.decode().map_err(|error| wrong(&error))?;
                    let whole = format!("&{part};");
                    let text =
                        quick_xml::escape::unescape(&whole).map_err(|error| wrong(&error))?;
                    if let Some(element) = open.last_mut() {
                        element.text.push_str(&text);
                    }
                }
                Event::End(_) => {
                    let Some(mut element) = open.pop() else {
                        return Err(Error::Xml("an element ends that did not begin".into()));
                    };
                    // Before blanks are taken away, which may stand next to what is left out.
                    element.text.retain(is_carried);
                    if !element.cdata {
                        element.text = element.text.trim().to_owned();
                    }
                    match open.last_mut() {
                        Some(parent) => parent.children.push(element),
                        None if root.is_none() => root = Some(element),
                        None => {}
                    }
                }
                Event::Eof if open.is_empty() => {
                    return root.ok_or_else(|| Error::Xml("nothing is there".into()));
                }
                Event::Eof => return Err(Error::Xml("it ends too early".into())),
                _ => {}
            }
        }
    }

    /// Writes the element with all that is in it, without blanks between. Characters that XML cannot carry are left out.
    pub fn write(&self) -> String {
        let mut text = String::new();
        self.write_into(&mut text);
        text
    }

    fn write_into(&self, to: &mut String) {
        // Writing to a String cannot fail.
        let _ = write!(to, "<{}>", self.name);
        let text: String = self.text.chars().filter(|c| is_carried(*c)).collect();
        if self.cdata {
            // A section that would end early is continued in another.
            let _ = write!(to, "<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"));
        } else {
            to.push_str(&quick_xml::escape::escape(text.as_str()));
        }
        for child in &self.children {
            child.write_into(to);
        }
        let _ = write!(to, "</{}>", self.name);
    }
}

/// Whether an element may have this name; the reader below takes any.
fn is_name(name: &str) -> bool {
    let good = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    name.starts_with(|c: char| c.is_alphabetic() || c == '_') && name.chars().all(good)
}

/// Whether XML can carry a character. Others are left out in both directions, so that what is read can be written.
fn is_carried(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_survives_its_text() {
        let tree = Element::new("xml")
            .text("Content", " two ]]> lines\nand & < ")
            .bare("CreateTime", 1_348_831_860)
            .text("EventKey", "")
            .child(
                Element::new("SelectedItems")
                    .child(Element::new("SelectedItem").text("QuestionKey", "q")),
            );
        let text = tree.write();
        assert!(text.contains("<CreateTime>1348831860</CreateTime>"));
        assert!(text.contains("<EventKey><![CDATA[]]></EventKey>"));
        assert_eq!(Element::read(&text), Ok(tree));
    }

    #[test]
    fn layout_is_no_text() {
        let read = Element::read(
            "\u{feff}<?xml version=\"1.0\"?>\n<xml>\n <A>\n<![CDATA[ a ]]>\n</A>\n <B> b&amp;&#99; </B><C/>\n</xml>\n",
        )
        .unwrap();
        assert_eq!(read.text_of("A"), " a ");
        assert_eq!(read.text_of("B"), "b&c");
        assert_eq!(read.get("C"), Some(&Element::new("C")));
        assert_eq!(read.text_of("D"), "");
        assert_eq!(read.text, "");
    }

    #[test]
    fn what_is_no_xml_is_refused() {
        let deep = "<a>".repeat(DEPTH + 1) + &"</a>".repeat(DEPTH + 1);
        for broken in [
            "",
            "text",
            "<a>",
            "<a></b>",
            "<a>&nope;</a>",
            "</a>",
            "<a><b//></a>",
            "<1/>",
            &deep,
        ] {
            assert!(
                matches!(Element::read(broken), Err(Error::Xml(_))),
                "{broken}"
            );
        }
        let deepest = "<a>".repeat(DEPTH) + &"</a>".repeat(DEPTH);
        assert!(Element::read(&deepest).is_ok());
    }

    #[test]
    fn what_xml_cannot_carry_is_left_out() {
        let text = Element::new("xml").text("A", "a\0b\u{1}\u{ffff}c").write();
        assert_eq!(text, "<xml><A><![CDATA[abc]]></A></xml>");
        let read = Element::read("<xml><A>a\u{1}b&#1;</A></xml>").unwrap();
        assert_eq!(read.text_of("A"), "ab");
    }
}
