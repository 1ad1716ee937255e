//! Tokens in a file that processes share.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use super::{StoredToken, TokenKey, TokenStore, Turn, store::keep_newer, system_ms};

/// How long to wait before a lock is tried again.
const AGAIN: Duration = Duration::from_millis(15);

/// Keeps tokens in a file, for all processes of one user on this machine: one of them fetches, the others read. The file is
/// made with mode 0600 and replaced as a whole; one that others could read is refused, one that is no store's is taken as
/// empty. Beside it lie small lock files, which stay.
///
/// ```no_run
/// use qun_client::{Client, FileStore};
///
/// # fn example() -> Result<(), qun_client::Error> {
/// let wecom = Client::builder("ww0123456789abcdef", "the app's secret")
///     .token_store(FileStore::new("/var/lib/reports/tokens.json"))
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FileStore {
    path: PathBuf,
}

#[derive(Default, Serialize, Deserialize)]
struct Content {
    tokens: BTreeMap<String, StoredToken>,
}

impl FileStore {
    /// One at this path, in a folder that is there. The file need not be.
    ///
    /// ```
    /// let store = qun_client::FileStore::new("/var/lib/reports/tokens.json");
    /// ```
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(ending);
        name.into()
    }

    fn read(&self) -> io::Result<Content> {
        let bytes = match File::open(&self.path) {
            Ok(file) => {
                private(&file, &self.path)?;
                io::read_to_string(file)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Content::default()),
            Err(error) => return Err(error),
        };
        let read = bytes.and_then(|text| serde_json::from_str(&text).map_err(Into::into));
        Ok(read.unwrap_or_else(|_| {
            tracing::warn!(path = %self.path.display(), "the token file cannot be read and is taken as empty");
            Content::default()
        }))
    }

    fn write(&self, key: &str, token: StoredToken) -> io::Result<()> {
        let lock = lock_file(&self.beside(".lock"))?;
        lock.lock()?;
        let mut content = self.read()?;
        let now = system_ms();
        content.tokens.retain(|_, token| token.ends_ms > now);
        let mut slot = content.tokens.remove(key);
        keep_newer(&mut slot, token);
        content
            .tokens
            .extend(slot.map(|token| (key.to_owned(), token)));
        let folder = match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        // Made with mode 0600, and put in place at once: no reader ever sees half of it.
        let mut next = tempfile::NamedTempFile::new_in(folder)?;
        next.write_all(&serde_json::to_vec(&content)?)?;
        next.persist(&self.path)?;
        Ok(())
    }
}

#[cfg(unix)]
fn private(file: &File, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if file.metadata()?.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    let message = format!(
        "the token file {} is open to others; make it private with chmod 600, or remove it",
        path.display()
    );
    Err(io::Error::new(io::ErrorKind::PermissionDenied, message))
}

#[cfg(not(unix))]
fn private(_: &File, _: &Path) -> io::Result<()> {
    Ok(())
}

fn lock_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Runs what may wait for the disk or for a lock beside the runtime.
fn beside_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> BoxFuture<'static, io::Result<T>> {
    Box::pin(async move {
        let done = tokio::task::spawn_blocking(work).await;
        done.unwrap_or_else(|error| Err(io::Error::other(error)))
    })
}

impl TokenStore for FileStore {
    fn turn<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, io::Result<Turn>> {
        let digits = &key.as_str()[..16];
        let path = self.beside(&format!(".{digits}.lock"));
        Box::pin(async move {
            let file = lock_file(&path)?;
            // Trying again and again can be cancelled, a thread that waits in a lock cannot.
            loop {
                match file.try_lock() {
                    Ok(()) => return Ok(Turn::holding(file)),
                    Err(TryLockError::WouldBlock) => tokio::time::sleep(AGAIN).await,
                    Err(TryLockError::Error(error)) => return Err(error),
                }
            }
        })
    }

    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, io::Result<Option<StoredToken>>> {
        let (this, key) = (self.clone(), key.clone());
        beside_the_runtime(move || Ok(this.read()?.tokens.remove(key.as_str())))
    }

    fn save<'a>(&'a self, key: &'a TokenKey, token: StoredToken) -> BoxFuture<'a, io::Result<()>> {
        let (this, key) = (self.clone(), key.clone());
        beside_the_runtime(move || this.write(key.as_str(), token))
    }
}

impl FileStore {
    /// Forgets every token, as when somebody logs out.
    ///
    /// # Errors
    /// Where the file cannot be removed.
    ///
    /// ```no_run
    /// let store = qun_client::FileStore::new("/var/lib/reports/tokens.json");
    /// store.clear()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn clear(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(value: &str, asked_ms: i64) -> StoredToken {
        StoredToken {
            value: value.into(),
            asked_ms,
            renew_ms: i64::MAX,
            ends_ms: i64::MAX,
        }
    }

    fn key(secret: &str) -> TokenKey {
        TokenKey::new("http://127.0.0.1", "ww1", secret)
    }

    #[tokio::test]
    async fn keys_live_together_and_the_newer_token_stays() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::new(folder.path().join("tokens.json"));
        assert_eq!(store.load(&key("a")).await.unwrap(), None);
        store.save(&key("a"), token("new", 2)).await.unwrap();
        store.save(&key("b"), token("other", 1)).await.unwrap();
        store.save(&key("a"), token("old", 1)).await.unwrap();
        assert_eq!(store.load(&key("a")).await.unwrap().unwrap().value, "new");
        assert_eq!(store.load(&key("b")).await.unwrap().unwrap().value, "other");
        store.clear().unwrap();
        assert_eq!(store.load(&key("a")).await.unwrap(), None);
    }

    #[tokio::test]
    async fn what_is_no_store_is_empty_and_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.json");
        let store = FileStore::new(&path);
        store.save(&key("a"), token("x", 1)).await.unwrap();
        for garbage in [&b"{\"tokens\":{\"half"[..], b"\xff\xfe", b"[]", b""] {
            fs::write(&path, garbage).unwrap();
            assert_eq!(store.load(&key("a")).await.unwrap(), None);
            store.save(&key("a"), token("y", 2)).await.unwrap();
            assert_eq!(store.load(&key("a")).await.unwrap().unwrap().value, "y");
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_file_is_private_and_an_open_one_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.json");
        let store = FileStore::new(&path);
        store.save(&key("a"), token("x", 1)).await.unwrap();
        let _turn = store.turn(&key("a")).await.unwrap();
        for entry in fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
        }
        for open in [0o644, 0o640, 0o602] {
            fs::set_permissions(&path, fs::Permissions::from_mode(open)).unwrap();
            let error = store.load(&key("a")).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
            assert!(error.to_string().contains("chmod 600"), "{error}");
            assert!(store.save(&key("a"), token("y", 2)).await.is_err());
        }
    }

    #[tokio::test]
    async fn one_at_a_time_has_the_turn_of_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::new(folder.path().join("tokens.json"));
        let turn = store.turn(&key("a")).await.unwrap();
        let short = Duration::from_millis(60);
        assert!(
            tokio::time::timeout(short, store.turn(&key("a")))
                .await
                .is_err()
        );
        assert!(store.turn(&key("b")).await.is_ok());
        drop(turn);
        assert!(store.turn(&key("a")).await.is_ok());
    }
}
