use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Told;
use crate::{CorpId, Refusal as R, UserId, endpoint};

/// Taps a button of a card, chooses an entry of its menu, or sends what is chosen on it. The app is told, unless it has no
/// callback any more.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TapCard {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The person.
    pub userid: UserId,
    /// The message's id, as the inbox has it.
    pub id: String,
    /// The key of the button or of the menu's entry; absent: the card's only button, or the one that sends what is chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What is chosen; of questions that are not named here, what was chosen from the beginning.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub selected: Vec<Chosen>,
}

/// What is chosen for one question of a card.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Chosen {
    /// The question.
    pub question_key: String,
    /// The options; exactly one but in a checkbox of mode 1.
    pub option_ids: Vec<String>,
}

endpoint! { Post "/_qun/people/{userid}/cards/{id}/tap", TapCard => Told {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json, title: "Tap a card that an app has sent",
    refuses: &[R::PersonUnknown, R::AppDisabled, R::CardUnknown, R::CardButtonUnknown, R::CardAnswered],
} }
