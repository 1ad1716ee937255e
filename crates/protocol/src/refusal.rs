//! Why a request is refused: named once here, turned into a number and a text by rulebook, endpoint and envelope.

use std::{borrow::Cow, fmt};

use crate::{Endpoint, Meta, Rulebook, appchat};

macro_rules! refusals {
    ($($name:ident $documented:literal $documented_text:literal, $live:literal $live_text:literal, $http:literal, $doc:literal;)*) => {
        /// Every reason for which something is refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Refusal { $(#[doc = $doc] $name,)* }

        impl Refusal {
            /// Every refusal.
            pub const ALL: &'static [Refusal] = &[$(Refusal::$name,)*];

            const fn row(self) -> (i32, &'static str, i32, &'static str, u16, &'static str) {
                match self { $(Refusal::$name => ($documented, $documented_text, $live, $live_text, $http, $doc),)* }
            }

            /// The name, as the own API's error bodies have it.
            pub fn name(self) -> String {
                let mut name = String::new();
                for c in stringify_name(self).chars() {
                    if c.is_ascii_uppercase() && !name.is_empty() {
                        name.push('_');
                    }
                    name.push(c.to_ascii_lowercase());
                }
                name
            }
        }

        const fn stringify_name(refusal: Refusal) -> &'static str {
            match refusal { $(Refusal::$name => stringify!($name),)* }
        }
    };
}

