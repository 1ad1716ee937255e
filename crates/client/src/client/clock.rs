//! The server's time, as its answers tell it.

use std::{
    sync::atomic::{AtomicI64, Ordering::Relaxed},
    time::UNIX_EPOCH,
};

use http::{HeaderMap, header};

use crate::token::Wall;

/// Answers are dated to the second and travel: a smaller difference says nothing. In milliseconds.
pub(crate) const NOISE: i64 = 1_500;

/// This machine's clock, and how far the server's is ahead.
pub(crate) struct Clock {
    wall: Wall,
    ahead: AtomicI64,
}

impl Clock {
    pub(crate) fn new(wall: Wall) -> Self {
        let ahead = AtomicI64::new(0);
        Clock { wall, ahead }
    }

    /// Now at the server, in milliseconds UTC.
    pub(crate) fn now_ms(&self) -> i64 {
        (self.wall)() + self.ahead.load(Relaxed)
    }

    /// Learns the server's time.
    pub(crate) fn dated(&self, server: i64) {
        let ahead = server - (self.wall)();
        if (self.ahead.load(Relaxed) - ahead).abs() > NOISE {
            self.ahead.store(ahead, Relaxed);
        }
    }
}

/// An answer's date, the middle of its second, in milliseconds UTC.
pub(crate) fn date(headers: &HeaderMap) -> Option<i64> {
    let date = headers.get(header::DATE)?.to_str().ok()?;
    let since = httpdate::parse_http_date(date).ok()?;
    let since = since.duration_since(UNIX_EPOCH).ok()?;
    Some(i64::try_from(since.as_millis()).ok()? + 500)
}
