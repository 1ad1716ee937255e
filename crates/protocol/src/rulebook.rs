//! Which rules are in force: limits and choices as data, in named rulebooks.
//!
//! `documented` is what the mission documents say, to the letter; `live-2026` is what the cloud does in 2026. A released
//! rulebook never changes; new facts make a new name. A company chooses one and may override single numbers.

use std::{collections::BTreeMap, fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod documented;
mod live_2026;

/// A named set of rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Rulebook {
    /// The mission documents; where they are silent, the cloud.
    #[default]
    #[serde(rename = "documented")]
    Documented,
    /// The cloud in 2026, by its official pages and by observed responses.
    #[serde(rename = "live-2026")]
    Live2026,
}

impl Rulebook {
    /// Every rulebook.
    pub const ALL: [Rulebook; 2] = [Rulebook::Documented, Rulebook::Live2026];

    /// The public name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Rulebook::Documented => "documented",
            Rulebook::Live2026 => "live-2026",
        }
    }

    const fn facts(self) -> &'static Facts {
        match self {
            Rulebook::Documented => &documented::FACTS,
            Rulebook::Live2026 => &live_2026::FACTS,
        }
    }
}

impl fmt::Display for Rulebook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Rulebook {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Rulebook::ALL
            .into_iter()
            .find(|book| book.as_str() == text)
            .ok_or_else(|| format!("no rulebook {text:?}; there are documented and live-2026"))
    }
}

/// What differs between rulebooks: the choices, and the limits that are not the common ones.
struct Facts {
    choices: Choices,
    limits: &'static [(Limit, i64)],
}

/// Rules that are no numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choices {
    /// A chatid may hold `_`.
    pub underscore_in_chatid: bool,
    /// A chatid that is too long has a code of its own.
    pub long_chatid_apart: bool,
    /// An owner named who is no member becomes one; otherwise 86207.
    pub outside_owner_joins: bool,
    /// Removing a known person who is no member is ignored; otherwise 86216.
    pub stranger_removal_ignored: bool,
    /// message/send answers a response_code for text_notice and news_notice with an action_menu too.
    pub response_code_for_menus: bool,
    /// `appchat/quit` and `appchat/members` exist.
    pub quit_and_members: bool,
    /// 通讯录同步 reads people and departments in full; otherwise 48009, and ids alone.
    pub sync_reads: bool,
    /// `get_join_way` answers document 004's constant `type` 3, and not the newer `mark_source`.
    pub join_way_type: bool,
}

/// Over which time a limit counts. Windows are fixed and aligned to UTC+8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// No counting: a size or a number at any moment.
    Size,
    /// 30 seconds; an excess blocks for the rest of them.
    HalfMinute,
    /// A minute; an excess blocks for 60 seconds.
    Minute,
    /// An hour; an excess blocks for 60 minutes.
    Hour,
    /// A natural day; an excess blocks for the rest of it.
    Day,
    /// A natural month; an excess blocks for 30 days.
    Month,
}

impl Window {
    /// The start of the window that holds a moment, both in milliseconds UTC. A month counts as 30 days from the epoch.
    pub const fn start(self, now_ms: i64) -> i64 {
        let length = self.length();
        if length == 0 {
            return 0;
        }
        (now_ms + UTC8).div_euclid(length) * length - UTC8
    }

    /// Its length in milliseconds; 0 where nothing is counted.
    pub const fn length(self) -> i64 {
        match self {
            Window::Size => 0,
            Window::HalfMinute => 30_000,
            Window::Minute => 60_000,
            Window::Hour => 3_600_000,
            Window::Day => 86_400_000,
            Window::Month => 30 * 86_400_000,
        }
    }

    /// Until when a first excess at a moment blocks, in milliseconds UTC.
    pub const fn blocked_until(self, now_ms: i64) -> i64 {
        match self {
            Window::HalfMinute | Window::Day => self.start(now_ms) + self.length(),
            other => now_ms + other.length(),
        }
    }
}

/// Milliseconds by which UTC+8 is ahead.
pub const UTC8: i64 = 8 * 3_600_000;

/// The value of a limit that is not set.
pub const UNLIMITED: i64 = i64::MAX;

