use super::*;
use crate::message::{
    CardAction, CardButton, CardOption, CardText, Checkbox, HorizontalContent, Jump, MenuAction,
    Selection, SubmitButton,
};

fn long(bytes: usize) -> String {
    "k".repeat(bytes)
}

fn options(count: usize) -> Vec<CardOption> {
    (0..count)
        .map(|n| CardOption::new(format!("o{n}"), "option"))
        .collect()
}

fn text() -> TemplateCard {
    TemplateCard::text_notice("t", CardAction::url("https://x"))
}

fn news() -> TemplateCard {
    TemplateCard::news_notice("t", "https://x/p.png", CardAction::url("https://x"))
}

fn buttons(buttons: Vec<CardButton>) -> TemplateCard {
    TemplateCard::button_interaction("t", "task", buttons)
}

fn vote(question: Checkbox) -> TemplateCard {
    TemplateCard::vote_interaction("t", "task", question, SubmitButton::new("send"))
}

fn multiple(questions: Vec<Selection>) -> TemplateCard {
    TemplateCard::multiple_interaction("t", "task", questions, SubmitButton::new("send"))
}

fn one_button() -> TemplateCard {
    buttons(vec![CardButton::new("b", "k")])
}

fn one_vote() -> TemplateCard {
    vote(Checkbox::new("q", options(1)))
}

fn one_select() -> TemplateCard {
    multiple(vec![Selection::new("q", options(1))])
}

fn with(mut card: TemplateCard, change: impl FnOnce(&mut TemplateCard)) -> TemplateCard {
    change(&mut card);
    card
}

fn menu(keys: &[&str]) -> TemplateCard {
    let card = text().task("task");
    keys.iter().fold(card, |card, key| card.menu("m", *key))
}

/// In both rulebooks: the card is refused for this reason, and the field is named.
fn refused(card: &TemplateCard, refusal: R, field: &str) {
    for book in Rulebook::ALL {
        let found = card.check_in(CardMoment::Sent, &Rules::of(book));
        let found = found.expect_err(&format!("{refusal:?} {field}"));
        assert_eq!(
            (found.refusal, found.field.as_ref()),
            (refusal, format!("template_card.{field}").as_str())
        );
    }
}

fn fits(card: &TemplateCard) {
    for book in Rulebook::ALL {
        assert_eq!(card.check_by(&Rules::of(book)), Ok(()), "{card:?}");
    }
}

#[test]
fn every_list_has_its_most() {
    let content = |n| (0..n).fold(text(), |card, _| card.content("k", "v"));
    let jump = |n| (0..n).fold(text(), |card, _| card.jump("t", "https://x"));
    let vertical = |n| (0..n).fold(news(), |card, _| card.vertical("t", "d"));
    let button = |n: usize| {
        buttons(
            (0..n)
                .map(|n| CardButton::new("b", n.to_string()))
                .collect(),
        )
    };
    let choice = |n| vote(Checkbox::new("q", options(n)));
    let select = |n: usize| {
        let question = |n: usize| Selection::new(n.to_string(), options(1));
        multiple((0..n).map(question).collect())
    };
    let option = |n| multiple(vec![Selection::new("q", options(n))]);
    let beside = |n| one_button().selection(Selection::new("q", options(n)));
    for (good, bad, refusal, field) in [
        (
            content(6),
            content(7),
            R::CardContentCount,
            "horizontal_content_list",
        ),
        (jump(3), jump(4), R::CardJumpCount, "jump_list"),
        (
            vertical(4),
            vertical(5),
            R::CardVerticalCount,
            "vertical_content_list",
        ),
        (
            menu(&["1", "2", "3"]),
            menu(&["1", "2", "3", "4"]),
            R::TooLong,
            "action_menu.action_list",
        ),
        (button(6), button(7), R::TooLong, "button_list"),
        (button(1), button(0), R::InvalidParameter, "button_list"),
        (
            choice(20),
            choice(21),
            R::CardOptionCount,
            "checkbox.option_list",
        ),
        (
            choice(1),
            choice(0),
            R::CardOptionCount,
            "checkbox.option_list",
        ),
        (select(3), select(4), R::CardSelectCount, "select_list"),
        (select(1), select(0), R::CardSelectCount, "select_list"),
        (
            option(10),
            option(11),
            R::CardOptionCount,
            "select_list[0].option_list",
        ),
        (
            option(1),
            option(0),
            R::CardOptionCount,
            "select_list[0].option_list",
        ),
        (
            beside(10),
            beside(11),
            R::CardOptionCount,
            "button_selection.option_list",
        ),
        (
            beside(1),
            beside(0),
            R::CardOptionCount,
            "button_selection.option_list",
        ),
    ] {
        fits(&good);
        refused(&bad, refusal, field);
    }
    let replied = |card: &TemplateCard| {
        card.check_in(CardMoment::Replied, &Rules::of(Rulebook::Live2026))
            .map_err(|refused| (refused.refusal, refused.limit))
    };
    let ten = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"];
    assert_eq!(replied(&menu(&ten[..10])), Ok(()));
    assert_eq!(replied(&menu(&ten)), Err((R::TooLong, 10)));
}

