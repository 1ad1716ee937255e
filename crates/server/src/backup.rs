//! Copies of a data directory: the database, the files that its rows name, and the credentials.

use std::{
    fmt, fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use qun_store::backup::{self as store, Blob, Database, Progress, Step};

use crate::{
    blob::{copy, make_dir, sync_dir},
    credentials::Credentials,
};

const MEDIA: &str = "media";
const CREDENTIALS: &str = "credentials.json";
/// Rows that are read at a time.
const ROWS: usize = 1000;

/// Why there is no copy; nothing of it is left behind. The text names the place.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The target is there already.
    #[error("{0} exists already; nothing is overwritten, so name one that does not exist")]
    Exists(PathBuf),
    /// The directory to restore is in use by a server or somebody else.
    #[error("{0} is not empty; nothing is overwritten, so name another directory, or move it away")]
    NotEmpty(PathBuf),
    /// There is nothing to copy.
    #[error("{} holds no data of a server: there is no {} in it", .0.display(), store::FILE)]
    NoData(PathBuf),
    /// A file is not as its row says.
    #[error("{0}: {1}")]
    Damaged(PathBuf, Damage),
    /// A file or directory cannot be used.
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    /// A database cannot be used, or is damaged.
    #[error("{0}")]
    Store(#[from] qun_store::Error),
    /// It was asked to stop.
    #[error("stopped; nothing is left of the copy")]
    Stopped,
}

/// What is wrong with a file that a row names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// It is not there.
    Missing,
    /// Its bytes, and those that its row names.
    Size(u64, i64),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Damage::Missing => f.write_str("the file is missing, and the database names it"),
            Damage::Size(is, row) => {
                write!(f, "the file has {is} bytes, and the database says {row}")
            }
        }
    }
}

type Result<T> = std::result::Result<T, BackupError>;

fn file(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |error| BackupError::File(path, error)
}

/// What was copied, and verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The schema's number.
    pub schema: i64,
    /// Bytes of the database.
    pub database: u64,
    /// Files that its rows name.
    pub files: u64,
    /// Bytes of these files.
    pub bytes: u64,
}

/// Copies the data directory `source` to `target`, which must not exist, and verifies the copy.
///
/// A server may be running on `source`: the copy is of the moment at which it began, and everything that was
/// acknowledged before is in it. `target` appears when it is whole and durable; after an error nothing is left. It blocks.
pub fn backup(source: &Path, target: &Path, progress: &Progress) -> Result<Copied> {
    unless_stopped(progress, || {
        if target.symlink_metadata().is_ok() {
            return Err(BackupError::Exists(target.to_owned()));
        }
        transfer(source, target, progress)
    })
}

/// Makes the data directory `target` from `source`, which [`backup`] made; both are verified.
///
/// `target` must not exist or be an empty directory, and no server may use either. It appears when it is whole and
/// durable; after an error nothing is left. It blocks.
pub fn restore(source: &Path, target: &Path, progress: &Progress) -> Result<Copied> {
    unless_stopped(progress, || {
        for directory in [source, target] {
            if store::is_held(directory)? {
                return Err(qun_store::Error::Locked(directory.display().to_string()).into());
            }
        }
        let target = match target.canonicalize() {
            Ok(there) => {
                let mut entries = fs::read_dir(&there).map_err(file(&there))?;
                if entries.next().is_some() {
                    return Err(BackupError::NotEmpty(there));
                }
                there
            }
            Err(_) if target.symlink_metadata().is_err() => target.to_owned(),
            Err(error) => return Err(BackupError::File(target.to_owned(), error)),
        };
        verify(source, progress)?;
        make_dir(parent(&target)).map_err(file(&target))?;
        transfer(source, &target, progress)
    })
}

