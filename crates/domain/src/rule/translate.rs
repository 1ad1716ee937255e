//! id转译: names in the place of ids, where a message asks for it (90236).

use serde_json::Value;

/// What a placeholder asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// `$userName=USERID$`
    UserName,
    /// `$userAlias=USERID$`
    UserAlias,
    /// `$userAliasOrName=USERID$`
    UserAliasOrName,
    /// `$departmentName=ID$`
    DepartmentName,
    /// `$chatName=CHATID$`
    ChatName,
}

const KEYS: [(&str, Asked); 5] = [
    ("userName", Asked::UserName),
    ("userAlias", Asked::UserAlias),
    ("userAliasOrName", Asked::UserAliasOrName),
    ("departmentName", Asked::DepartmentName),
    ("chatName", Asked::ChatName),
];

/// The longest id that is looked for, bytes.
const LONGEST: usize = 128;

/// Where a kind of message is translated: ways through its object, by keys; lists are walked.
pub fn places(kind: &str) -> &'static [&'static [&'static str]] {
    match kind {
        "text" => &[&["content"]],
        "textcard" => &[&["title"], &["description"]],
        "news" => &[&["articles", "title"], &["articles", "description"]],
        "mpnews" => &[
            &["articles", "title"],
            &["articles", "digest"],
            &["articles", "content"],
        ],
        "template_card" => &[
            &["source", "desc"],
            &["main_title", "title"],
            &["main_title", "desc"],
            &["sub_title_text"],
            &["horizontal_content_list", "value"],
        ],
        "miniprogram_notice" => &[&["title"], &["description"], &["content_item", "value"]],
        _ => &[],
    }
}

/// Puts what `name` knows in the place of the placeholders of a text; whatever else is there stays as it is.
pub fn translated(text: &str, mut name: impl FnMut(Asked, &str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let end = match placeholder(from) {
            Some((asked, id, end)) => match name(asked, id) {
                Some(name) => {
                    out.push_str(&name);
                    end
                }
                None => {
                    out.push_str(&from[..end]);
                    end
                }
            },
            None => {
                out.push('$');
                1
            }
        };
        rest = &from[end..];
    }
    out.push_str(rest);
    out
}

/// The placeholder with which a text begins, and how long it is.
fn placeholder(text: &str) -> Option<(Asked, &str, usize)> {
    let (key, rest) = text.strip_prefix('$')?.split_once('=')?;
    let (_, asked) = KEYS.into_iter().find(|(known, _)| *known == key)?;
    let (id, _) = rest.split_once('$')?;
    let sound = (1..=LONGEST).contains(&id.len()) && !id.contains(char::is_whitespace);
    sound.then_some((asked, id, key.len() + id.len() + 3))
}

/// Calls `change` with each text of a message's object that is translated.
pub fn each(kind: &str, body: &mut Value, change: &mut dyn FnMut(&mut String)) {
    for place in places(kind) {
        walk(body, place, change);
    }
}

fn walk(value: &mut Value, way: &[&str], change: &mut dyn FnMut(&mut String)) {
    match (value, way) {
        (Value::Array(items), _) => {
            for item in items {
                walk(item, way, change);
            }
        }
        (Value::String(text), []) => change(text),
        (Value::Object(fields), [key, way @ ..]) => {
            if let Some(value) = fields.get_mut(*key) {
                walk(value, way, change);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn name(asked: Asked, id: &str) -> Option<String> {
        match (asked, id) {
            (Asked::UserName, "lisi") => Some("李四".into()),
            (Asked::UserAliasOrName, "lisi") => Some("四".into()),
            (Asked::DepartmentName, "1") => Some("$企业$".into()),
            _ => None,
        }
    }

    #[test]
    fn what_is_known_is_named_and_all_else_stays() {
        for (text, expected) in [
            ("$userName=lisi$ 你好", "李四 你好"),
            ("$userName=lisi$$userAliasOrName=lisi$", "李四四"),
            ("$departmentName=1$", "$企业$"),
            ("$userName=nobody$", "$userName=nobody$"),
            ("$userAlias=lisi$", "$userAlias=lisi$"),
            ("$username=lisi$", "$username=lisi$"),
            ("$userName=$", "$userName=$"),
            ("$userName=li si$", "$userName=li si$"),
            ("$userName=lisi", "$userName=lisi"),
            ("5$ und $userName=lisi$ 6$", "5$ und 李四 6$"),
            ("$$userName=lisi$$", "$李四$"),
            ("", ""),
        ] {
            assert_eq!(translated(text, name), expected);
        }
    }

    #[test]
    fn only_the_published_fields_are_translated() {
        let mut body =
            json!({ "articles": [{ "title": "a", "url": "b" }, { "title": "c" }], "title": "d" });
        each("news", &mut body, &mut |text| text.push('!'));
        assert_eq!(
            body,
            json!({ "articles": [{ "title": "a!", "url": "b" }, { "title": "c!" }], "title": "d" })
        );
        let before = body.clone();
        each("markdown", &mut body, &mut |text| text.push('!'));
        assert_eq!(body, before);
    }
}
