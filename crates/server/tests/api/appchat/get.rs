//! `GET /cgi-bin/appchat/get`

use serde_json::json;

use super::either;
use crate::kit::{BOTH, Server};

#[tokio::test]
async fn a_group_is_shown_as_its_rulebook_shows_it() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 3, json!({})).await;
        let body =
            json!({ "chatid": "c", "name": "项目", "owner": "p2", "userlist": ["p3", "p2"] });
        app.ok("appchat/create", body).await;
        app.chat("bare", &["p1", "p2"]).await;
        let mut full =
            json!({ "chatid": "c", "name": "项目", "owner": "p2", "userlist": ["p3", "p2"] });
        let mut bare =
            json!({ "chatid": "bare", "name": "", "owner": "p1", "userlist": ["p1", "p2"] });
        for info in [&mut full, &mut bare] {
            // Newer than the mission documents.
            if either(book, false, true) {
                info["chat_type"] = 0.into();
            }
        }
        for (chatid, info) in [("c", full), ("bare", bare)] {
            let got = app.get("appchat/get", &format!("&chatid={chatid}")).await;
            assert_eq!(
                got,
                json!({ "errcode": 0, "errmsg": "ok", "chat_info": info }),
                "{book}"
            );
        }
    }
}

#[tokio::test]
async fn of_two_chatids_the_last_counts() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 2, json!({})).await;
        app.chat("one", &["p1", "p2"]).await;
        app.chat("two", &["p1", "p2"]).await;
        let got = app
            .get("appchat/get", "&chatid=one&chatid=two&other=1")
            .await;
        assert_eq!(got["chat_info"]["chatid"], "two", "{book}");
    }
}
