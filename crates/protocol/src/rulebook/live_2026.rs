//! What the cloud does in 2026, by its official pages and by observed responses.

use super::{Choices, Facts};

pub(super) const FACTS: Facts = Facts {
    choices: Choices {
        underscore_in_chatid: false,
        long_chatid_apart: true,
        outside_owner_joins: false,
        stranger_removal_ignored: false,
        response_code_for_menus: true,
        quit_and_members: false,
        sync_reads: false,
        join_way_type: false,
    },
    limits: &[],
};
