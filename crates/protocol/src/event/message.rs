//! What a person writes to an app (page 90239).

use qun_crypt::xml::Element;

use super::Part;

/// A message's type, its elements in the order of the sample, and `MsgId` after them.
macro_rules! message {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $element:literal $how:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: String,)*
            /// The message's number; the same when it is sent again.
            pub msg_id: u64,
        }

        impl Part for $name {
            fn read(xml: &Element) -> Self {
                Self {
                    $($field: xml.text_of($element).to_owned(),)*
                    msg_id: xml.number_of("MsgId").unwrap_or_default(),
                }
            }

            fn write(&self, xml: Element) -> Element {
                xml $(.$how($element, &self.$field))* .bare("MsgId", self.msg_id)
            }
        }
    };
}

message! {
    /// Text.
    Text {
        /// The text.
        content: "Content" text,
    }
}

message! {
    /// A picture.
    Image {
        /// Where it can be fetched.
        pic_url: "PicUrl" text,
        /// Its media_id, valid for three days.
        media_id: "MediaId" text,
    }
}

message! {
    /// A recording.
    Voice {
        /// Its media_id, valid for three days.
        media_id: "MediaId" text,
        /// How it is coded: `amr`, `speex`.
        format: "Format" text,
    }
}

message! {
    /// A film.
    Video {
        /// Its media_id, valid for three days.
        media_id: "MediaId" text,
        /// The media_id of its still.
        thumb_media_id: "ThumbMediaId" text,
    }
}

message! {
    /// A link.
    Link {
        /// Title.
        title: "Title" text,
        /// Description.
        description: "Description" text,
        /// Where it leads.
        url: "Url" text,
        /// Its picture.
        pic_url: "PicUrl" text,
    }
}

/// A place. The numbers are texts, as they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// Latitude.
    pub location_x: String,
    /// Longitude.
    pub location_y: String,
    /// How near the map was.
    pub scale: String,
    /// What the place is called.
    pub label: String,
    /// The message's number; the same when it is sent again.
    pub msg_id: u64,
    /// `wxwork` in WeCom; absent in WeChat.
    pub app_type: String,
}

impl Part for Location {
    fn read(xml: &Element) -> Self {
        Self {
            location_x: xml.text_of("Location_X").to_owned(),
            location_y: xml.text_of("Location_Y").to_owned(),
            scale: xml.text_of("Scale").to_owned(),
            label: xml.text_of("Label").to_owned(),
            msg_id: xml.number_of("MsgId").unwrap_or_default(),
            app_type: xml.text_of("AppType").to_owned(),
        }
    }

    fn write(&self, xml: Element) -> Element {
        let xml = xml
            .bare("Location_X", &self.location_x)
            .bare("Location_Y", &self.location_y)
            .bare("Scale", &self.scale)
            .text("Label", &self.label)
            .bare("MsgId", self.msg_id);
        match self.app_type.as_str() {
            "" => xml,
            app_type => xml.text("AppType", app_type),
        }
    }
}
