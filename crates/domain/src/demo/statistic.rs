//! Figures to look at: those of document 004's samples, and some of the last weeks.

use qun_protocol::{
    groupchat::{day_of, day_start},
    world::{Customer, CustomerGroup, GroupMember, Message},
};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// 2020-09-17, the first day of the samples.
const SAMPLED: i64 = 1_600_272_000;

/// Customers who came in during the last weeks.
const GUESTS: [(&str, &str); 6] = [
    ("wmOgQhDgAAdemoGuest1AAAAAAAAAAAA", "顾客小陈"),
    ("wmOgQhDgAAdemoGuest2AAAAAAAAAAAA", "顾客小林"),
    ("wmOgQhDgAAdemoGuest3AAAAAAAAAAAA", "顾客小周"),
    ("wmOgQhDgAAdemoGuest4AAAAAAAAAAAA", "顾客小吴"),
    ("wmOgQhDgAAdemoGuest5AAAAAAAAAAAA", "顾客小郑"),
    ("wmOgQhDgAAdemoGuest6AAAAAAAAAAAA", "顾客小孙"),
];

pub(super) fn customers() -> impl Iterator<Item = Customer> {
    GUESTS.iter().map(|(id, name)| Customer {
        external_userid: Some((*id).into()),
        name: (*name).into(),
        ..Default::default()
    })
}

/// Groups with a history, as far as it is past at a time in seconds UTC.
pub(super) fn groups(now: i64) -> Vec<CustomerGroup> {
    let mut groups = Vec::new();
    if now > SAMPLED + 2 * DAY {
        groups.extend(sampled());
    }
    groups.extend(recent(day_start(day_of(now))));
    groups
}

fn member(userid: &str) -> GroupMember {
    GroupMember {
        userid: userid.into(),
        ..Default::default()
    }
}

/// What makes the printed answer to statistic_group_by_day true: three groups that were migrated and are gone, and two
/// new ones of three people on each of two days, the first of which are gone on the second.
fn sampled() -> Vec<CustomerGroup> {
    let group = |name: &str, made: i64, ended: Option<i64>| CustomerGroup {
        name: name.into(),
        owner: "zhangsan".into(),
        members: vec![
            member("zhangsan"),
            member("sam"),
            member("wmOgQhDgAAuXFJGwbve4g4iXknfOAAAA"),
        ],
        create_time: Some(made),
        dismiss_time: ended,
        ..Default::default()
    };
    let mut groups = Vec::new();
    for name in ["旧学员一群", "旧学员二群", "旧学员三群"] {
        let made = SAMPLED - 7 * DAY;
        groups.push(CustomerGroup {
            migrate_time: Some(made + DAY),
            ..group(name, made, Some(SAMPLED - HOUR))
        });
    }
    for name in ["试听一群", "试听二群"] {
        groups.push(group(
            name,
            SAMPLED + 10 * HOUR,
            Some(SAMPLED + DAY + 9 * HOUR),
        ));
    }
    for name in ["学员一群", "学员二群"] {
        groups.push(group(name, SAMPLED + DAY + 10 * HOUR, None));
    }
    groups
}

/// Two groups of the days before today, given by its beginning: guests come, speak, and one goes.
fn recent(today: i64) -> Vec<CustomerGroup> {
    let group = |name: &str, owner: &str, ago: i64, guests: &[(&str, &str)]| {
        let made = today - ago * DAY + 10 * HOUR;
        let came = |n: usize| made + (3 * n as i64 + 1) * DAY;
        let mut members = vec![member(owner), member("jack")];
        let mut messages = Vec::new();
        for (n, (id, name)) in guests.iter().enumerate() {
            members.push(GroupMember {
                join_time: Some(came(n)),
                join_scene: Some(3),
                leave_time: (n == 1).then(|| came(n) + 5 * DAY),
                ..member(id)
            });
            messages.push(said(owner, came(n) + HOUR, &format!("欢迎{name}")));
            messages.push(said(id, came(n) + 2 * HOUR, "大家好"));
        }
        CustomerGroup {
            name: name.into(),
            owner: owner.into(),
            members,
            create_time: Some(made),
            messages,
            ..Default::default()
        }
    };
    vec![
        group("会员一群", "sam", 20, &GUESTS[..4]),
        group("会员二群", "pony", 12, &GUESTS[4..]),
    ]
}

fn said(from: &str, time: i64, text: &str) -> Message {
    Message {
        from: Some(from.into()),
        time: Some(time),
        text: text.into(),
    }
}
