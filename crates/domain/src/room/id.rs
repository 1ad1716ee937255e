//! The ids that Juzi has for people, groups and conversations. Those that nobody gave are made of keys, and read back.

use qun_protocol::{Refusal as R, Refused, fold};
use qun_store::{
    Read, Tx,
    table::{
        chat::kind,
        customer, directory,
        room::{self, Room, bot, wxid},
    },
};

use crate::{Outcome, manage::bad};

/// Before an employee's number. Real ids go on otherwise.
const EMPLOYEE: &str = "16880000";
/// Before a customer's number.
const OUTSIDE: &str = "78810000";
/// Before a WeCom room's number.
const ROOM: &str = "R:";
/// After the number of a room of personal WeChat.
const CHATROOM: &str = "@chatroom";

/// The system id of a person without a given one.
fn made(person: i64) -> String {
    if person > 0 {
        format!("{EMPLOYEE}{person:08}")
    } else {
        format!("{OUTSIDE}{:08}", person.unsigned_abs())
    }
}

/// The key in a system id that was made so; whether there is such a person is another question.
fn read_made(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix(EMPLOYEE) {
        Some(digits) => (1, digits),
        None => (-1, text.strip_prefix(OUTSIDE)?),
    };
    let person: i64 = digits.parse().ok().filter(|key| *key > 0)?;
    (made(sign * person) == text).then_some(sign * person)
}

/// The system id of a person, `given` where one was.
pub(super) fn shown(person: i64, given: Option<String>) -> String {
    given.unwrap_or_else(|| made(person))
}

/// The same, looked up.
pub(super) fn of_person(read: &mut dyn Read, corp: i64, person: i64) -> Outcome<String> {
    Ok(shown(person, wxid::of_person(read, corp, person)?))
}

/// The person with a system id.
pub(crate) fn person(read: &mut dyn Read, corp: i64, text: &str) -> Outcome<Option<i64>> {
    if let Some(person) = wxid::person(read, corp, text)? {
        return Ok(Some(person));
    }
    let Some(key) = read_made(text) else {
        return Ok(None);
    };
    let there = if key > 0 {
        directory::person_by_key(read, corp, key)?.is_some()
    } else {
        customer::by_key(read, corp, key)?.is_some()
    };
    let there = there && wxid::of_person(read, corp, key)?.is_none();
    Ok(there.then_some(key))
}

/// The contact that a caller names: by system id, or a customer by external_userid.
pub(super) fn contact(read: &mut dyn Read, corp: i64, text: &str) -> Outcome<Option<i64>> {
    if let Some(person) = person(read, corp, text)? {
        return Ok(Some(person));
    }
    let customer = customer::by_external_userid(read, corp, text)?;
    Ok(customer.map(|customer| customer.customer))
}

/// Gives a person a system id that nobody else has.
pub(super) fn give_person(tx: &mut dyn Tx, corp: i64, key: i64, text: &str) -> Outcome<()> {
    check(text, "wxid")?;
    // A path of the own API names people by any of their ids.
    let read = tx.as_read();
    let userid = directory::person_by_userid(read, corp, &fold(text))?;
    let external = customer::by_external_userid(read, corp, text)?;
    let others = [
        read_made(text),
        person(read, corp, text)?,
        userid.map(|person| person.person),
        external.map(|customer| customer.customer),
    ];
    if others.into_iter().flatten().any(|other| other != key) {
        return Err(taken(text));
    }
    Ok(wxid::set_person(tx, corp, key, text)?)
}

