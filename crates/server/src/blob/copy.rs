//! Copying blobs from one directory to another, outside of a server.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use qun_store::backup::Progress;

use super::{
    check,
    files::{make_dir, place, sync_dir},
};

/// Copied at a time.
const PIECE: usize = 1024 * 1024;

/// Where a blob lies below a directory of blobs. Fails with `NotFound` for what is no blob's id.
pub(crate) fn path(dir: &Path, corp: i64, blob: &str) -> io::Result<PathBuf> {
    check(blob)?;
    Ok(place(dir, corp, blob))
}

/// The size of a file, which must be an ordinary one. Fails with `NotFound` when there is none.
pub(crate) fn size(path: &Path) -> io::Result<u64> {
    let metadata = fs::metadata(path)?;
    if metadata.is_file() {
        Ok(metadata.len())
    } else {
        Err(io::Error::other("it is no file"))
    }
}

/// Copies a file, making the directories above it. It is durable after [`sync_tree`].
pub(crate) fn copy(from: &Path, to: &Path, progress: &Progress) -> io::Result<()> {
    let mut source = File::open(from)?;
    if let Some(dir) = to.parent() {
        make_dir(dir)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut target = options.open(to)?;
    let mut piece = vec![0; PIECE];
    loop {
        if progress.is_stopped() {
            return Err(io::Error::other("it was stopped"));
        }
        match source.read(&mut piece)? {
            0 => return Ok(()),
            n => {
                target.write_all(&piece[..n])?;
                progress.add(n as u64);
            }
        }
    }
}

/// Makes everything below a directory durable, and the names in it.
pub(crate) fn sync_tree(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_tree(&entry.path())?;
        } else {
            File::open(entry.path())?.sync_all()?;
        }
    }
    sync_dir(dir)
}
