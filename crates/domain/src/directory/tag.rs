//! Tags: what one must be, and how it is saved.

use qun_protocol::{Refusal as R, Refused};
use qun_store::table::directory::{self, Tag};

use crate::{Cx, Outcome};

/// Checks a tag and saves it; its members stay.
pub(crate) fn save(cx: &mut Cx, corp: i64, wanted: &Tag) -> Outcome<()> {
    let id = wanted.tag;
    let detail = || format!("tag {id}: an id above 0 and a name of 1 to 32 characters");
    if !(1..=i64::from(u32::MAX)).contains(&id) {
        return Err(Refused::because(R::TagidInvalid, detail()).into());
    }
    if !(1..=32).contains(&wanted.name.chars().count()) {
        return Err(Refused::because(R::TagnameLength, detail()).into());
    }
    let namesake = directory::tag_named(cx.tx.as_read(), corp, &wanted.name)?;
    if namesake.is_some_and(|other| other != id) {
        let detail = format!("tag {id}: another one has its name");
        return Err(Refused::because(R::TagnameTaken, detail).into());
    }
    Ok(directory::put_tag(cx.tx, corp, wanted)?)
}
