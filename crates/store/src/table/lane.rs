//! Lanes: who writes in each, and how far.

use crate::writer::{Engine, Head};
use crate::{Error, Read, ReadExt, Result};

statements! {
    ALL = "SELECT lane, last_id FROM lane ORDER BY lane";
    TAKE = "INSERT INTO lane (lane, boot, last_id, before) VALUES ($1, 1, 0, 0) ON CONFLICT (lane) DO UPDATE SET boot = lane.boot + 1, before = lane.last_id";
    TOUCH = "UPDATE lane SET before = before WHERE lane = $1";
    ONE = "SELECT boot, last_id, before FROM lane WHERE lane = $1";
    HEAD = "SELECT CAST(-1 AS BIGINT), COUNT(*), COALESCE(MAX(last_id), 0) FROM lane UNION ALL SELECT corp, 0, last_id FROM company WHERE corp IN (SELECT l.v FROM {ints $1} AS l)";
    KEEP = "UPDATE lane SET last_id = $1 WHERE lane = $2 AND boot = $3";
}

/// Every lane and the last id that is committed in it: everything up to it is there to be read.
pub fn all(read: &mut dyn Read) -> Result<Vec<(i64, i64)>> {
    read.all(ALL, &[], |row| (row.int(0), row.int(1)))
}

/// How many lanes there are and how far they have come, and the last change of each of these companies.
pub(crate) fn head(read: &mut dyn Read, companies: &[i64]) -> Result<Head> {
    let mut head = Head::default();
    let list = super::chat::int_list(companies);
    read.each(HEAD, &[(&list).into()], &mut |row| {
        if row.int(0) == -1 {
            (head.lanes, head.last_id) = (row.int(1), row.int(2));
        } else {
            head.companies.push((row.int(0), row.int(2)));
        }
        Ok(())
    })?;
    Ok(head)
}

/// A lane's row.
pub(crate) struct Lane {
    /// Counts its owners.
    pub(crate) boot: i64,
    /// The last id committed in it.
    pub(crate) last_id: i64,
    /// Where it stood when this owner took it over.
    pub(crate) before: i64,
}

/// Takes a lane over; gives its owner's number and its last id.
pub(crate) fn take<E: Engine>(engine: &mut E, lane: i64) -> Result<(i64, i64)> {
    engine.exec(TAKE, &[lane.into()])?;
    let row = one(engine, lane)?;
    Ok((row.boot, row.last_id))
}

/// A lane's row, once whoever is writing it has ended.
pub(crate) fn look<E: Engine>(engine: &mut E, lane: i64) -> Result<Lane> {
    engine.exec(TOUCH, &[lane.into()])?;
    one(engine, lane)
}

/// Notes the last id of a lane; false where somebody else has it.
pub(crate) fn keep<E: Engine>(engine: &mut E, lane: i64, boot: i64, last_id: i64) -> Result<bool> {
    Ok(engine.exec(KEEP, &[last_id.into(), lane.into(), boot.into()])? == 1)
}

fn one(read: &mut dyn Read, lane: i64) -> Result<Lane> {
    let row = read.one(ONE, &[lane.into()], |row| Lane {
        boot: row.int(0),
        last_id: row.int(1),
        before: row.int(2),
    })?;
    row.ok_or_else(|| Error::Corrupt("the lane's row is gone".into()))
}
