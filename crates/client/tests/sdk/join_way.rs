//! Join ways with the SDK, on the demo company.

use futures_util::TryStreamExt;
use qun_client::{
    AddJoinWay, Error,
    protocol::{Limit, Rulebook, Rules, manage, people},
};

use crate::kit::demo;

const GROUPS: [&str; 2] = [
    "wrOgQhDgAAH2Yy-CTZ6POca8mlBEdaaa",
    "wrOgQhDgAALPUthpRAKvl7mgiQRwAAA",
];
const CUSTOMER: &str = "wmOgQhDgAAuXFJGwbve4g4iXknfOAAAA";

#[tokio::test]
async fn a_join_way_lives_and_ends() {
    let (running, client, manager) = demo(Rulebook::Documented).await;
    let join_ways = client.customer_groups().join_ways();
    let way = AddJoinWay::qr_code(GROUPS)
        .remark("海报")
        .new_rooms("销售客服群", 10)
        .state("poster");
    let config_id = join_ways.add(way.clone()).await.unwrap();
    let got = join_ways.get(&config_id).await.unwrap();
    let url = got.qr_code.clone().unwrap();
    assert_eq!(got.kind, Some(3));
    let read = AddJoinWay::from(got);
    assert_eq!(read.chat_id_list, way.chat_id_list);

    let scan = people::Scan {
        userid: CUSTOMER.into(),
        url: Some(url.clone()),
        ..Default::default()
    };
    let joined = manager.send(scan).await.unwrap();
    assert_eq!(*joined.chat_id, *GROUPS[0]);
    let group = client.customer_groups().get(&joined.chat_id).await.unwrap();
    let member = group.member_list.last().unwrap();
    assert_eq!(
        (&*member.userid, member.state.as_deref()),
        (CUSTOMER, Some("poster"))
    );

    join_ways
        .update(&config_id, read.state("autumn"))
        .await
        .unwrap();
    let got = join_ways.get(&config_id).await.unwrap();
    assert_eq!(
        (got.state.as_str(), got.remark.as_str()),
        ("autumn", "海报")
    );
    assert_eq!(got.qr_code, Some(url));

    let list = manage::JoinWays {
        corpid: client.corpid().clone(),
        limit: Some(1),
        ..Default::default()
    };
    let listed: Vec<_> = manager.list(list).try_collect().await.unwrap();
    assert_eq!(listed.last().unwrap().config_id, config_id);
    assert_eq!(listed.len(), 4, "three are of the demo company");

    join_ways.delete(&config_id).await.unwrap();
    let gone = join_ways.get(&config_id).await.unwrap_err();
    assert!(gone.is_not_found() && gone.code() == Some(41044), "{gone}");
    assert!(
        gone.advice()
            .is_some_and(|advice| advice.contains("made itself")),
        "{gone}"
    );
    running.stop().await;
}

/// What the client finds before it sends is what the server refuses or cuts.
#[tokio::test]
async fn checks_agree_with_the_server_at_every_limit() {
    for book in [Rulebook::Documented, Rulebook::Live2026] {
        let (running, client, _) = demo(book).await;
        let rules = Rules::of(book);
        let chars = |limit: Limit, more: usize| "长".repeat(rules.size(limit) + more);
        let way = || AddJoinWay::qr_code(GROUPS);
        let six = (0..6).map(|n| GROUPS[n % 2].to_owned() + &"x".repeat(n));
        for more in [0, 1] {
            let ways = [
                way().new_rooms(chars(Limit::RoomBaseNameChars, more), 1),
                way().state(chars(Limit::JoinWayStateChars, more)),
            ];
            for way in ways {
                let fits = way.check_by(&rules).is_ok();
                assert_eq!(fits, more == 0);
                assert_eq!(client.send(way.clone()).await.is_ok(), fits, "{way:?}");
                let added = client.customer_groups().join_ways().add(way).await;
                assert!(
                    fits == added.is_ok() && (fits || matches!(added, Err(Error::Invalid { .. })))
                );
            }
            // What would be cut is not sent by the facade, though the server takes it.
            let way = way().remark(chars(Limit::JoinWayRemarkChars, more));
            let id = client.send(way.clone()).await.unwrap().config_id;
            let kept = client.customer_groups().join_ways().get(&id).await.unwrap();
            assert_eq!(
                Some(kept.remark) == way.remark,
                way.check_by(&rules).is_ok()
            );
        }
        for way in [
            AddJoinWay::qr_code(six),
            AddJoinWay::default(),
            AddJoinWay::qr_code([""; 0]),
        ] {
            assert!(way.check_by(&rules).is_err());
            assert!(client.send(way.clone()).await.is_err(), "{way:?}");
        }
        running.stop().await;
    }
}
