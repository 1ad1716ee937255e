//! The demo company: everything that the documents' requests name, under exactly those ids; what the samples create stays free.

mod customer;
mod room;
mod statistic;

use qun_protocol::{
    CorpId, Rulebook, UserId,
    world::{App, AppKind, Chat, Company, Department, Media, Message, Tag, User, World},
};

/// The demo company's corpid.
pub const CORPID: &str = "wwqundemo000000001";

/// People of document 000, with names.
const TEAM: [(&str, &str); 31] = [
    ("project_manager", "项目经理"),
    ("new_project_manager", "新项目经理"),
    ("project_manager_001", "项目经理一"),
    ("dev001", "开发一"),
    ("dev002", "开发二"),
    ("dev003", "开发三"),
    ("dev_001", "开发甲"),
    ("dev_002", "开发乙"),
    ("dev_003", "开发丙"),
    ("dev_004", "开发丁"),
    ("new_dev001", "新开发一"),
    ("old_dev001", "老开发一"),
    ("backend_001", "后端甲"),
    ("automation_001", "自动化甲"),
    ("test001", "测试一"),
    ("qa001", "质量一"),
    ("qa_001", "质量甲"),
    ("qa_002", "质量乙"),
    ("qa_003", "质量丙"),
    ("new_qa001", "新质量一"),
    ("pm001", "产品一"),
    ("pm_001", "产品甲"),
    ("new_pm001", "新产品一"),
    ("former_pm001", "前产品一"),
    ("ui_001", "设计甲"),
    ("ui_002", "设计乙"),
    ("ux_001", "体验甲"),
    ("ops_001", "运维甲"),
    ("ops_002", "运维乙"),
    ("beta_lead", "Beta负责人"),
    ("gamma_lead", "Gamma负责人"),
];

/// People that other documents and tutorials name.
const OTHERS: [(&str, &str); 8] = [
    ("zhangsan", "张三"),
    ("lisi", "李四"),
    ("wangwu", "王五"),
    ("zhaoliu", "赵六"),
    ("userid1", "用户一"),
    ("userid2", "用户二"),
    ("userid3", "用户三"),
    ("userid4", "用户四"),
];

/// The demo world under a rulebook, at a time in ms UTC.
pub fn world(rules: Rulebook, now: i64) -> World {
    let users = TEAM
        .iter()
        .map(|entry| (entry, 2))
        .chain(OTHERS.iter().map(|entry| (entry, 1)));
    let users = users
        .enumerate()
        .map(|(n, ((userid, name), department))| User {
            userid: (*userid).into(),
            name: Some((*name).to_owned()),
            mobile: Some(match *userid {
                // The number that page 95402 looks for.
                "zhangsan" => "13430388888".to_owned(),
                _ => format!("1380000{n:04}"),
            }),
            email: Some(format!("{userid}@demo.example")),
            biz_mail: Some(format!("{userid}@demo.example")),
            departments: Some(vec![department]),
            customer_contact: true,
            ..Default::default()
        });
    let customers = customer::customers()
        .into_iter()
        .chain(statistic::customers())
        .chain(room::customers())
        .collect();
    let now = now.div_euclid(1000);
    let mut groups = customer::groups();
    // A clock may stand before the samples.
    groups.retain(|group| group.create_time < Some(now));
    let join_ways = match groups.is_empty() {
        true => Vec::new(),
        false => customer::join_ways(),
    };
    groups.extend(statistic::groups(now));
    groups.extend(room::groups());
    let company = Company {
        corpid: Some(CorpId(CORPID.into())),
        name: "群演示公司".into(),
        rulebook: Some(rules),
        apps: vec![
            App {
                agentid: Some(1_000_002),
                name: "群助手".into(),
                customer_contact: true,
                ..Default::default()
            },
            App {
                agentid: Some(1_000_003),
                name: "另一应用".into(),
                ..Default::default()
            },
            App {
                agentid: Some(2_000_002),
                name: "通讯录同步".into(),
                kind: AppKind::ContactsSync,
                ..Default::default()
            },
            App {
                agentid: Some(2_000_003),
                name: "客户联系".into(),
                kind: AppKind::CustomerContact,
                ..Default::default()
            },
            // The samples of messages to people name it.
            App {
                agentid: Some(1),
                name: "消息推送".into(),
                ..Default::default()
            },
        ],
        departments: vec![Department {
            id: 2,
            name: "研发部".into(),
            ..Default::default()
        }],
        users: users
            .chain(customer::users())
            .chain(room::users())
            .collect(),
        hostings: vec![room::hosting()],
        customers,
        customer_groups: groups,
        industry: Some("education".into()),
        join_ways,
        cursors: vec![customer::CURSOR.into()],
        developer_id: Some("wxqundemo000000001".into()),
        tags: vec![tag(1, "管理", &["zhangsan"]), tag(2, "行政", &["wangwu"])],
        media: vec![
            media("image_media_id_123", "image", "image.png"),
            media("file_media_id_456", "file", "项目计划.txt"),
            media("MEDIA_ID", "image", "thumb.png"),
            media(
                "1Yv-zXfHjSjU-7LH-GwtYqDGS-zz6w22KmWAT5COgP7o",
                "file",
                "通知.txt",
            ),
        ],
        chats: if rules == Rulebook::Documented {
            chats()
        } else {
            Vec::new()
        },
        ..Default::default()
    };
    World {
        version: 1,
        companies: vec![company],
    }
}

fn tag(tagid: i64, name: &str, people: &[&str]) -> Tag {
    Tag {
        tagid,
        tagname: name.into(),
        users: people.iter().map(|userid| (*userid).into()).collect(),
        ..Default::default()
    }
}

fn media(id: &str, kind: &str, name: &str) -> Media {
    Media {
        media_id: id.into(),
        kind: kind.into(),
        filename: Some(name.into()),
        ..Default::default()
    }
}

/// The three groups of document 000's report. `live-2026` does not know `_` in a chatid, so there they cannot be.
fn chats() -> Vec<Chat> {
    let chat = |chatid: &str, name: &str, owner: &str, members: &[&str]| Chat {
        chatid: Some(chatid.into()),
        agentid: Some(1_000_002),
        name: name.into(),
        owner: Some(owner.into()),
        members: members
            .iter()
            .map(|userid| UserId((*userid).into()))
            .collect(),
        messages: vec![Message {
            text: format!("{name}启动"),
            ..Default::default()
        }],
        ..Default::default()
    };
    vec![
        chat(
            "alpha_project_20231101",
            "Alpha项目组",
            "project_manager_001",
            &[
                "project_manager_001",
                "pm_001",
                "dev_001",
                "dev_002",
                "qa_001",
            ],
        ),
        chat(
            "beta_project_20231015",
            "Beta项目组",
            "beta_lead",
            &["beta_lead", "dev_003", "ui_001"],
        ),
        chat(
            "gamma_project_20231020",
            "Gamma项目组",
            "gamma_lead",
            &["gamma_lead", "ops_001"],
        ),
    ]
}