// `{field}` and `{limit}` are filled in. A code of 0 stands where only the own API refuses so.
refusals! {
    SystemBusy -1 "system busy", -1 "system busy", 503, "Not done, try again: the queue is full or the store away.";
    SecretInvalid 40001 "invalid credential", 40001 "invalid credential", 401, "The secret is not one of the company's.";
    UnknownMember 40003 "invalid userid", 86216 "invalid chat member", 404, "A userid that is not in the directory.";
    InvalidUserid 40003 "invalid userid", 40003 "invalid userid", 404, "A userid that nobody has.";
    MediaType 40004 "invalid media type", 40004 "invalid media type", 400, "An upload's type is none of image, voice, video, file, or its content is not of that type.";
    MediaSize 40006 "invalid media size", 40006 "invalid media size", 413, "A file too small or too large.";
    MediaId 40007 "invalid media_id", 40007 "invalid media_id", 404, "A media_id that is unknown, expired, or of another type.";
    MessageType 40008 "invalid message type", 40008 "invalid message type", 400, "A msgtype that is missing or not one of the endpoint's.";
    ImageSize 40009 "invalid image size", 40009 "invalid image size", 413, "An image too large.";
    VideoSize 40011 "invalid video size", 40011 "invalid video size", 413, "A video too large.";
    CorpidInvalid 40013 "invalid corpid", 40013 "invalid corpid", 404, "No company with this corpid.";
    TokenInvalid 40014 "invalid access_token", 40014 "invalid access_token", 401, "An access token that never was, or was revoked.";
    IllegalCharacter 40033 "invalid character in request", 40033 "invalid character in request", 400, "A NUL character.";
    UrlTooLong 40039 "url exceed max length {limit}", 40039 "url exceed max length {limit}", 400, "A link longer than allowed.";
    GroupChatUnknown 40050 "invalid group id", 40050 "invalid group id", 404, "No customer group with this chat_id.";
    InvalidParameter 40058 "invalid param '{field}'. invalid Request Parameter", 40058 "invalid param '{field}'. invalid Request Parameter", 400, "A value outside its range.";
    TooLong 40058 "{field} exceed max length {limit}. invalid Request Parameter", 40058 "{field} exceed max length {limit}. invalid Request Parameter", 400, "A text or list longer than allowed.";
    SafeUnsupported 40074 "news does not support safe", 40074 "news does not support safe", 400, "A kind of message that cannot be confidential.";
    NotRealNamed 40098 "member not real name verified", 40098 "member not real name verified", 409, "The new owner is not real-named.";
    ImageFormat 40123 "invalid image format", 40123 "invalid image format", 400, "An image that is neither JPG nor PNG.";
    TransferTooOften 40128 "transfer too frequently", 40128 "transfer too frequently", 429, "The customer group was given on twice within 90 days.";
    BodyTooLarge 40206 "request body too large", 40206 "request body too large", 413, "A body over the size limit.";
    TokenMissing 41001 "access_token missing", 41001 "access_token missing", 401, "No access_token in the query.";
    CorpidMissing 41002 "corpid missing", 41002 "corpid missing", 400, "gettoken without a corpid.";
    SecretMissing 41004 "corpsecret missing", 41004 "corpsecret missing", 400, "gettoken without a corpsecret.";
    MediaIdMissing 41006 "media_id missing", 41006 "media_id missing", 400, "media/get without a media_id.";
    UrlMissing 41010 "missing url", 41010 "missing url", 400, "A card or article without a url.";
    TitleMissing 41016 "missing title", 41016 "missing title", 400, "A card or article without a title.";
    DescriptionMissing 41033 "missing description", 41033 "missing description", 400, "A card without a description.";
    TokenExpired 42001 "access_token expired", 42001 "access_token expired", 401, "An access token past its end.";
    EmptyMedia 44001 "empty media data", 44001 "empty media data", 400, "An upload without a readable file part that has a file name.";
    EmptyContent 44004 "empty content", 44004 "empty content", 400, "A message without content.";
    MediaTooLarge 45001 "media size out of limit", 45001 "media size out of limit", 413, "A voice or picture too large.";
    ContentTooLong 45002 "content size out of limit", 45002 "content size out of limit", 413, "An article's content too long.";
    VoiceTooLong 45007 "voice playtime out of limit", 45007 "voice playtime out of limit", 400, "A voice of more than 60 seconds.";
    ArticleCount 45008 "article size out of limit", 45008 "article size out of limit", 400, "No article, or more than eight.";
    Frequency 45009 "api freq out of limit", 45009 "api freq out of limit", 429, "Too often; blocked until the window's block ends.";
    AuthorTooLong 45032 "author size out of limit", 45032 "author size out of limit", 400, "An article's author too long.";
    ApiForbidden 48002 "api forbidden", 48002 "api forbidden", 403, "The app is of a kind that may not call this.";
    GroupChatDismissed 49008 "group chat dismissed", 49008 "group chat dismissed", 410, "The customer group is dismissed.";
    AppDisabled 50003 "app disabled", 50003 "app disabled", 403, "The app is switched off.";
    CursorInvalid 50100 "invalid cursor", 50100 "invalid cursor", 400, "A cursor that no page of this list gave.";
    NoPrivilege 60011 "no privilege to access/modify contact/party/agent ", 60011 "no privilege to access/modify contact/party/agent ", 403, "The app's visible range is not the root department.";
    AddressNotAllowed 60020 "not allow to access from your ip", 60020 "not allow to access from your ip", 403, "The caller is not among the app's trusted addresses.";
    NotActivated 60111 "userid not found", 60111 "userid not found", 409, "The new owner has not activated the account.";
    RangeTooLarge 81017 "too many members in visible range, owner_filter is needed", 81017 "too many members in visible range, owner_filter is needed", 400, "More than 1000 people are in range: name owners.";
    ChatIdMalformed 86001 "chatid invalid", 86001 "chatid invalid", 400, "A chatid with other characters than allowed, or empty.";
    ChatIdTooLong 86001 "chatid invalid", 86205 "chatid too long", 400, "A chatid of more than 32 characters.";
    ChatNotFound 86002 "chat not exist", 86001 "chatid invalid", 404, "No live group with this chatid.";
    ChatName 86003 "invalid chat name", 86004 "invalid chat name", 400, "A name that is no text, only white space, or holds control characters.";
    MemberCount 86004 "invalid chat member list size", 86006 "invalid chat member list size", 400, "Fewer or more members than allowed.";
    ChatsPerDay 86005 "chat count out of limit", 45009 "api freq out of limit", 429, "The company has made its groups of the day.";
    ChatsAlive 86005 "chat count out of limit", 45009 "api freq out of limit", 409, "The app has as many groups alive as it may.";
    OtherAppsChat 86008 "you has no privilege to access this chat, which is created by other agent.", 86008 "you has no privilege to access this chat, which is created by other agent.", 403, "A group that another app made.";
    ChatIdMissing 86201 "chatid missing", 86201 "chatid missing", 400, "No chatid.";
    OwnerNotMember 86207 "chat owner not in userlist", 86207 "chat owner not in userlist", 400, "An owner who is not among the members.";
    ChatIdTaken 86215 "chatid existed", 86215 "chatid existed", 409, "A live group has this chatid.";
    NotMember 86216 "invalid chat member", 86216 "invalid chat member", 400, "A person who is not in the group.";
    OwnerNotResigned 90500 "the owner of this chat is not resigned", 90500 "the owner of this chat is not resigned", 409, "The owner of the customer group has not left the company.";
    NotCustomerGroup 90501 "chat is not external group chat", 90501 "chat is not external group chat", 400, "The group is no customer group.";
    OwnerResigned 90502 "the owner of this chat is resigned", 90502 "the owner of this chat is resigned", 409, "The owner of the customer group has left the company: transfer gives it on.";
    NoRoomForHeir 90503 "chat is full", 90503 "chat is full", 409, "The customer group is full, and its new owner is not in it.";
    OwnerUnchanged 90504 "the owner of this chat is unchanged", 90504 "the owner of this chat is unchanged", 400, "The new owner of the customer group is its owner already.";
    TransferUnderWay 90507 "this chat is being transferred", 90507 "this chat is being transferred", 409, "The customer group is being inherited.";
    TransferDone 90508 "this chat has been transferred", 90508 "this chat has been transferred", 409, "The customer group was inherited already.";
    OpengidUnknown 90511 "invalid opengid", 90511 "invalid opengid", 404, "No customer group with this opengid.";
    VoiceFormat 301017 "invalid voice format", 301017 "invalid voice format", 400, "A voice that is not AMR.";
    RangeNeeded 830002 "need range", 830002 "need range", 416, "A file that is too large to be read in one piece.";
    ApiUnknown 0 "", 0 "", 404, "This rulebook has no such endpoint.";
    BadRequest 0 "", 0 "", 400, "The request cannot be read; the message names the place.";
    Unauthorised 0 "", 0 "", 401, "The manage token is missing or wrong.";
    CompanyUnknown 0 "", 0 "", 404, "No company with this corpid.";
    CompanyNotNamed 0 "", 0 "", 400, "There are several companies: name one with corpid.";
    CompanyExists 0 "", 0 "", 409, "There is a company with this corpid.";
    AppUnknown 0 "", 0 "", 404, "No app with this agentid.";
    AppExists 0 "", 0 "", 409, "There is an app with this agentid or secret.";
    AppNotVisible 0 "", 0 "", 403, "The person is outside the app's visible range (可见范围).";
    PersonUnknown 0 "", 0 "", 404, "No person with this userid.";
    DepartmentUnknown 0 "", 0 "", 404, "No department with this id.";
    DepartmentInUse 0 "", 0 "", 409, "The department has members or children, or is the root.";
    TagUnknown 0 "", 0 "", 404, "No tag with this id.";
    GroupUnknown 0 "", 0 "", 404, "No group with this id, or none that this person can see.";
    PersonInUse 0 "", 0 "", 409, "The person is still in groups.";
    DetailTaken 0 "", 0 "", 409, "Another person has this mobile number or e-mail address.";
    NotOwner 0 "", 0 "", 403, "Only the group's owner may do this, of some things an admin too.";
    CustomerUnknown 0 "", 0 "", 404, "No customer with this external_userid.";
    CustomerExists 0 "", 0 "", 409, "There is a customer with this external_userid or unionid.";
    NoCustomerContact 0 "", 0 "", 403, "The person has no customer contact.";
    CodeUnknown 0 "", 0 "", 404, "No link or QR code with this code, or one that has ended.";
    GroupFull 0 "", 0 "", 409, "The customer group has as many members as it may.";
    CallbackRefused 0 "", 0 "", 422, "The callback's URL did not pass its verification; the message names the step.";
    CallbackUnknown 0 "", 0 "", 404, "No callback with this id.";
    ClockFixed 0 "", 0 "", 409, "The server runs on the system's clock, which cannot be moved.";
}

