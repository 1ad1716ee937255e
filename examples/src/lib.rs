//! The documents' stories, told with the SDK. Each is a program; this is what they share.
//!
//! ```console
//! $ qun up                                  # prints the URL, the corpid and the secrets
//! $ export QUN_URL=http://127.0.0.1:7800 QUN_CORPID=wwqundemo000000001 QUN_SECRET=…
//! $ cargo run -p qun-examples --bin project_group
//! ```

use std::{env, error::Error};

use qun_client::Client;

/// A client for the app that `QUN_CORPID` and `QUN_SECRET` name, at `QUN_URL` or else at the cloud.
///
/// # Errors
/// Where a variable is missing or the URL is none.
pub fn client() -> Result<Client, Box<dyn Error>> {
    let variable = |name: &str| env::var(name).map_err(|_| format!("set {name}"));
    let builder = Client::builder(variable("QUN_CORPID")?, variable("QUN_SECRET")?);
    Ok(builder.build()?)
}
