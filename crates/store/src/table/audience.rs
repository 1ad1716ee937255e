//! Audiences: sets of people to whom apps say things, each set once.

use crate::{Read, ReadExt, Result, Tx};

statements! {
    BY_HASH = "SELECT audience FROM audience WHERE corp = $1 AND hash = $2";
    INSERT = "INSERT INTO audience (corp, audience, hash, people) VALUES ($1, $2, $3, $4)";
    ADD_MEMBER = "INSERT INTO audience_member (corp, audience, person) VALUES ($1, $2, $3)";
    OF_PERSON = "SELECT audience FROM audience_member WHERE corp = $1 AND person = $2 ORDER BY audience";
}

/// The audience with a hash.
pub fn by_hash(read: &mut dyn Read, corp: i64, hash: &str) -> Result<Option<i64>> {
    read.int(BY_HASH, &[corp.into(), hash.into()])
}

/// Adds an audience; its people are distinct.
pub fn insert(tx: &mut dyn Tx, corp: i64, audience: i64, hash: &str, people: &[i64]) -> Result<()> {
    let count = people.len() as i64;
    tx.exec(
        INSERT,
        &[corp.into(), audience.into(), hash.into(), count.into()],
    )?;
    for person in people {
        tx.exec(
            ADD_MEMBER,
            &[corp.into(), audience.into(), (*person).into()],
        )?;
    }
    Ok(())
}

/// The audiences that a person is in.
pub fn of_person(read: &mut dyn Read, corp: i64, person: i64) -> Result<Vec<i64>> {
    read.all(OF_PERSON, &[corp.into(), person.into()], |row| row.int(0))
}
