use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AppSecret, HostingMade};
use crate::{CorpId, Refusal as R, endpoint, world::World};

/// Loads a world: absent companies are created, present ones left alone and reported. All of it or nothing.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LoadWorld {
    /// The document.
    pub world: World,
}

/// What was loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Loaded {
    /// In the document's order.
    pub companies: Vec<LoadedCompany>,
}

/// A company of a loaded world.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LoadedCompany {
    /// Its corpid.
    pub corpid: CorpId,
    /// False where it was there already and is left as it was.
    pub created: bool,
    /// Its apps with their secrets, which are shown this once; empty where it was there already.
    pub agents: Vec<AppSecret>,
    /// Its groups of accounts that Juzi hosts, with their tokens; the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hostings: Vec<HostingMade>,
}

/// Reads the server's clock.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GetClock {}

/// Moves the server's clock forward; only where it was started with `--clock`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AdvanceClock {
    /// Seconds, 0 to ten years.
    pub advance: i64,
}

/// The server's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ClockShown {
    /// Milliseconds UTC.
    pub now_ms: i64,
    /// Whether it can be moved.
    pub movable: bool,
}

endpoint! { Post "/_qun/worlds", LoadWorld => Loaded {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Item("world"),
    title: "Load a world",
    refuses: &[R::PersonUnknown, R::DepartmentUnknown, R::TagUnknown, R::AppExists, R::DetailTaken, R::ChatIdMalformed, R::ChatIdTooLong, R::ChatName,
        R::IdTaken, R::TokenTaken, R::ContactUnknown, R::RoomUnknown],
} }
endpoint! { Get "/_qun/clock", GetClock => ClockShown {
    auth: Manage, envelope: crate::Envelope::Manage, title: "Read the server's clock",
} }
endpoint! { Post "/_qun/clock", AdvanceClock => ClockShown {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json,
    title: "Move the server's clock forward", refuses: &[R::ClockFixed],
} }
