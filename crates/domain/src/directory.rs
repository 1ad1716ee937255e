//! 通讯录: what may stand in a directory, whoever writes it, and how much of it an app sees.

pub(crate) mod department;
pub(crate) mod person;
pub(crate) mod tag;
mod view;

pub(crate) use view::View;

use qun_protocol::{Limit, Rules};
use qun_store::table::company;

use crate::{Cx, Outcome};

/// Notes that a company's directory is another one now.
pub(crate) fn changed(cx: &mut Cx, corp: i64) -> Outcome<()> {
    company::changed(cx.tx, corp)?;
    cx.touched = Some(corp);
    Ok(())
}

/// Whether a number is beyond a limit that is enforced.
pub(crate) fn is_over(rules: &Rules, limit: Limit, number: i64) -> bool {
    rules.enforced && number > rules.limit(limit)
}
