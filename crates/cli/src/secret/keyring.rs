//! The system's keyring: the Secret Service (GNOME Keyring, KWallet, KeePassXC …), Apple's Keychain, the Credential Manager
//! of Windows. An entry is an app's secret, of the service `qun`, for the user that is the profile's name.

use std::sync::Arc;

use anyhow::{Context, Result};
use keyring_core::{CredentialStore, Entry, Error};

use crate::failure::not_found;

const SERVICE: &str = "qun";

/// The secret that a profile keeps there.
pub(crate) fn read(profile: &str) -> Result<String> {
    match entry(profile)?.get_password() {
        Ok(secret) => Ok(secret),
        Err(Error::NoEntry) => Err(not_found(format!(
            "the keyring holds no secret of the profile {profile:?}; say: qun profile set {profile} --keyring"
        ))),
        Err(error) => Err(error).context("the keyring cannot be read"),
    }
}

/// Keeps a profile's secret there, instead of one that it kept before.
pub(crate) fn write(profile: &str, secret: &str) -> Result<()> {
    let kept = entry(profile)?.set_password(secret);
    kept.context("the keyring cannot be written")
}

/// Removes a profile's secret. Where there is none, nothing is done.
pub(crate) fn remove(profile: &str) -> Result<()> {
    match entry(profile)?.delete_credential() {
        Ok(()) | Err(Error::NoEntry) => Ok(()),
        Err(error) => Err(error).context("the keyring cannot be written"),
    }
}

fn entry(profile: &str) -> Result<Entry> {
    let none = "no keyring answers; use --secret-file or --secret-env instead";
    let entry = store().context(none)?.build(SERVICE, profile, None);
    entry.context("the keyring does not take the profile's name")
}

#[cfg(target_os = "macos")]
fn store() -> Result<Arc<CredentialStore>, Error> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(windows)]
fn store() -> Result<Arc<CredentialStore>, Error> {
    Ok(windows_native_keyring_store::Store::new()?)
}

#[cfg(all(unix, not(target_os = "macos")))]
fn store() -> Result<Arc<CredentialStore>, Error> {
    Ok(dbus_secret_service_keyring_store::Store::new()?)
}
