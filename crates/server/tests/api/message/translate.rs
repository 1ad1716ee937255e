//! `enable_id_trans`: names in the place of ids.

use serde_json::{Value, json};

use crate::{
    appchat::arrived,
    kit::{App, Server},
};

async fn company(server: &Server, visible: Value) -> App<'_> {
    server
        .world(json!({
            "name": "企业微信", "apps": [{ "name": "a", "visible": visible }],
            "departments": [{ "id": 2, "name": "研发部" }],
            "users": [
                { "userid": "lisi007", "name": "李四", "alias": "lisi", "departments": [2] },
                { "userid": "wangwu", "name": "王五", "departments": [2] },
                { "userid": "outside", "name": "外人" },
            ],
            "media": [{ "media_id": "thumb", "type": "image" }],
        }))
        .await
}

/// What Wang Wu's phone shows of a message.
async fn shown(app: &App<'_>, kind: &str, body: Value) -> Value {
    let message = json!({ "touser": "wangwu", "msgtype": kind, "enable_id_trans": 1, kind: body });
    app.sent(message).await;
    arrived(app, "wangwu").await.pop().unwrap()["content"].clone()
}

#[tokio::test]
async fn ids_become_names_where_they_can() {
    let server = Server::start().await;
    let app = company(&server, json!({ "departments": [1] })).await;
    app.ok(
        "appchat/create",
        json!({ "chatid": "launch", "name": "发布小组", "userlist": ["lisi007", "wangwu"] }),
    )
    .await;
    for (given, expected) in [
        ("$userName=lisi007$和$userName=WangWu$", "李四和王五"),
        ("$userAlias=lisi007$", "lisi"),
        // Without an alias it stays, or is the name.
        ("$userAlias=wangwu$", "$userAlias=wangwu$"),
        (
            "$userAliasOrName=lisi007$ $userAliasOrName=wangwu$",
            "lisi 王五",
        ),
        ("$departmentName=1$/$departmentName=2$", "企业微信/研发部"),
        ("$chatName=launch$", "发布小组"),
        (
            "$userName=nobody$ $departmentName=9$ $chatName=no$",
            "$userName=nobody$ $departmentName=9$ $chatName=no$",
        ),
        (
            "$userName=$ $UserName=wangwu$ 100$",
            "$userName=$ $UserName=wangwu$ 100$",
        ),
    ] {
        let content = shown(&app, "text", json!({ "content": given })).await;
        assert_eq!(content, json!({ "content": expected }), "{given}");
    }
    // Unasked, nothing is translated.
    let plain = "$userName=lisi007$";
    app.sent(json!({ "touser": "wangwu", "msgtype": "text", "text": { "content": plain } }))
        .await;
    let last = arrived(&app, "wangwu").await.pop().unwrap();
    assert_eq!(last["content"]["content"], plain);
}

#[tokio::test]
async fn only_some_fields_are_translated() {
    let server = Server::start().await;
    let app = company(&server, json!({ "departments": [1] })).await;
    let (id, name) = ("$userName=lisi007$", "李四");
    let url = format!("https://e.com/{id}");
    let card = shown(
        &app,
        "textcard",
        json!({ "title": id, "description": id, "url": url, "btntxt": "$a$" }),
    )
    .await;
    assert_eq!(
        card,
        json!({ "title": name, "description": name, "url": url, "btntxt": "$a$" })
    );
    let article = json!({ "title": id, "description": id, "url": url });
    let news = shown(&app, "news", json!({ "articles": [article, article] })).await;
    assert_eq!(
        news["articles"][1],
        json!({ "title": name, "description": name, "url": url })
    );
    let page = json!({ "title": id, "thumb_media_id": "thumb", "author": id, "content": id, "digest": id });
    let page = &shown(&app, "mpnews", json!({ "articles": [page] })).await["articles"][0];
    assert_eq!(
        [
            &page["title"],
            &page["digest"],
            &page["content"],
            &page["author"]
        ],
        [name, name, name, id]
    );
    let notice =
        json!({ "appid": "wx1", "title": id, "content_item": [{ "key": "k", "value": id }] });
    // Its title is measured as it is sent.
    let refused = app.send(json!({ "touser": "wangwu", "msgtype": "miniprogram_notice", "miniprogram_notice": notice })).await;
    assert_eq!(refused["errcode"], 40058);
    let notice = json!({ "appid": "wx1", "title": "会议室预定", "content_item": [{ "key": "k", "value": id }] });
    let notice = shown(&app, "miniprogram_notice", notice).await;
    assert_eq!(
        notice["content_item"],
        json!([{ "key": "k", "value": name }])
    );
    let markdown = shown(&app, "markdown", json!({ "content": id })).await;
    assert_eq!(markdown["content"], id);
}

#[tokio::test]
async fn whom_the_app_does_not_see_stays_an_id() {
    let server = Server::start().await;
    let app = company(&server, json!({ "departments": [2] })).await;
    let text = "$userName=outside$ $userName=lisi007$ $departmentName=1$ $departmentName=2$";
    let content = shown(&app, "text", json!({ "content": text })).await;
    assert_eq!(
        content["content"],
        "$userName=outside$ 李四 $departmentName=1$ 研发部"
    );
}
