//! What apps are told: set, delivered, tried again, listed and answered.

mod delivery;
mod range;
pub(crate) mod receiver;
mod reply;
mod setting;
mod tls;

use std::time::Duration;

use receiver::{Answer, KEY, Receiver, TOKEN};
use serde_json::{Value, json};

use crate::kit::App;

pub(crate) fn ok() -> Vec<Answer> {
    vec![Answer::Ok("success".into())]
}

fn status(line: &str) -> Answer {
    Answer::Raw(format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").into())
}

impl App<'_> {
    /// A receiver that this app's callback goes to.
    pub(crate) async fn told(&self, answers: Vec<Answer>) -> Receiver {
        let receiver = Receiver::start(&self.corpid, answers).await;
        let (status, answer) = self.set_callback(&receiver.url, TOKEN, KEY).await;
        assert_eq!(
            (status, &answer),
            (200, &json!({ "set": true, "url": receiver.url }))
        );
        receiver
    }

    pub async fn set_callback(&self, url: &str, token: &str, key: &str) -> (u16, Value) {
        let body = json!({ "url": url, "token": token, "encoding_aes_key": key });
        let path = format!("{}/callback", self.path());
        self.server.manage("PUT", &path, Some(body)).await
    }

    /// A step of a person with this app; gives the callback's id, empty where there is none.
    pub async fn person(&self, userid: &str, step: &str, mut body: Value) -> String {
        body["corpid"] = self.corpid.as_str().into();
        let path = format!("/_qun/people/{userid}/apps/{}/{step}", self.agentid);
        let told = self.server.manage_ok("POST", &path, Some(body)).await;
        told["callback"].as_str().unwrap_or_default().to_owned()
    }

    pub async fn says(&self, userid: &str, text: &str) -> String {
        self.person(userid, "say", json!({ "text": text })).await
    }

    pub(crate) async fn callbacks(&self, query: &str) -> Value {
        let path = format!("/_qun/companies/{}/callbacks?{query}", self.corpid);
        self.server.manage_ok("GET", &path, None).await
    }

    pub async fn callback(&self, id: &str) -> Value {
        let path = format!("/_qun/companies/{}/callbacks/{id}", self.corpid);
        self.server.manage_ok("GET", &path, None).await
    }

    /// A callback once it looks as it should.
    pub async fn until(&self, id: &str, good: impl Fn(&Value) -> bool) -> Value {
        let mut shown = Value::Null;
        for _ in 0..1200 {
            shown = self.callback(id).await;
            if good(&shown) {
                return shown;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{shown}")
    }

    pub async fn until_state(&self, id: &str, state: &str) -> Value {
        self.until(id, |shown| shown["callback"]["state"] == state)
            .await
    }

    /// After so many attempts.
    pub async fn until_tried(&self, id: &str, attempts: i64) -> Value {
        self.until(id, |shown| shown["callback"]["attempts"] == attempts)
            .await
    }
}
