//! The one list of endpoints. Routes, clients, `qun call`, the OpenAPI document and metrics are made from it.

use crate::{Endpoint, Meta};

/// Calls a macro with every endpoint as `kind path::Type;`. `query` reads, `command` writes in one transaction, and
/// `serve` moves files or belongs to the server itself.
#[macro_export]
macro_rules! endpoints {
    ($callback:ident) => {
        $callback! {
            command $crate::gettoken::GetToken;
            query $crate::ip_list::ApiAddresses;
            query $crate::ip_list::CallbackAddresses;
            command $crate::appchat::Create;
            command $crate::appchat::Update;
            query $crate::appchat::Get;
            command $crate::appchat::Send;
            command $crate::appchat::Quit;
            query $crate::appchat::Members;
            query $crate::groupchat::List;
            query $crate::groupchat::Get;
            command $crate::groupchat::Transfer;
            command $crate::groupchat::OnjobTransfer;
            query $crate::groupchat::OpengidToChatId;
            query $crate::groupchat::Statistic;
            query $crate::groupchat::StatisticGroupByDay;
            command $crate::message::Send;
            command $crate::message::Recall;
            command $crate::user::GetUserId;
            command $crate::user::GetUserIdByEmail;
            command $crate::user::Create;
            query $crate::user::Get;
            command $crate::user::Update;
            command $crate::user::Delete;
            command $crate::user::BatchDelete;
            query $crate::user::SimpleList;
            query $crate::user::List;
            query $crate::user::ListId;
            command $crate::department::Create;
            command $crate::department::Update;
            command $crate::department::Delete;
            query $crate::department::List;
            query $crate::department::SimpleList;
            query $crate::department::Get;
            command $crate::tag::Create;
            command $crate::tag::Update;
            command $crate::tag::Delete;
            query $crate::tag::Get;
            command $crate::tag::AddTagUsers;
            command $crate::tag::DelTagUsers;
            query $crate::tag::List;
            command $crate::message::UpdateTemplateCard;
            command $crate::groupchat::AddJoinWay;
            serve $crate::groupchat::GetJoinWay;
            command $crate::groupchat::UpdateJoinWay;
            command $crate::groupchat::DelJoinWay;
            serve $crate::media::Upload;
            serve $crate::media::Get;
            serve $crate::media::UploadImg;
            command $crate::room::AddMember;
            command $crate::room::Create;
            command $crate::room::Exit;
            query $crate::room::ListByLabel;
            query $crate::room::ListByMember;
            serve $crate::manage::LoadWorld;
            serve $crate::manage::GetClock;
            serve $crate::manage::AdvanceClock;
            query $crate::manage::Companies;
            query $crate::manage::GetCompany;
            command $crate::manage::ChangeCompany;
            query $crate::manage::GetRules;
            command $crate::manage::ChangeRules;
            query $crate::manage::GetUsage;
            query $crate::manage::Apps;
            command $crate::manage::CreateApp;
            command $crate::manage::ChangeApp;
            command $crate::manage::ResetSecret;
            command $crate::manage::RevokeTokens;
            serve $crate::manage::SetCallback;
            query $crate::manage::GetCallback;
            command $crate::manage::DeleteCallback;
            query $crate::manage::Callbacks;
            query $crate::manage::GetCallbackEvent;
            command $crate::manage::ResendCallback;
            query $crate::manage::Users;
            query $crate::manage::GetUser;
            command $crate::manage::PutUser;
            command $crate::manage::DeleteUser;
            command $crate::manage::Resign;
            query $crate::manage::Customers;
            command $crate::manage::AddCustomer;
            query $crate::manage::GetCustomer;
            command $crate::manage::PutCustomer;
            query $crate::manage::Departments;
            command $crate::manage::PutDepartment;
            command $crate::manage::DeleteDepartment;
            query $crate::manage::Tags;
            command $crate::manage::PutTag;
            command $crate::manage::DeleteTag;
            command $crate::manage::MarkMigrated;
            query $crate::manage::Groups;
            query $crate::manage::GetGroup;
            query $crate::manage::History;
            serve $crate::manage::JoinWays;
            query $crate::people::Groups;
            query $crate::people::Inbox;
            command $crate::people::Say;
            command $crate::people::Leave;
            command $crate::people::Rename;
            command $crate::people::HandOver;
            command $crate::people::Remove;
            command $crate::people::CreateGroup;
            command $crate::people::Invite;
            command $crate::people::ShareLink;
            command $crate::people::ShowQrCode;
            command $crate::people::Join;
            command $crate::people::SetNickname;
            command $crate::people::SetNotice;
            command $crate::people::SetAdmins;
            command $crate::people::Dismiss;
            command $crate::people::OpenMiniProgram;
            command $crate::people::TapCard;
            command $crate::people::Scan;
            command $crate::people::TapJoinWay;
            command $crate::people::SayToApp;
            command $crate::people::EnterApp;
            command $crate::people::SubscribeApp;
            command $crate::people::UnsubscribeApp;
            command $crate::people::SyncRoom;
            query $crate::people::Invitations;
            command $crate::people::AcceptInvitation;
            command $crate::people::IgnoreInvitation;
            query $crate::manage::Hostings;
            command $crate::manage::CreateHosting;
            command $crate::manage::ChangeHosting;
            command $crate::manage::AddHostingToken;
            command $crate::manage::RevokeHostingToken;
            command $crate::manage::CreateBot;
            query $crate::manage::RoomLabels;
            command $crate::manage::CreateRoomLabel;
            command $crate::manage::RenameRoomLabel;
            command $crate::manage::DeleteRoomLabel;
            command $crate::manage::AttachRoomLabel;
            command $crate::manage::DetachRoomLabel;
            query $crate::manage::ExplainId;
            query $crate::manage::Bots;
            query $crate::manage::GetBot;
            command $crate::manage::ChangeBot;
            command $crate::manage::FailNext;
            command $crate::manage::Befriend;
            command $crate::manage::Unfriend;
            command $crate::manage::DeleteBot;
            command $crate::manage::PutBotRoom;
            command $crate::manage::CreatePersonalRoom;
        }
    };
}

