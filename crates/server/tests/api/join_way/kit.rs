//! What the tests of join ways share, here and where there are several nodes.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use qun_protocol::Rulebook;
use serde_json::{Value, json};

use crate::kit::{App, code};

/// A company with customer contact: owners `o1` and `o2`, an employee `e1` without it, a person `gone` who has left, and
/// customers `wm1` to `wmN`. It has no groups yet.
pub fn company(rules: Rulebook, customers: usize, limits: Value) -> Value {
    let customers: Vec<Value> = (1..=customers)
        .map(|n| json!({ "external_userid": format!("wm{n}"), "name": format!("customer {n}") }))
        .collect();
    json!({
        "rulebook": rules, "limits": limits, "customers": customers,
        "apps": [{ "name": "app", "customer_contact": true }],
        "users": [
            { "userid": "o1", "customer_contact": true }, { "userid": "o2", "customer_contact": true },
            { "userid": "e1" }, { "userid": "gone", "customer_contact": true, "status": "left" },
        ],
    })
}

pub fn group(chat_id: &str, owner: &str) -> Value {
    json!({ "chat_id": chat_id, "name": format!("group {chat_id}"), "owner": owner })
}

/// The same with groups `wr1`, `wr2` … of `o1`.
pub fn with_groups(mut company: Value, groups: usize) -> Value {
    let groups = (1..=groups).map(|n| group(&format!("wr{n}"), "o1"));
    company["customer_groups"] = groups.collect();
    company
}

impl App<'_> {
    /// A call about join ways.
    pub async fn join_way(&self, verb: &str, body: Value) -> Value {
        self.post(&format!("externalcontact/groupchat/{verb}_join_way"), body)
            .await
    }

    /// Makes a join way; gives its config_id.
    pub async fn add_join_way(&self, body: Value) -> String {
        let made = self.join_way("add", body).await;
        assert_eq!(code(&made), 0, "{made}");
        made["config_id"].as_str().unwrap().to_owned()
    }

    /// Reads one.
    pub async fn read_join_way(&self, config_id: &str) -> Value {
        let got = self
            .join_way("get", json!({ "config_id": config_id }))
            .await;
        assert_eq!(code(&got), 0, "{got}");
        got["join_way"].clone()
    }

    /// What its QR code says.
    pub async fn url_of(&self, config_id: &str) -> String {
        let picture = self.read_join_way(config_id).await["qr_code"].clone();
        let picture = picture.as_str().unwrap();
        picture.strip_suffix(".png").unwrap().to_owned()
    }

    /// A step of somebody's with a join way: `scan` or `tap`.
    pub async fn comes(&self, id: &str, step: &str, mut body: Value) -> (u16, Value) {
        body["corpid"] = self.corpid.as_str().into();
        let path = format!("/_qun/people/{id}/{step}");
        self.server.manage("POST", &path, Some(body)).await
    }

    /// Scans what a QR code says; gives the group.
    pub async fn scans(&self, id: &str, url: &str) -> String {
        let (status, joined) = self.comes(id, "scan", json!({ "url": url })).await;
        assert_eq!(status, 200, "{joined}");
        joined["chat_id"].as_str().unwrap().to_owned()
    }

    /// A customer group.
    pub async fn group_chat(&self, chat_id: &str) -> Value {
        let got = self
            .ok(
                "externalcontact/groupchat/get",
                json!({ "chat_id": chat_id }),
            )
            .await;
        got["group_chat"].clone()
    }
}

/// Lets everybody scan at once, at several places; asserts that all are in, each once, and that no group is too full.
pub async fn fill(apps: &[App<'_>], people: usize, most: usize) {
    let app = &apps[0];
    let config_id = app
        .add_join_way(json!({
            "scene": 2, "chat_id_list": ["wr1", "wr2"], "room_base_name": "群", "room_base_id": 1, "state": "rush",
        }))
        .await;
    let url = app.url_of(&config_id).await;
    let scan = |n: usize| {
        let (app, url) = (&apps[n % apps.len()], url.as_str());
        // Everybody is impatient and scans twice.
        async move {
            let id = format!("wm{}", n / 2 + 1);
            (id.clone(), app.scans(&id, url).await)
        }
    };
    let scanned = join_all((0..2 * people).map(scan)).await;
    let mut into: BTreeMap<String, String> = BTreeMap::new();
    for (id, chat_id) in scanned {
        let first = into.entry(id.clone()).or_insert_with(|| chat_id.clone());
        assert_eq!(*first, chat_id, "{id} is in two groups");
    }
    assert_eq!(into.len(), people);
    let list = app.read_join_way(&config_id).await["chat_id_list"].clone();
    let list = list.as_array().unwrap();
    // One place of each is its owner's.
    assert_eq!(list.len(), people.div_ceil(most - 1));
    let mut inside = 0;
    for (n, chat_id) in list.iter().enumerate() {
        let got = app.group_chat(chat_id.as_str().unwrap()).await;
        let members = got["member_list"].as_array().unwrap();
        assert!(members.len() <= most, "{} in {chat_id}", members.len());
        if n + 1 < list.len() {
            assert_eq!(members.len(), most, "room was left in {chat_id}");
        }
        if n >= 2 {
            assert_eq!(got["name"], format!("群{}", n - 1));
        }
        for member in members.iter().filter(|member| member["type"] == 2) {
            assert_eq!(
                into[member["userid"].as_str().unwrap()],
                *chat_id.as_str().unwrap()
            );
            inside += 1;
        }
    }
    assert_eq!(inside, people);
}
