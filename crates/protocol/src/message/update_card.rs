use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CardMoment, ResponseCode, TemplateCard, card::with_card_refusals};
use crate::{
    Limit, Refusal as R, Refused, Rulebook, Rules, UserId, check::Unfit, endpoint, text::given,
};

/// 更新模版卡片消息 Changes a card that was sent, for some or all of those who got it: a new card, or one grey button in place
/// of its buttons.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UpdateTemplateCard {
    /// 企业的成员ID列表 at most 1000
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub userids: Vec<UserId>,
    /// 企业的部门ID列表 at most 100, each with all departments below it
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub partyids: Vec<i64>,
    /// 企业的标签ID列表 at most 100
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tagids: Vec<i64>,
    /// 更新整个任务接收人员 1 changes it for all who got it
    #[serde(skip_serializing_if = "Option::is_none")]
    pub atall: Option<i64>,
    /// 应用的agentid of the calling app, which sent the card
    pub agentid: Option<i64>,
    /// 更新卡片所需要消费的code answered by message/send, or told with a tap; good for one change
    pub response_code: Option<ResponseCode>,
    /// 更新按钮为不可点击状态 for button_interaction, vote_interaction and multiple_interaction
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button: Option<ReplacedButton>,
    /// 更新为新的卡片 of any type; counts alone where `button` is there too
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_card: Option<TemplateCard>,
    /// 是否开启id转译 1 puts names in the place of `$userName=ID$` and the like
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_id_trans: Option<i64>,
}

/// The grey button that stands in place of a card's buttons.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ReplacedButton {
    /// 需要更新的按钮的文案
    pub replace_name: Option<String>,
}

/// For whom the card was not changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UpdatedCard {
    /// 不合法的userid in lower case: unknown, or not among those who got the card
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub invaliduser: Vec<UserId>,
}

impl UpdateTemplateCard {
    /// Puts a new card in the place of the old one, for whom the next calls name.
    ///
    /// ```
    /// # use qun_protocol::message::{CardAction, TemplateCard, UpdateTemplateCard};
    /// let card = TemplateCard::text_notice("请假已批准", CardAction::url("https://example.com/leave/17"));
    /// let change = UpdateTemplateCard::card("code", card).users(["zhangsan"]);
    /// assert_eq!(change.check(), Ok(()));
    /// ```
    pub fn card(response_code: impl Into<ResponseCode>, card: TemplateCard) -> Self {
        Self {
            response_code: Some(response_code.into()),
            template_card: Some(card),
            ..Self::default()
        }
    }

    /// Puts one grey button in the place of the card's buttons, for whom the next calls name.
    ///
    /// ```
    /// # use qun_protocol::message::UpdateTemplateCard;
    /// assert_eq!(UpdateTemplateCard::button("code", "已同意").everybody().check(), Ok(()));
    /// ```
    pub fn button(response_code: impl Into<ResponseCode>, replace_name: impl Into<String>) -> Self {
        Self {
            response_code: Some(response_code.into()),
            button: Some(ReplacedButton {
                replace_name: Some(replace_name.into()),
            }),
            ..Self::default()
        }
    }

    /// For all who got the card.
    #[must_use]
    pub fn everybody(mut self) -> Self {
        self.atall = Some(1);
        self
    }

    /// For these people, at most 1000.
    #[must_use]
    pub fn users<U: Into<UserId>>(mut self, users: impl IntoIterator<Item = U>) -> Self {
        self.userids.extend(users.into_iter().map(Into::into));
        self
    }

    /// For the people of these departments, at most 100.
    #[must_use]
    pub fn parties(mut self, parties: impl IntoIterator<Item = i64>) -> Self {
        self.partyids.extend(parties);
        self
    }

    /// For the people with these tags, at most 100.
    #[must_use]
    pub fn tags(mut self, tags: impl IntoIterator<Item = i64>) -> Self {
        self.tagids.extend(tags);
        self
    }

    /// Finds what the API would refuse, by the numbers of `live-2026`.
    ///
    /// # Errors
    /// The first such value.
    pub fn check(&self) -> Result<(), Unfit> {
        self.check_by(&Rules::of(Rulebook::Live2026))
    }

    /// The same by other numbers.
    ///
    /// # Errors
    /// The first such value.
    pub fn check_by(&self, rules: &Rules) -> Result<(), Unfit> {
        Ok(self.refused(rules)?)
    }

    /// What the API refuses of it before it looks at the card that is to be changed.
    ///
    /// # Errors
    /// The first such value: its reason, and its field where one is named.
    pub fn refused(&self, rules: &Rules) -> Result<(), Refused> {
        let refused = |refusal: R, field: &'static str| Refused {
            field: field.into(),
            ..refusal.into()
        };
        if self.response_code.as_deref().is_none_or(str::is_empty) {
            return Err(refused(R::ResponseCode, "response_code"));
        }
        let lists = [
            (
                self.userids.len(),
                Limit::MessageUsersMax,
                R::UsersTooMany,
                "userids",
            ),
            (
                self.partyids.len(),
                Limit::MessagePartiesMax,
                R::PartiesTooMany,
                "partyids",
            ),
            (
                self.tagids.len(),
                Limit::MessageTagsMax,
                R::TagsTooMany,
                "tagids",
            ),
        ];
        for (length, limit, refusal, field) in lists {
            if length > rules.size(limit) {
                return Err(refused(refusal, field));
            }
        }
        match self.atall.unwrap_or(0) {
            1 => {}
            0 if lists.iter().all(|list| list.0 == 0) => {
                return Err(refused(R::CardNobody, "userids"));
            }
            0 => {}
            _ => return Err(refused(R::InvalidParameter, "atall")),
        }
        match (&self.template_card, &self.button) {
            (Some(card), _) => card.check_in(CardMoment::Updated, rules),
            (None, Some(button)) if given(&button.replace_name).is_some() => Ok(()),
            (None, _) => Err(refused(R::CardActionText, "button.replace_name")),
        }
    }
}

endpoint! { Post "/cgi-bin/message/update_template_card", UpdateTemplateCard => UpdatedCard {
    auth: AccessToken, callers: crate::Callers::SelfBuiltApp, body: crate::Body::Json,
    title: "更新模版卡片消息 Change a template card", page: 94888,
    required: &[("agentid", R::AgentMissing), ("response_code", R::ResponseCode)],
    refuses: with_card_refusals![
        AgentUnknown, OtherAgent, UsersTooMany, PartiesTooMany, TagsTooMany, CardNobody, CardNotReceived,
        CardOfOtherApp, CardTaskUnknown, CardButtonUnknown,
    ],
} }
