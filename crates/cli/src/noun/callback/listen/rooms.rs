//! What a group of hosted accounts is told.

use anyhow::Result;
use axum::Router;
use qun_client::{
    callback::Fault,
    juzi::{Event, Receiver},
    protocol::{
        CorpId,
        manage::{ChangeHosting, HostingShown, Hostings},
        room::{JOINED, LOADED, Synced},
    },
};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{Listen, Prepared, Printing, Target, Told, print};
use crate::{
    connect::Session,
    noun::room::hosting,
    output::{moment, tell},
};

/// Where events are told below.
const PATH: &str = "/juzi";

/// Nothing where the group is told elsewhere and shall be so.
pub(super) async fn prepare(
    session: &Session,
    listen: &Listen,
    target: Option<Target>,
    printer: mpsc::Sender<Printing>,
) -> Result<Option<Prepared>> {
    let group = match listen.group.clone() {
        Some(id) => match Group::of(session, Some(id).filter(|id| !id.is_empty())).await? {
            Some(group) => Some(group),
            None => return Ok(None),
        },
        None => None,
    };
    Ok(Some(Prepared {
        told: group.map(Told::Group),
        path: PATH,
        router: Router::new().nest_service(PATH, receiver(target, printer)),
    }))
}

/// The group of hosted accounts whose events come here while this listens.
pub(super) struct Group {
    corpid: CorpId,
    group: String,
    /// Where it was told before.
    before: String,
}

impl Group {
    /// Nothing where it is told elsewhere and shall be so.
    async fn of(session: &Session, named: Option<String>) -> Result<Option<Self>> {
        let corpid = session.corpid().await?;
        let group = hosting::group(session, named).await?;
        let shown = shown(session, &corpid, &group).await?;
        let before = shown.and_then(|it| it.callback_url).unwrap_or_default();
        if !before.is_empty() {
            let question =
                format!("The group is told at {before}. Replace that while this listens?");
            if !session.confirm(&question)? {
                return Ok(None);
            }
        }
        Ok(Some(Self {
            corpid,
            group,
            before,
        }))
    }

    async fn set(&self, session: &Session, url: &str) -> Result<()> {
        let set = ChangeHosting {
            corpid: self.corpid.clone(),
            group: self.group.clone(),
            callback_url: Some(url.to_owned()),
            ..ChangeHosting::default()
        };
        session.change(set).await.map(drop)
    }

    pub(super) async fn tell(&self, session: &Session, url: &str) -> Result<()> {
        self.set(session, url).await
    }

    /// Puts back what was before, unless somebody has set another URL meanwhile.
    pub(super) async fn tell_no_longer(&self, session: &Session, url: &str) -> Result<()> {
        let shown = shown(session, &self.corpid, &self.group).await?;
        if shown.and_then(|it| it.callback_url).as_deref() == Some(url) {
            self.set(session, &self.before).await?;
        }
        Ok(())
    }
}

/// A group as the server has it now.
async fn shown(session: &Session, corpid: &CorpId, group: &str) -> Result<Option<HostingShown>> {
    let corpid = corpid.clone();
    let mut hostings = session
        .send(Hostings { corpid })
        .await?
        .hostings
        .into_iter();
    Ok(hostings.find(|it| it.group == group))
}

/// Prints each, and then passes it on.
fn receiver(target: Option<Target>, printer: mpsc::Sender<Printing>) -> Receiver {
    Receiver::with_body(move |event, body| {
        let (printer, target) = (printer.clone(), target.clone());
        async move {
            let (path, room) = match &event {
                Event::Joined(room) => (JOINED, Some(room)),
                Event::Loaded(room) => (LOADED, Some(room)),
                Event::Other { path, .. } => (path.as_str(), None),
                _ => ("", None),
            };
            let whole: Value = serde_json::from_slice(&body)?;
            let json = json!({ "path": path, "body": whole });
            print(&printer, cells(path, room), json).await?;
            if let Some(target) = target {
                let sent = target.post(path, "application/json", body).await;
                sent.inspect_err(|error| {
                    tell(format!("not forwarded, it will come again: {error}"));
                })?;
            }
            Ok::<_, Fault>(())
        }
    })
}

/// Time, account, event, room, name and number of members.
fn cells(path: &str, room: Option<&Synced>) -> Vec<String> {
    let event = path.trim_start_matches('/').to_owned();
    let Some(room) = room else {
        return vec![String::new(), String::new(), event];
    };
    vec![
        moment(room.synced_time / 1000),
        room.bot_info.weixin.clone(),
        event,
        room.wxid.clone(),
        room.topic.clone(),
        room.members.len().to_string(),
    ]
}
