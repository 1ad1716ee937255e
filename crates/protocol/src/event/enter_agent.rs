use qun_crypt::xml::Element;

use super::Part;

/// `enter_agent` (page 90240): a person opened the app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnterAgent {
    /// Always empty so far.
    pub event_key: String,
}

impl Part for EnterAgent {
    fn read(xml: &Element) -> Self {
        Self {
            event_key: xml.text_of("EventKey").to_owned(),
        }
    }

    fn write(&self, xml: Element) -> Element {
        xml.text("EventKey", &self.event_key)
    }
}