impl Refusal {
    /// The number on the wire of the WeCom API; 0 where it has none.
    pub fn code(self, book: Rulebook, endpoint: &Meta) -> i32 {
        let (documented, _, live, _, _, _) = self.row();
        match (self, book) {
            (Refusal::UnknownMember, Rulebook::Live2026)
                if endpoint.path == appchat::Create::META.path =>
            {
                86007
            }
            (_, Rulebook::Documented) => documented,
            (_, Rulebook::Live2026) => live,
        }
    }

    /// The text on the wire, before the tail, with its `{field}` and `{limit}`.
    pub const fn text(self, book: Rulebook) -> &'static str {
        let (_, documented, _, live, _, _) = self.row();
        match book {
            Rulebook::Documented => documented,
            Rulebook::Live2026 => live,
        }
    }

    /// The HTTP status in the own API.
    pub const fn status(self) -> u16 {
        self.row().4
    }

    /// What it means, in a sentence.
    pub const fn meaning(self) -> &'static str {
        self.row().5
    }
}

/// A refusal with what its text needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The reason.
    pub refusal: Refusal,
    /// The field that is at fault, where the text names one.
    pub field: Cow<'static, str>,
    /// The limit that was passed, where the text names one.
    pub limit: i64,
    /// More for the own API, which explains itself.
    pub detail: Option<String>,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Refused {
            refusal,
            field: Cow::Borrowed(""),
            limit: 0,
            detail: None,
        }
    }
}

impl Refused {
    /// A text or list that is too long.
    pub fn too_long(field: &'static str, limit: usize) -> Self {
        Refused {
            field: field.into(),
            limit: limit as i64,
            ..Refusal::TooLong.into()
        }
    }

    /// A value outside its range.
    pub fn invalid(field: &'static str) -> Self {
        Refused {
            field: field.into(),
            ..Refusal::InvalidParameter.into()
        }
    }

    /// A refusal with an explanation, which only the own API shows.
    pub fn because(refusal: Refusal, detail: impl Into<String>) -> Self {
        Refused {
            detail: Some(detail.into()),
            ..refusal.into()
        }
    }

    /// The text on the wire, before the tail.
    pub fn text(&self, book: Rulebook) -> Cow<'static, str> {
        let text = self.refusal.text(book);
        if text.contains('{') {
            text.replace("{field}", &self.field)
                .replace("{limit}", &self.limit.to_string())
                .into()
        } else {
            text.into()
        }
    }

    /// A sentence for a reader of the own API.
    pub fn message(&self) -> String {
        let mut message = self.refusal.meaning().trim_end_matches('.').to_owned();
        if !self.field.is_empty() {
            message.push_str(&format!(" ({})", self.field));
        }
        if let Some(detail) = &self.detail {
            message.push_str(": ");
            message.push_str(detail);
        }
        message
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl std::error::Error for Refused {}