#[test]
fn every_text_has_its_length() {
    let key = |n| buttons(vec![CardButton::new("b", long(n))]);
    let question = |n| vote(Checkbox::new(long(n), options(1)));
    let option = |n| vote(Checkbox::new("q", [CardOption::new(long(n), "t")]));
    let submit = |n| {
        with(one_vote(), |card| {
            card.submit_button = Some(SubmitButton::new(long(n)))
        })
    };
    let url = |n| text().jump("t", long(n));
    for (good, bad, refusal, field) in [
        (
            one_button().task(long(128)),
            one_button().task(long(129)),
            R::CardTask,
            "task_id",
        ),
        (
            one_button().task("aZ09_-@"),
            one_button().task("a.b"),
            R::CardTask,
            "task_id",
        ),
        (
            menu(&[&long(1024)]),
            menu(&[&long(1025)]),
            R::CardActionKey,
            "action_menu.action_list[0].key",
        ),
        (key(1024), key(1025), R::CardButtonKey, "button_list[0].key"),
        (
            question(1024),
            question(1025),
            R::CardQuestionKey,
            "checkbox.question_key",
        ),
        (
            option(128),
            option(129),
            R::CardOptionId,
            "checkbox.option_list[0].id",
        ),
        (
            submit(1024),
            submit(1025),
            R::CardSubmitKey,
            "submit_button.key",
        ),
        (url(2048), url(2049), R::UrlTooLong, "jump_list[0].url"),
    ] {
        fits(&good);
        refused(&bad, refusal, field);
    }
    // Only advised.
    fits(
        &text()
            .desc("长".repeat(500))
            .sub_title("长".repeat(500))
            .source("长".repeat(50)),
    );
}

