//! Content of files, in rows.

use crate::{Read, ReadExt, Result, Tx};

statements! {
    PUT = "INSERT INTO blob_chunk (corp, blob, part, created, bytes) VALUES ($1, $2, $3, $4, $5)";
    GET = "SELECT bytes FROM blob_chunk WHERE corp = $1 AND blob = $2 AND part = $3";
    DELETE = "DELETE FROM blob_chunk WHERE corp = $1 AND blob = $2";
    ALL = "SELECT corp, blob FROM blob_chunk WHERE part = 0";
    LOST = "SELECT DISTINCT b.corp, b.blob FROM blob_chunk b WHERE b.created < $1 AND NOT EXISTS (SELECT 1 FROM blob_chunk n WHERE n.corp = b.corp AND n.blob = b.blob AND n.created >= $1) AND NOT EXISTS (SELECT 1 FROM media m WHERE m.corp = b.corp AND m.blob = b.blob) LIMIT $2";
}

/// Adds one part of a file's content; `now` is ms UTC.
pub fn put(
    tx: &mut dyn Tx,
    corp: i64,
    blob: &str,
    part: i64,
    now: i64,
    bytes: &[u8],
) -> Result<()> {
    let vals = [
        corp.into(),
        blob.into(),
        part.into(),
        now.into(),
        bytes.into(),
    ];
    tx.exec(PUT, &vals).map(drop)
}

/// One part of a file's content.
pub fn get(read: &mut dyn Read, corp: i64, blob: &str, part: i64) -> Result<Option<Vec<u8>>> {
    read.one(GET, &[corp.into(), blob.into(), part.into()], |row| {
        row.bytes(0).to_vec()
    })
}

/// Removes a file's content.
pub fn delete(tx: &mut dyn Tx, corp: i64, blob: &str) -> Result<()> {
    tx.exec(DELETE, &[corp.into(), blob.into()]).map(drop)
}

/// Every content: company and blob.
pub fn all(read: &mut dyn Read) -> Result<Vec<(i64, String)>> {
    read.all(ALL, &[], |row| (row.int(0), row.text(1).to_owned()))
}

/// Contents that no file has and of which nothing was added since a time, ms UTC: at most `limit` of them.
pub fn lost(read: &mut dyn Read, before: i64, limit: i64) -> Result<Vec<(i64, String)>> {
    read.all(LOST, &[before.into(), limit.into()], |row| {
        (row.int(0), row.text(1).to_owned())
    })
}
