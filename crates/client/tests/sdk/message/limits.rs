//! The checks of message/send against a server, at every limit and under both rulebooks.

use qun_client::{CardButton, CardOption, Checkbox, Selection, SubmitButton, protocol::MediaId};

use super::*;

fn x(n: usize) -> String {
    "x".repeat(n)
}

/// Of a wide character, where characters are counted.
fn wide(n: usize) -> String {
    "群".repeat(n)
}

fn url(n: usize) -> String {
    format!("https://{}", x(n - 8))
}

fn to(touser: impl Into<String>, message: impl Into<Message>) -> Message {
    Message {
        touser: Some(touser.into()),
        ..message.into()
    }
}

fn card(title: usize, description: usize, link: usize, button: usize) -> Message {
    let card = TextCard::new(wide(title), wide(description), url(link));
    to("p1", card.button(wide(button)))
}

fn article(title: usize, description: usize, link: usize, picture: usize) -> Message {
    let article = Article::new(x(title), url(link)).description(x(description));
    to("p1", News::new([article.picture(url(picture))]))
}

fn program(pagepath: usize) -> Message {
    to("p1", News::new([Article::program("t", "wx1", x(pagepath))]))
}

fn page(image: &MediaId, title: usize, author: usize, content: usize, digest: usize) -> Message {
    let page = ArticlePage::new(x(title), image.clone(), x(content));
    to(
        "p1",
        MpNews::new([page.author(x(author)).digest(x(digest))]),
    )
}

fn notice(title: usize, description: usize, path: usize) -> Message {
    let notice = MiniprogramNotice::new("wx1", wide(title)).description(wide(description));
    to("p1", notice.page(x(path)))
}

fn items(count: usize, key: usize, value: usize) -> Message {
    let notice = MiniprogramNotice::new("wx1", "会议室预订");
    let items = (0..count).fold(notice, |notice, _| notice.item(wide(key), wide(value)));
    to("p1", items)
}

fn text() -> Message {
    to("p1", Text::new("x"))
}

/// Pairs of what the check lets through and what it does not.
fn contents(image: &MediaId) -> Vec<(Message, Message)> {
    let media = |id: &str| to("p1", Image::new(id));
    let mentioning = Text::new("x").mention(["p1"]);
    let action = || CardAction::url("https://x");
    let notice_card = || TemplateCard::text_notice("t", action());
    vec![
        (to("p1", Text::new(x(2048))), to("p1", Text::new(x(2049)))),
        (text(), to("p1", Text::new(""))),
        (text(), to("p1", mentioning)),
        (
            to("p1", Markdown::new(x(2048))),
            to("p1", Markdown::new(x(2049))),
        ),
        (media(image), media("")),
        (card(128, 512, 2048, 4), card(129, 1, 9, 1)),
        (card(1, 1, 9, 1), card(1, 513, 9, 1)),
        (card(1, 1, 9, 1), card(1, 1, 2049, 1)),
        (card(1, 1, 9, 1), card(1, 1, 9, 5)),
        (
            card(1, 1, 9, 1),
            to("p1", TextCard::new("t", "d", "no scheme")),
        ),
        (card(1, 1, 9, 1), card(1, 0, 9, 1)),
        (article(128, 512, 2048, 2048), article(129, 1, 9, 9)),
        (article(1, 1, 9, 9), article(1, 513, 9, 9)),
        (article(1, 1, 9, 9), article(1, 1, 2049, 9)),
        (article(1, 1, 9, 9), article(1, 1, 9, 2049)),
        (program(128), program(129)),
        (
            program(1),
            to(
                "p1",
                News::new([Article {
                    appid: Some("wx1".into()),
                    ..Article::new("t", "https://x")
                }]),
            ),
        ),
        (
            to("p1", News::new(vec![Article::new("t", "https://x"); 8])),
            to("p1", News::new(vec![Article::new("t", "https://x"); 9])),
        ),
        (
            page(image, 128, 64, 666 * 1024, 512),
            page(image, 129, 1, 1, 1),
        ),
        (page(image, 1, 0, 1, 0), page(image, 1, 65, 1, 1)),
        (
            page(image, 1, 1, 1, 1),
            page(image, 1, 1, 666 * 1024 + 1, 1),
        ),
        (page(image, 1, 1, 1, 1), page(image, 1, 1, 1, 513)),
        (notice(12, 12, 1024), notice(13, 12, 1)),
        (notice(4, 4, 1), notice(3, 4, 1)),
        (notice(4, 4, 1), notice(4, 13, 1)),
        (notice(4, 4, 1), notice(4, 3, 1)),
        (notice(4, 4, 1), notice(4, 4, 1025)),
        (items(10, 10, 30), items(11, 1, 1)),
        (items(1, 1, 1), items(1, 11, 1)),
        (items(1, 1, 1), items(1, 1, 31)),
        (
            text().confidential(),
            to("p1", News::new([Article::new("t", "https://x")])).confidential(),
        ),
        (
            page(image, 1, 1, 1, 1).confidential(),
            to("p1", Markdown::new("x")).confidential(),
        ),
        (
            page(image, 1, 1, 1, 1).inside_the_company(),
            text().inside_the_company(),
        ),
        (text().once_within(14_400), text().once_within(14_401)),
        (
            text().with_names(),
            Message {
                enable_id_trans: Some(2),
                ..text()
            },
        ),
        (
            to("p1", notice_card()),
            to("p1", notice_card().vertical("not", "of its type")),
        ),
        (
            to("p1", notice_card()),
            Message {
                template_card: None,
                ..to("p1", notice_card())
            },
        ),
        (
            text(),
            Message {
                msgtype: Some("interactive_taskcard".into()),
                ..text()
            },
        ),
    ]
}