macro_rules! limits {
    ($($name:ident $key:literal $window:ident = $value:expr, $doc:literal;)*) => {
        /// Every number that a rulebook sets. Its key is its public name; an unknown key is refused where overrides are written.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Limit { $(#[doc = $doc] $name,)* }

        impl Limit {
            /// Every limit.
            pub const ALL: &'static [Limit] = &[$(Limit::$name,)*];
            /// The public name.
            pub const fn key(self) -> &'static str {
                match self { $(Limit::$name => $key,)* }
            }
            /// What it limits.
            pub const fn meaning(self) -> &'static str {
                match self { $(Limit::$name => $doc,)* }
            }
            /// Over which time it counts.
            pub const fn window(self) -> Window {
                match self { $(Limit::$name => Window::$window,)* }
            }
            /// Whether it counts a text's characters, and not its bytes.
            pub fn is_of_chars(self) -> bool {
                self.key().ends_with("_chars")
            }
            const COMMON: [i64; Limit::ALL.len()] = [$($value,)*];
        }
    };
}

limits! {
    CallsPerCorpMinute "calls_per_corp_minute" Minute = 10_000, "Calls of one API by one company a minute (90312).";
    CallsPerCorpHour "calls_per_corp_hour" Hour = 150_000, "Calls of one API by one company an hour (90312).";
    CallsPerAddressMinute "calls_per_address_minute" Minute = 20_000, "Calls of one API from one address a minute (90312).";
    CallsPerAddressHour "calls_per_address_hour" Hour = 600_000, "Calls of one API from one address an hour (90312).";
    WrongSecretsPerAddressHour "wrong_secrets_per_address_hour" Hour = 2_000, "Wrong secrets from one address an hour.";
    RoomCallsPerToken "room_calls_per_token" HalfMinute = 500, "Calls of rooms with one Juzi token in 30 seconds; more is HTTP 429 (juzi).";
    RoomContactsMin "room_contacts_min" Size = 2, "Least contacts of a new room (juzi).";
    RoomContactsMax "room_contacts_max" Size = 40, "Most contacts of a new room (juzi).";
    RoomDirectMembers "room_direct_members" Size = 40, "From so many members on who is added to a room gets an invitation card (juzi).";
    RoomAddsPerBotMinute "room_adds_per_bot_minute" Minute = 50, "Additions to rooms by one hosted account a minute that Juzi advises; more is done, with a lint (juzi).";
    TokenSeconds "token_seconds" Size = 7_200, "Validity of an access token in seconds (91039).";
    BodyBytes "body_bytes" Size = 2 * 1024 * 1024, "Size of a JSON body in bytes; more is 40206.";
    ChatNameChars "chat_name_chars" Size = 50, "Characters of a group's name; the rest is cut (90245).";
    ChatIdChars "chatid_chars" Size = 32, "Characters of a chatid (90245).";
    ChatMembersMin "chat_members_min" Size = 2, "Least members of an internal group (90245).";
    ChatMembersMax "chat_members_max" Size = 2_000, "Most members of an internal group (90245).";
    ChatsPerCorpDay "chats_per_corp_day" Day = 1_000, "Groups created by one company a day (90245).";
    ChatsAlivePerApp "chats_alive_per_app" Size = UNLIMITED, "Groups alive that one app has made.";
    ChatUpdatesPerCorpHour "chat_updates_per_corp_hour" Hour = 1_000, "Changes of groups by one company an hour; dissolving counts as one (90246).";
    ChatSendsPerCorpMinute "chat_sends_per_corp_minute" Minute = 20_000, "Person-times of group messages by one company a minute (90248).";
    ChatSendsPerCorpHour "chat_sends_per_corp_hour" Hour = 300_000, "Person-times of group messages by one company an hour (90312).";
    ChatReceivesPerMemberMinute "chat_receives_per_member_minute" Minute = 200, "Group messages of one app that one member receives a minute; the surplus is dropped (90248).";
    ChatReceivesPerMemberDay "chat_receives_per_member_day" Day = 10_000, "Group messages of one app that one member receives a day; the surplus is dropped (90248).";
    CustomerGroupMembersMax "customer_group_members_max" Size = 500, "Most members of a customer group.";
    RangePeopleMax "range_people_max" Size = 1_000, "People in an app's range up to which customer groups are listed without naming owners; more is 81017 (92120).";
    TransferSeconds "transfer_seconds" Size = 86_400, "Seconds until a customer group that groupchat/transfer has accepted is its new owner's.";
    TransfersPerOwnersDay "transfers_per_owners_day" Day = 300, "Customer groups of one owner that one new owner is given a day (92127).";
    OnjobTransfersPerChat "onjob_transfers_per_chat" Size = 2, "How often onjob_transfer gives a customer group on within 90 natural days (95703); at most 2.";
    JoinWaysMax "join_ways_max" Size = 500_000, "Join ways of a company; one more is 41045 (92229).";
    JoinWayChatsMax "join_way_chats_max" Size = 5, "Customer groups that a join way is given; more is 41091 (92229).";
    JoinWayRemarkChars "join_way_remark_chars" Size = 30, "Characters of a join way's remark; the rest is cut (92229).";
    RoomBaseNameChars "room_base_name_chars" Size = 40, "Characters of a join way's room_base_name (92229).";
    JoinWayStateChars "join_way_state_chars" Size = 30, "Characters of a join way's state (92229).";
    StatisticDays "statistic_days" Size = 30, "Days that one call of the statistics of customer groups takes, counting both ends (92133).";
    StatisticDaysKept "statistic_days_kept" Size = 180, "Days, up to yesterday, whose statistics of customer groups are kept (92133).";
    TextBytes "text_bytes" Size = 2_048, "Bytes of a text message; the rest is cut (90248).";
    MarkdownBytes "markdown_bytes" Size = 2_048, "Bytes of a markdown message (90248).";
    TitleBytes "title_bytes" Size = 128, "Bytes of a title in appchat/send; the rest is cut (90248).";
    DescriptionBytes "description_bytes" Size = 512, "Bytes of a description or digest in appchat/send; the rest is cut (90248).";
    ButtonChars "button_chars" Size = 4, "Characters of a text card's button; the rest is cut (90248).";
    UrlBytes "url_bytes" Size = 2_048, "Bytes of a link; more is 40039 (90236).";
    ArticlesMax "articles_max" Size = 8, "Articles of a news message (90248).";
    AuthorBytes "author_bytes" Size = 64, "Bytes of an article's author; more is 45032 (90248).";
    ArticleBytes "article_bytes" Size = 666 * 1024, "Bytes of an article's content; more is 45002 (90248).";
    MentionsMax "mentions_max" Size = 2_000, "Entries of a text's mentioned_list.";
    MessageSendsPerAppDay "message_sends_per_app_day" Day = 200_000, "Person-times of messages to people by one app a day; 200 times the company's account cap where it is not set (90236).";
    MessageReceivesPerMemberMinute "message_receives_per_member_minute" Minute = 30, "Messages of one app that one person receives a minute; the surplus is dropped (90236).";
    MessageReceivesPerMemberHour "message_receives_per_member_hour" Hour = 1_000, "Messages of one app that one person receives an hour; the surplus is dropped (90236).";
    MessageUsersMax "message_users_max" Size = 1_000, "People named in touser; more is 40032 (90236).";
    MessagePartiesMax "message_parties_max" Size = 100, "Departments named in toparty; more is 82002 (90236).";
    MessageTagsMax "message_tags_max" Size = 100, "Tags named in totag; more is 82003 (90236).";
    MessageRecallSeconds "message_recall_seconds" Size = 86_400, "Seconds within which a message to people can be taken back; later is 42052 (94867).";
    DuplicateCheckSeconds "duplicate_check_seconds" Size = 14_400, "Longest interval of a check for the same message, in seconds (90236).";
    CardTitleChars "card_title_chars" Size = 128, "Characters of a text card's title in message/send; the rest is cut (90236).";
    CardDescriptionChars "card_description_chars" Size = 512, "Characters of a text card's description in message/send; the rest is cut (90236).";
    PagepathBytes "pagepath_bytes" Size = 128, "Bytes of an article's pagepath (90236).";
    NoticeTitleMinChars "notice_title_min_chars" Size = 4, "Least characters of a mini program notice's title and description (90236).";
    NoticeTitleChars "notice_title_chars" Size = 12, "Characters of a mini program notice's title and description (90236).";
    NoticeItemsMax "notice_items_max" Size = 10, "Lines of a mini program notice; more is 90201 (90236).";
    NoticeKeyChars "notice_key_chars" Size = 10, "Characters of a notice line's key; more is 90202 (90236).";
    NoticeValueChars "notice_value_chars" Size = 30, "Characters of a notice line's value; more is 90203 (90236).";
    NoticePageBytes "notice_page_bytes" Size = 1_024, "Bytes of a mini program notice's page; more is 90204 (90236).";
    AccountsPerCorpMonth "accounts_per_corp_month" Month = 3_000, "People that one company makes a month; 3 times its account cap where it is not set (90312).";
    WrongLookupsPerCorpDay "wrong_lookups_per_corp_day" Day = 200, "Look-ups by one company of mobile numbers, and of e-mail addresses, that nobody has a day; a fifth of its account cap where it is not set (95402, 95895).";
    UserDepartmentsMax "user_departments_max" Size = 100, "Departments of a person; more is 60110 (90195).";
    UserDeletesMax "user_deletes_max" Size = 200, "People removed in one call; more is 40032 (90199).";
    UserIdsPerPage "user_ids_per_page" Size = 10_000, "Entries of a page of user/list_id (96067).";
    DepartmentNodesMax "department_nodes_max" Size = 30_000, "People and departments directly below a department, and departments of a company; more is 81001 (90205).";
    DepartmentDepthMax "department_depth_max" Size = 15, "How deep departments stand; deeper is 81002 (90205).";
    TagsMax "tags_max" Size = 3_000, "Tags of a company; more is 40126 (90210).";
    TagNodesMax "tag_nodes_max" Size = 30_000, "People and departments with a tag; more is 81003 (90214).";
    TagUsersPerCall "tag_users_per_call" Size = 1_000, "People given or taken a tag in one call; more is 81014 (90214).";
    TagPartiesPerCall "tag_parties_per_call" Size = 100, "Departments given or taken a tag in one call; more is 81014 (90214).";
    CardTaskBytes "card_task_bytes" Size = 128, "Bytes of a card's task_id; more is 42014 (90236).";
    CardKeyBytes "card_key_bytes" Size = 1_024, "Bytes of the key of a card's button, question or menu entry (90236).";
    CardOptionIdBytes "card_option_id_bytes" Size = 128, "Bytes of the id of a card's option; more is 42040 (90236).";
    CardActionsMax "card_actions_max" Size = 3, "Entries of a card's action_menu (90236).";
    CardReplyActionsMax "card_reply_actions_max" Size = 10, "Entries of the action_menu of a card in a passive reply (90241).";
    CardContentsMax "card_contents_max" Size = 6, "Entries of a card's horizontal_content_list; more is 42035 (90236).";
    CardVerticalsMax "card_verticals_max" Size = 4, "Entries of a card's vertical_content_list; more is 42036 (90236).";
    CardJumpsMax "card_jumps_max" Size = 3, "Entries of a card's jump_list; more is 42042 (90236).";
    CardButtonsMax "card_buttons_max" Size = 6, "Buttons of a card (90236).";
    CardOptionsMax "card_options_max" Size = 10, "Options of a card's list to choose from; more is 42037 (90236).";
    CardChoicesMax "card_choices_max" Size = 20, "Options of a card's checkbox; more is 42037 (90236).";
    CardSelectsMax "card_selects_max" Size = 3, "Entries of a card's select_list; more is 42047 (90236).";
    ResponseCodeSeconds "response_code_seconds" Size = 72 * 3_600, "Validity of a response_code in seconds (94888).";
    MediaDays "media_days" Size = 3, "Days that an uploaded file is kept (90253).";
    MediaMinBytes "media_min_bytes" Size = 6, "Least bytes of an uploaded file (90253: more than 5).";
    ImageBytes "image_bytes" Size = 10 * 1024 * 1024, "Bytes of an uploaded image (90253).";
    VoiceBytes "voice_bytes" Size = 2 * 1024 * 1024, "Bytes of an uploaded voice (90253).";
    VoiceSeconds "voice_seconds" Size = 60, "Seconds of an uploaded voice (90253).";
    VideoBytes "video_bytes" Size = 10 * 1024 * 1024, "Bytes of an uploaded video (90253).";
    FileBytes "file_bytes" Size = 20 * 1024 * 1024, "Bytes of an uploaded file (90253).";
    PictureBytes "picture_bytes" Size = 2 * 1024 * 1024, "Bytes of a picture for uploadimg (90256).";
    PicturesPerCorpDay "pictures_per_corp_day" Day = 1_000, "Pictures by uploadimg a day (90256).";
    PicturesPerCorpMonth "pictures_per_corp_month" Month = 3_000, "Pictures by uploadimg a month (90256).";
}

