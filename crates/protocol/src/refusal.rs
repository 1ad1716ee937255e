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
    UseridListInvalid 40031 "invalid userid list", 40031 "invalid userid list", 404, "A list of userids that is empty, or names somebody who is not in the directory.";
    UsersTooMany 40032 "invalid userid list size", 40032 "invalid userid list size", 400, "More people named than allowed.";
    IllegalCharacter 40033 "invalid character in request", 40033 "invalid character in request", 400, "A NUL character.";
    UrlTooLong 40039 "url exceed max length {limit}", 40039 "url exceed max length {limit}", 400, "A link longer than allowed.";
    GroupChatUnknown 40050 "invalid group id", 40050 "invalid group id", 404, "No customer group with this chat_id.";
    AgentUnknown 40056 "invalid agentid", 40056 "invalid agentid", 404, "No app with this agentid.";
    InvalidParameter 40058 "invalid param '{field}'. invalid Request Parameter", 40058 "invalid param '{field}'. invalid Request Parameter", 400, "A value outside its range.";
    TooLong 40058 "{field} exceed max length {limit}. invalid Request Parameter", 40058 "{field} exceed max length {limit}. invalid Request Parameter", 400, "A text or list longer than allowed.";
    TooShort 40058 "{field} exceed min utf8 words {limit}. invalid Request Parameter", 40058 "{field} exceed min utf8 words {limit}. invalid Request Parameter", 400, "A text shorter than allowed.";
    ParametersEmpty 40063 "some parameters are empty", 40063 "some parameters are empty", 400, "Neither people nor departments are named.";
    TagidInvalid 40068 "invalid tagid", 40068 "invalid tagid", 404, "No tag with this id; for a new one, an id that is taken or not allowed.";
    AllListInvalid 40070 "all list invalid ", 40070 "all list invalid ", 404, "Nobody and nothing that is named is in the directory and in the app's visible range.";
    TagnameTaken 40071 "tagname existed", 40071 "tagname existed", 409, "Another tag has this name.";
    TagnameLength 40072 "invalid tagname size", 40072 "invalid tagname size", 400, "A tag's name has 1 to 32 characters.";
    SafeUnsupported 40074 "news does not support safe", 40074 "news does not support safe", 400, "A kind of message that cannot be confidential.";
    NotRealNamed 40098 "member not real name verified", 40098 "member not real name verified", 409, "The new owner is not real-named.";
    ImageFormat 40123 "invalid image format", 40123 "invalid image format", 400, "An image that is neither JPG nor PNG.";
    TagsFull 40126 "tag count out of limit", 40126 "tag count out of limit", 409, "The company has as many tags as it may.";
    TransferTooOften 40128 "transfer too frequently", 40128 "transfer too frequently", 429, "The customer group was given on twice within 90 days.";
    BodyTooLarge 40206 "request body too large", 40206 "request body too large", 413, "A body over the size limit.";
    TokenMissing 41001 "access_token missing", 41001 "access_token missing", 401, "No access_token in the query.";
    CorpidMissing 41002 "corpid missing", 41002 "corpid missing", 400, "gettoken without a corpid.";
    SecretMissing 41004 "corpsecret missing", 41004 "corpsecret missing", 400, "gettoken without a corpsecret.";
    MediaIdMissing 41006 "media_id missing", 41006 "media_id missing", 400, "media/get without a media_id.";
    UseridMissing 41009 "missing userid", 41009 "missing userid", 400, "No userid.";
    UrlMissing 41010 "missing url", 41010 "missing url", 400, "A card or article without a url.";
    AgentMissing 41011 "missing agentid", 41011 "missing agentid", 400, "No agentid.";
    TitleMissing 41016 "missing title", 41016 "missing title", 400, "A card or article without a title.";
    TagidMissing 41017 "missing tagid", 41017 "missing tagid", 400, "No tagid.";
    TagnameMissing 41018 "missing tagname", 41018 "missing tagname", 400, "No name for the tag.";
    DepartmentMissing 41019 "missing department", 41019 "missing department", 400, "No department.";
    DescriptionMissing 41033 "missing description", 41033 "missing description", 400, "A card without a description.";
    SceneMissing 41038 "missing scene", 41038 "missing scene", 400, "No scene.";
    SceneInvalid 41040 "invalid scene", 41040 "invalid scene", 400, "A scene other than 1 and 2.";
    ConfigIdMissing 41043 "missing config_id", 41043 "missing config_id", 400, "No config_id.";
    ConfigIdUnknown 41044 "invalid config_id", 41044 "invalid config_id", 404, "No join way of this app with this config_id, or none of this kind.";
    JoinWayCount 41045 "join way count out of limit", 41045 "join way count out of limit", 409, "The company has as many join ways as it may.";
    JoinWayChats 41091 "chat_id_list size out of limit", 41091 "chat_id_list size out of limit", 400, "A join way with more customer groups than allowed.";
    TokenExpired 42001 "access_token expired", 42001 "access_token expired", 401, "An access token past its end.";
    CardTask 42014 "invalid task_id", 42014 "invalid task_id", 400, "A card's task_id that is missing, holds other characters than allowed, is too long, or was used by the app before.";
    CardOfOtherApp 42015 "the card was sent by another agent", 42015 "the card was sent by another agent", 403, "A response_code of another app's card.";
    CardTaskUnknown 42016 "task_id not exist", 42016 "task_id not exist", 404, "A task_id that is not the card's.";
    CardButtonUnknown 42017 "button key not exist", 42017 "button key not exist", 404, "The card has no such button, or none at all.";
    CardActionKey 42018 "invalid button key", 42018 "invalid button key", 400, "A key of a card's menu longer than allowed.";
    CardActionKeyMissing 42019 "missing button key", 42019 "missing button key", 400, "An entry of a card's menu without a key.";
    CardActionText 42020 "missing button name", 42020 "missing button name", 400, "A button's new text, or an entry of a card's menu, that is empty.";
    CardKeyName 42027 "missing {field}", 42027 "missing {field}", 400, "An entry of horizontal_content_list without a keyname.";
    CardUrl 42028 "missing {field}", 42028 "missing {field}", 400, "A link of a card without a url.";
    CardMediaId 42029 "missing {field}", 42029 "missing {field}", 400, "An attachment of a card without a media_id.";
    CardAppId 42030 "missing {field}", 42030 "missing {field}", 400, "A link of a card to a mini program without an appid.";
    CardType 42031 "invalid card_type", 42031 "invalid card_type", 400, "A card of none of the five types.";
    CardTitle 42033 "missing {field}", 42033 "missing {field}", 400, "A card, or an entry of a list of it, without a title.";
    CardContentCount 42035 "invalid horizontal_content_list size", 42035 "invalid horizontal_content_list size", 400, "More entries in horizontal_content_list than allowed.";
    CardVerticalCount 42036 "invalid vertical_content_list size", 42036 "invalid vertical_content_list size", 400, "More entries in vertical_content_list than allowed.";
    CardOptionCount 42037 "invalid {field} size", 42037 "invalid {field} size", 400, "No option to choose from, or more than allowed.";
    CardButtonText 42038 "missing {field}", 42038 "missing {field}", 400, "A button of a card without a text.";
    CardButtonKey 42039 "invalid {field}", 42039 "invalid {field}", 400, "A button of a card whose key is missing, too long, or another's.";
    CardOptionId 42040 "invalid {field}", 42040 "invalid {field}", 400, "An option of a card whose id is missing, too long, or another's.";
    CardOptionText 42041 "missing {field}", 42041 "missing {field}", 400, "An option of a card without a text.";
    CardJumpCount 42042 "invalid jump_list size", 42042 "invalid jump_list size", 400, "More entries in jump_list than allowed.";
    CardQuestionKey 42043 "invalid {field}", 42043 "invalid {field}", 400, "A question of a card whose key is missing, too long, or another's.";
    CardImageUrl 42044 "missing {field}", 42044 "missing {field}", 400, "A news_notice without a picture, or a picture without a url.";
    CardAction 42045 "invalid card_action", 42045 "invalid card_action", 400, "A card_action that is missing, or leads neither to a page nor to a mini program.";
    CardSubmitKey 42046 "invalid {field}", 42046 "invalid {field}", 400, "A submit button whose key is missing or too long.";
    CardSelectCount 42047 "invalid select_list size", 42047 "invalid select_list size", 400, "No question in select_list, or more than allowed.";
    CardSubmitText 42049 "invalid {field}", 42049 "invalid {field}", 400, "No submit button, or one with a blank text.";
    CardUserId 42050 "invalid {field}", 42050 "invalid {field}", 400, "A person of a card who is missing or not in the directory.";
    CardActionKeyTaken 42051 "{field} conflict", 42051 "{field} conflict", 400, "Two entries of a card's menu with the same key.";
    MessageTooOld 42052 "msgid expired", 42052 "msgid expired", 409, "A message that was sent too long ago to be taken back.";
    CallbackNeeded 43012 "callback url is not set", 43012 "callback url is not set", 409, "A card that tells the app of taps, from an app without a callback.";
    EmptyMedia 44001 "empty media data", 44001 "empty media data", 400, "An upload without a readable file part that has a file name.";
    EmptyContent 44004 "empty content", 44004 "empty content", 400, "A message without content.";
    MediaTooLarge 45001 "media size out of limit", 45001 "media size out of limit", 413, "A voice or picture too large.";
    ContentTooLong 45002 "content size out of limit", 45002 "content size out of limit", 413, "An article's content too long.";
    VoiceTooLong 45007 "voice playtime out of limit", 45007 "voice playtime out of limit", 400, "A voice of more than 60 seconds.";
    ArticleCount 45008 "article size out of limit", 45008 "article size out of limit", 400, "No article, or more than eight.";
    Frequency 45009 "api freq out of limit", 45009 "api freq out of limit", 429, "Too often; blocked until the window's block ends.";
    AuthorTooLong 45032 "author size out of limit", 45032 "author size out of limit", 400, "An article's author too long.";
    UrlScheme 45034 "url without scheme", 45034 "url without scheme", 400, "A link that does not begin with its scheme, as https://.";
    PersonNotFound 46004 "user no exist", 46004 "user no exist", 404, "Nobody with this detail in the app's visible range.";
    ApiForbidden 48002 "api forbidden", 48002 "api forbidden", 403, "The app is of a kind that may not call this.";
    SyncReads 48009 "api forbidden for contacts sync from new ip", 48009 "api forbidden for contacts sync from new ip", 403, "The cloud lets contacts sync read ids alone from addresses added since 2022-08-15.";
    GroupChatDismissed 49008 "group chat dismissed", 49008 "group chat dismissed", 410, "The customer group is dismissed.";
    AppDisabled 50003 "app disabled", 50003 "app disabled", 403, "The app is switched off.";
    CursorInvalid 50100 "invalid cursor", 50100 "invalid cursor", 400, "A cursor that no page of this list gave.";
    DepartmentNameLength 60001 "invalid department name length", 60001 "invalid department name length", 400, "A department's name has 1 to 64 characters.";
    DepartmentNotFound 60003 "department not found", 60003 "department not found", 404, "No department with this id.";
    ParentNotFound 60004 "parent department not found", 60004 "parent department not found", 404, "No department to stand below.";
    DepartmentHasMembers 60005 "department contains user", 60005 "department contains user", 409, "There are people in the department.";
    DepartmentHasChildren 60006 "department contains subdepartment", 60006 "department contains subdepartment", 409, "There are departments below the department.";
    RootStays 60007 "root department can not be deleted", 60007 "root department can not be deleted", 409, "The root department stays.";
    DepartmentExists 60008 "department existed", 60008 "department existed", 409, "There is a department with this id, or one with this name beside it.";
    DepartmentNameCharacters 60009 "invalid department name", 60009 "invalid department name", 400, "A department's name is without \\:*?\"<>|.";
    DepartmentCycle 60010 "department can not be below itself", 60010 "department can not be below itself", 400, "A department that would stand below itself.";
    NoPrivilege 60011 "no privilege to access/modify contact/party/agent ", 60011 "no privilege to access/modify contact/party/agent ", 403, "The app's visible range is not the root department.";
    AddressNotAllowed 60020 "not allow to access from your ip", 60020 "not allow to access from your ip", 403, "The caller is not among the app's trusted addresses.";
    UseridTaken 60102 "userid existed", 60102 "userid existed", 409, "There is a person with this userid, ignoring case.";
    MobileInvalid 60103 "invalid mobile", 60103 "invalid mobile", 400, "A mobile number is 5 to 32 bytes: digits, with a country's + before them or not.";
    MobileTaken 60104 "mobile existed", 60104 "mobile existed", 409, "Another person has this mobile number.";
    EmailInvalid 60105 "invalid email", 60105 "invalid email", 400, "An e-mail address has 6 to 64 bytes and an @.";
    EmailTaken 60106 "email existed", 60106 "email existed", 409, "Another person has this e-mail address.";
    DepartmentsTooMany 60110 "department count out of limit", 60110 "department count out of limit", 400, "A person is in at most 100 departments.";
    NotActivated 60111 "userid not found", 60111 "userid not found", 409, "The new owner has not activated the account.";
    UseridUnknown 60111 "userid not found", 60111 "userid not found", 404, "No person with this userid.";
    DepartmentIdInvalid 60123 "invalid party id", 60123 "invalid party id", 400, "A department's id that cannot be one.";
    ContactMissing 60129 "mobile and email are both empty", 60129 "mobile and email are both empty", 400, "A new person needs a mobile number or an e-mail address.";
    CountsDiffer 60132 "count of department, order or is_leader_in_dept differs", 60132 "count of department, order or is_leader_in_dept differs", 400, "order and is_leader_in_dept have one entry for each department.";
    ResponseCode 60140 "invalid response_code", 60140 "invalid response_code", 404, "A response_code that was never given, was used, or has ended.";
    LeadersTooMany 60257 "direct_leader count out of limit", 60257 "direct_leader count out of limit", 400, "A person has at most 5 direct leaders.";
    DepartmentFull 81001 "department node count out of limit", 81001 "department node count out of limit", 409, "A department has as many people and departments directly below it as it may, or the company as many departments.";
    DepartmentDepth 81002 "department depth out of limit", 81002 "department depth out of limit", 400, "Departments stand at most 15 deep.";
    TagFull 81003 "tag node count out of limit", 81003 "tag node count out of limit", 409, "As many people and departments have the tag as may.";
    NotTagsMaker 81011 "no permission to operate the tag", 81011 "no permission to operate the tag", 403, "Only the app that made a tag may change it.";
    NobodyReached 81013 "user & party & tag all invalid", 81013 "user & party & tag all invalid", 400, "Nobody who is addressed can get it: unknown, outside the app's visible range, or without a licence.";
    TooManyAtOnce 81014 "user or party count out of limit", 81014 "user or party count out of limit", 400, "More people or departments in one call than allowed.";
    RangeTooLarge 81017 "too many members in visible range, owner_filter is needed", 81017 "too many members in visible range, owner_filter is needed", 400, "More than 1000 people are in range: name owners.";
    NobodyAddressed 82001 "All touser & toparty & totag invalid", 82001 "All touser & toparty & totag invalid", 400, "No recipient at all.";
    PartiesTooMany 82002 "invalid party list size", 82002 "invalid party list size", 400, "More departments named than allowed.";
    TagsTooMany 82003 "invalid tag list size", 82003 "invalid tag list size", 400, "More tags named than allowed.";
    CardNobody 82101 "userids & partyids & tagids all empty", 82101 "userids & partyids & tagids all empty", 400, "A change of a card that names nobody.";
    CardNotReceived 82102 "userids & partyids & tagids all invalid", 82102 "userids & partyids & tagids all invalid", 404, "A change of a card for people none of whom got it.";
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
    NoticeAppMissing 90200 "missing appid", 90200 "missing appid", 400, "A notice without the mini program's appid.";
    NoticeItems 90201 "content_item size out of limit", 90201 "content_item size out of limit", 400, "More lines in a notice than allowed.";
    NoticeKey 90202 "content_item key out of limit", 90202 "content_item key out of limit", 400, "The key of a notice's line too long.";
    NoticeValue 90203 "content_item value out of limit", 90203 "content_item value out of limit", 400, "The value of a notice's line too long.";
    NoticePage 90204 "page out of limit", 90204 "page out of limit", 400, "A notice's page too long.";
    OwnerNotResigned 90500 "the owner of this chat is not resigned", 90500 "the owner of this chat is not resigned", 409, "The owner of the customer group has not left the company.";
    NotCustomerGroup 90501 "chat is not external group chat", 90501 "chat is not external group chat", 400, "The group is no customer group.";
    OwnerResigned 90502 "the owner of this chat is resigned", 90502 "the owner of this chat is resigned", 409, "The owner of the customer group has left the company: transfer gives it on.";
    NoRoomForHeir 90503 "chat is full", 90503 "chat is full", 409, "The customer group is full, and its new owner is not in it.";
    OwnerUnchanged 90504 "the owner of this chat is unchanged", 90504 "the owner of this chat is unchanged", 400, "The new owner of the customer group is its owner already.";
    TransferUnderWay 90507 "this chat is being transferred", 90507 "this chat is being transferred", 409, "The customer group is being inherited.";
    TransferDone 90508 "this chat has been transferred", 90508 "this chat has been transferred", 409, "The customer group was inherited already.";
    OpengidUnknown 90511 "invalid opengid", 90511 "invalid opengid", 404, "No customer group with this opengid.";
    OtherAgent 301002 "not allow operate another agent with this accesstoken.", 301002 "not allow operate another agent with this accesstoken.", 403, "The agentid of another app than the calling one.";
    VoiceFormat 301017 "invalid voice format", 301017 "invalid voice format", 400, "A voice that is not AMR.";
    StatisticSpan 600018 "invalid start endtime", 600018 "invalid start endtime", 400, "Days beyond yesterday or too long ago, too many, or the end before the beginning.";
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
    PersonInUse 0 "", 0 "", 409, "The person is still in groups, in the history, or hosted.";
    DetailTaken 0 "", 0 "", 409, "Another person has this mobile number or e-mail address.";
    NotOwner 0 "", 0 "", 403, "Only the group's owner may do this, of some things an admin too.";
    CustomerUnknown 0 "", 0 "", 404, "No customer with this external_userid.";
    CustomerExists 0 "", 0 "", 409, "There is a customer with this external_userid or unionid.";
    NoCustomerContact 0 "", 0 "", 403, "The person has no customer contact.";
    CodeUnknown 0 "", 0 "", 404, "No link or QR code with this code, or one that has ended.";
    GroupFull 0 "", 0 "", 409, "The customer group has as many members as it may.";
    CallbackRefused 0 "", 0 "", 422, "The callback's URL did not pass its verification; the message names the step.";
    CallbackUnknown 0 "", 0 "", 404, "No callback with this id.";
    RoomTokenInvalid 0 "", 0 "", 401, "No Juzi token, or one that selects no group of hosted accounts.";
    BotUnknown 0 "", 0 "", 404, "No hosted account with this id.";
    BotAmbiguous 0 "", 0 "", 409, "Several hosted accounts have this userid.";
    BotNotLoggedIn 0 "", 0 "", 409, "The hosted account is not properly logged in.";
    BotNotWecom 0 "", 0 "", 409, "The hosted account is one of personal WeChat.";
    BotOffline 0 "", 0 "", 409, "The hosted account is not online.";
    BotNotInRoom 0 "", 0 "", 409, "The hosted account is not in the room.";
    BotIsOwner 0 "", 0 "", 409, "The hosted account owns the room.";
    RoomUnknown 0 "", 0 "", 404, "No room with this id.";
    RoomNotLoaded 0 "", 0 "", 409, "The hosted account has not loaded the room.";
    RoomInternal 0 "", 0 "", 409, "An internal group.";
    AlreadyInRoom 0 "", 0 "", 409, "The person is in the room already.";
    NotFriend 0 "", 0 "", 409, "The hosted account does not know the contact as a friend.";
    ColleagueUnknown 0 "", 0 "", 404, "No employee with this userid.";
    ContactUnknown 0 "", 0 "", 404, "No contact with this id.";
    ContactNotLoaded 0 "", 0 "", 409, "The hosted account has not loaded the contact.";
    TooFewContacts 0 "", 0 "", 409, "Fewer than two contacts.";
    RoomFailed 0 "", 0 "", 409, "The account could not do it.";
    TokenTaken 0 "", 0 "", 409, "There is such a Juzi token.";
    HostingUnknown 0 "", 0 "", 404, "No group of hosted accounts with this id.";
    RoomLabelUnknown 0 "", 0 "", 404, "No room label with this id.";
    InvitationUnknown 0 "", 0 "", 404, "No invitation card with this id for this person, or it was answered.";
    IdTaken 0 "", 0 "", 409, "Something else has this id.";
    CardUnknown 0 "", 0 "", 404, "No card with this id that has arrived at this person.";
    CardAnswered 0 "", 0 "", 409, "The card's buttons were replaced: they cannot be tapped any more.";
    ClockFixed 0 "", 0 "", 409, "The server runs on the system's clock, which cannot be moved.";
}

impl Refusal {
    /// The number on the wire of the cloud's APIs; 0 where it has none.
    pub fn code(self, book: Rulebook, endpoint: &Meta) -> i32 {
        if let Some((_, code, _)) = endpoint.own_code(self) {
            return *code;
        }
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