/// An endpoint without its types: its facts and the schemas of its request and answer, built on demand.
#[derive(Clone, Copy)]
pub struct Entry {
    /// The facts.
    pub meta: &'static Meta,
    /// Adds the request's schema to a generator's definitions.
    pub request: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
    /// The same of the answer.
    pub response: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
}

impl Entry {
    /// The entry of one endpoint.
    pub const fn of<E: Endpoint>() -> Self {
        Entry {
            meta: &E::META,
            request: schemars::SchemaGenerator::subschema_for::<E>,
            response: schemars::SchemaGenerator::subschema_for::<E::Response>,
        }
    }
}

macro_rules! list {
    ($($kind:ident $endpoint:ty;)*) => {
        /// Every endpoint.
        pub const ALL: &[Entry] = &[$(Entry::of::<$endpoint>(),)*];
    };
}

endpoints!(list);

/// The endpoint with a name as [`Meta::name`] makes it, or with its whole path.
pub fn named(name: &str) -> Option<&'static Entry> {
    let name = name.trim_start_matches('/');
    ALL.iter()
        .find(|entry| entry.meta.name() == name || entry.meta.path.trim_start_matches('/') == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Auth, Envelope, Refusal, Rulebook};

    #[test]
    fn method_and_path_are_unique() {
        let mut seen = std::collections::BTreeSet::new();
        for entry in ALL {
            assert!(
                seen.insert((entry.meta.path, entry.meta.method.as_str())),
                "{}",
                entry.meta.path
            );
            assert!(!entry.meta.title.is_empty());
        }
    }

    #[test]
    fn every_wecom_refusal_has_a_code_and_a_text_in_both_rulebooks() {
        for entry in ALL
            .iter()
            .filter(|entry| entry.meta.envelope == Envelope::Wecom)
        {
            for refusal in entry
                .meta
                .refuses
                .iter()
                .chain(entry.meta.common_refusals())
            {
                if *refusal == Refusal::ApiUnknown {
                    continue; // a 404 without a body
                }
                for book in Rulebook::ALL {
                    assert_ne!(
                        refusal.code(book, entry.meta),
                        0,
                        "{refusal:?} at {}",
                        entry.meta.path
                    );
                    assert!(!refusal.text(book).is_empty() && refusal.text(book).is_ascii());
                }
            }
        }
    }

    #[test]
    fn every_number_of_a_room_stands_for_one_refusal_of_its_endpoint() {
        let rooms = ALL.iter().filter(|entry| entry.meta.auth == Auth::Juzi);
        for entry in rooms {
            let mut seen = std::collections::BTreeSet::new();
            for (refusal, code, text) in entry.meta.codes {
                assert!(*code < 0 && !text.is_empty() && seen.insert(code));
                for book in Rulebook::ALL {
                    assert_eq!(refusal.code(book, entry.meta), *code);
                }
            }
            let all: Vec<i32> = (1..=seen.len() as i32).map(|n| -n).collect();
            assert!(seen.iter().rev().copied().eq(&all), "{}", entry.meta.path);
        }
    }

    #[test]
    fn own_paths_need_the_manage_token() {
        for entry in ALL {
            assert_eq!(
                entry.meta.path.starts_with("/_qun/"),
                entry.meta.auth == Auth::Manage,
                "{}",
                entry.meta.path
            );
            assert_eq!(
                entry.meta.auth == Auth::Manage,
                entry.meta.envelope == Envelope::Manage,
                "{}",
                entry.meta.path
            );
        }
    }

    #[test]
    fn path_fields_and_required_fields_are_fields_of_the_request() {
        for entry in ALL {
            let mut generator = schemars::SchemaGenerator::default();
            (entry.request)(&mut generator);
            let definitions = serde_json::to_value(generator.definitions()).unwrap();
            let schemas: Vec<&serde_json::Value> =
                definitions.as_object().unwrap().values().collect();
            for field in entry
                .meta
                .path_fields()
                .chain(entry.meta.required.iter().map(|(field, _)| *field))
            {
                assert!(
                    schemas
                        .iter()
                        .any(|schema| schema["properties"].get(field).is_some()),
                    "{field} of {}",
                    entry.meta.path
                );
            }
        }
    }
}
