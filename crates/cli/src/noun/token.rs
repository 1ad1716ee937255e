//! `qun token`.

use anyhow::Result;
use clap::Args;
use jiff::Timestamp;
use qun_client::{TokenKey, TokenStore};
use qun_protocol::{Endpoint, gettoken::GetToken, ip_list::ApiAddresses};
use serde_json::{Map, Value, json};

use crate::{
    connect::{Common, Session, tokens},
    output::progress,
};

/// Print an access token of the app, for calls with curl.
#[derive(Args)]
pub(crate) struct Noun {
    #[command(flatten)]
    common: Common,
}

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    // A call that costs nothing shows whether the token that is kept still serves, and brings another where not.
    let called = session.send(ApiAddresses {}).await;
    let client = session.client()?;
    let key = TokenKey::new(client.base_url(), client.corpid(), &session.secret()?);
    let kept = match tokens() {
        Some(store) => store.load(&key).await?,
        None => None,
    };
    let (token, seconds) = match kept {
        Some(kept) => {
            let left = kept.ends_ms - Timestamp::now().as_millisecond();
            (kept.value, left / 1000)
        }
        None => {
            called?;
            let token = gettoken(&session).await?;
            let text = token.get("access_token").and_then(Value::as_str);
            let seconds = token.get("expires_in").and_then(Value::as_i64);
            (text.unwrap_or_default().to_owned(), seconds.unwrap_or(0))
        }
    };
    let value = json!({ "access_token": token, "expires_in": seconds });
    session.output.bare(&token, &value)
}

/// The answer of gettoken, which tells whether the secret is good.
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