impl FromStr for Limit {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Limit::ALL
            .iter()
            .copied()
            .find(|limit| limit.key() == text)
            .ok_or_else(|| {
                let near = nearest(text, Limit::ALL.iter().map(|limit| limit.key()));
                format!(
                    "no limit {text:?}{}",
                    near.map(|key| format!("; did you mean {key:?}?"))
                        .unwrap_or_default()
                )
            })
    }
}

/// The known word nearest to a mistyped one, if any is near.
pub fn nearest<'a>(text: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|word| (strsim::jaro_winkler(text, word), word))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}

/// The rules of one company: its rulebook with its overrides.
#[derive(Clone, PartialEq, Eq)]
pub struct Rules {
    /// The rulebook.
    pub book: Rulebook,
    /// False where the server counts but refuses nothing by number (`--limits off`).
    pub enforced: bool,
    limits: [i64; Limit::ALL.len()],
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules")
            .field("book", &self.book)
            .finish_non_exhaustive()
    }
}

impl Rules {
    /// A rulebook as released.
    pub fn of(book: Rulebook) -> Self {
        let mut rules = Rules {
            book,
            enforced: true,
            limits: Limit::COMMON,
        };
        for (limit, value) in book.facts().limits {
            rules.set(*limit, *value);
        }
        rules
    }