#[test]
fn what_must_be_there_is_named() {
    let none = TemplateCard::default;
    for (card, refusal, field) in [
        (none(), R::CardType, "card_type"),
        (
            with(text(), |card| card.card_type = Some("menu".into())),
            R::CardType,
            "card_type",
        ),
        (
            with(one_button(), |card| card.task_id = None),
            R::CardTask,
            "task_id",
        ),
        (
            with(one_vote(), |card| card.task_id = Some(String::new())),
            R::CardTask,
            "task_id",
        ),
        (
            with(one_select(), |card| card.task_id = None),
            R::CardTask,
            "task_id",
        ),
        (text().menu("m", "k"), R::CardTask, "task_id"),
        (
            with(text(), |card| card.main_title = None),
            R::CardTitle,
            "main_title.title",
        ),
        (
            with(news(), |card| card.main_title = None),
            R::CardTitle,
            "main_title.title",
        ),
        (
            with(one_button(), |card| card.main_title = None),
            R::CardTitle,
            "main_title.title",
        ),
        (
            with(one_vote(), |card| card.main_title = None),
            R::CardTitle,
            "main_title.title",
        ),
        (
            with(one_select(), |card| card.main_title = None),
            R::CardTitle,
            "main_title.title",
        ),
        (
            with(text(), |card| card.card_action = None),
            R::CardAction,
            "card_action",
        ),
        (
            with(news(), |card| {
                card.card_action = Some(CardAction::default())
            }),
            R::CardAction,
            "card_action",
        ),
        (
            with(news(), |card| card.card_image = None),
            R::CardImageUrl,
            "card_image",
        ),
        (
            with(news(), |card| card.card_image = Some(CardImage::default())),
            R::CardImageUrl,
            "card_image.url",
        ),
        (
            with(news(), |card| {
                card.image_text_area = Some(ImageTextArea::default())
            }),
            R::CardImageUrl,
            "image_text_area.image_url",
        ),
        (
            with(news(), |card| {
                card.vertical_content_list = vec![CardText::default()]
            }),
            R::CardTitle,
            "vertical_content_list[0].title",
        ),
        (
            text().content("", "v"),
            R::CardKeyName,
            "horizontal_content_list[0].keyname",
        ),
        (
            text().content_link("k", "v", ""),
            R::CardUrl,
            "horizontal_content_list[0].url",
        ),
        (
            text().attachment("k", "v", ""),
            R::CardMediaId,
            "horizontal_content_list[0].media_id",
        ),
        (
            text().person("k", "v", ""),
            R::CardUserId,
            "horizontal_content_list[0].userid",
        ),
        (
            text().jump("", "https://x"),
            R::CardTitle,
            "jump_list[0].title",
        ),
        (text().jump("t", ""), R::CardUrl, "jump_list[0].url"),
        (
            with(text(), |card| {
                card.card_action = Some(CardAction::mini_program("", "p"))
            }),
            R::CardAppId,
            "card_action.appid",
        ),
        (
            with(text(), |card| card.card_action = Some(CardAction::url(""))),
            R::CardUrl,
            "card_action.url",
        ),
        (
            with(text(), |card| {
                card.quote_area = Some(QuoteArea {
                    r#type: Some(1),
                    ..Default::default()
                })
            }),
            R::CardUrl,
            "quote_area.url",
        ),
        (
            menu(&[""]),
            R::CardActionKeyMissing,
            "action_menu.action_list[0].key",
        ),
        (
            text().task("t").menu("", "k"),
            R::CardActionText,
            "action_menu.action_list[0].text",
        ),
        (
            menu(&["k", "k"]),
            R::CardActionKeyTaken,
            "action_menu.action_list[1].key",
        ),
        (
            with(text().task("t"), |card| {
                card.action_menu = Some(ActionMenu::default())
            }),
            R::InvalidParameter,
            "action_menu.action_list",
        ),
        (
            buttons(vec![CardButton::new("", "k")]),
            R::CardButtonText,
            "button_list[0].text",
        ),
        (
            buttons(vec![CardButton::new("b", "")]),
            R::CardButtonKey,
            "button_list[0].key",
        ),
        (
            buttons(vec![CardButton::url("b", "")]),
            R::CardUrl,
            "button_list[0].url",
        ),
        (
            buttons(vec![CardButton::new("a", "k"), CardButton::new("b", "k")]),
            R::CardButtonKey,
            "button_list[1].key",
        ),
        (
            vote(Checkbox::new("", options(1))),
            R::CardQuestionKey,
            "checkbox.question_key",
        ),
        (
            with(one_vote(), |card| card.checkbox = None),
            R::CardQuestionKey,
            "checkbox.question_key",
        ),
        (
            vote(Checkbox::new("q", [CardOption::new("", "t")])),
            R::CardOptionId,
            "checkbox.option_list[0].id",
        ),
        (
            vote(Checkbox::new("q", [CardOption::new("o", "")])),
            R::CardOptionText,
            "checkbox.option_list[0].text",
        ),
        (
            vote(Checkbox::new(
                "q",
                [CardOption::new("o", "t"), CardOption::new("o", "t")],
            )),
            R::CardOptionId,
            "checkbox.option_list[1].id",
        ),
        (
            multiple(vec![
                Selection::new("q", options(1)),
                Selection::new("q", options(1)),
            ]),
            R::CardQuestionKey,
            "select_list[1].question_key",
        ),
        (
            with(one_vote(), |card| card.submit_button = None),
            R::CardSubmitText,
            "submit_button",
        ),
        (
            with(one_vote(), |card| {
                card.submit_button = Some(SubmitButton::new("k").text(" "))
            }),
            R::CardSubmitText,
            "submit_button.text",
        ),
        (
            with(one_select(), |card| {
                card.submit_button = Some(SubmitButton::new(""))
            }),
            R::CardSubmitKey,
            "submit_button.key",
        ),
    ] {
        refused(&card, refusal, field);
    }
}

