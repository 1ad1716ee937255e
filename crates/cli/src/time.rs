//! Lengths of time as people type them.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// `5s`, `2h 30m`, `30d`, or a bare number of seconds.
pub(crate) fn length(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    let wrong = || format!("{text:?} is no length of time; it looks like 5s, 90m or 30d");
    let span: Span = text.parse().map_err(|_| wrong())?;
    let exact = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| wrong())?;
    Duration::try_from(exact).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_with_their_unit() {
        for (text, seconds) in [("5s", 5), ("90", 90), ("2h 30m", 9000), ("30d", 2_592_000)] {
            assert_eq!(length(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for wrong in ["", "soon", "-5s", "5 apples"] {
            assert!(length(wrong).is_err(), "{wrong}");
        }
    }
}