    /// Sets one number; [`UNLIMITED`] takes the limit away.
    pub fn set(&mut self, limit: Limit, value: i64) {
        self.limits[limit as usize] = value;
    }

    /// One number, in its own unit.
    pub fn limit(&self, limit: Limit) -> i64 {
        self.limits[limit as usize]
    }

    /// One number as a size.
    pub fn size(&self, limit: Limit) -> usize {
        usize::try_from(self.limit(limit)).unwrap_or(usize::MAX)
    }

    /// The rules that are no numbers.
    pub fn choices(&self) -> &'static Choices {
        &self.book.facts().choices
    }

    /// All numbers by their public names.
    pub fn all(&self) -> BTreeMap<String, i64> {
        Limit::ALL
            .iter()
            .map(|limit| (limit.key().to_owned(), self.limit(*limit)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_aligned_to_utc8() {
        let noon_utc = 1_600_344_000_000; // 2020-09-17T12:00:00Z = 20:00 in UTC+8
        assert_eq!(Window::Day.start(noon_utc), 1_600_272_000_000);
        assert_eq!(
            Window::Day.blocked_until(noon_utc),
            1_600_272_000_000 + 86_400_000
        );
        assert_eq!(Window::Minute.start(noon_utc + 59_999), noon_utc);
        assert_eq!(
            Window::Minute.blocked_until(noon_utc + 59_999),
            noon_utc + 119_999
        );
        assert_eq!(Window::Hour.start(noon_utc + 1), noon_utc);
    }

    #[test]
    fn keys_are_unique_and_read_back() {
        for limit in Limit::ALL {
            assert_eq!(limit.key().parse(), Ok(*limit));
        }
        assert!(
            "chat_member_max"
                .parse::<Limit>()
                .unwrap_err()
                .contains("chat_members_max")
        );
    }

    #[test]
    fn the_rulebooks_numbers_are_the_published_ones() {
        let (documented, live) = (
            Rules::of(Rulebook::Documented),
            Rules::of(Rulebook::Live2026),
        );
        for (limit, old, new) in [
            (Limit::ChatMembersMax, 500, 2_000),
            (Limit::ChatUpdatesPerCorpHour, 100, 1_000),
            (Limit::ChatSendsPerCorpHour, 200_000, 300_000),
            (Limit::CallsPerCorpMinute, 10_000, 10_000),
            (Limit::CallsPerCorpHour, 150_000, 150_000),
            (Limit::CallsPerAddressMinute, 20_000, 20_000),
            (Limit::CallsPerAddressHour, 600_000, 600_000),
            (Limit::WrongSecretsPerAddressHour, 2_000, 2_000),
            (Limit::TokenSeconds, 7_200, 7_200),
            (Limit::ChatNameChars, 50, 50),
            (Limit::ChatIdChars, 32, 32),
            (Limit::ChatMembersMin, 2, 2),
            (Limit::ChatsPerCorpDay, 1_000, 1_000),
            (Limit::ChatSendsPerCorpMinute, 20_000, 20_000),
            (Limit::ChatReceivesPerMemberMinute, 200, 200),
            (Limit::ChatReceivesPerMemberDay, 10_000, 10_000),
            (Limit::MessageSendsPerAppDay, 200_000, 200_000),
            (Limit::MessageReceivesPerMemberMinute, 30, 30),
            (Limit::MessageReceivesPerMemberHour, 1_000, 1_000),
            (Limit::MessageUsersMax, 1_000, 1_000),
            (Limit::MessagePartiesMax, 100, 100),
            (Limit::MessageTagsMax, 100, 100),
            (Limit::MessageRecallSeconds, 86_400, 86_400),
            (Limit::DuplicateCheckSeconds, 14_400, 14_400),
            (Limit::ResponseCodeSeconds, 86_400, 259_200),
            (Limit::MediaDays, 3, 3),
            (Limit::PicturesPerCorpDay, 1_000, 1_000),
            (Limit::PicturesPerCorpMonth, 3_000, 3_000),
        ] {
            assert_eq!(
                (documented.limit(limit), live.limit(limit)),
                (old, new),
                "{limit:?}"
            );
        }
    }
}
