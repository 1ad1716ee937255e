//! `user/*`: people, as the company's own tools find, keep and read them.

mod change;
mod delete;
mod find;
mod list_id;
mod read;

use qun_protocol::Rulebook;
use serde_json::{Value, json};

use crate::kit::{App, Server, code, text};

/// A company with an app that sees all, and its 通讯录同步.
pub struct Office<'a> {
    pub app: App<'a>,
    pub sync: App<'a>,
}

impl<'a> Office<'a> {
    /// A company as a world has it; its apps are added.
    pub async fn of(server: &'a Server, rules: Rulebook, mut company: Value) -> Office<'a> {
        company["rulebook"] = json!(rules);
        company["apps"] = json!([{}]);
        let app = server.world(company).await;
        let sync = app.sibling(json!({ "kind": "contacts_sync" })).await;
        Office { app, sync }
    }

    /// The operator's view of a person.
    pub async fn person(&self, userid: &str) -> Value {
        let path = format!("/_qun/companies/{}/users/{userid}", self.app.corpid);
        self.app.server.manage_ok("GET", &path, None).await
    }
}

/// Number and text of an answer.
pub fn told(answer: &Value) -> (i64, &str) {
    (code(answer), text(answer))
}

/// What some people need to be: their userids, each with a number.
pub fn people(userids: &[&str]) -> Value {
    let people = userids.iter().enumerate();
    people
        .map(|(n, userid)| json!({ "userid": userid, "mobile": format!("1390000{n:04}") }))
        .collect()
}

#[tokio::test]
async fn each_kind_of_app_may_do_its_part() {
    let server = Server::start().await;
    for rules in Rulebook::ALL {
        let company = json!({ "users": people(&["p1"]) });
        let office = Office::of(&server, rules, company).await;
        let contact = office
            .app
            .sibling(json!({ "kind": "customer_contact" }))
            .await;
        // What refuses a request without parameters for another reason than its caller lets the caller in.
        let refused = async |app: &App<'_>, path: &str, post: bool| {
            let answer = if post {
                app.post(path, json!({})).await
            } else {
                app.get(path, "").await
            };
            match told(&answer) {
                (48002, words) => {
                    assert_eq!(words, "api forbidden");
                    true
                }
                _ => false,
            }
        };
        for (path, post) in [
            ("user/create", true),
            ("user/update", true),
            ("user/delete", false),
            ("user/batchdelete", true),
            ("user/list_id", true),
            ("department/create", true),
            ("department/update", true),
            ("department/delete", false),
        ] {
            assert!(refused(&office.app, path, post).await, "{path}");
            assert!(refused(&contact, path, post).await, "{path}");
            assert!(!refused(&office.sync, path, post).await, "{path}");
        }
        for (path, post) in [
            ("user/get", false),
            ("user/simplelist", false),
            ("user/list", false),
            ("department/list", false),
            ("department/simplelist", false),
            ("department/get", false),
            ("tag/create", true),
            ("tag/update", true),
            ("tag/delete", false),
            ("tag/get", false),
            ("tag/addtagusers", true),
            ("tag/deltagusers", true),
            ("tag/list", false),
        ] {
            assert!(!refused(&office.app, path, post).await, "{path}");
            assert!(refused(&contact, path, post).await, "{path}");
            assert!(!refused(&office.sync, path, post).await, "{path}");
        }
        for app in [&office.app, &office.sync, &contact] {
            let found = app
                .ok("user/getuserid", json!({ "mobile": "13900000000" }))
                .await;
            assert_eq!(found["userid"], "p1");
        }
        // The cloud of today lets contacts sync read ids alone.
        for (path, query, old, new) in [
            ("user/get", "&userid=p1", 0, 48009),
            ("user/simplelist", "&department_id=1", 0, 48009),
            ("user/list", "&department_id=1", 0, 48009),
            ("department/list", "", 0, 48009),
            ("department/get", "&id=1", 0, 48009),
            ("department/simplelist", "", 0, 0),
            ("tag/list", "", 0, 0),
        ] {
            let expected = match rules {
                Rulebook::Documented => old,
                Rulebook::Live2026 => new,
            };
            assert_eq!(
                code(&office.sync.get(path, query).await),
                expected,
                "{rules} {path}"
            );
            assert_eq!(
                code(&office.app.get(path, query).await),
                0,
                "{rules} {path}"
            );
        }
    }
    server.stop().await;
}
