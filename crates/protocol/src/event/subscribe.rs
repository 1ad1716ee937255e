use qun_crypt::xml::Element;

use super::Part;

/// `subscribe` (page 90240): a person came into the app's range, or follows it again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subscribe {}

/// `unsubscribe` (page 90240): a person left the app's range, or follows it no longer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unsubscribe {}

impl Part for Subscribe {
    fn read(_: &Element) -> Self {
        Self {}
    }

    fn write(&self, xml: Element) -> Element {
        xml
    }
}

impl Part for Unsubscribe {
    fn read(_: &Element) -> Self {
        Self {}
    }

    fn write(&self, xml: Element) -> Element {
        xml
    }
}
