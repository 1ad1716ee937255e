//! Sets of people to whom apps say things. A message to an audience is stored once, whoever is in it.

use std::fmt::Write;

use qun_store::{Effect, table::audience};
use sha2::{Digest, Sha256};

use crate::{Cx, Outcome};

/// The audience of exactly these people, made where there is none yet.
pub(crate) fn of(cx: &mut Cx, corp: i64, people: &[i64]) -> Outcome<i64> {
    let mut people = people.to_vec();
    people.sort_unstable();
    people.dedup();
    let hash = hash(&people);
    if let Some(audience) = audience::by_hash(cx.tx.as_read(), corp, &hash)? {
        return Ok(audience);
    }
    // Numbers of groups and audiences are given out by one writer at a time, so that none is given out twice.
    cx.tx.enter(corp, Effect::Change)?;
    let audience = cx.ids.next();
    audience::insert(cx.tx, corp, audience, &hash, &people)?;
    Ok(audience)
}

fn hash(people: &[i64]) -> String {
    let mut digest = Sha256::new();
    for person in people {
        digest.update(person.to_be_bytes());
    }
    let mut text = String::with_capacity(64);
    for byte in digest.finalize() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
