//! The documents' stories, told with the SDK. Each is a program; this is what they share.
//!
//! ```console
//! $ qun up                                  # prints the URL, the corpid and the secrets
//! $ export QUN_URL=http://127.0.0.1:7800 QUN_CORPID=wwqundemo000000001 QUN_SECRET=…
//! $ cargo run -p qun-examples --bin project_group
//! ```

use std::{env, error::Error};

use qun_client::{
    Client,
    juzi::{JUZI, JuziClient},
};

/// A client for the app that `QUN_CORPID` and `QUN_SECRET` name, at `QUN_URL` or else at the cloud.
///
/// # Errors
/// Where a variable is missing or the URL is none.
pub fn client() -> Result<Client, Box<dyn Error>> {
    let variable = |name: &str| env::var(name).map_err(|_| format!("set {name}"));
    let builder = Client::builder(variable("QUN_CORPID")?, variable("QUN_SECRET")?);
    Ok(builder.build()?)
}

/// A client for the accounts that `QUN_JUZI_TOKEN` selects, at `QUN_URL` or else at Juzi.
///
/// # Errors
/// Where the variable is missing or the URL is none.
pub fn juzi() -> Result<JuziClient, Box<dyn Error>> {
    let token = env::var("QUN_JUZI_TOKEN").map_err(|_| "set QUN_JUZI_TOKEN")?;
    let url = env::var("QUN_URL").unwrap_or_else(|_| JUZI.to_owned());
    Ok(JuziClient::new(&url, &token)?)
}