/// What fails after a wish to stop has failed for that reason.
fn unless_stopped<T>(progress: &Progress, work: impl FnOnce() -> Result<T>) -> Result<T> {
    work().map_err(|error| match progress.is_stopped() {
        true => BackupError::Stopped,
        false => error,
    })
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Copies into a directory beside the target, and gives it the target's name when it is whole.
fn transfer(source: &Path, target: &Path, progress: &Progress) -> Result<Copied> {
    let database = open(source)?;
    let parent = parent(target);
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let half = tempfile::Builder::new()
        .prefix(&format!(".{name}.unfinished-"))
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir_in(parent)
        .map_err(file(parent))?;
    // The database first: a file is written before its row, so each row of the copy had its file.
    let copy = database.copy_to(half.path(), progress)?;
    copy_files(&database, &copy, source, half.path(), progress)?;
    drop(copy);
    copy_credentials(source, half.path())?;
    let copied = verify(half.path(), progress)?;
    copy::sync_tree(half.path()).map_err(file(half.path()))?;
    // Onto an empty directory this works too, and onto anything else it does not.
    fs::rename(half.path(), target).map_err(file(target))?;
    let _ = half.keep();
    sync_dir(parent).map_err(file(parent))?;
    Ok(copied)
}

fn open(directory: &Path) -> Result<Database> {
    if !directory.join(store::FILE).is_file() {
        return Err(BackupError::NoData(directory.to_owned()));
    }
    Ok(Database::open(directory)?)
}

/// Copies the files that the rows of `copy` name. A file that was swept since then loses its row in the copy too.
fn copy_files(
    database: &Database,
    copy: &Database,
    source: &Path,
    target: &Path,
    progress: &Progress,
) -> Result<()> {
    progress.begin(Step::Files, copy.files()?.1);
    let (from, to) = (source.join(MEDIA), target.join(MEDIA));
    let mut swept = Vec::new();
    each_file(copy, progress, |row| {
        let (from, to) = (blob(&from, row)?, blob(&to, row)?);
        let copied =
            sound(&from, row).and_then(|()| copy::copy(&from, &to, progress).map_err(file(&from)));
        match copied {
            // A row is removed before its file, so a file without reason has its row still.
            Err(_) if missing(&from) && !database.has(row)? => swept.push(row.clone()),
            copied => copied?,
        }
        Ok(())
    })?;
    Ok(copy.forget(&swept)?)
}

fn copy_credentials(source: &Path, target: &Path) -> Result<()> {
    let (from, to) = (source.join(CREDENTIALS), target.join(CREDENTIALS));
    match Credentials::load(&from).map_err(file(&from))? {
        Some(credentials) => credentials.save(&to).map_err(file(&to)),
        None => Ok(()),
    }
}

/// Checks a directory that no server uses: the database from end to end, each file that it names, the credentials.
fn verify(directory: &Path, progress: &Progress) -> Result<Copied> {
    let database = open(directory)?;
    let schema = database.check(progress)?;
    let (mut files, mut bytes) = (0, 0);
    each_file(&database, progress, |row| {
        let path = blob(&directory.join(MEDIA), row)?;
        sound(&path, row)?;
        files += 1;
        bytes += u64::try_from(row.size).unwrap_or(0);
        Ok(())
    })?;
    let credentials = directory.join(CREDENTIALS);
    Credentials::load(&credentials).map_err(file(&credentials))?;
    let path = directory.join(store::FILE);
    Ok(Copied {
        schema,
        database: copy::size(&path).map_err(file(&path))?,
        files,
        bytes,
    })
}

fn each_file(
    database: &Database,
    progress: &Progress,
    mut f: impl FnMut(&Blob) -> Result<()>,
) -> Result<()> {
    let mut last = None;
    loop {
        let page = database.files_after(last.as_ref(), ROWS)?;
        let Some(end) = page.last().cloned() else {
            return Ok(());
        };
        for row in &page {
            if progress.is_stopped() {
                return Err(BackupError::Stopped);
            }
            f(row)?;
        }
        last = Some(end);
    }
}

fn blob(dir: &Path, row: &Blob) -> Result<PathBuf> {
    copy::path(dir, row.corp, &row.blob).map_err(file(dir))
}

fn missing(path: &Path) -> bool {
    copy::size(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// Whether a file is as its row says.
fn sound(path: &Path, row: &Blob) -> Result<()> {
    let damaged = |damage| Err(BackupError::Damaged(path.to_owned(), damage));
    match copy::size(path) {
        Ok(size) if i64::try_from(size) == Ok(row.size) => Ok(()),
        Ok(size) => damaged(Damage::Size(size, row.size)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => damaged(Damage::Missing),
        Err(error) => Err(file(path)(error)),
    }
}

#[cfg(test)]
mod tests;