fn addresses() -> Vec<(Message, Message)> {
    let list = |count: usize| {
        (0..count)
            .map(|n| format!("p{n}"))
            .collect::<Vec<_>>()
            .join("|")
    };
    let numbers = |count: usize| {
        (1..=count)
            .map(|n| n.to_string())
            .collect::<Vec<_>>()
            .join("|")
    };
    let parties = |count| Message {
        toparty: Some(numbers(count)),
        ..text()
    };
    let tags = |count| Message {
        totag: Some(numbers(count)),
        ..text()
    };
    vec![
        (
            to(list(1000), Text::new("x")),
            to(list(1001), Text::new("x")),
        ),
        (parties(100), parties(101)),
        (tags(100), tags(101)),
        (text(), to(" | ", Text::new("x"))),
        (
            to("@all", Text::new("x")),
            Message {
                touser: Some("@all".into()),
                ..notice(4, 4, 1)
            },
        ),
    ]
}

/// Cards whose task must be new: pairs with the number that makes it so.
fn cards(task: &dyn Fn() -> String) -> Vec<(Message, Message)> {
    let options = |n: usize| {
        (0..n)
            .map(|n| CardOption::new(n.to_string(), "t"))
            .collect::<Vec<_>>()
    };
    let buttons = |n: usize, key: usize| {
        let buttons = (0..n).map(|n| CardButton::new("t", format!("{n}{}", x(key - 1))));
        to("p1", TemplateCard::button_interaction("t", task(), buttons))
    };
    let vote = |n: usize, key: usize| {
        let question = Checkbox::new(x(key), options(n));
        to(
            "p1",
            TemplateCard::vote_interaction("t", task(), question, SubmitButton::new("k")),
        )
    };
    let selects = |n: usize, of: usize| {
        let selects = (0..n).map(|n| Selection::new(n.to_string(), options(of)));
        let submit = SubmitButton::new("k");
        to(
            "p1",
            TemplateCard::multiple_interaction("t", task(), selects, submit),
        )
    };
    let lines = |n: usize| {
        let card = TemplateCard::text_notice("t", CardAction::url("https://x"));
        to("p1", (0..n).fold(card, |card, _| card.content("k", "v")))
    };
    let jumps = |n: usize| {
        let card = TemplateCard::text_notice("t", CardAction::url("https://x"));
        to(
            "p1",
            (0..n).fold(card, |card, _| card.jump("t", "https://x")),
        )
    };
    let pictures = |n: usize| {
        let action = CardAction::url("https://x");
        let card = TemplateCard::news_notice("t", "https://x/p.png", action);
        to("p1", (0..n).fold(card, |card, _| card.vertical("t", "d")))
    };
    let menu = |n: usize| {
        let card = TemplateCard::text_notice("t", CardAction::url("https://x")).task(task());
        to(
            "p1",
            (0..n).fold(card, |card, n| card.menu("t", n.to_string())),
        )
    };
    let long_task = |n: usize| {
        let card = TemplateCard::text_notice("t", CardAction::url("https://x"));
        to(
            "p1",
            card.task(format!("{}{}", task(), x(n - task().len()))),
        )
    };
    vec![
        (buttons(6, 1024), buttons(7, 1)),
        (buttons(1, 1), buttons(1, 1025)),
        (vote(20, 1024), vote(21, 1)),
        (vote(1, 1), vote(1, 1025)),
        (selects(3, 10), selects(4, 1)),
        (selects(1, 1), selects(1, 11)),
        (lines(6), lines(7)),
        (jumps(3), jumps(4)),
        (pictures(4), pictures(5)),
        (menu(3), menu(4)),
        (long_task(128), long_task(129)),
    ]
}

