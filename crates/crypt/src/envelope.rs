use crate::{EncodingAesKey, Error, RANDOM, Result, seal, sign, xml::Element};

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
        let root = Element::read(xml)?;
        Ok(Self {
            to_user_name: trimmed(&root, "ToUserName").unwrap_or_default(),
            agent_id: trimmed(&root, "AgentID").filter(|text| !text.is_empty()),
            encrypt: needed(&root, "Encrypt")?,
        })
    }

    /// Writes a body.
    pub fn write(&self) -> String {
        let mut root = Element::new("xml").text("ToUserName", &self.to_user_name);
        if let Some(agent_id) = &self.agent_id {
            root = root.text("AgentID", agent_id);
        }
        root.text("Encrypt", &self.encrypt).write()
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
        let root = Element::read(xml)?;
        Ok(Self {
            encrypt: needed(&root, "Encrypt")?,
            msg_signature: needed(&root, "MsgSignature")?,
            timestamp: needed(&root, "TimeStamp").or_else(|missing| {
                let other = trimmed(&root, "Timestamp");
                other.ok_or(missing)
            })?,
            nonce: needed(&root, "Nonce")?,
        })
    }

    /// Writes the body.
    pub fn write(&self) -> String {
        Element::new("xml")
            .text("Encrypt", &self.encrypt)
            .text("MsgSignature", &self.msg_signature)
            .bare("TimeStamp", &self.timestamp)
            .text("Nonce", &self.nonce)
            .write()
    }
}

fn trimmed(root: &Element, name: &str) -> Option<String> {
    root.get(name).map(|child| child.text.trim().to_owned())
}

fn needed(root: &Element, name: &'static str) -> Result<String> {
    trimmed(root, name).ok_or(Error::Missing(name))
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
        assert!(matches!(read(""), Err(Error::Xml(_))));
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
