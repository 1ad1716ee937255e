//! Template cards: sent, changed, tapped and answered.

mod send;
mod tap;
mod update;

use qun_protocol::Rulebook;
use serde_json::{Value, json};

use crate::{
    callback::receiver::{KEY, TOKEN},
    kit::{App, Server},
};

/// A company whose app has a callback that nobody answers: people `p1` to `p4`, `p3` and `p4` below department 2 with the tag 7 on
/// `p4`, and a file.
async fn company(server: &Server, rules: Rulebook) -> App<'_> {
    let user =
        |userid: &str, department: i64| json!({ "userid": userid, "departments": [department] });
    let callback = json!({ "url": "http://127.0.0.1:9/", "token": TOKEN, "encoding_aes_key": KEY });
    let company = json!({
        "rulebook": rules,
        "departments": [{ "id": 2, "name": "two" }, { "id": 3, "name": "three", "parentid": 2 }],
        "users": [user("p1", 1), user("P2", 1), user("p3", 2), user("p4", 3)],
        "tags": [{ "tagid": 7, "tagname": "seven", "users": ["p4"] }],
        "media": [{ "media_id": "doc", "type": "file", "filename": "a.pdf", "text": "content" }],
        "apps": [{ "name": "app", "callback": callback }],
    });
    server.world(company).await
}

fn button(task: &str) -> Value {
    json!({
        "card_type": "button_interaction", "task_id": task, "main_title": { "title": "leave" },
        "button_list": [{ "text": "yes", "key": "agree" }, { "text": "no", "key": "reject" }],
    })
}

fn text() -> Value {
    json!({
        "card_type": "text_notice", "main_title": { "title": "t" },
        "card_action": { "type": 1, "url": "https://example.com" },
    })
}

fn news() -> Value {
    json!({
        "card_type": "news_notice", "main_title": { "title": "t" }, "card_image": { "url": "https://example.com/p.png" },
        "card_action": { "type": 1, "url": "https://example.com" },
    })
}

fn vote(task: &str) -> Value {
    json!({
        "card_type": "vote_interaction", "task_id": task, "main_title": { "title": "lunch" },
        "checkbox": { "question_key": "q", "mode": 1, "option_list": [{ "id": "a", "text": "A", "is_checked": true }, { "id": "b", "text": "B" }] },
        "submit_button": { "key": "send" },
    })
}

fn multiple(task: &str) -> Value {
    let list = |key: &str| json!({ "question_key": key, "option_list": [{ "id": "a", "text": "A" }, { "id": "b", "text": "B" }] });
    json!({
        "card_type": "multiple_interaction", "task_id": task, "main_title": { "title": "when" },
        "select_list": [list("q1"), list("q2")], "submit_button": { "text": "go", "key": "send" },
    })
}

fn with_menu(mut card: Value, task: &str) -> Value {
    card["task_id"] = task.into();
    card["action_menu"] =
        json!({ "desc": "more", "action_list": [{ "text": "mute", "key": "mute" }] });
    card
}

impl App<'_> {
    async fn card(&self, to: &str, card: Value) -> Value {
        let message = json!({ "touser": to, "agentid": self.agentid, "msgtype": "template_card", "template_card": card });
        self.post("message/send", message).await
    }

    /// Sends a card, which must be accepted, and gives the code that allows to change it.
    async fn card_code(&self, to: &str, card: Value) -> String {
        let sent = self.card(to, card).await;
        assert_eq!(sent["errcode"], 0, "{sent}");
        sent["response_code"].as_str().unwrap().to_owned()
    }

    async fn update(&self, response_code: &str, mut change: Value) -> Value {
        change["response_code"] = response_code.into();
        change["agentid"] = self.agentid.into();
        self.post("message/update_template_card", change).await
    }

    /// The cards in a person's inbox, oldest first.
    async fn cards(&self, userid: &str) -> Vec<Value> {
        let page = self.inbox(userid, "").await;
        let messages = page["messages"].as_array().unwrap().iter();
        let cards = messages.filter(|message| message["msgtype"] == "template_card");
        cards.cloned().collect()
    }

    /// A person's only card.
    async fn only_card(&self, userid: &str) -> Value {
        let cards = self.cards(userid).await;
        assert_eq!(cards.len(), 1, "{userid}: {cards:?}");
        cards[0].clone()
    }

    /// Taps the newest card in a person's inbox.
    async fn taps(&self, userid: &str, mut tap: Value) -> (u16, Value) {
        let cards = self.cards(userid).await;
        let id = cards.last().unwrap()["id"].as_str().unwrap().to_owned();
        tap["corpid"] = self.corpid.as_str().into();
        let path = format!("/_qun/people/{userid}/cards/{id}/tap");
        self.server.manage("POST", &path, Some(tap)).await
    }
}
