//! Uploaded files: everything but their content.

use crate::{Read, ReadExt, Result, Row, Tx};

statements! {
    GET = "SELECT media_id, kind, name, content_type, size, blob, created, expires FROM media WHERE corp = $1 AND media_id = $2";
    INSERT = "INSERT INTO media (corp, media_id, kind, name, content_type, size, blob, created, expires) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    ENDED = "SELECT corp, media_id, blob FROM media WHERE expires < $1 LIMIT $2";
    DELETE = "DELETE FROM media WHERE corp = $1 AND media_id = $2";
    KNOWN = "SELECT 1 FROM media WHERE corp = $1 AND blob = $2";
    BLOBS = "SELECT corp, blob FROM media";
}

pub(super) const KEPT: &[&str] = &[GET];

/// The kind of a picture that is kept for good.
pub const PICTURE: &str = "picture";

/// A file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Media {
    /// Its id.
    pub media_id: String,
    /// `image`, `voice`, `video`, `file`, or [`PICTURE`].
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its MIME type.
    pub content_type: String,
    /// Its size in bytes.
    pub size: i64,
    /// Where its content is.
    pub blob: String,
    /// When it was uploaded, ms UTC.
    pub created: i64,
    /// When it ends, ms UTC; never where absent.
    pub expires: Option<i64>,
}

fn media(row: &dyn Row) -> Media {
    Media {
        media_id: row.text(0).to_owned(),
        kind: row.text(1).to_owned(),
        name: row.text(2).to_owned(),
        content_type: row.text(3).to_owned(),
        size: row.int(4),
        blob: row.text(5).to_owned(),
        created: row.int(6),
        expires: row.opt_int(7),
    }
}

/// The file with an id, ended or not.
pub fn get(read: &mut dyn Read, corp: i64, media_id: &str) -> Result<Option<Media>> {
    read.one(GET, &[corp.into(), media_id.into()], media)
}

/// Adds a file.
pub fn insert(tx: &mut dyn Tx, corp: i64, m: &Media) -> Result<()> {
    let vals = [
        corp.into(),
        (&m.media_id).into(),
        (&m.kind).into(),
        (&m.name).into(),
        (&m.content_type).into(),
        m.size.into(),
        (&m.blob).into(),
        m.created.into(),
        m.expires.into(),
    ];
    tx.exec(INSERT, &vals).map(drop)
}

/// Some files that ended before a time, ms UTC: company, id, content.
pub fn ended(read: &mut dyn Read, before: i64, limit: i64) -> Result<Vec<(i64, String, String)>> {
    read.all(ENDED, &[before.into(), limit.into()], |row| {
        (row.int(0), row.text(1).to_owned(), row.text(2).to_owned())
    })
}

/// Forgets a file.
pub fn delete(tx: &mut dyn Tx, corp: i64, media_id: &str) -> Result<()> {
    tx.exec(DELETE, &[corp.into(), media_id.into()]).map(drop)
}

/// Whether a file has this content.
pub fn has_blob(read: &mut dyn Read, corp: i64, blob: &str) -> Result<bool> {
    read.exists(KNOWN, &[corp.into(), blob.into()])
}

/// The contents of all files: company and blob.
pub fn blobs(read: &mut dyn Read) -> Result<Vec<(i64, String)>> {
    read.all(BLOBS, &[], |row| (row.int(0), row.text(1).to_owned()))
}
