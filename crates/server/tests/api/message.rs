//! Messages to people over the wire.

use serde_json::{Value, json};

use crate::kit::{App, Server};

mod agents;
mod arrival;
mod content;
mod duplicates;
mod quota;
mod recall;
mod recipients;
mod translate;

/// A text to some people, as `message/send` takes it.
pub fn to(touser: &str) -> Value {
    json!({ "touser": touser, "msgtype": "text", "text": { "content": "hello" } })
}

impl App<'_> {
    /// Sends a message to people in the app's own name.
    pub async fn send(&self, mut message: Value) -> Value {
        message["agentid"] = self.agentid.into();
        self.post("message/send", message).await
    }

    /// The same where it must be accepted.
    pub async fn sent(&self, message: Value) -> Value {
        let answer = self.send(message).await;
        assert_eq!(answer["errcode"], 0, "{answer}");
        answer
    }
}

/// The directory of the tests: a tree of departments with people, tags, and people in all states.
///
/// ```text
/// 1 root     root
/// ├ 2 sales  sue, both        tag 1: sue, department 3
/// │ └ 3 east eve              tag 2: nobody
/// └ 4 tech   tom, both
/// ```
async fn company(server: &Server, book: qun_protocol::Rulebook, visible: Value) -> App<'_> {
    let user =
        |userid: &str, departments: &[i64]| json!({ "userid": userid, "departments": departments });
    let mut off = user("off", &[4]);
    off["status"] = "disabled".into();
    let mut gone = user("gone", &[4]);
    gone["status"] = "left".into();
    let mut new = user("New.Comer", &[4]);
    new["status"] = "not_activated".into();
    server
        .world(json!({
            "name": "t", "rulebook": book, "apps": [{ "name": "a", "visible": visible }],
            "departments": [{ "id": 2, "name": "sales" }, { "id": 3, "name": "east", "parentid": 2 }, { "id": 4, "name": "tech" }],
            "users": [
                user("root", &[1]), user("sue", &[2]), user("eve", &[3]), user("tom", &[4]), user("both", &[2, 4]), off, gone, new,
            ],
            "tags": [{ "tagid": 1, "tagname": "one", "users": ["sue"], "departments": [3] }, { "tagid": 2, "tagname": "two" }],
        }))
        .await
}
