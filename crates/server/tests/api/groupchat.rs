//! Customer groups: what people do with them, and what apps see and are told.

mod laws;
mod list;
mod paging;
mod replay;
mod steps;
mod told;
mod transfer;

use qun_protocol::Rulebook;
use serde_json::{Value, json};

use crate::kit::{App, Server, code, text};

/// A company with employees `p1` to `pN` who have customer contact, customers `c1` to `cM`, and an app that may call.
async fn company(server: &Server, book: Rulebook, people: usize, customers: usize) -> App<'_> {
    world(server, book, people, customers, json!({})).await
}

/// The same with more of a world's company.
async fn world(
    server: &Server,
    book: Rulebook,
    people: usize,
    customers: usize,
    more: Value,
) -> App<'_> {
    let users = (1..=people).map(|n| {
        let name = format!("Person {n}");
        json!({ "userid": format!("p{n}"), "name": name, "customer_contact": true })
    });
    let customers = (1..=customers).map(|n| {
        let (id, name) = (format!("c{n}"), format!("Customer {n}"));
        json!({ "external_userid": id, "name": name, "unionid": format!("u{n}") })
    });
    let mut company = json!({
        "rulebook": book,
        // The tests move the clock by months.
        "limits": { "token_seconds": 1_000_000_000 },
        "users": users.collect::<Vec<_>>(),
        "customers": customers.collect::<Vec<_>>(),
        "apps": [{ "name": "app", "customer_contact": true }],
    });
    for (key, value) in more.as_object().unwrap() {
        match (&mut company[key], value) {
            (Value::Array(list), Value::Array(more)) => list.extend(more.iter().cloned()),
            (place, value) => *place = value.clone(),
        }
    }
    server.world(company).await
}

impl App<'_> {
    /// Calls below `externalcontact/groupchat/`.
    async fn groupchat(&self, call: &str, body: Value) -> Value {
        self.post(&format!("externalcontact/groupchat/{call}"), body)
            .await
    }

    /// Makes a customer group of someone with others; gives its chat_id.
    async fn group(&self, owner: &str, others: &[&str]) -> String {
        let body = json!({ "corpid": self.corpid, "name": "", "userlist": others });
        let path = format!("/_qun/people/{owner}/groups");
        let made = self.server.manage_ok("POST", &path, Some(body)).await;
        made["chat_id"].as_str().unwrap().to_owned()
    }

    /// A step in a group that must be done.
    async fn did(&self, who: &str, chat_id: &str, step: &str, body: Value) -> Value {
        let (status, answer) = self.step(who, chat_id, step, body).await;
        assert_eq!(status, 200, "{who} {step}: {answer}");
        answer
    }

    /// A step in a group that must be refused: status and code.
    async fn refused(&self, who: &str, chat_id: &str, step: &str, body: Value) -> (u16, String) {
        let (status, answer) = self.step(who, chat_id, step, body).await;
        let code = answer["error"]["code"].as_str();
        (
            status,
            code.unwrap_or_else(|| panic!("{answer}")).to_owned(),
        )
    }

    /// Comes in with a code.
    async fn joins(&self, who: &str, code: &Value) -> (u16, Value) {
        let body = json!({ "corpid": self.corpid, "code": code["code"] });
        let path = format!("/_qun/people/{who}/join");
        self.server.manage("POST", &path, Some(body)).await
    }

    /// What groupchat/get shows.
    async fn shown(&self, chat_id: &str) -> Value {
        let answer = self
            .groupchat("get", json!({ "chat_id": chat_id, "need_name": 1 }))
            .await;
        assert_eq!(code(&answer), 0, "{answer}");
        answer["group_chat"].clone()
    }

    /// The members that groupchat/get shows, by id.
    async fn member_ids(&self, chat_id: &str) -> Vec<String> {
        ids(&self.shown(chat_id).await["member_list"])
    }

    /// An administrator marks somebody as resigned.
    async fn resigns(&self, userid: &str) {
        let path = format!("/_qun/companies/{}/users/{userid}/resign", self.corpid);
        self.server.manage_ok("POST", &path, Some(json!({}))).await;
    }
}

fn ids(list: &Value) -> Vec<String> {
    let ids = list.as_array().unwrap().iter();
    ids.map(|it| it["userid"].as_str().unwrap().to_owned())
        .collect()
}

/// Code and text of a refusal of the cloud's API.
fn refusal(answer: &Value) -> (i64, &str) {
    (code(answer), text(answer))
}
