//! One call from its fields to its answer: room, token, what is sent again, what is learned.

use std::time::Duration;

use qun_protocol::{Auth, Body, Endpoint, appchat, message};
use serde::de::DeserializeOwned;

use crate::{
    Attachment, Client, Error, Incoming,
    client::clock,
    media::{broken, is_file},
    pace::{Booking, Cost},
    token::Handed,
    wire::{
        Answer, Opened, answer,
        multipart::Form,
        pause,
        request::{Draft, Told},
    },
};

/// What came back.
enum Reply {
    /// It says that it worked.
    Json(Answer),
    File(Opened),
}

impl Client {
    pub(crate) async fn incoming(&self, draft: &Draft) -> Result<Incoming, Error> {
        let meta = draft.meta;
        if !meta.file {
            return Err(Error::invalid(format!("{} gives no file", meta.path)));
        }
        match self.exchange(draft, None).await? {
            Reply::File(opened) => {
                let this = self.clone();
                Ok(Incoming::new(opened, move |detail| {
                    this.clean(broken(detail), None)
                }))
            }
            Reply::Json(answer) => Err(self.clean(answer::undecodable(meta, &answer), None)),
        }
    }

    /// The answer in its type.
    pub(super) async fn answer<T: DeserializeOwned>(
        &self,
        draft: &Draft,
        file: Option<&Attachment>,
    ) -> Result<T, Error> {
        let answer = self.json(draft, file).await?;
        answer::typed(draft.meta, &answer).map_err(|error| self.clean(error, None))
    }

    pub(super) async fn json(
        &self,
        draft: &Draft,
        file: Option<&Attachment>,
    ) -> Result<Answer, Error> {
        let path = draft.meta.path;
        let answers_with_file = || Error::invalid(format!("{path} answers with a file"));
        if draft.meta.file {
            return Err(answers_with_file());
        }
        match self.exchange(draft, file).await? {
            Reply::Json(answer) => Ok(answer),
            Reply::File(_) => Err(answers_with_file()),
        }
    }

    /// Sends, and again where that is certainly not twice.
    async fn exchange(&self, draft: &Draft, file: Option<&Attachment>) -> Result<Reply, Error> {
        let meta = draft.meta;
        if meta.auth == Auth::Manage {
            let message = format!("{} takes the manage token", meta.path);
            return Err(Error::invalid(message));
        }
        if meta.auth == Auth::Juzi {
            let message = format!("{} takes a Juzi token", meta.path);
            return Err(Error::invalid(message));
        }
        if file.is_some() && meta.body != Body::Upload {
            return Err(Error::invalid(format!("{} takes no file", meta.path)));
        }
        let form = match file {
            Some(file) => Some(Form::new(file, file.size().await?)),
            None => None,
        };
        let mut room = self.room(draft).await?;
        let again = form.as_ref().is_none_or(Form::again);
        let (mut fresh, mut renewed, mut busy) = (None, false, 0);
        let result = loop {
            let token = match (meta.auth, fresh.take()) {
                (Auth::AccessToken, None) => Some(self.0.tokens.get().await?),
                (_, fresh) => fresh,
            };
            room.used();
            let result = self.once(draft, token.as_ref(), form.as_ref()).await;
            let code = result.as_ref().err().and_then(Error::code);
            if code.is_some() {
                room.unused();
            }
            match (code, &token) {
                (Some(40014 | 42001), Some(refused)) if !renewed => {
                    renewed = true;
                    // A new token is there for the next call in any case.
                    fresh = Some(Box::pin(self.0.tokens.after(refused)).await?);
                    if !again {
                        return Err(Error::Transport {
                            path: meta.path,
                            detail: "the token was refused and the file cannot be read twice; a new token is there, so upload it again".to_owned(),
                        });
                    }
                    tracing::debug!(path = meta.path, "the token was refused, trying a new one");
                    continue;
                }
                (Some(-1), _) if again && busy < self.0.wire.repeats => {
                    pause(busy).await;
                    busy += 1;
                    fresh = token;
                    continue;
                }
                _ => {}
            }
            break result;
        };
        self.learn(draft, &result, &mut room);
        result
    }

