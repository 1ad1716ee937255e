//! Cards: how they are drawn, what becomes of them, and what a tap on one says.

use std::collections::BTreeSet;

use qun_protocol::{
    Refusal as R, Refused,
    event::SelectedItem,
    message::{CardOption, Selection, TemplateCard},
    people::Chosen,
    text::given,
};
use qun_store::table::card::Change;
use serde_json::Value;

/// What a submit button says that has no text of its own (90236).
const SUBMIT: &str = "提交";

/// The object that a phone draws: the fields of the card's type, and the words that stand where it has none.
pub fn drawn(card: &TemplateCard) -> Value {
    let mut card = card.own();
    if let Some(button) = &mut card.submit_button
        && given(&button.text).is_none()
    {
        button.text = Some(SUBMIT.into());
    }
    // Of plain fields, this cannot fail.
    serde_json::to_value(card).unwrap_or_default()
}

/// What a card has become.
pub fn now(mut body: Value, changes: &[Change]) -> Value {
    for change in changes {
        if change.whole {
            body = serde_json::from_str(&change.body).unwrap_or_default();
        } else {
            body["replace_text"] = change.body.as_str().into();
        }
    }
    body
}

/// What the app is told of a tap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tap {
    /// The key of the button or of the menu's entry.
    pub key: String,
    /// Whether it is the menu's.
    pub menu: bool,
    /// What is chosen.
    pub selected: Vec<SelectedItem>,
}

/// What a tap on the button or the entry with this key says; without one, on the only that there is.
pub fn tap(card: &TemplateCard, key: Option<&str>, chosen: &[Chosen]) -> Result<Tap, Refused> {
    let buttons = button_keys(card);
    let entries = card.action_menu.iter().flat_map(|menu| menu.keys());
    let entries: Vec<&str> = entries.collect();
    let key = match (key, buttons.as_slice(), entries.as_slice()) {
        (Some(key), _, _) => key,
        (None, [only], _) | (None, [], [only]) => only,
        (None, ..) => return Err(unknown("key is to name one of several")),
    };
    if buttons.contains(&key) {
        if given(&card.replace_text).is_some() {
            return Err(R::CardAnswered.into());
        }
        return Ok(Tap {
            key: key.into(),
            menu: false,
            selected: selected(&questions(card), chosen)?,
        });
    }
    if !entries.contains(&key) {
        return Err(unknown(key));
    }
    if !chosen.is_empty() {
        return Err(bad("the menu sends nothing that is chosen"));
    }
    Ok(Tap {
        key: key.into(),
        menu: true,
        selected: Vec::new(),
    })
}

fn unknown(detail: &str) -> Refused {
    Refused::because(R::CardButtonUnknown, detail)
}

fn bad(detail: impl Into<String>) -> Refused {
    Refused::because(R::BadRequest, detail)
}

/// The keys of the buttons that tell the app.
fn button_keys(card: &TemplateCard) -> Vec<&str> {
    let telling = card.button_list.iter();
    let telling = telling.filter(|button| button.r#type.unwrap_or(0) == 0);
    let keys = telling.map(|button| &button.key);
    let submit = card.submit_button.iter().map(|button| &button.key);
    keys.chain(submit).filter_map(given).collect()
}

struct Question<'a> {
    key: &'a str,
    options: &'a [CardOption],
    several: bool,
    disabled: bool,
    /// What is chosen from the beginning.
    first: BTreeSet<&'a str>,
}

fn ids(options: &[CardOption]) -> impl Iterator<Item = &str> {
    options.iter().filter_map(|option| given(&option.id))
}

fn questions(card: &TemplateCard) -> Vec<Question<'_>> {
    let lists = card.button_selection.iter().chain(&card.select_list);
    let mut questions: Vec<Question<'_>> = lists.map(listed).collect();
    if let Some(checkbox) = &card.checkbox {
        let several = checkbox.mode == Some(1);
        let options = checkbox.option_list.iter();
        let checked = options.filter(|option| option.is_checked == Some(true));
        let checked = checked.filter_map(|option| given(&option.id));
        questions.push(Question {
            key: given(&checkbox.question_key).unwrap_or_default(),
            options: &checkbox.option_list,
            several,
            disabled: checkbox.disable == Some(true),
            first: checked.take(if several { usize::MAX } else { 1 }).collect(),
        });
    }
    questions
}

