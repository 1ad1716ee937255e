//! Blobs in files: `<corp>/<first two characters>/<id>`, unfinished ones in `unfinished/<id>`.

use std::{
    cmp,
    fs::{self, DirBuilder, DirEntry, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    mem,
    ops::Range,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use futures_util::{StreamExt, stream};

use super::{CHUNK, Content, blocking, is_id, too_short};

const UNFINISHED: &str = "unfinished";

/// A directory of blobs.
pub(crate) struct Files {
    dir: PathBuf,
}

impl Files {
    /// Opens the directory, which is made (for its owner only) if absent.
    pub(crate) fn open(dir: PathBuf) -> io::Result<Self> {
        make_dir(&dir.join(UNFINISHED))?;
        sync_dir(&dir)?;
        Ok(Self { dir })
    }

    pub(super) async fn create(&self, corp: i64, id: String) -> io::Result<Unfinished> {
        let path = self.dir.join(UNFINISHED).join(&id);
        let root = self.dir.clone();
        blocking(move || {
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            Ok(Unfinished {
                file: options.open(&path)?,
                path,
                root,
                corp,
                id,
                kept: false,
            })
        })
        .await
    }

    pub(super) async fn read(
        &self,
        corp: i64,
        blob: &str,
        range: Range<u64>,
    ) -> io::Result<Content> {
        let path = place(&self.dir, corp, blob);
        let file = blocking(move || {
            let mut file = File::open(path)?;
            if file.metadata()?.len() < range.end {
                return Err(too_short());
            }
            file.seek(SeekFrom::Start(range.start))?;
            Ok(file)
        })
        .await?;
        let left = range.end.saturating_sub(range.start);
        let pieces = stream::try_unfold((file, left), |(mut file, left)| async move {
            if left == 0 {
                return Ok(None);
            }
            blocking(move || {
                let size = cmp::min(left, CHUNK as u64);
                let mut piece = vec![0; size as usize];
                file.read_exact(&mut piece)?;
                Ok(Some((Bytes::from(piece), (file, left - size))))
            })
            .await
        });
        Ok(pieces.boxed())
    }

    pub(super) async fn remove(&self, corp: i64, blob: &str) -> io::Result<()> {
        let path = place(&self.dir, corp, blob);
        blocking(move || match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
        .await
    }

    pub(super) async fn remove_unfinished(&self) -> io::Result<usize> {
        let dir = self.dir.join(UNFINISHED);
        blocking(move || {
            let mut removed = 0;
            for (_, entry) in named(&dir, is_id)? {
                fs::remove_file(entry.path())?;
                removed += 1;
            }
            Ok(removed)
        })
        .await
    }

    /// Every finished blob. What does not look like one is none of ours and stays unseen.
    pub(super) async fn list(&self) -> io::Result<Vec<(i64, String)>> {
        let dir = self.dir.clone();
        blocking(move || {
            let mut found = Vec::new();
            for (corp, shelves) in named(&dir, |name| corp_of(name).is_some())? {
                let Some(corp) = corp_of(&corp).filter(|_| is_dir(&shelves)) else {
                    continue;
                };
                for (shelf, entry) in named(&shelves.path(), |name| name.len() == 2)? {
                    if is_dir(&entry) {
                        let ours = |name: &str| is_id(name) && name.starts_with(&shelf);
                        let blobs = named(&entry.path(), ours)?;
                        found.extend(blobs.into_iter().map(|(id, _)| (corp, id)));
                    }
                }
            }
            Ok(found)
        })
        .await
    }
}

/// A file that is still being written. Dropped, it is removed.
pub(super) struct Unfinished {
    file: File,
    path: PathBuf,
    root: PathBuf,
    corp: i64,
    id: String,
    kept: bool,
}

impl Unfinished {
    /// Gives itself to the writing thread, so that nothing stays behind if the caller goes away meanwhile.
    pub(super) async fn write(mut self, chunk: Bytes) -> io::Result<Self> {
        blocking(move || {
            self.file.write_all(&chunk)?;
            Ok(self)
        })
        .await
    }

    pub(super) async fn finish(mut self) -> io::Result<String> {
        let mut landed = blocking(move || {
            self.file.sync_all()?;
            let path = place(&self.root, self.corp, &self.id);
            let dirs: Vec<&Path> = path.ancestors().skip(1).take(3).collect();
            make_dir(dirs[0])?;
            fs::rename(&self.path, &path)?;
            self.path = path.clone();
            // Each of them may be new, made by this upload or by one beside it.
            dirs.into_iter().try_for_each(sync_dir)?;
            Ok(self)
        })
        .await?;
        landed.kept = true;
        Ok(mem::take(&mut landed.id))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.kept
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(%error, path = %self.path.display(), "an unfinished upload stays behind until the next start");
        }
    }
}

/// Where a finished blob lies; only for what [`is_id`] passes.
pub(super) fn place(root: &Path, corp: i64, id: &str) -> PathBuf {
    root.join(corp.to_string()).join(&id[..2]).join(id)
}

fn corp_of(name: &str) -> Option<i64> {
    name.parse()
        .ok()
        .filter(|corp: &i64| corp.to_string() == name)
}

fn is_dir(entry: &DirEntry) -> bool {
    entry.file_type().is_ok_and(|kind| kind.is_dir())
}

fn named(dir: &Path, wanted: impl Fn(&str) -> bool) -> io::Result<Vec<(String, DirEntry)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string()
            && wanted(&name)
        {
            found.push((name, entry));
        }
    }
    Ok(found)
}

/// Makes a directory and those above it, for their owner only.
pub(crate) fn make_dir(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Makes the names in a directory durable; other systems than Unix cannot be asked to.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(dir)?.sync_all()?;
    }
    Ok(())
}
