//! What document 004's requests name: people, customers and customer groups.

use qun_protocol::{
    groupchat::JoinWayScene,
    world::{Customer, CustomerGroup, GroupMember, JoinWay, User, UserStatus},
};

/// When the groups of the samples were made: that of groupchat/get, seconds UTC.
const MADE: i64 = 1_572_505_490;

/// The cursor of document 004's list.
pub(super) const CURSOR: &str = "r9FqSqsI8fgNbHLHE5QoCP50UIg2cFQbfma3l2QsmwI";

/// Employees of the samples, the last of whom has resigned.
const PEOPLE: [(&str, &str); 6] = [
    ("ZhuShengBen", "朱生本"),
    ("abel", "张三丰"),
    ("jack", "杰克"),
    ("sam", "山姆"),
    ("pony", "小马"),
    ("former_sales", "离职销售"),
];

pub(super) fn users() -> impl Iterator<Item = User> {
    PEOPLE.iter().map(|(userid, name)| User {
        userid: (*userid).into(),
        name: Some((*name).into()),
        email: Some(format!("{userid}@demo.example")),
        customer_contact: true,
        status: match *userid {
            "former_sales" => UserStatus::Left,
            _ => UserStatus::Active,
        },
        ..Default::default()
    })
}

pub(super) fn customers() -> Vec<Customer> {
    vec![Customer {
        external_userid: Some("wmOgQhDgAAuXFJGwbve4g4iXknfOAAAA".into()),
        name: "王语嫣".into(),
        unionid: Some("ozynqsulJFCZ2z1aYeS8h-nuasdAAA".into()),
        ..Default::default()
    }]
}

pub(super) fn groups() -> Vec<CustomerGroup> {
    let group = |chat_id: &str, name: &str, owner: &str| CustomerGroup {
        chat_id: Some(chat_id.into()),
        name: name.into(),
        owner: owner.into(),
        create_time: Some(MADE),
        ..Default::default()
    };
    vec![
        CustomerGroup {
            notice: "文明沟通,拒绝脏话".into(),
            members: vec![
                member("ZhuShengBen", "", None),
                member("abel", "客服小张", Some("jack")),
                member("wmOgQhDgAAuXFJGwbve4g4iXknfOAAAA", "顾客老王", None),
                member("jack", "", None),
                member("sam", "", None),
                member("pony", "", None),
            ],
            admins: vec!["sam".into(), "pony".into()],
            opengid: Some("oAAAAAAA".into()),
            ..group(
                "wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA",
                "销售客服群",
                "ZhuShengBen",
            )
        },
        group("wrOgQhDgAAcwMTB7YmDkbeBsAAAA", "售前咨询群", "abel"),
        group("wrOgQhDgAAcwMTB7YmDkbeBsgT_AAAA", "老客户群", "jack"),
        group(
            "wrOgQhDgAAMYQiS5ol9G7gK9JVQUAAAA",
            "待继承客户群",
            "former_sales",
        ),
        group(
            "wrOgQhDgAAH2Yy-CTZ6POca8mlBEdaaa",
            "活动一群",
            "ZhuShengBen",
        ),
        group("wrOgQhDgAALPUthpRAKvl7mgiQRwAAA", "活动二群", "ZhuShengBen"),
        group(
            "wrOgQhDgAALPUthpRAKvl7mgiQRw_aaa",
            "活动三群",
            "ZhuShengBen",
        ),
    ]
}

/// The join ways that are read, replaced and removed; the first is as document 004 prints it.
pub(super) fn join_ways() -> Vec<JoinWay> {
    let way = |config_id: &str, scene: JoinWayScene, remark: &str, state: &str| JoinWay {
        config_id: Some(config_id.into()),
        agentid: Some(1_000_002),
        scene: scene.number(),
        remark: remark.into(),
        room_base_name: Some("销售客服群".into()),
        room_base_id: Some(10),
        chat_id_list: vec![
            "wrOgQhDgAAH2Yy-CTZ6POca8mlBEdaaa".into(),
            "wrOgQhDgAALPUthpRAKvl7mgiQRw_aaa".into(),
        ],
        state: Some(state.into()),
        ..Default::default()
    };
    let code = JoinWayScene::QrCode;
    let button = JoinWayScene::MiniProgram;
    vec![
        way(
            "9ad7fa5cdaa6511298498f979c472aaa",
            code,
            "aa_remark",
            "klsdup3kj3s1",
        ),
        way(
            "9ad7fa5cdaa6511298498f979c4722de",
            code,
            "门店海报",
            "poster",
        ),
        way(
            "42b34949e138eb6e027c123cba77faaa",
            button,
            "小程序",
            "mini_program",
        ),
    ]
}

fn member(userid: &str, nickname: &str, invitor: Option<&str>) -> GroupMember {
    GroupMember {
        userid: userid.into(),
        join_time: Some(MADE + 1),
        group_nickname: Some(nickname.to_owned()).filter(|nickname| !nickname.is_empty()),
        invitor: invitor.map(Into::into),
        ..Default::default()
    }
}
