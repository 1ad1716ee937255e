//! The `Range` header of a download.

use std::ops::Range;

/// Which part of a file is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RangeAsked {
    /// All of it: nothing else was asked, or not in a way that is served.
    Whole,
    /// These bytes: 206.
    Part(Range<u64>),
    /// Bytes that the file does not have: 416.
    Unsatisfiable,
}

/// Reads a `Range` header for a file of `size` bytes. Several ranges, other units and malformed ones ask for the whole.
pub(crate) fn range(header: Option<&str>, size: u64) -> RangeAsked {
    header
        .and_then(|header| asked(header, size))
        .unwrap_or(RangeAsked::Whole)
}

fn asked(header: &str, size: u64) -> Option<RangeAsked> {
    let (unit, spec) = header.trim().split_once('=')?;
    let (first, last) = spec.trim().split_once('-')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let range = match (number(first)?, number(last)?) {
        (None, None) => return None,
        (None, Some(length)) => size.saturating_sub(length)..size,
        (Some(first), None) => first..size,
        (Some(first), Some(last)) if first > last => return None,
        (Some(first), Some(last)) => first..size.min(last.saturating_add(1)),
    };
    Some(if range.is_empty() {
        RangeAsked::Unsatisfiable
    } else {
        RangeAsked::Part(range)
    })
}

/// `Some(None)` where nothing stands; a number too large for us is larger than any file.
fn number(text: &str) -> Option<Option<u64>> {
    if text.is_empty() {
        return Some(None);
    }
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| Some(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::{RangeAsked::*, *};

    #[test]
    fn ranges() {
        for (header, size, expected) in [
            ("bytes=0-0", 10, Part(0..1)),
            ("bytes=0-9", 10, Part(0..10)),
            ("bytes=0-10", 10, Part(0..10)),
            ("bytes=9-9", 10, Part(9..10)),
            ("bytes=9-", 10, Part(9..10)),
            ("bytes=0-", 10, Part(0..10)),
            ("bytes=10-", 10, Unsatisfiable),
            ("bytes=10-20", 10, Unsatisfiable),
            ("bytes=-1", 10, Part(9..10)),
            ("bytes=-10", 10, Part(0..10)),
            ("bytes=-11", 10, Part(0..10)),
            ("bytes=-0", 10, Unsatisfiable),
            ("bytes=0-", 0, Unsatisfiable),
            ("bytes=-1", 0, Unsatisfiable),
            ("bytes=3-18446744073709551615", 10, Part(3..10)),
            ("bytes=3-99999999999999999999", 10, Part(3..10)),
            ("bytes=99999999999999999999-", 10, Unsatisfiable),
            (" Bytes= 2-4 ", 10, Part(2..5)),
            ("bytes=4-2", 10, Whole),
            ("bytes=-", 10, Whole),
            ("bytes=0-1,3-4", 10, Whole),
            ("bytes=+1-2", 10, Whole),
            ("bytes=a-b", 10, Whole),
            ("bytes=1", 10, Whole),
            ("bytes", 10, Whole),
            ("items=0-1", 10, Whole),
            ("", 10, Whole),
        ] {
            assert_eq!(range(Some(header), size), expected, "{header} of {size}");
        }
        assert_eq!(range(None, 10), Whole);
    }
}