fn listed(list: &Selection) -> Question<'_> {
    let selected = given(&list.selected_id);
    let selected = selected.filter(|id| ids(&list.option_list).any(|known| known == *id));
    Question {
        key: given(&list.question_key).unwrap_or_default(),
        options: &list.option_list,
        several: false,
        disabled: list.disable == Some(true),
        first: selected
            .or_else(|| ids(&list.option_list).next())
            .into_iter()
            .collect(),
    }
}

fn selected(questions: &[Question<'_>], chosen: &[Chosen]) -> Result<Vec<SelectedItem>, Refused> {
    for (n, choice) in chosen.iter().enumerate() {
        let key = &choice.question_key;
        if !questions.iter().any(|question| question.key == *key) {
            return Err(bad(format!("the card has no question {key:?}")));
        }
        if chosen[..n].iter().any(|other| other.question_key == *key) {
            return Err(bad(format!("question {key:?} is answered twice")));
        }
    }
    let items = questions.iter().map(|question| {
        let choice = chosen.iter().find(|it| it.question_key == question.key);
        let options = match choice {
            Some(choice) => question.answered(&choice.option_ids)?,
            None => question.first.clone(),
        };
        if options.is_empty() {
            return Err(bad(format!("question {:?} is not answered", question.key)));
        }
        Ok(SelectedItem {
            question_key: question.key.to_owned(),
            option_ids: ids(question.options)
                .filter(|id| options.contains(id))
                .map(str::to_owned)
                .collect(),
        })
    });
    items.collect()
}

impl Question<'_> {
    fn answered<'c>(&self, option_ids: &'c [String]) -> Result<BTreeSet<&'c str>, Refused> {
        let key = self.key;
        let options: BTreeSet<&str> = option_ids.iter().map(String::as_str).collect();
        if let Some(id) = options
            .iter()
            .find(|id| !ids(self.options).any(|o| o == **id))
        {
            return Err(bad(format!("question {key:?} has no option {id:?}")));
        }
        if !self.several && options.len() > 1 {
            return Err(bad(format!("question {key:?} takes one option")));
        }
        if self.disabled && options != self.first {
            return Err(bad(format!("question {key:?} cannot be changed any more")));
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use qun_protocol::message::{CardAction, CardButton, Checkbox, SubmitButton};
    use serde_json::json;

    use super::*;

    fn options(count: usize) -> Vec<CardOption> {
        (1..=count)
            .map(|n| CardOption::new(format!("o{n}"), "option"))
            .collect()
    }

    fn chosen(question: &str, options: &[&str]) -> Vec<Chosen> {
        vec![Chosen {
            question_key: question.into(),
            option_ids: options.iter().map(|id| (*id).to_owned()).collect(),
        }]
    }

    fn items(card: &TemplateCard, chosen: &[Chosen]) -> Vec<(String, Vec<String>)> {
        let tap = tap(card, None, chosen).unwrap();
        let items = tap.selected.into_iter();
        items
            .map(|item| (item.question_key, item.option_ids))
            .collect()
    }

    fn refused(card: &TemplateCard, key: Option<&str>, chosen: &[Chosen]) -> R {
        tap(card, key, chosen).unwrap_err().refusal
    }

    #[test]
    fn a_button_is_tapped_by_its_key() {
        let buttons = [
            CardButton::new("a", "A"),
            CardButton::url("b", "https://x"),
            CardButton::new("c", "C"),
        ];
        let card = TemplateCard::button_interaction("t", "task", buttons).menu("m", "M");
        assert_eq!(tap(&card, Some("C"), &[]).unwrap().key, "C");
        let menu = tap(&card, Some("M"), &[]).unwrap();
        assert!(menu.menu && menu.selected.is_empty());
        assert_eq!(refused(&card, Some("c"), &[]), R::CardButtonUnknown);
        assert_eq!(refused(&card, None, &[]), R::CardButtonUnknown);
        assert_eq!(
            refused(&card, Some("M"), &chosen("q", &["o1"])),
            R::BadRequest
        );
        let replaced = card.replaced("done");
        assert_eq!(refused(&replaced, Some("A"), &[]), R::CardAnswered);
        assert!(tap(&replaced, Some("M"), &[]).unwrap().menu);
        let link = TemplateCard::text_notice("t", CardAction::url("https://x"));
        assert_eq!(refused(&link, None, &[]), R::CardButtonUnknown);
        assert!(tap(&link.menu("m", "M"), None, &[]).unwrap().menu);
    }

    #[test]
    fn what_is_not_chosen_is_what_it_was_from_the_beginning() {
        let lists = [
            Selection::new("q1", options(2)),
            Selection::new("q2", options(2)).selected("o2"),
            Selection::new("q3", options(2)).selected("o9"),
        ];
        let card =
            TemplateCard::multiple_interaction("t", "task", lists, SubmitButton::new("send"));
        let answers = items(&card, &chosen("q3", &["o2"]));
        let one = |question: &str, option: &str| (question.to_owned(), vec![option.to_owned()]);
        assert_eq!(answers, [one("q1", "o1"), one("q2", "o2"), one("q3", "o2")]);
        assert_eq!(items(&card, &[])[2], one("q3", "o1"));
        for bad in [
            chosen("q4", &["o1"]),
            chosen("q1", &["o3"]),
            chosen("q1", &["o1", "o2"]),
            chosen("q1", &[]),
            [chosen("q1", &["o1"]), chosen("q1", &["o1"])].concat(),
        ] {
            assert_eq!(refused(&card, None, &bad), R::BadRequest, "{bad:?}");
        }
    }

    #[test]
    fn a_vote_has_one_answer_or_several() {
        let checked = [
            options(2),
            vec![
                CardOption::new("o3", "x").checked(),
                CardOption::new("o4", "y").checked(),
            ],
        ]
        .concat();
        let card = |question| {
            TemplateCard::vote_interaction("t", "task", question, SubmitButton::new("send"))
        };
        let one = card(Checkbox::new("q", checked.clone()));
        let several = card(Checkbox::new("q", checked).several());
        assert_eq!(items(&one, &[])[0].1, ["o3"]);
        assert_eq!(items(&several, &[])[0].1, ["o3", "o4"]);
        assert_eq!(
            items(&several, &chosen("q", &["o4", "o1"]))[0].1,
            ["o1", "o4"]
        );
        assert_eq!(
            refused(&one, None, &chosen("q", &["o1", "o2"])),
            R::BadRequest
        );
        assert_eq!(
            refused(&card(Checkbox::new("q", options(2))), None, &[]),
            R::BadRequest
        );
        let mut fixed = several;
        fixed.checkbox.as_mut().unwrap().disable = Some(true);
        assert_eq!(refused(&fixed, None, &chosen("q", &["o1"])), R::BadRequest);
        assert_eq!(
            items(&fixed, &chosen("q", &["o4", "o3"]))[0].1,
            ["o3", "o4"]
        );
    }

    #[test]
    fn a_card_is_drawn_as_it_is_now() {
        let vote = TemplateCard::vote_interaction(
            "t",
            "task",
            Checkbox::new("q", options(1)),
            SubmitButton::new("send"),
        );
        let first = drawn(&vote);
        assert_eq!(first["submit_button"]["text"], "提交");
        let button = |text: &str| Change {
            body: text.into(),
            ..Default::default()
        };
        let whole = Change {
            whole: true,
            body: json!({ "card_type": "text_notice" }).to_string(),
            ..Default::default()
        };
        assert_eq!(
            now(first.clone(), &[button("a"), button("b")])["replace_text"],
            "b"
        );
        assert_eq!(
            now(first, &[button("a"), whole]),
            json!({ "card_type": "text_notice" })
        );
    }
}
