//! `qun token`.

use anyhow::Result;
use clap::Args;
use qun_protocol::{Endpoint, gettoken::GetToken};
use serde_json::{Map, Value};

use crate::{
    connect::{Common, Session},
    progress,
};

/// Print an access token of the app, for calls with curl.
#[derive(Args)]
pub(crate) struct Noun {
    #[command(flatten)]
    common: Common,
}

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    let mut token = gettoken(&session).await?;
    for name in ["errcode", "errmsg"] {
        token.shift_remove(name);
    }
    let bare = token.get("access_token").and_then(Value::as_str);
    session.output.bare(bare.unwrap_or_default(), &token)
}

/// The answer of gettoken.
pub(super) async fn gettoken(session: &Session) -> Result<Map<String, Value>> {
    let request = GetToken {
        corpid: session.target.corpid.as_deref().map(Into::into),
        corpsecret: Some(session.secret()?),
    };
    let Value::Object(fields) = serde_json::to_value(&request)? else {
        return Ok(Map::new());
    };
    let calling = session.client()?.call(&GetToken::META, fields);
    match progress::during(&session.output, GetToken::META.title, calling).await? {
        Value::Object(token) => Ok(token),
        _ => Ok(Map::new()),
    }
}
