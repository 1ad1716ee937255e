//! The directory against a real server, under both rulebooks.

use futures_util::TryStreamExt;
use qun_client::{
    Client, LeftOut, Mailbox, Manager,
    protocol::{Rulebook, UserId, department, manage, user, world},
};
use qun_server::{Config, Place, Running};

struct Office {
    running: Running,
    /// A self-built app that sees all.
    app: Client,
    /// 通讯录同步
    sync: Client,
}

async fn office(rules: Rulebook) -> Office {
    let running = qun_server::start(Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        place: Place::Memory,
        world: None,
        rules,
        limits_off: false,
        clock: None,
        manage_token: None,
        callbacks: Default::default(),
    })
    .await
    .unwrap();
    let ready = running.ready().clone();
    let company = world::Company {
        // A fifth of it is one.
        account_cap: Some(5),
        apps: vec![
            world::App::default(),
            world::App {
                kind: world::AppKind::ContactsSync,
                ..Default::default()
            },
        ],
        ..Default::default()
    };
    let world = world::World {
        version: 1,
        companies: vec![company],
    };
    let manager = Manager::new(&ready.url, &ready.manage_token).unwrap();
    let loaded = manager.send(manage::LoadWorld { world }).await.unwrap();
    let made = &loaded.companies[0];
    let client = |agent: usize| {
        Client::builder(made.corpid.clone(), &made.agents[agent].secret)
            .base_url(&ready.url)
            .rulebook(rules)
            .build()
            .unwrap()
    };
    Office {
        app: client(0),
        sync: client(1),
        running,
    }
}

fn person(userid: &str, mobile: &str) -> user::Create {
    user::Create {
        userid: userid.into(),
        name: Some(userid.to_uppercase()),
        mobile: Some(mobile.into()),
        email: Some(format!("{userid}@home.example")),
        biz_mail: Some(format!("{userid}@work.example")),
        department: Some(vec![2]),
        ..Default::default()
    }
}

fn userids(names: &[&str]) -> Vec<UserId> {
    names.iter().map(|name| UserId::from(*name)).collect()
}

#[tokio::test]
async fn a_directory_is_kept_read_and_searched() {
    for rules in Rulebook::ALL {
        let office = office(rules).await;
        let (reader, writer) = (office.app.directory(), office.sync.directory());
        let two = department::Create {
            name: Some("研发部".into()),
            parentid: Some(1),
            ..Default::default()
        };
        assert_eq!(writer.create_department(two.clone()).await.unwrap(), 2);
        assert!(writer.create_department(two).await.unwrap_err().is_taken());
        for (userid, mobile) in [("anna", "13800000001"), ("bo", "13800000002")] {
            let made = writer.create_user(person(userid, mobile)).await.unwrap();
            assert_eq!(made, []);
        }
        let again = person("ANNA", "13800000003");
        assert!(writer.create_user(again).await.unwrap_err().is_taken());
        let moved = user::Update {
            userid: "bo".into(),
            department: Some(vec![1, 9]),
            ..Default::default()
        };
        let made = writer.update_user(moved).await.unwrap();
        assert_eq!(made.iter().map(|one| one.id).collect::<Vec<_>>(), [9]);

        let found = reader.find_by_mobile("+86 138 0000 0001").await.unwrap();
        assert_eq!(found, Some("anna".into()));
        for (address, mailbox) in [
            ("bo@work.example", Mailbox::Company),
            ("bo@home.example", Mailbox::Personal),
        ] {
            let found = reader.find_by_email(address, mailbox).await.unwrap();
            assert_eq!(found, Some("bo".into()));
        }
        assert_eq!(reader.user("Anna").await.unwrap().name, "ANNA");
        assert!(reader.user("nobody").await.unwrap_err().is_not_found());
        let refused = reader.delete_users(["bo"]).await.unwrap_err();
        assert!(refused.is_not_allowed(), "{refused}");
        let everyone = reader.users(1, true).await.unwrap();
        assert_eq!(everyone.len(), 2);
        let team = reader.users_in_detail(2, false).await.unwrap();
        assert_eq!(team[0].userid, "anna".into());
        assert_eq!(team[0].mobile, None);
        let names = reader.departments(None).await.unwrap();
        assert_eq!(names.len(), 4);
        assert_eq!(reader.department(2).await.unwrap().name, "研发部");
        let all: Vec<_> = writer.userids().try_collect().await.unwrap();
        let pairs: Vec<_> = all.iter().map(|e| (&*e.userid, e.department)).collect();
        assert_eq!(pairs, [("anna", 2), ("bo", 1), ("bo", 9)]);

        let tag = reader.create_tag("值班").await.unwrap();
        let left_out = reader
            .add_to_tag(tag, ["anna", "nobody", "noone"], [2, 99])
            .await
            .unwrap();
        assert_eq!(left_out.users, userids(&["nobody", "noone"]));
        assert_eq!(left_out.departments, [99]);
        let left_out = reader.remove_from_tag(tag, ["bo"], [2]).await.unwrap();
        assert_eq!(left_out, LeftOut::default());
        let theirs = writer.rename_tag(tag, "夜班").await.unwrap_err();
        assert!(theirs.is_not_allowed(), "{theirs}");
        reader.rename_tag(tag, "夜班").await.unwrap();
        let got = reader.tag(tag).await.unwrap();
        assert_eq!((got.tagname.as_str(), got.userlist.len()), ("夜班", 1));
        assert_eq!(got.partylist, Vec::<i64>::new());
        assert_eq!(reader.tags().await.unwrap().len(), 1);
        reader.delete_tag(tag).await.unwrap();
        assert!(reader.tag(tag).await.unwrap_err().is_not_found());

        writer.delete_users(["anna", "bo"]).await.unwrap();
        writer.delete_department(2).await.unwrap();
        let renamed = department::Update {
            id: Some(9),
            name: Some("九".into()),
            ..Default::default()
        };
        writer.update_department(renamed).await.unwrap();
        assert_eq!(reader.find_by_mobile("13800000001").await.unwrap(), None);
        let blocked = reader.find_by_mobile("13800000001").await.unwrap_err();
        assert!(blocked.is_frequency(), "{blocked}");
        office.running.stop().await;
    }
}