#[test]
fn numbers_stay_in_their_range() {
    let ratio = |ratio| {
        with(news(), |card| {
            card.card_image.as_mut().unwrap().aspect_ratio = Some(ratio)
        })
    };
    let color = |color| {
        with(text().source("s"), |card| {
            card.source.as_mut().unwrap().desc_color = Some(color)
        })
    };
    let action = |card: TemplateCard, kind| {
        with(card, |card| {
            card.card_action = Some(CardAction {
                r#type: Some(kind),
                ..CardAction::url("https://x")
            })
        })
    };
    let line = |kind| {
        with(text(), |card| {
            card.horizontal_content_list.push(HorizontalContent {
                r#type: Some(kind),
                keyname: Some("k".into()),
                userid: Some("u".into()),
                ..Default::default()
            });
        })
    };
    let mode = |mode| {
        vote(Checkbox {
            mode: Some(mode),
            ..Checkbox::new("q", options(2))
        })
    };
    for (good, bad, refusal, field) in [
        (
            ratio(1.3),
            ratio(1.29),
            R::InvalidParameter,
            "card_image.aspect_ratio",
        ),
        (
            ratio(2.25),
            ratio(2.26),
            R::InvalidParameter,
            "card_image.aspect_ratio",
        ),
        (color(3), color(4), R::InvalidParameter, "source.desc_color"),
        (
            action(text(), 1),
            action(text(), 0),
            R::CardAction,
            "card_action",
        ),
        (
            action(one_button(), 0),
            action(one_button(), 3),
            R::CardAction,
            "card_action",
        ),
        (
            line(3),
            line(4),
            R::InvalidParameter,
            "horizontal_content_list[0].type",
        ),
        (mode(1), mode(2), R::InvalidParameter, "checkbox.mode"),
    ] {
        fits(&good);
        refused(&bad, refusal, field);
    }
}

#[test]
fn a_changed_card_needs_neither_task_nor_submit_button() {
    let rules = Rules::of(Rulebook::Live2026);
    for moment in [CardMoment::Updated, CardMoment::Replied] {
        for card in [
            with(one_button(), |card| card.task_id = None),
            with(one_vote(), |card| {
                (card.task_id, card.submit_button) = (None, None)
            }),
            text().menu("m", "k"),
        ] {
            assert_eq!(card.check_in(moment, &rules), Ok(()));
        }
    }
}

#[test]
fn fields_of_other_types_are_not_looked_at() {
    let card = with(one_vote(), |card| {
        card.jump_list = vec![Jump::default(); 9];
        card.action_menu = Some(ActionMenu {
            action_list: vec![MenuAction::default()],
            ..Default::default()
        });
    });
    fits(&card);
    assert_eq!(card.own(), one_vote());
}

#[test]
fn a_card_survives_xml() {
    let full = with(
        one_button()
            .desc("d")
            .source("from")
            .quote("q", "text")
            .content("k", "v")
            .person("who", "张三", "zhangsan")
            .jump("t", "https://x")
            .menu("m", "A")
            .menu("n", "B")
            .selection(Selection::new("q", options(2)).selected("o1"))
            .replaced("已提交"),
        |card| card.source.as_mut().unwrap().desc_color = Some(2),
    );
    for card in [full, news().vertical("t", "d"), one_vote(), one_select()] {
        let element = card.write_xml();
        let text = element.write();
        let read = qun_crypt::xml::Element::read(&text).unwrap();
        assert_eq!(TemplateCard::read_xml(&read), card, "{text}");
    }
    let ratio = with(news(), |card| {
        card.card_image.as_mut().unwrap().aspect_ratio = Some(1.5)
    });
    assert_eq!(TemplateCard::read_xml(&ratio.write_xml()), ratio);
    let text = menu(&["A"]).person("who", "v", "u").write_xml().write();
    for name in [
        "<KeyName>",
        "<UserId>",
        "<ActionList>",
        "<CardType><![CDATA[text_notice]]>",
        "<Type>3</Type>",
    ] {
        assert!(text.contains(name), "{name} in {text}");
    }
    let odd = "<TemplateCard><CardType><![CDATA[text_notice]]></CardType><CardAction><Title><![CDATA[x]]></Title><Type>7</Type>\
        <Appid><![CDATA[a]]></Appid></CardAction></TemplateCard>";
    let odd = TemplateCard::read_xml(&qun_crypt::xml::Element::read(odd).unwrap());
    let action = odd.card_action.unwrap();
    assert_eq!((action.r#type, action.appid.as_deref()), (None, Some("a")));
}