    async fn once(
        &self,
        draft: &Draft,
        token: Option<&Handed>,
        form: Option<&Form<'_>>,
    ) -> Result<Reply, Error> {
        let (meta, wire) = (draft.meta, &self.0.wire);
        let value = token.map(|token| &*token.value);
        let result = async {
            let opened = wire.open(draft, value, form, Duration::ZERO).await?;
            if let Some(date) = clock::date(opened.headers()) {
                self.0.clock.dated(date);
                self.0.pacing.dated(date);
            }
            if meta.file && is_file(&opened) {
                return Ok(Reply::File(opened));
            }
            let answer = opened.read(meta).await?;
            answer::check(meta, &answer)?;
            Ok(Reply::Json(answer))
        };
        result.await.map_err(|error| self.clean(error, value))
    }

    /// Room within the limits that the call spends.
    async fn room(&self, draft: &Draft) -> Result<Booking, Error> {
        let (meta, pacing) = (draft.meta, &self.0.pacing);
        let mut cost = Cost::Call;
        if meta.path == message::Send::META.path && pacing.is_on() {
            cost = draft.told().people();
        } else if meta.path == appchat::Send::META.path
            && pacing.is_on()
            && let Some(chatid) = draft.told().chatid()
        {
            if pacing.members(&chatid).is_none() && pacing.is_tight(meta) {
                // Its answer is learned like any other. Where it is refused, so will be the message.
                let get = appchat::Get {
                    chatid: Some(chatid.clone()),
                };
                let _ = Box::pin(self.exchange(&Draft::of(&get)?, None)).await;
                cost = Cost::People(pacing.members(&chatid).unwrap_or(1));
            } else {
                let most = || pacing.most_members();
                cost = Cost::People(pacing.members(&chatid).unwrap_or_else(most));
            }
        }
        pacing.room(meta, &self.0.app.key, cost).await
    }

    /// Keeps what a call tells about limits and members.
    fn learn(&self, draft: &Draft, result: &Result<Reply, Error>, room: &mut Booking) {
        let (meta, pacing, app) = (draft.meta, &self.0.pacing, &self.0.app.key);
        if !pacing.is_on() {
            return;
        }
        let answer = match result {
            Ok(Reply::Json(answer)) => answer,
            Ok(Reply::File(_)) => return pacing.answered(meta, app, false),
            Err(Error::Quota { .. }) => return pacing.answered(meta, app, true),
            Err(Error::Transport { .. }) => return room.unused(),
            Err(_) => return,
        };
        pacing.answered(meta, app, false);
        let is = |path| meta.path == path;
        let (told, members) = if is(appchat::Create::META.path) {
            // With an owner from outside it is one more.
            let listed = draft.told().members().map(|members| members + 1);
            if listed.is_none() {
                return;
            }
            (Told::by(&answer.body), listed)
        } else if is(appchat::Get::META.path) || is(appchat::Members::META.path) {
            (draft.told(), Told::by(&answer.body).members())
        } else if is(appchat::Update::META.path) || is(appchat::Quit::META.path) {
            (draft.told(), None)
        } else {
            return;
        };
        if let Some(chatid) = told.chatid() {
            pacing.learn(&chatid, members);
        }
    }

    pub(crate) fn clean(&self, error: Error, token: Option<&str>) -> Error {
        let last = self.0.tokens.last();
        let secrets = [
            self.0.app.secret.as_str(),
            token.unwrap_or_default(),
            last.as_deref().unwrap_or_default(),
            self.0.manage_token.as_deref().unwrap_or_default(),
        ];
        error.scrubbed(&secrets)
    }
}
