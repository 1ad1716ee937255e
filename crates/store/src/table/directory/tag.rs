use crate::{Read, ReadExt, Result, Row, Tx, table::app};

statements! {
    TAG = "SELECT tag, name, app FROM tag WHERE corp = $1 AND tag = $2";
    TAGS = "SELECT tag, name, app FROM tag WHERE corp = $1 ORDER BY tag";
    NAMED = "SELECT tag FROM tag WHERE corp = $1 AND name = $2 ORDER BY tag LIMIT 1";
    COUNT = "SELECT COUNT(*) FROM tag WHERE corp = $1";
    NEXT = "SELECT COALESCE(MAX(tag), 0) + 1 FROM tag WHERE corp = $1";
    PUT_TAG = "INSERT INTO tag (corp, tag, name, app) VALUES ($1, $2, $3, $4) ON CONFLICT (corp, tag) DO UPDATE SET name = excluded.name, app = excluded.app";
    DELETE_TAG = "DELETE FROM tag WHERE corp = $1 AND tag = $2";
    TAG_MEMBERS = "SELECT kind, id FROM tag_member WHERE corp = $1 AND tag = $2 ORDER BY kind, id";
    CLEAR_TAG = "DELETE FROM tag_member WHERE corp = $1 AND tag = $2";
    ADD_TAG_MEMBER = "INSERT INTO tag_member (corp, tag, kind, id) VALUES ($1, $2, $3, $4) ON CONFLICT (corp, tag, kind, id) DO NOTHING";
    REMOVE_TAG_MEMBER = "DELETE FROM tag_member WHERE corp = $1 AND tag = $2 AND kind = $3 AND id = $4";
    FORGET_TAG_MEMBER = "DELETE FROM tag_member WHERE corp = $1 AND kind = $2 AND id = $3";
}

/// A tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tag {
    /// Its id.
    pub tag: i64,
    /// Its name.
    pub name: String,
    /// The app that made it; absent: the operator.
    pub app: Option<i64>,
}

fn tag_row(row: &dyn Row) -> Tag {
    Tag {
        tag: row.int(0),
        name: row.text(1).to_owned(),
        app: row.opt_int(2),
    }
}

/// The tag with an id.
pub fn tag(read: &mut dyn Read, corp: i64, id: i64) -> Result<Option<Tag>> {
    read.one(TAG, &[corp.into(), id.into()], tag_row)
}

/// All tags, by id.
pub fn tags(read: &mut dyn Read, corp: i64) -> Result<Vec<Tag>> {
    read.all(TAGS, &[corp.into()], tag_row)
}

/// The id of the tag with a name.
pub fn tag_named(read: &mut dyn Read, corp: i64, name: &str) -> Result<Option<i64>> {
    read.int(NAMED, &[corp.into(), name.into()])
}

/// How many tags there are.
pub fn tag_count(read: &mut dyn Read, corp: i64) -> Result<i64> {
    Ok(read.int(COUNT, &[corp.into()])?.unwrap_or(0))
}

/// The id for one more tag.
pub fn next_tag(read: &mut dyn Read, corp: i64) -> Result<i64> {
    Ok(read.int(NEXT, &[corp.into()])?.unwrap_or(1))
}

/// The members of a tag: pairs of kind (1 person, 2 department) and id.
pub fn tag_members(read: &mut dyn Read, corp: i64, id: i64) -> Result<Vec<(i64, i64)>> {
    read.all(TAG_MEMBERS, &[corp.into(), id.into()], |row| {
        (row.int(0), row.int(1))
    })
}

/// Adds or replaces a tag; its members stay.
pub fn put_tag(tx: &mut dyn Tx, corp: i64, t: &Tag) -> Result<()> {
    let vals = [corp.into(), t.tag.into(), (&t.name).into(), t.app.into()];
    tx.exec(PUT_TAG, &vals).map(drop)
}

/// Replaces the members of a tag.
pub fn set_tag_members(tx: &mut dyn Tx, corp: i64, id: i64, members: &[(i64, i64)]) -> Result<()> {
    tx.exec(CLEAR_TAG, &[corp.into(), id.into()])?;
    for (kind, member) in members {
        add_tag_member(tx, corp, id, *kind, *member)?;
    }
    Ok(())
}

/// Adds a member to a tag; one who has it keeps it.
pub fn add_tag_member(tx: &mut dyn Tx, corp: i64, id: i64, kind: i64, member: i64) -> Result<()> {
    let vals = [corp.into(), id.into(), kind.into(), member.into()];
    tx.exec(ADD_TAG_MEMBER, &vals).map(drop)
}

/// Takes a member out of a tag.
pub fn remove_tag_member(
    tx: &mut dyn Tx,
    corp: i64,
    id: i64,
    kind: i64,
    member: i64,
) -> Result<()> {
    let vals = [corp.into(), id.into(), kind.into(), member.into()];
    tx.exec(REMOVE_TAG_MEMBER, &vals).map(drop)
}

/// Takes what is removed from the directory out of every tag.
pub fn forget_tag_member(tx: &mut dyn Tx, corp: i64, kind: i64, member: i64) -> Result<()> {
    let vals = [corp.into(), kind.into(), member.into()];
    tx.exec(FORGET_TAG_MEMBER, &vals).map(drop)
}

/// Removes a tag.
pub fn delete_tag(tx: &mut dyn Tx, corp: i64, id: i64) -> Result<()> {
    tx.exec(CLEAR_TAG, &[corp.into(), id.into()])?;
    app::forget(tx, corp, app::range::TAG, id)?;
    tx.exec(DELETE_TAG, &[corp.into(), id.into()]).map(drop)
}
