//! `customer_groups` against a real server.

use futures_util::TryStreamExt;
use qun_client::{
    Client, Error, Manager, TransferState,
    protocol::{
        Rulebook,
        groupchat::{List, ListedGroup, OwnerFilter},
        manage::{AdvanceClock, LoadWorld, Resign},
        people::{CreateGroup, OpenMiniProgram},
        world,
    },
};

use qun_server::{Config, Place};

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

/// 2023-11-01 12:00 in UTC+8, and the midnight after it, in seconds.
const NOON: i64 = 1_698_811_200;
const MIDNIGHT: i64 = 1_698_854_400;

/// `lisi` and `wangwu` own so many groups each; `zhangsan` none.
fn owners_of(count: usize, rulebook: Rulebook) -> world::Company {
    let user = |userid: &str| world::User {
        userid: userid.into(),
        customer_contact: true,
        ..Default::default()
    };
    let owners = ["lisi", "wangwu"].into_iter();
    let groups = owners.flat_map(|owner| {
        (0..count).map(move |n| world::CustomerGroup {
            chat_id: Some(format!("wr{owner}{n:03}").as_str().into()),
            owner: owner.into(),
            ..Default::default()
        })
    });
    world::Company {
        rulebook: Some(rulebook),
        users: ["lisi", "wangwu", "zhangsan"].map(user).into(),
        customer_groups: groups.collect(),
        apps: vec![world::App {
            name: "app".into(),
            customer_contact: true,
            ..Default::default()
        }],
        ..Default::default()
    }
}

#[tokio::test]
async fn all_groups_of_an_owner_are_given_over_days() {
    for book in Rulebook::ALL {
        let running = qun_server::start(Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            place: Place::Memory,
            world: None,
            rules: book,
            limits_off: false,
            clock: Some(NOON * 1000),
            manage_token: None,
            callbacks: Default::default(),
        })
        .await
        .unwrap();
        let ready = running.ready().clone();
        let manager = Manager::new(&ready.url, &ready.manage_token).unwrap();
        let world = world::World {
            version: 1,
            companies: vec![owners_of(301, book)],
        };
        let made = manager.send(LoadWorld { world }).await.unwrap();
        let made = &made.companies[0];
        // It learns the server's day from the answers, whatever this machine's is.
        let client = Client::builder(made.corpid.clone(), &made.agents[0].secret)
            .base_url(&ready.url)
            .build()
            .unwrap();
        let groups = client.customer_groups();
        let accepted = |state: &TransferState| *state == TransferState::Accepted;
        let inherit = groups.transfer_all("LiSi", "zhangsan");

        let not_resigned = inherit.clone().run(|_| {}).await.unwrap();
        let refused = TransferState::Refused {
            code: 90500,
            message: "the owner of this chat is not resigned".into(),
        };
        assert_eq!(not_resigned.count(|state| *state == refused), 301);
        let resign = Resign {
            corpid: client.corpid().clone(),
            userid: "lisi".into(),
        };
        manager.send(resign).await.unwrap();

        let left = TransferState::Waits { until: MIDNIGHT };
        let first = inherit.clone().run(|_| {}).await.unwrap();
        assert_eq!(
            (first.groups.len(), first.count(accepted), first.go_on),
            (301, 300, Some(MIDNIGHT))
        );
        assert_eq!(first.groups[300].state, left);
        // Another run, and one that believes in more, learn it from the server.
        for per_day in [300, 1000] {
            let again = inherit.clone().per_day(per_day).run(|_| {}).await.unwrap();
            let pending = again.count(|state| *state == TransferState::Pending);
            assert_eq!((pending, again.count(accepted)), (300, 0));
            assert_eq!(
                (&again.groups[300].state, again.go_on),
                (&left, Some(MIDNIGHT))
            );
        }
        // The days of an owner on the job are counted apart.
        let hand_on = groups.transfer_all("wangwu", "zhangsan").on_job();
        let handed = hand_on.clone().run(|_| {}).await.unwrap();
        assert_eq!(
            (handed.count(accepted), handed.go_on),
            (300, Some(MIDNIGHT))
        );

        manager
            .send(AdvanceClock { advance: 86_400 })
            .await
            .unwrap();
        for (transfer, owner) in [(inherit, "lisi"), (hand_on, "wangwu")] {
            let last = transfer.run(|_| {}).await.unwrap();
            let rest: Vec<_> = last
                .groups
                .iter()
                .filter(|it| accepted(&it.state))
                .collect();
            assert_eq!((rest.len(), last.go_on), (1, None));
            assert_eq!(*rest[0].chat_id, format!("wr{owner}300"));
        }
        let nobody = groups.transfer_all("nobody", "zhangsan").run(|_| {}).await;
        assert!(nobody.unwrap_err().is_not_found());
        let nobody = groups.transfer_all("wangwu", "nobody").on_job().run(|_| {});
        assert_eq!(nobody.await.unwrap().groups.len(), 0);
        running.stop().await;
    }
}
