//! People: what one must be, how one is saved, and how one goes.

use qun_protocol::{
    Refusal as R, Refused,
    user::{ExtAttr, ExternalProfile},
    world::UserStatus,
};
use qun_store::{
    Read,
    table::{
        audience, chat,
        directory::{self, Detail, Person, Place},
        room::{bot, wxid},
    },
};
use serde::{Deserialize, Serialize};

use crate::{Cx, Outcome};

/// What is shown of a person and decides nothing, as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Profile {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) position: String,
    /// 1 male, 2 female, 0 unknown.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) gender: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) telephone: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_position: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) extattr: Option<ExtAttr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_profile: Option<ExternalProfile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) main_department: Option<i64>,
    /// Keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) direct_leader: Vec<i64>,
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

impl Profile {
    /// Reads what is kept.
    pub(crate) fn read(kept: Option<&str>) -> Self {
        // Written by this program alone.
        kept.and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default()
    }

    /// What is to be kept; nothing where there is nothing.
    pub(crate) fn write(&self) -> Option<String> {
        if *self == Profile::default() {
            return None;
        }
        serde_json::to_string(self).ok()
    }
}

/// The person with a userid who is in the directory.
pub(crate) fn known(read: &mut dyn Read, corp: i64, userid: &str) -> Outcome<Option<Person>> {
    let folded = qun_protocol::fold(userid);
    match directory::person_by_userid(read, corp, &folded)? {
        Some(person) if is_gone(read, corp, &person)? => Ok(None),
        known => Ok(known),
    }
}

/// Whether a person was removed and stands only in the history: one who left the company and is in no department.
pub(crate) fn is_gone(read: &mut dyn Read, corp: i64, person: &Person) -> Outcome<bool> {
    Ok(has_left(person) && directory::departments_of(read, corp, person.person)?.is_empty())
}

/// Whether a person has left the company.
pub(crate) fn has_left(person: &Person) -> bool {
    UserStatus::numbered(person.status) == UserStatus::Left
}

/// Checks a person and brings the details into the form in which they are kept; `person.person` is 0 for a new one.
pub(crate) fn check(read: &mut dyn Read, corp: i64, person: &mut Person) -> Outcome<()> {
    let userid = &person.userid;
    check_userid(userid)?;
    for (field, text) in [
        ("name", Some(&person.name)),
        ("alias", person.alias.as_ref()),
    ] {
        if text.is_some_and(|text| text.chars().count() > 64) {
            let detail = format!("{userid}: name and alias have at most 64 characters");
            return Err(Refused {
                detail: Some(detail),
                ..Refused::too_long(field, 64)
            }
            .into());
        }
    }
    if let Some(given) = &person.mobile {
        let canonical = mobile(given).ok_or_else(|| {
            let detail = format!(
                "{userid}: mobile has 5 to 32 bytes: digits, and before them a + where a country is named"
            );
            Refused::because(R::MobileInvalid, detail)
        })?;
        person.mobile = Some(canonical);
    }
    for (field, address) in [("email", &person.email), ("biz_mail", &person.biz_mail)] {
        if address.as_deref().is_some_and(|address| !is_email(address)) {
            let detail = format!("{}: {field} has 6 to 64 bytes and an @", person.userid);
            return Err(Refused::because(R::EmailInvalid, detail).into());
        }
    }
    for (detail, value, refusal) in [
        (Detail::Mobile, &person.mobile, R::MobileTaken),
        (Detail::Email, &person.email, R::EmailTaken),
        (Detail::BizMail, &person.biz_mail, R::EmailTaken),
    ] {
        let Some(value) = value else { continue };
        let owner = directory::person_with(read, corp, detail, value)?;
        if owner.is_some_and(|owner| owner != person.person) {
            return Err(Refused::because(refusal, person.userid.clone()).into());
        }
    }
    Ok(())
}

fn check_userid(userid: &str) -> Outcome<()> {
    let good = |c: char| c.is_ascii_alphanumeric() || "_-@.".contains(c);
    let first = userid
        .chars()
        .next()
        .is_some_and(|c| c.is_ascii_alphanumeric());
    if first && userid.len() <= 64 && userid.chars().all(good) {
        return Ok(());
    }
    let detail = format!(
        "userid {userid:?}: 1 to 64 of 0-9 A-Z a-z _ - @ . beginning with a letter or digit"
    );
    Err(Refused::because(R::InvalidUserid, detail).into())
}

