//! Document 000's project group, from its making to its end.

use serde_json::{Value, json};

use crate::kit::{Server, code};

#[tokio::test]
async fn a_project_group_lives_and_ends() {
    let server = Server::start().await;
    let app = server.demo().await;
    let made = app
        .ok(
            "appchat/create",
            json!({
                "chatid": "project_team_001", "name": "项目开发小组", "owner": "project_manager",
                "userlist": ["dev001", "dev002", "test001", "pm001"],
            }),
        )
        .await;
    assert_eq!(made["chatid"], "project_team_001");

    let got = app.get("appchat/get", "&chatid=project_team_001").await;
    assert_eq!(got["chat_info"]["owner"], "project_manager");
    assert_eq!(
        got["chat_info"]["userlist"],
        json!(["dev001", "dev002", "test001", "pm001", "project_manager"])
    );

    // Nobody sees a group that nobody has spoken in.
    let groups = format!("/_qun/people/dev001/groups?corpid={}", app.corpid);
    assert_eq!(
        server.manage_ok("GET", &groups, None).await["groups"],
        json!([])
    );

    assert_eq!(
        code(
            &app.say(
                "project_team_001",
                "大家好,项目进入关键阶段,请及时沟通进展情况。"
            )
            .await
        ),
        0
    );
    assert_eq!(
        server.manage_ok("GET", &groups, None).await["groups"][0]["name"],
        "项目开发小组"
    );

    let update = json!({
        "chatid": "project_team_001", "name": "Alpha项目开发小组", "owner": "new_project_manager",
        "add_user_list": ["dev003", "qa001"], "del_user_list": ["test001"],
    });
    app.ok("appchat/update", update).await;
    app.ok("appchat/send", json!({ "chatid": "project_team_001", "msgtype": "image", "image": { "media_id": "image_media_id_123" } })).await;

    let of = |page: &Value| {
        page["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["msgtype"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of(&app.inbox("test001", "").await),
        ["text"],
        "who is gone sees nothing more"
    );
    assert_eq!(
        of(&app.inbox("qa001", "").await),
        ["image"],
        "who is new sees nothing older"
    );
    assert_eq!(of(&app.inbox("dev001", "").await), ["text", "image"]);

    let members = app.get("appchat/members", "&chatid=project_team_001").await;
    assert_eq!(members["userlist"].as_array().unwrap().len(), 7);
    assert_eq!(members["userlist"][0]["userid"], "dev001");
    assert_eq!(members["userlist"][0]["status"], 1);
    assert_eq!(
        members["userlist"][0]["join_time"].as_i64().unwrap(),
        crate::kit::NOON / 1000
    );

    app.ok("appchat/quit", json!({ "chatid": "project_team_001" }))
        .await;
    assert_eq!(
        code(&app.get("appchat/get", "&chatid=project_team_001").await),
        86002
    );
    app.chat("project_team_001", &["dev001", "dev002"]).await;
    server.stop().await;
}