/// The digits in a WeCom room's system id.
fn digits(text: &str) -> Option<&str> {
    let digits = text.strip_prefix(ROOM)?;
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

/// The key in a room's system id that was made of it.
fn read_room(text: &str) -> Option<i64> {
    let digits = digits(text)?;
    let key: i64 = digits.parse().ok()?;
    (key.to_string() == digits).then_some(key)
}

/// The system id of a new room of personal WeChat, which is its chatid too.
pub(super) fn chatroom(chat: i64) -> String {
    format!("{chat}{CHATROOM}")
}

/// Whether a text can be such an id.
pub(super) fn is_chatroom(text: &str) -> bool {
    let digits = text.strip_suffix(CHATROOM).unwrap_or_default();
    (1..=30).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The system id of a room.
pub(super) fn of_room(read: &mut dyn Read, corp: i64, room: &Room) -> Outcome<String> {
    if room.kind == kind::ROOM {
        return Ok(room.chatid.clone());
    }
    let given = wxid::of_chat(read, corp, room.chat)?;
    Ok(given.unwrap_or_else(|| format!("{ROOM}{}", room.chat)))
}

/// The group with a system id, live or not.
pub(crate) fn chat(read: &mut dyn Read, corp: i64, text: &str) -> Outcome<Option<i64>> {
    if let Some(chat) = wxid::chat(read, corp, text)? {
        return Ok(Some(chat));
    }
    let Some(key) = read_room(text) else {
        return Ok(None);
    };
    let there = room::is_there(read, corp, key)? && wxid::of_chat(read, corp, key)?.is_none();
    Ok(there.then_some(key))
}

/// Keys of groups are times in microseconds: 16 digits until the year 2286.
const KEY_DIGITS: usize = 16;

/// Gives a WeCom room a system id that no other has.
pub(super) fn give_room(tx: &mut dyn Tx, corp: i64, key: i64, text: &str) -> Outcome<()> {
    let Some(digits) = digits(text).filter(|digits| digits.len() <= 30) else {
        return Err(bad(format!(
            "{text:?} is no roomWxid: R: and 1 to 30 digits"
        )));
    };
    if digits.len() == KEY_DIGITS && read_room(text) != Some(key)
        || chat(tx.as_read(), corp, text)?.is_some_and(|other| other != key)
    {
        return Err(taken(text));
    }
    Ok(wxid::set_chat(tx, corp, key, text)?)
}

/// Gives a room of personal WeChat its id; the row of its chatid finds it.
pub(super) fn give_chatroom(tx: &mut dyn Tx, corp: i64, key: i64, text: &str) -> Outcome<()> {
    if !is_chatroom(text) {
        return Err(bad(format!(
            "{text:?} is no id of a room of personal WeChat: digits and {CHATROOM}"
        )));
    }
    if wxid::chat(tx.as_read(), corp, text)?.is_some() {
        return Err(taken(text));
    }
    Ok(wxid::set_chat(tx, corp, key, text)?)
}

/// The conversation of an account and a group, `given` where it was.
pub(super) fn conversation(bot: i64, chat: i64, given: Option<String>) -> String {
    given.unwrap_or_else(|| format!("{chat:016x}{bot:08x}"))
}

/// Account and group of a conversation.
pub(super) fn read_conversation(
    read: &mut dyn Read,
    corp: i64,
    text: &str,
) -> Outcome<Option<(bot::Bot, i64)>> {
    let (key, chat) = match bot::by_conversation(read, corp, text)? {
        Some(found) => found,
        None if is_hex(text) && text.starts_with("00") => {
            let key = i64::from_str_radix(&text[16..], 16);
            let chat = i64::from_str_radix(&text[..16], 16);
            let (Ok(key), Ok(chat)) = (key, chat) else {
                return Ok(None);
            };
            let given = bot::room(read, corp, key, chat)?.and_then(|(given, _)| given);
            if given.is_some() || !room::is_there(read, corp, chat)? {
                return Ok(None);
            }
            (key, chat)
        }
        None => return Ok(None),
    };
    Ok(bot::by_key(read, corp, key)?.map(|bot| (bot, chat)))
}

/// Gives a conversation an id that no other has.
pub(super) fn give_conversation(
    tx: &mut dyn Tx,
    corp: i64,
    key: i64,
    chat: i64,
    text: &str,
) -> Outcome<()> {
    // Those that are made of keys begin with zeros.
    if !is_hex(text) || text.starts_with("00") {
        return Err(bad(format!(
            "{text:?} is no chatId: 24 hex digits in lower case that do not begin with 00"
        )));
    }
    if bot::by_conversation(tx.as_read(), corp, text)?.is_some_and(|of| of != (key, chat)) {
        return Err(taken(text));
    }
    Ok(bot::converse(tx, corp, key, chat, text)?)
}

/// Whether a text has the form of ids of accounts, their groups, labels and conversations.
pub(super) fn is_hex(text: &str) -> bool {
    text.len() == 24
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// An id of that form: the given one, or a new one.
pub(super) fn hex(cx: &mut crate::Cx, given: Option<&str>, field: &'static str) -> Outcome<String> {
    match given.filter(|given| !given.is_empty()) {
        Some(given) if is_hex(given) => Ok(given.to_owned()),
        Some(given) => Err(bad(format!(
            "{field} {given:?}: 24 hex digits in lower case"
        ))),
        None => Ok(cx.hex(12)),
    }
}

fn check(text: &str, field: &str) -> Outcome<()> {
    let good = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if good {
        Ok(())
    } else {
        Err(bad(format!("{field} {text:?}: 1 to 64 of 0-9 A-Z a-z _ -")))
    }
}

pub(super) fn taken(text: &str) -> crate::Failure {
    Refused::because(R::IdTaken, text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_read_back_and_nothing_else_is() {
        for key in [1, -1, 99_999_999, -100_000_000, i64::MAX] {
            assert_eq!(read_made(&made(key)), Some(key), "{}", made(key));
        }
        for text in [
            "",
            "16880000",
            "1688000000000000",
            "168800001",
            "7881300000000001",
        ] {
            assert_eq!(read_made(text), None, "{text}");
        }
        assert_eq!(read_room("R:1600000000123456"), Some(1_600_000_000_123_456));
        for text in ["R:", "R:01", "R:1x", "1", "R:99999999999999999999"] {
            assert_eq!(read_room(text), None, "{text}");
        }
        assert!(is_chatroom("11293954269@chatroom") && is_chatroom(&chatroom(5)));
        assert!(!is_chatroom("@chatroom") && !is_chatroom("R:1"));
        let id = conversation(7, 1_600_000_000_123_456, None);
        assert!(is_hex(&id) && id.starts_with("00"), "{id}");
    }
}
