//! One call from its fields to its answer: room, token, what is sent again, what is learned.

use std::time::Duration;

use qun_protocol::{Auth, Body, ChatId, Endpoint, Meta, appchat};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    Attachment, Client, Error, Incoming,
    media::{broken, is_file},
    pace::Booking,
    token::Handed,
    wire::{Answer, Opened, answer, multipart::Form, pause, request},
};

/// What came back.
enum Reply {
    Json(Value),
    File(Opened),
}

impl Client {
    pub(crate) async fn incoming(
        &self,
        meta: &'static Meta,
        fields: Map<String, Value>,
    ) -> Result<Incoming, Error> {
        if !meta.file {
            return Err(Error::invalid(format!("{} gives no file", meta.path)));
        }
        match self.exchange(meta, fields, None).await? {
            Reply::File(opened) => {
                let this = self.clone();
                Ok(Incoming::new(opened, move |detail| {
                    this.clean(broken(detail), None)
                }))
            }
            Reply::Json(value) => {
                let answer = Answer {
                    status: 200,
                    body: value.to_string().into(),
                };
                Err(self.clean(answer::undecodable(meta, &answer), None))
            }
        }
    }

    pub(super) async fn json(
        &self,
        meta: &'static Meta,
        fields: Map<String, Value>,
        file: Option<&Attachment>,
    ) -> Result<Value, Error> {
        match self.exchange(meta, fields, file).await? {
            Reply::Json(value) => Ok(value),
            Reply::File(_) => Err(Error::invalid(format!(
                "{} answered with a file",
                meta.path
            ))),
        }
    }

    /// Sends, and again where that is certainly not twice.
    async fn exchange(
        &self,
        meta: &'static Meta,
        fields: Map<String, Value>,
        file: Option<&Attachment>,
    ) -> Result<Reply, Error> {
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
        let mut room = self.room(meta, &fields).await?;
        let again = form.as_ref().is_none_or(Form::again);
        let (mut fresh, mut renewed, mut busy) = (None, false, 0);
        let result = loop {
            let token = match (meta.auth, fresh.take()) {
                (Auth::AccessToken, None) => Some(self.0.tokens.get().await?),
                (_, fresh) => fresh,
            };
            room.used();
            let result = self
                .once(meta, fields.clone(), token.as_ref(), form.as_ref())
                .await;
            let code = result.as_ref().err().and_then(Error::code);
            if code.is_some() {
                room.unused();
            }
            match (code, &token) {
                (Some(40014 | 42001), Some(refused)) if !renewed => {
                    renewed = true;
                    // A new token is there for the next call in any case.
                    fresh = Some(self.0.tokens.after(refused).await?);
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
        self.learn(meta, &fields, &result, &mut room);
        result
    }

    async fn once(
        &self,
        meta: &'static Meta,
        fields: Map<String, Value>,
        token: Option<&Handed>,
        form: Option<&Form<'_>>,
    ) -> Result<Reply, Error> {
        let wire = &self.0.wire;
        let value = token.map(|token| &*token.value);
        let result = async {
            let request = request::build(&wire.base_url, meta, fields, value, form)?;
            let opened = wire.open(meta, &request, form, Duration::ZERO).await?;
            self.0.pacing.dated(opened.headers());
            if meta.file && is_file(&opened) {
                return Ok(Reply::File(opened));
            }
            let answer = opened.read(meta).await?;
            answer::read(meta, &answer).map(Reply::Json)
        };
        result.await.map_err(|error| self.clean(error, value))
    }

    /// Room within the limits that the call spends.
    async fn room(
        &self,
        meta: &'static Meta,
        fields: &Map<String, Value>,
    ) -> Result<Booking, Error> {
        let pacing = &self.0.pacing;
        let mut members = 1;
        if meta.path == appchat::Send::META.path
            && pacing.is_on()
            && let Some(chatid) = chatid(fields)
        {
            if pacing.members(&chatid).is_none() && pacing.is_tight(meta) {
                // Its answer is learned like any other. Where it is refused, so will be the message.
                let get = appchat::Get {
                    chatid: Some(chatid.clone()),
                };
                let fields = request::fields(&get)?;
                let _ = Box::pin(self.exchange(&appchat::Get::META, fields, None)).await;
                members = pacing.members(&chatid).unwrap_or(1);
            } else {
                let most = || pacing.most_members();
                members = pacing.members(&chatid).unwrap_or_else(most);
            }
        }
        pacing.room(meta, members).await
    }

    /// Keeps what a call tells about limits and members.
    fn learn(
        &self,
        meta: &'static Meta,
        fields: &Map<String, Value>,
        result: &Result<Reply, Error>,
        room: &mut Booking,
    ) {
        let pacing = &self.0.pacing;
        if !pacing.is_on() {
            return;
        }
        let answer = match result {
            Ok(Reply::Json(answer)) => answer,
            Ok(Reply::File(_)) => return pacing.answered(meta, false),
            Err(Error::Quota { .. }) => return pacing.answered(meta, true),
            Err(Error::Transport { .. }) => return room.unused(),
            Err(_) => return,
        };
        pacing.answered(meta, false);
        let count = |list: &Value| list.as_array().map(Vec::len);
        let path = meta.path;
        if path == appchat::Create::META.path {
            let made: Option<ChatId> = ChatId::deserialize(&answer["chatid"]).ok();
            if let (Some(made), Some(list)) = (made, fields.get("userlist")) {
                // With an owner from outside it is one more.
                pacing.learn(&made, count(list).map(|members| members + 1));
            }
            return;
        }
        let Some(chatid) = chatid(fields) else { return };
        if path == appchat::Get::META.path {
            pacing.learn(&chatid, count(&answer["chat_info"]["userlist"]));
        } else if path == appchat::Members::META.path {
            pacing.learn(&chatid, count(&answer["userlist"]));
        } else if path == appchat::Update::META.path || path == appchat::Quit::META.path {
            pacing.learn(&chatid, None);
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

fn chatid(fields: &Map<String, Value>) -> Option<ChatId> {
    let chatid = fields.get("chatid")?.as_str()?;
    (!chatid.is_empty()).then(|| chatid.into())
}
