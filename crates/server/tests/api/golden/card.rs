//! Cards of every type.

use serde_json::{Value, json};

use super::{sample, shaped};
use crate::{
    callback::receiver::{KEY, TOKEN},
    kit::{BOTH, Server, code},
};

/// Cards of every type, with each field of pages 90236 and 94888. The pages' own texts are not repeated.
pub const SENT: &[&str] = &[
    "90236-21-text_notice",
    "90236-22-news_notice",
    "90236-23-button_interaction",
    "90236-24-vote_interaction",
    "90236-25-multiple_interaction",
];

/// What cards are changed into.
pub const UPDATED: &[&str] = &[
    "94888-01-button",
    "94888-02-text_notice",
    "94888-03-news_notice",
    "94888-04-button_interaction",
    "94888-05-vote_interaction",
    "94888-06-multiple_interaction",
];

/// Asserts that a value has all that a printed one has, as it is printed.
fn holds(place: &str, printed: &Value, real: &Value) {
    match (printed, real) {
        (Value::Object(printed), Value::Object(real)) => {
            for (key, value) in printed {
                holds(&format!("{place}.{key}"), value, &real[key]);
            }
        }
        (Value::Array(printed), Value::Array(real)) => {
            assert_eq!(printed.len(), real.len(), "{place}");
            for (n, (printed, real)) in printed.iter().zip(real).enumerate() {
                holds(&format!("{place}[{n}]"), printed, real);
            }
        }
        _ => assert_eq!(printed, real, "{place}"),
    }
}

#[tokio::test]
async fn cards_of_every_type_are_sent_and_changed_as_printed() {
    let server = Server::start().await;
    for book in BOTH {
        let user = |userid: &str| json!({ "userid": userid });
        let mut unlicensed = user("UserID2");
        unlicensed["licence_end"] = 1.into();
        let app = server
            .world(json!({
                "rulebook": book,
                "departments": [{ "id": 2, "name": "two" }, { "id": 3, "name": "three" }],
                "users": [unlicensed, user("UserID3")],
                "tags": [{ "tagid": 44, "tagname": "a" }, { "tagid": 55, "tagname": "b" }],
                "media": [{ "media_id": "文件的media_id", "type": "file", "text": "x" }],
                "apps": [{
                    "agentid": 1, "name": "app",
                    "callback": { "url": "http://127.0.0.1:9/", "token": TOKEN, "encoding_aes_key": KEY },
                }],
            }))
            .await;
        let mut codes = Vec::new();
        for name in SENT.iter().cycle().take(2 * SENT.len()) {
            let mut sample = sample(name);
            // An app uses a task once, and the samples all have the same.
            let request = sample.request.as_mut().unwrap();
            request["template_card"]["task_id"] = codes.len().to_string().into();
            let answer = app.post(&sample.endpoint, request.clone()).await;
            assert_eq!(code(&answer), 0, "{name}: {answer}");
            shaped(name, &sample.response.unwrap(), &answer);
            codes.push(answer["response_code"].as_str().map(str::to_owned));
            let arrived = app.inbox("UserID3", "").await["messages"][codes.len() - 1].clone();
            holds(name, &request["template_card"], &arrived["content"]);
        }
        let has_buttons = |n: &usize| n % SENT.len() >= 2;
        let mut places = (0..codes.len()).filter(has_buttons);
        for name in UPDATED {
            let mut sample = sample(name);
            let request = sample.request.as_mut().unwrap();
            let place = places.next().unwrap();
            request["response_code"] = codes[place].clone().into();
            let answer = app.post(&sample.endpoint, request.clone()).await;
            assert_eq!(code(&answer), 0, "{name}: {answer}");
            assert_eq!(answer, sample.response.unwrap(), "{name}");
            let card = app.inbox("UserID3", "").await["messages"][place]["content"].clone();
            match request.get("template_card") {
                Some(new) => holds(name, new, &card),
                None => assert_eq!(card["replace_text"], request["button"]["replace_name"]),
            }
        }
    }
    server.stop().await;
}
