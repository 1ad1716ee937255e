//! How fast the disk makes small writes durable: what any durable answer has to wait for.

use std::io::{Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// Flushes one after another.
pub(crate) struct Flushes {
    pub(crate) per_second: f64,
    /// µs.
    pub(crate) median: f64,
}

/// A write-ahead log is written over again: its file has its size already.
const LENGTH: u64 = 4 << 20;

/// Writes 4 KiB over what is there and flushes, for `time`, in a file in `folder`.
pub(crate) fn measure(folder: &Path, time: Duration) -> Result<Flushes> {
    let mut file = tempfile::tempfile_in(folder)
        .with_context(|| format!("cannot write in {}", folder.display()))?;
    let page = [7; 4096];
    for _ in 0..LENGTH / page.len() as u64 {
        file.write_all(&page)?;
    }
    file.sync_all()?;
    let mut micros = Vec::new();
    let start = Instant::now();
    while micros.is_empty() || start.elapsed() < time {
        if file.stream_position()? >= LENGTH {
            file.rewind()?;
        }
        let before = Instant::now();
        file.write_all(&page)?;
        // fdatasync on Linux.
        file.sync_data()?;
        micros.push(before.elapsed().as_secs_f64() * 1e6);
    }
    Ok(Flushes {
        per_second: micros.len() as f64 / start.elapsed().as_secs_f64(),
        median: crate::report::median(&micros),
    })
}
