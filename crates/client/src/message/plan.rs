use std::collections::HashSet;

use qun_protocol::{Limit, Rules, UserId, message::Send};

use super::{Messages, Sent, To, sent::Unfinished};
use crate::Error;

/// A message's address, cut into what one call takes each. Nobody is in two parts. From [`Messages::plan`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// What each call addresses.
    pub parts: Vec<To>,
    /// Departments that were looked up and are not there, or are not seen by the app.
    pub invalid_parties: Vec<i64>,
    /// The same of tags.
    pub invalid_tags: Vec<i64>,
    /// Who was only found in departments and tags: that they can get nothing is no mistake of the sender.
    found: HashSet<UserId>,
}

/// Whether one call takes an address.
fn is_one(to: &To, rules: &Rules) -> bool {
    to.users.len() <= rules.size(Limit::MessageUsersMax)
        && to.parties.len() <= rules.size(Limit::MessagePartiesMax)
        && to.tags.len() <= rules.size(Limit::MessageTagsMax)
}

/// People in portions of what one call takes.
fn portions(users: &[UserId], rules: &Rules) -> Vec<To> {
    let most = rules.size(Limit::MessageUsersMax).max(1);
    let portion = |users: &[UserId]| To {
        users: users.to_vec(),
        ..To::default()
    };
    users.chunks(most).map(portion).collect()
}

impl To {
    /// What one call takes each; none where departments and tags have to be looked up first, since the address takes several
    /// calls: [`Messages::plan`] does that.
    ///
    /// ```
    /// use qun_client::{To, protocol::{Rulebook, Rules}};
    ///
    /// let rules = Rules::of(Rulebook::Live2026);
    /// let many = To::users((0..2001).map(|n| format!("p{n}")));
    /// let parts = many.parts(&rules).unwrap();
    /// assert_eq!(parts.iter().map(|part| part.users.len()).collect::<Vec<_>>(), [1000, 1000, 1]);
    /// assert!(many.tags([7]).parts(&rules).is_none());
    /// ```
    pub fn parts(&self, rules: &Rules) -> Option<Vec<To>> {
        if is_one(self, rules) {
            return Some(vec![self.clone()]);
        }
        let only_people = self.parties.is_empty() && self.tags.is_empty();
        only_people.then(|| portions(&self.users, rules))
    }
}

impl Plan {
    pub(super) fn begun(&self) -> Sent {
        Sent {
            invalid_parties: self.invalid_parties.clone(),
            invalid_tags: self.invalid_tags.clone(),
            ..Sent::default()
        }
    }

    /// Those whom the sender has named.
    pub(super) fn named(&self, users: &[UserId]) -> Vec<UserId> {
        let named = users.iter().filter(|user| !self.found.contains(user));
        named
            .map(|user| UserId(user.folded().into_owned()))
            .collect()
    }

    /// A card's task is used once, so such a card goes out in one call.
    pub(super) fn check(&self, message: &Send) -> Result<(), Error> {
        let task = message
            .template_card
            .as_ref()
            .is_some_and(|card| card.task_id.is_some());
        if task && self.parts.len() > 1 {
            return Err(Error::invalid(format!(
                "a card with a task_id goes out in one call, and this address takes {}: use one task_id for each of its parts",
                self.parts.len()
            )));
        }
        Ok(())
    }

    /// What is told where a part has failed.
    pub(super) fn unfinished(&self, failed: usize, sent: Sent, cause: Error) -> Error {
        if self.parts.len() == 1 {
            return cause;
        }
        let people = |parts: &[To]| To {
            users: parts.iter().flat_map(|part| part.users.clone()).collect(),
            ..To::default()
        };
        let (done, rest) = self.parts.split_at(failed);
        let maybe = usize::from(cause.may_have_been_done());
        Error::Unfinished(Box::new(Unfinished {
            cause,
            sent,
            unclear: people(&rest[..maybe]),
            rest: people(&rest[maybe..]),
            done: done.iter().map(|part| part.users.len()).sum(),
        }))
    }
}

impl Messages {
    /// Cuts an address into what one call takes each, as [`Messages::send`] does; send to the parts one by one to see each
    /// answer. Where one call takes it nothing is asked. Otherwise people come in portions of 1000, and those of departments
    /// and tags are looked up: a call for each department and two for each tag or more.
    ///
    /// # Errors
    /// [`Error::Invalid`] as [`To::check`], and where nobody is found; else as [`Client::send`](crate::Client::send).
    ///
    /// ```no_run
    /// # use qun_client::{Client, Text, To};
    /// # async fn example(wecom: &Client, people: Vec<String>) -> Result<(), qun_client::Error> {
    /// let messages = wecom.messages();
    /// for part in messages.plan(people).await?.parts {
    ///     let sent = messages.send(part.clone(), Text::new("请填写调查")).await?;
    ///     println!("{} people: {:?}", part.users.len(), sent.msgids);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn plan(&self, to: impl Into<To>) -> Result<Plan, Error> {
        let (to, rules) = (to.into(), self.0.rules());
        to.check()?;
        if let Some(parts) = to.parts(rules) {
            return Ok(Plan {
                parts,
                ..Plan::default()
            });
        }
        let mut plan = Plan::default();
        let mut users = to.users;
        let named: HashSet<UserId> = users.iter().cloned().collect();
        let mut parties = to.parties;
        let directory = self.0.directory();
        for tagid in to.tags {
            match directory.tag(tagid).await {
                Ok(tag) => {
                    users.extend(tag.userlist.into_iter().map(|tagged| tagged.userid));
                    parties.extend(tag.partylist);
                }
                Err(error) if is_unseen(&error) => plan.invalid_tags.push(tagid),
                Err(error) => return Err(error),
            }
        }
        let mut asked = HashSet::new();
        for party in parties.into_iter().filter(|party| asked.insert(*party)) {
            match directory.users(party, true).await {
                Ok(found) => users.extend(found.into_iter().map(|person| person.userid)),
                Err(error) if is_unseen(&error) => plan.invalid_parties.push(party),
                Err(error) => return Err(error),
            }
        }
        let users = To::users(users).users;
        if users.is_empty() {
            let message = "nobody is found in the departments and tags that are addressed";
            return Err(Error::invalid(message));
        }
        let found = users.iter().filter(|user| !named.contains(user));
        plan.found = found.cloned().collect();
        plan.parts = portions(&users, rules);
        Ok(plan)
    }
}

/// What message/send would list as invalid.
fn is_unseen(error: &Error) -> bool {
    error.is_not_found() || error.is_not_allowed()
}

#[cfg(test)]
mod tests;
