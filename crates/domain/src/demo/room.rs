//! What document 002's requests and answers name: accounts that Juzi hosts, contacts, rooms and a label.

use qun_protocol::world::{
    Bot, BotFriend, BotRoom, Customer, CustomerGroup, GroupMember, Hosting, HostingToken,
    PersonalRoom, RoomLabel, User,
};

/// The employee whom the samples host.
const EMPLOYEE: &str = "testUserId";
/// Who owns the group that the sample leaves.
const OWNER: &str = "testOwner";
/// The account of personal WeChat of the sample answers.
const PERSONAL: &str = "wxid_rr9ej1o8xv9h21";
/// The sample answers' official id.
const VIP: &str = "wrrRhyBgAAGf2Wo90zgjmNspXj4y8pQA";
/// The group that the sample leaves.
const LEFT: &str = "wrrRhyBgAAKm3Xq8s0w1ZtYv5pLc7nQA";
/// Contacts: external_userid, name.
const CONTACTS: [(&str, &str); 4] = [
    ("wmrRhyBgAA6PKOL7IA2Nbikedjxxxxxx", "客户甲"),
    ("wmrRhyBgAANQ1O34HRXfVQh17exxxxxx", "客户乙"),
    ("wmrRhyBgAAB7m2Vd4kQeT9sYxxxxxxxx", "客户丙"),
    ("wmrRhyBgAAk3Wc5pU8hZr1Nfxxxxxxxx", "群成员昵称"),
];
/// The customer of document 004 whose unionid document 002 names too.
const UNION: &str = "wmOgQhDgAAuXFJGwbve4g4iXknfOAAAA";

pub(super) fn users() -> impl Iterator<Item = User> {
    [(EMPLOYEE, "小句"), (OWNER, "群主")]
        .map(|(userid, name)| User {
            userid: userid.into(),
            name: Some(name.into()),
            email: Some(format!("{userid}@demo.example")),
            customer_contact: true,
            ..Default::default()
        })
        .into_iter()
}

pub(super) fn customers() -> impl Iterator<Item = Customer> {
    CONTACTS.iter().map(|(external_userid, name)| Customer {
        external_userid: Some((*external_userid).into()),
        name: (*name).into(),
        ..Default::default()
    })
}

pub(super) fn groups() -> impl Iterator<Item = CustomerGroup> {
    let group = |chat_id: &str, name: &str, owner: &str, members: &[&str]| CustomerGroup {
        chat_id: Some(chat_id.into()),
        name: name.into(),
        owner: owner.into(),
        members: members
            .iter()
            .map(|userid| GroupMember {
                userid: (*userid).into(),
                ..Default::default()
            })
            .collect(),
        ..Default::default()
    };
    let [first, second, ..] = CONTACTS.map(|(external_userid, _)| external_userid);
    [
        group(VIP, "VIP交流群", EMPLOYEE, &[first, second, UNION]),
        group(LEFT, "体验群", OWNER, &[EMPLOYEE, first, second]),
    ]
    .into_iter()
}

pub(super) fn hosting() -> Hosting {
    let token = |token: &str| HostingToken {
        token: Some(token.into()),
        ..Default::default()
    };
    let friend = |contact: &str, wxid: Option<&str>| BotFriend {
        contact: contact.into(),
        wxid: wxid.map(str::to_owned),
        ..Default::default()
    };
    let [first, second, third, fourth] = CONTACTS.map(|(external_userid, _)| external_userid);
    Hosting {
        group: Some("5f60998462c907003e1fa2c0".into()),
        name: "秒回演示组".into(),
        // The samples' requests use each of them.
        tokens: ["abcd", "5f60998462c907003e1fa2c1", "***"]
            .map(token)
            .into(),
        bots: vec![
            Bot {
                userid: EMPLOYEE.into(),
                bot_id: Some("5f60998462c907003e1fa2c2".into()),
                friends: vec![
                    friend(first, None),
                    friend(second, None),
                    friend(third, Some("7888888888")),
                    friend(UNION, None),
                ],
                rooms: vec![
                    BotRoom {
                        room: VIP.into(),
                        wxid: Some("R:888888".into()),
                        ..Default::default()
                    },
                    BotRoom {
                        room: LEFT.into(),
                        wxid: Some("R:123123123".into()),
                        ..Default::default()
                    },
                ],
                ..Default::default()
            },
            Bot {
                userid: "iguxiaobei".into(),
                personal: true,
                wxid: Some(PERSONAL.into()),
                bot_id: Some("5f60998462c907003e1fa2c3".into()),
                nick_name: Some("小北".into()),
                friends: vec![friend(fourth, Some("kx23498"))],
                rooms: vec![BotRoom {
                    room: "11293954269@chatroom".into(),
                    chat_id: Some("5dbe8287184b7cb41f52674e".into()),
                    ..Default::default()
                }],
                ..Default::default()
            },
        ],
        rooms: vec![PersonalRoom {
            wxid: Some("11293954269@chatroom".into()),
            name: "大街小巷程序员".into(),
            members: vec![PERSONAL.into(), "kx23498".into()],
        }],
        labels: vec![RoomLabel {
            id: Some("5eda03260e21f35ca20f9eb4".into()),
            name: "VIP客户群".into(),
            rooms: vec![VIP.into(), "11293954269@chatroom".into()],
        }],
        ..Default::default()
    }
}
