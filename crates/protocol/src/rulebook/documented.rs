//! What the mission documents say (000: the chat module; 001: appchat; 003: messages).

use super::{Choices, Facts, Limit};

pub(super) const FACTS: Facts = Facts {
    choices: Choices {
        underscore_in_chatid: true,
        long_chatid_apart: false,
        outside_owner_joins: true,
        stranger_removal_ignored: true,
        response_code_for_menus: false,
        quit_and_members: true,
        sync_reads: true,
        join_way_type: true,
    },
    limits: &[
        (Limit::ChatMembersMax, 500),
        (Limit::ChatUpdatesPerCorpHour, 100),
        (Limit::ChatSendsPerCorpHour, 200_000),
        (Limit::ResponseCodeSeconds, 24 * 3_600),
    ],
};
