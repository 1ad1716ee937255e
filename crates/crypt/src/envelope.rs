use quick_xml::{Reader, events::Event};

use crate::{EncodingAesKey, Error, RANDOM, Result, seal, sign};

/// What the platform posts: who it is for, and the encrypted rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// The corpid (or suiteid).
    pub to_user_name: String,
    /// The app; absent where an event is the company's and not an app's.
    pub agent_id: Option<String>,
    /// The encrypted message, base64.
    pub encrypt: String,
}

impl Envelope {
    /// Reads a body.
    ///
    /// # Errors
    /// [`Error::Xml`], or [`Error::Missing`] without `Encrypt`.
    pub fn read(xml: &str) -> Result<Self> {
        let mut envelope = Self::default();
        let mut encrypt = None;
        elements(xml, &mut |name, text| match name {
            "ToUserName" => envelope.to_user_name = text,
            "AgentID" => envelope.agent_id = Some(text).filter(|text| !text.is_empty()),
            "Encrypt" => encrypt = Some(text),
            _ => {}
        })?;
        envelope.encrypt = encrypt.ok_or(Error::Missing("Encrypt"))?;
        Ok(envelope)
    }

    /// Writes a body.
    pub fn write(&self) -> String {
        let agent_id = match &self.agent_id {
            Some(agent_id) => format!("<AgentID>{}</AgentID>", cdata(agent_id)),
            None => String::new(),
        };
        format!(
            "<xml><ToUserName>{}</ToUserName>{agent_id}<Encrypt>{}</Encrypt></xml>",
            cdata(&self.to_user_name),
            cdata(&self.encrypt)
        )
    }
}

/// An encrypted answer to a callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The encrypted message, base64.
    pub encrypt: String,
    /// Its signature.
    pub msg_signature: String,
    /// When it was signed, seconds since 1970.
    pub timestamp: String,
    /// What the signature was salted with.
    pub nonce: String,
}

impl Reply {
    /// Encrypts and signs an answer.
    pub fn seal(
        key: &EncodingAesKey,
        token: &str,
        random: [u8; RANDOM],
        (timestamp, nonce): (&str, &str),
        message: &[u8],
        receiveid: &str,
    ) -> Self {
        let encrypt = seal(key, random, message, receiveid);
        Self {
            msg_signature: sign(token, timestamp, nonce, &encrypt),
            encrypt,
            timestamp: timestamp.to_owned(),
            nonce: nonce.to_owned(),
        }
    }

    /// Reads an answer's body. The time's element is `TimeStamp`; `Timestamp`, which some receivers write, is read too.
    ///
    /// # Errors
    /// [`Error::Xml`], or [`Error::Missing`] with the first element that is not there.
    pub fn read(xml: &str) -> Result<Self> {
        let (mut encrypt, mut msg_signature, mut timestamp, mut nonce) = (None, None, None, None);
        elements(xml, &mut |name, text| match name {
            "Encrypt" => encrypt = Some(text),
            "MsgSignature" => msg_signature = Some(text),
            "TimeStamp" | "Timestamp" => timestamp = Some(text),
            "Nonce" => nonce = Some(text),
            _ => {}
        })?;
        Ok(Self {
            encrypt: encrypt.ok_or(Error::Missing("Encrypt"))?,
            msg_signature: msg_signature.ok_or(Error::Missing("MsgSignature"))?,
            timestamp: timestamp.ok_or(Error::Missing("TimeStamp"))?,
            nonce: nonce.ok_or(Error::Missing("Nonce"))?,
        })
    }

    /// Writes the body.
    pub fn write(&self) -> String {
        format!(
            "<xml><Encrypt>{}</Encrypt><MsgSignature>{}</MsgSignature><TimeStamp>{}</TimeStamp><Nonce>{}</Nonce></xml>",
            cdata(&self.encrypt),
            cdata(&self.msg_signature),
            quick_xml::escape::escape(&self.timestamp),
            cdata(&self.nonce)
        )
    }
}

/// A CDATA section; one that would end early is continued in another.
fn cdata(text: &str) -> String {
    format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
}

/// Calls `found` for each element directly below the root that holds only text.
fn elements(xml: &str, found: &mut dyn FnMut(&str, String)) -> Result<()> {
    let wrong = |error: &dyn std::fmt::Display| Error::Xml(error.to_string());
    let mut reader = Reader::from_str(xml.trim_start_matches('\u{feff}'));
    let (mut depth, mut name, mut text) = (0_usize, String::new(), String::new());
    loop {
        match reader.read_event().map_err(|error| wrong(&error))? {
            Event::Start(start) => {
                depth += 1;
                name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
                text.clear();
            }
            Event::Text(part) => text.push_str(&part.decode().map_err(|error| wrong(&error))?),
            Event::CData(part) => text.push_str(&part.decode().map_err(|error| wrong(&error))?),
            Event::GeneralRef(part) => {
                let part = part.decode().map_err(|error| wrong(&error))?;
                let whole = format!("&{part};");
                text.push_str(&quick_xml::escape::unescape(&whole).map_err(|error| wrong(&error))?);
            }
            Event::End(_) => {
                if depth == 2 && !name.is_empty() {
                    found(&name, text.trim().to_owned());
                }
                name.clear();
                depth = depth.saturating_sub(1);
            }
            Event::Eof if depth == 0 => return Ok(()),
            Event::Eof => return Err(Error::Xml("it ends too early".into())),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_survives_its_text() {
        for agent_id in [None, Some("1000002".to_owned())] {
            let envelope = Envelope {
                to_user_name: "ww6a112864f8022910".into(),
                agent_id,
                encrypt: "a+/=".into(),
            };
            assert_eq!(Envelope::read(&envelope.write()), Ok(envelope));
        }
    }

    #[test]
    fn envelopes_as_they_come() {
        let read = |xml: &str| Envelope::read(xml).map(|envelope| envelope.encrypt);
        let spaced = "\u{feff}<?xml version=\"1.0\"?>\n<xml>\n <ToUserName><![CDATA[a]]></ToUserName>\n <Encrypt>\n<![CDATA[b]]>\n</Encrypt>\n</xml>\n";
        assert_eq!(read(spaced), Ok("b".into()));
        assert_eq!(
            read("<xml><Encrypt>b&amp;&#99;</Encrypt></xml>"),
            Ok("b&c".into())
        );
        // Only what stands directly below the root counts.
        assert_eq!(
            read("<xml><More><Encrypt>x</Encrypt></More></xml>"),
            Err(Error::Missing("Encrypt"))
        );
        for broken in [
            "<xml><Encrypt>b</Encrypt>",
            "<xml><Encrypt>b</xml>",
            "<xml><Encrypt>&nope;</Encrypt></xml>",
        ] {
            assert!(matches!(read(broken), Err(Error::Xml(_))), "{broken}");
        }
        assert_eq!(read(""), Err(Error::Missing("Encrypt")));
    }

    #[test]
    fn replies_with_either_spelling_of_the_time() {
        let reply = Reply {
            encrypt: "a+/=".into(),
            msg_signature: "5c45".into(),
            timestamp: "1409659813".into(),
            nonce: "]]>&".into(),
        };
        let text = reply.write();
        assert!(text.contains("<TimeStamp>1409659813</TimeStamp>"));
        assert_eq!(Reply::read(&text), Ok(reply.clone()));
        let other = text.replace("TimeStamp", "Timestamp");
        assert_eq!(Reply::read(&other), Ok(reply));
        assert_eq!(
            Reply::read("<xml><Encrypt>a</Encrypt></xml>"),
            Err(Error::Missing("MsgSignature"))
        );
    }
}
