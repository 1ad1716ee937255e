//! Content of files, in rows.

use crate::{Read, ReadExt, Result, Tx};

statements! {
    PUT = "INSERT INTO blob_chunk (corp, blob, part, bytes) VALUES ($1, $2, $3, $4)";
    GET = "SELECT bytes FROM blob_chunk WHERE corp = $1 AND blob = $2 AND part = $3";
    DELETE = "DELETE FROM blob_chunk WHERE corp = $1 AND blob = $2";
    ALL = "SELECT DISTINCT corp, blob FROM blob_chunk";
}

/// Adds one part of a file's content.
pub fn put(tx: &mut dyn Tx, corp: i64, blob: &str, part: i64, bytes: &[u8]) -> Result<()> {
    tx.exec(PUT, &[corp.into(), blob.into(), part.into(), bytes.into()])
        .map(drop)
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