/// Whether all that was sent is there; ids of files are drawn as what they stand for.
fn kept(sent: &Value, arrived: &Value) -> bool {
    match (sent, arrived) {
        (Value::Object(sent), Value::Object(arrived)) => sent.iter().all(|(key, sent)| {
            let drawn = key.ends_with("media_id") || sent == "" || sent.is_null();
            drawn || arrived.get(key).is_some_and(|arrived| kept(sent, arrived))
        }),
        (Value::Array(sent), Value::Array(arrived)) => {
            sent.len() == arrived.len()
                && sent
                    .iter()
                    .zip(arrived)
                    .all(|(sent, arrived)| kept(sent, arrived))
        }
        (sent, arrived) => sent == arrived,
    }
}

/// Whether the last message of a person is this one, whole.
async fn arrived_whole(server: &Server, message: &Message) -> bool {
    let sent = serde_json::to_value(message).unwrap();
    let body = &sent[message.msgtype.as_deref().unwrap()];
    let inbox = server.inbox("p1").await;
    let last = inbox.last().unwrap();
    kept(body, &last.content) && last.safe == message.safe.unwrap_or(0)
}

/// What `check` lets through arrives as it was written, and what it does not the server cuts, ignores or refuses.
#[tokio::test]
async fn checks_agree_with_the_server_at_every_limit() {
    for rulebook in BOTH {
        let server = Server::start(rulebook).await;
        let rules = Rules::of(rulebook);
        let png = Attachment::bytes("a.png", &b"\x89PNG\r\n\x1a\n"[..]);
        let image = server.client.media().upload(MediaType::Image, png).await;
        let image = image.unwrap().media_id;
        let made = std::cell::Cell::new(0);
        let task = || {
            made.set(made.get() + 1);
            format!("task-{}", made.get())
        };
        let pairs = [contents(&image), addresses(), cards(&task)].concat();
        for (n, (fits, unfit)) in pairs.into_iter().enumerate() {
            assert_eq!(fits.check_by(&rules), Ok(()), "{rulebook:?} {n}");
            let found = unfit
                .check_by(&rules)
                .expect_err(&format!("{rulebook:?} {n}"));
            let named = |message: Message| Message {
                agentid: server.client.agentid(),
                ..message
            };
            // Nobody gets more than 30 a minute, but what is dropped is not read either.
            let fits = named(fits);
            let sent = server.client.send(fits.clone()).await;
            sent.unwrap_or_else(|error| panic!("{rulebook:?} {n}: {error}"));
            assert!(arrived_whole(&server, &fits).await, "{rulebook:?} {n}");
            if server.client.send(named(unfit.clone())).await.is_ok() {
                let whole = arrived_whole(&server, &unfit).await;
                assert!(!whole, "{rulebook:?} {n}: {found}");
            }
        }
        server.running.stop().await;
    }
}
