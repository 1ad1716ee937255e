//! `customer_groups` against a real server.

use futures_util::TryStreamExt;
use qun_client::{
    Error,
    protocol::{
        Rulebook,
        groupchat::{List, ListedGroup, OwnerFilter},
        manage::Resign,
        people::{CreateGroup, OpenMiniProgram},
    },
};

use crate::kit::demo;

const GROUP: &str = "wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA";

#[tokio::test]
async fn groups_are_listed_over_all_their_pages_read_and_given_on() {
    for book in Rulebook::ALL {
        let (running, client, manager) = demo(book).await;
        let groups = client.customer_groups();
        let all: Vec<ListedGroup> = groups.list(List::default()).try_collect().await.unwrap();
        assert!(all.len() > 5);
        for limit in [1, 2, 1000] {
            let pages = List {
                limit: Some(limit),
                ..Default::default()
            };
            let listed: Vec<ListedGroup> = groups.list(pages).try_collect().await.unwrap();
            assert_eq!(listed, all, "{limit}");
        }
        let filter = List {
            limit: Some(1),
            owner_filter: Some(OwnerFilter {
                userid_list: vec!["abel".into()],
            }),
            ..Default::default()
        };
        let of_abel: Vec<ListedGroup> = groups.list(filter).try_collect().await.unwrap();
        assert_eq!(of_abel.len(), 1);

        let group = groups.get(GROUP).await.unwrap();
        assert_eq!(
            (group.name.as_str(), &*group.owner),
            ("销售客服群", "ZhuShengBen")
        );
        assert!(group.member_list.iter().all(|member| member.name.is_some()));
        let opened = OpenMiniProgram {
            userid: "abel".into(),
            chatid: GROUP.into(),
            ..Default::default()
        };
        let opengid = manager.send(opened).await.unwrap().opengid;
        assert_eq!(*groups.by_opengid(opengid).await.unwrap(), *GROUP);

        let unknown = groups.get("wrNobody").await.unwrap_err();
        assert!(
            unknown.is_unknown_chat() && unknown.is_not_found(),
            "{unknown}"
        );
        let unknown = groups.by_opengid("oNobody").await.unwrap_err();
        assert!(unknown.is_not_found(), "{unknown}");

        let made = CreateGroup {
            userid: "jack".into(),
            ..Default::default()
        };
        let chat_id = manager.send(made).await.unwrap().chat_id;
        let given = groups.onjob_transfer([&chat_id], "abel").await.unwrap();
        assert!(given.failed_chat_list.is_empty());
        manager
            .send(Resign {
                corpid: client.corpid().clone(),
                userid: "abel".into(),
            })
            .await
            .unwrap();
        let given = groups
            .transfer([&chat_id, &GROUP.into()], "zhangsan")
            .await
            .unwrap();
        let failed: Vec<i32> = given.failed_chat_list.iter().map(|it| it.errcode).collect();
        assert_eq!(failed, [90500]);
        running.stop().await;
    }
}

#[tokio::test]
async fn a_transfer_of_none_or_of_too_many_is_not_sent() {
    let (running, client, _) = demo(Rulebook::Documented).await;
    let groups = client.customer_groups();
    for count in [0, 101] {
        let chats = vec![GROUP; count];
        let refused = groups
            .transfer(chats.clone(), "zhangsan")
            .await
            .unwrap_err();
        assert!(matches!(refused, Error::Invalid { .. }), "{refused:?}");
        let refused = groups.onjob_transfer(chats, "zhangsan").await.unwrap_err();
        assert!(matches!(refused, Error::Invalid { .. }), "{refused:?}");
    }
    let sent = groups.transfer(vec![GROUP; 100], "zhangsan").await.unwrap();
    assert_eq!(sent.failed_chat_list.len(), 100);
    running.stop().await;
}