/// A mobile number as it is kept and compared: without blanks, hyphens and the mainland's +86.
pub(crate) fn mobile(given: &str) -> Option<String> {
    if !(5..=32).contains(&given.len()) {
        return None;
    }
    let bare: String = given.chars().filter(|c| !" -".contains(*c)).collect();
    let bare = bare.strip_prefix("+86").unwrap_or(&bare);
    let digits = bare.strip_prefix('+').unwrap_or(bare);
    let good = digits.len() >= 5 && digits.bytes().all(|b| b.is_ascii_digit());
    good.then(|| bare.to_owned())
}

fn is_email(address: &str) -> bool {
    (6..=64).contains(&address.len()) && address.contains('@')
}

/// Writes a person's row. Hosted accounts of one who has left the company are logged out.
fn put(cx: &mut Cx, corp: i64, row: &Person, new: bool) -> Outcome<()> {
    directory::put_person(cx.tx, corp, row, new)?;
    if UserStatus::numbered(row.status) == UserStatus::Left {
        bot::log_out(cx.tx, corp, row.person)?;
    }
    Ok(())
}

/// Marks a person as resigned.
pub(crate) fn resign(cx: &mut Cx, corp: i64, person: Person) -> Outcome<()> {
    let row = Person {
        status: UserStatus::Left.number(),
        ..person
    };
    put(cx, corp, &row, false)
}

/// Adds a person who was checked, with a key that is free.
pub(crate) fn add(cx: &mut Cx, corp: i64, person: &Person, places: &[Place]) -> Outcome<()> {
    put(cx, corp, person, true)?;
    Ok(directory::set_places(
        cx.tx,
        corp,
        person.person,
        true,
        places,
    )?)
}

/// Saves a person who was checked, with departments that are there; gives the key.
pub(crate) fn save(cx: &mut Cx, corp: i64, person: &Person, places: &[Place]) -> Outcome<i64> {
    let new = person.person == 0;
    let key = if new {
        directory::next_person(cx.tx.as_read(), corp)?
    } else {
        person.person
    };
    let row = Person {
        person: key,
        ..person.clone()
    };
    put(cx, corp, &row, new)?;
    directory::set_places(cx.tx, corp, key, new, places)?;
    Ok(key)
}

/// Whether what happened, or what Juzi knows, names a person.
pub(crate) fn in_history(read: &mut dyn Read, corp: i64, key: i64) -> Outcome<bool> {
    Ok(chat::ever_in_group(read, corp, key)?
        || audience::ever_addressed(read, corp, key)?
        || wxid::of_person(read, corp, key)?.is_some()
        || !bot::by_person(read, corp, key)?.is_empty())
}

/// Removes a person. One whom the history names stays there as someone who has left, without anything else.
pub(crate) fn remove(cx: &mut Cx, corp: i64, person: &Person) -> Outcome<()> {
    if in_history(cx.tx.as_read(), corp, person.person)? {
        directory::forget_person(cx.tx, corp, person.person)?;
        let row = Person {
            mobile: None,
            email: None,
            biz_mail: None,
            customer_contact: false,
            status: UserStatus::Left.number(),
            ..person.clone()
        };
        put(cx, corp, &row, false)?;
        directory::set_profile(cx.tx, corp, person.person, None)?;
    } else {
        directory::delete_person(cx.tx, corp, person.person)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mobile_number_is_kept_in_one_form() {
        for (given, kept) in [
            ("13800000000", "13800000000"),
            ("+86 13800000000", "13800000000"),
            ("+86-138-0000-0000", "13800000000"),
            ("+852 51234567", "+85251234567"),
            ("10086", "10086"),
        ] {
            assert_eq!(mobile(given).as_deref(), Some(kept), "{given}");
        }
        for bad in [
            "1380",
            "+861380",
            "1380000000x",
            "++85251234567",
            "     ",
            &"1".repeat(33),
        ] {
            assert_eq!(mobile(bad), None, "{bad}");
        }
    }
}
