//! Reading messages in order of lanes and ids, behind an opaque cursor.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use qun_protocol::{Refusal as R, Refused};

use crate::Outcome;

/// Where a reader is: one id per lane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor(Vec<(i64, i64)>);

impl Cursor {
    /// After everything up to an id in each lane.
    pub(crate) fn at(lanes: Vec<(i64, i64)>) -> Self {
        Cursor(lanes)
    }

    /// The id after which a lane is to be read.
    pub(crate) fn after(&self, lane: i64) -> i64 {
        self.0
            .iter()
            .find(|(known, _)| *known == lane)
            .map_or(0, |(_, id)| *id)
    }

    /// The id and lane of a cursor that has only one; of any other the newest possible.
    pub(crate) fn first(&self) -> (i64, i64) {
        match self.0.as_slice() {
            [(lane, id)] => (*id, *lane),
            _ => (i64::MAX, i64::MAX),
        }
    }

    /// Notes that a lane was read up to an id.
    pub(crate) fn advance(&mut self, lane: i64, id: i64) {
        match self.0.iter_mut().find(|(known, _)| *known == lane) {
            Some((_, known)) => *known = id.max(*known),
            None => self.0.push((lane, id)),
        }
    }

    /// The text for a caller.
    pub(crate) fn write(&self) -> String {
        let parts: Vec<String> = self
            .0
            .iter()
            .map(|(lane, id)| format!("{lane}:{id}"))
            .collect();
        URL_SAFE_NO_PAD.encode(format!("1 {}", parts.join(" ")))
    }

    /// Reads a caller's text.
    pub(crate) fn read(text: &str) -> Outcome<Self> {
        let bad = || Refused::because(R::BadRequest, "after is no cursor that this server gave");
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
        let text = String::from_utf8(bytes).map_err(|_| bad())?;
        let mut parts = text.split_ascii_whitespace();
        if parts.next() != Some("1") {
            return Err(bad().into());
        }
        let mut cursor = Vec::new();
        for part in parts {
            let (lane, id) = part.split_once(':').ok_or_else(bad)?;
            cursor.push((
                lane.parse().map_err(|_| bad())?,
                id.parse().map_err(|_| bad())?,
            ));
        }
        Ok(Cursor(cursor))
    }
}

/// The size of a page: what was asked for within 1 to 1000, 100 where nothing was.
pub(crate) fn page_size(asked: Option<i64>) -> Outcome<i64> {
    match asked.unwrap_or(100) {
        limit @ 1..=1000 => Ok(limit),
        _ => Err(Refused::because(R::BadRequest, "limit is 1 to 1000").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text() {
        let mut cursor = Cursor::at(vec![(0, 17), (3, 17)]);
        cursor.advance(3, 20);
        cursor.advance(3, 19);
        cursor.advance(4, 1);
        let again = Cursor::read(&cursor.write()).unwrap();
        assert_eq!(again, cursor);
        assert_eq!(
            (
                again.after(0),
                again.after(3),
                again.after(4),
                again.after(9)
            ),
            (17, 20, 1, 0)
        );
        for bad in ["", "x", "MQ=", "MiAwOjE", "MSAwOg"] {
            assert!(Cursor::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn pages_have_one_to_a_thousand() {
        assert_eq!(page_size(None).unwrap(), 100);
        for (asked, good) in [
            (0, false),
            (1, true),
            (1000, true),
            (1001, false),
            (-1, false),
        ] {
            assert_eq!(page_size(Some(asked)).is_ok(), good, "{asked}");
        }
    }
}
