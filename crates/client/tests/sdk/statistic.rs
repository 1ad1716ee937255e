//! Statistics over more days and owners than one call takes, against a real server.

use qun_client::{Client, Days, Error, Manager, Owners};
use qun_protocol::{
    Rulebook,
    groupchat::{Figures, day_of, day_start},
    manage, world,
};
use qun_server::{Config, Place};

/// 2023-11-01 12:00 in UTC+8.
const NOON: i64 = 1_698_811_200;
const DAY: i64 = 86_400;

/// Owners `e0` to `e104`. Every one founds a group with a customer, sixty days ago or five; and `e0`'s first is dismissed
/// forty days ago.
fn company() -> world::Company {
    let today = day_start(day_of(NOON));
    let users = (0..105).map(|n| world::User {
        userid: format!("e{n}").as_str().into(),
        ..Default::default()
    });
    let group = |owner: usize, ago: i64| world::CustomerGroup {
        owner: format!("e{owner}").as_str().into(),
        members: vec![world::GroupMember {
            userid: "c1".into(),
            join_time: Some(today - ago * DAY + DAY / 2),
            ..Default::default()
        }],
        create_time: Some(today - ago * DAY),
        ..Default::default()
    };
    let mut groups: Vec<_> = (0..105)
        .map(|n| group(n, if n % 2 == 0 { 60 } else { 5 }))
        .collect();
    groups[0].dismiss_time = Some(today - 40 * DAY);
    world::Company {
        users: users.collect(),
        customers: vec![world::Customer {
            external_userid: Some("c1".into()),
            name: "c1".into(),
            ..Default::default()
        }],
        customer_groups: groups,
        apps: vec![world::App {
            name: "app".into(),
            customer_contact: true,
            ..Default::default()
        }],
        ..Default::default()
    }
}

#[tokio::test]
async fn long_times_and_many_owners_are_asked_in_several_calls() {
    let running = qun_server::start(Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        place: Place::Memory,
        world: None,
        rules: Rulebook::Documented,
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
        companies: vec![company()],
    };
    let made = manager.send(manage::LoadWorld { world }).await.unwrap();
    let made = &made.companies[0];
    let client = Client::builder(made.corpid.clone(), &made.agents[0].secret)
        .base_url(&ready.url)
        .build()
        .unwrap();
    let groups = client.customer_groups();

    // Sixty-one days, all owners: named or not is the same.
    let days = NOON - 61 * DAY..=NOON - DAY;
    let all: Vec<String> = (0..105).map(|n| format!("e{n}")).collect();
    let by_day = groups.statistics(days.clone(), &all).await.unwrap();
    assert_eq!(
        by_day,
        groups
            .statistics(days.clone(), Owners::Everybody)
            .await
            .unwrap()
    );
    assert_eq!(by_day.len(), 61);
    assert_eq!(by_day[0].stat_time, day_start(day_of(NOON)) - 61 * DAY);
    assert!(
        by_day
            .windows(2)
            .all(|two| two[0].stat_time + DAY == two[1].stat_time)
    );
    let figures = |new_chat_cnt, chat_total, new_member_cnt| Figures {
        new_chat_cnt,
        chat_total,
        new_member_cnt,
        member_total: 2 * chat_total,
        ..Default::default()
    };
    let on = |ago: usize| by_day[61 - ago].data;
    assert_eq!(on(61), figures(0, 0, 0));
    assert_eq!(on(60), figures(53, 53, 53));
    assert_eq!(on(40), figures(0, 52, 0));
    assert_eq!(on(5), figures(52, 104, 52));
    assert_eq!(on(1), figures(0, 104, 0));

    let by_owner = groups
        .statistics_by_owner(days.clone(), &all)
        .await
        .unwrap();
    assert_eq!(
        by_owner,
        groups
            .statistics_by_owner(days, Owners::Everybody)
            .await
            .unwrap()
    );
    assert_eq!(by_owner.len(), 105);
    for record in &by_owner {
        // The group of the first was new in the first thirty days and is gone in the last.
        let left = i64::from(*record.owner != *"e0");
        assert_eq!(record.data, figures(1, left, 1), "{}", record.owner);
    }
    let last = groups
        .statistics_by_owner(NOON - 7 * DAY..=NOON - DAY, ["E1", "e0"])
        .await
        .unwrap();
    assert_eq!(last.len(), 1);
    assert_eq!(last[0].data, figures(1, 1, 1));

    let nobody = groups
        .statistics(NOON - DAY..=NOON - DAY, Vec::<String>::new())
        .await;
    assert_eq!(nobody.unwrap(), []);

    let refused = groups
        .statistics(NOON..=NOON, Owners::Everybody)
        .await
        .unwrap_err();
    assert!(
        matches!(&refused, Error::Refused { code, .. } if *code == 600_018),
        "{refused}"
    );
    let (first, last) = (NOON, NOON - 2 * DAY);
    let backwards = first..=last;
    let wrong = groups
        .statistics(Days::from(backwards), Owners::Everybody)
        .await;
    assert!(matches!(wrong, Err(Error::Invalid { .. })));
    running.stop().await;
}
