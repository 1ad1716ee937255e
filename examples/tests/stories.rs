//! The examples as programs against a server, each with what it leaves behind.

use std::process::{Command, Output};

use futures_util::TryStreamExt;
use qun_client::{
    Client, Manager,
    protocol::{Rulebook, appchat::ChatInfo, people},
};
use qun_server::{Config, Place, Ready, Running};
use tempfile::TempDir;

struct Server {
    _running: Running,
    ready: Ready,
    secret: String,
    folder: TempDir,
}

impl Server {
    /// One with the demo company, in which everybody of the documents works.
    async fn start() -> Server {
        let running = qun_server::start(Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            place: Place::Memory,
            world: None,
            rules: Rulebook::Documented,
            limits_off: false,
            clock: None,
            manage_token: None,
            callbacks: Default::default(),
        })
        .await
        .unwrap();
        let ready = running.ready().clone();
        let secret = ready.agents[0].secret.clone();
        Server {
            _running: running,
            ready,
            secret,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Runs an example as a reader would.
    async fn run(&self, program: &'static str, arguments: &[&str]) -> Output {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env("QUN_URL", &self.ready.url)
            .env("QUN_CORPID", &self.ready.corpid)
            .env("QUN_SECRET", &self.secret)
            .env("QUN_AGENTID", self.ready.agents[0].agentid.to_string())
            .env("QUN_TOKENS", self.folder.path().join("tokens.json"))
            .env("QUN_JUZI_TOKEN", "abcd");
        tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap()
    }

    /// The same where it must succeed; what it printed.
    async fn good(&self, program: &'static str, arguments: &[&str]) -> String {
        let output = self.run(program, arguments).await;
        let talk = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program}: {talk}");
        String::from_utf8(output.stdout).unwrap()
    }

    async fn group(&self, chatid: &str) -> ChatInfo {
        let client = Client::builder(self.ready.corpid.as_str(), &self.secret);
        let client = client.base_url(&self.ready.url).build().unwrap();
        client.chat().get(chatid).await.unwrap()
    }

    /// What arrived on a phone in a group: kinds and contents.
    async fn arrived(&self, userid: &str, chatid: &str) -> Vec<(String, serde_json::Value)> {
        let manager = Manager::new(&self.ready.url, &self.ready.manage_token).unwrap();
        let inbox = people::Inbox {
            userid: userid.into(),
            ..Default::default()
        };
        let all: Vec<_> = manager.list(inbox).try_collect().await.unwrap();
        all.into_iter()
            .filter(|message| &*message.chatid == chatid && message.agentid.is_some())
            .map(|message| (message.msgtype, message.content))
            .collect()
    }
}

fn ids(group: &ChatInfo) -> Vec<&str> {
    group.userlist.iter().map(|userid| &**userid).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_group_is_made_and_welcomed() {
    let server = Server::start().await;
    let printed = server.good(env!("CARGO_BIN_EXE_project_group"), &[]).await;
    let mut lines = printed.lines();
    let chatid = lines
        .next()
        .unwrap()
        .strip_prefix("项目群创建成功: ")
        .unwrap();
    assert!(chatid.starts_with("alpha_project_20"), "{chatid}");
    assert_eq!(lines.next(), Some("欢迎消息发送成功"));

    let group = server.group(chatid).await;
    assert_eq!(
        (&*group.name, &*group.owner),
        ("Alpha项目组", "project_manager_001")
    );
    assert_eq!(group.userlist.len(), 7);
    let arrived = server.arrived("dev_001", chatid).await;
    assert_eq!(arrived.len(), 2);
    assert_eq!(
        arrived[0].1["content"],
        "欢迎大家加入Alpha项目组!\n\n项目目标:开发新版本产品功能\n预计周期:8周\n请大家及时在群内同步工作进展,有问题随时讨论。"
    );
    let article = &arrived[1].1["articles"][0];
    assert_eq!(arrived[1].0, "news");
    assert_eq!(article["title"], "项目进度提醒");
    assert_eq!(article["url"], "https://project.company.com/alpha/progress");
    assert_eq!(
        article["picurl"],
        "https://cdn.company.com/project-icon.png"
    );

    // Another run on the same day meets the group of the first.
    let again = server.run(env!("CARGO_BIN_EXE_project_group"), &[]).await;
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("86215"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_come_and_go_with_the_phases() {
    let server = Server::start().await;
    let chatid = "gamma_project_20231020";
    let mut expected = vec!["gamma_lead", "ops_001"];
    for (phase, gone, come, text) in [
        (
            "design",
            &["ops_001"][..],
            &["ui_002", "ux_001"][..],
            "项目进入设计阶段,欢迎设计团队加入!",
        ),
        (
            "development",
            &[],
            &["dev_003", "dev_004", "backend_001"],
            "项目进入开发阶段,开发团队全员到位!",
        ),
        (
            "testing",
            &[],
            &["qa_002", "qa_003", "automation_001"],
            "项目进入测试阶段,测试团队请开始工作!",
        ),
        (
            "deployment",
            &[],
            &["ops_001", "ops_002"],
            "项目准备部署,运维团队请准备!",
        ),
    ] {
        server
            .good(env!("CARGO_BIN_EXE_members_by_phase"), &[chatid, phase])
            .await;
        expected.retain(|userid| !gone.contains(userid));
        expected.extend(come);
        assert_eq!(ids(&server.group(chatid).await), expected, "{phase}");
        let arrived = server.arrived("gamma_lead", chatid).await;
        assert_eq!(arrived.last().unwrap().1["content"], text);
    }
    let wrong = [chatid, "holidays"];
    let wrong = server
        .run(env!("CARGO_BIN_EXE_members_by_phase"), &wrong)
        .await;
    assert!(!wrong.status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_status_has_its_progress_bar() {
    let server = Server::start().await;
    let chatid = "beta_project_20231015";
    server
        .good(env!("CARGO_BIN_EXE_status_push"), &[chatid])
        .await;
    let arrived = server.arrived("ui_001", chatid).await;
    assert_eq!(
        arrived.last().unwrap().1["content"],
        "📊 项目进度日报\n\n进度: ███████░░░ 75%\n任务完成: 45/60\nBug修复: 12\n待修复Bug: 3\n\n继续加油!💪"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_report_counts_the_groups_that_are_there() {
    let server = Server::start().await;
    let chatids = [
        "alpha_project_20231101",
        "beta_project_20231015",
        "no_such_project",
        "gamma_project_20231020",
    ];
    let printed = server
        .good(env!("CARGO_BIN_EXE_statistics"), &chatids)
        .await;
    assert_eq!(
        printed,
        "群聊: Alpha项目组\n成员数: 5\n群主: project_manager_001\n---\n\
         群聊: Beta项目组\n成员数: 3\n群主: beta_lead\n---\n\
         群聊: Gamma项目组\n成员数: 2\n群主: gamma_lead\n---\n"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_four_calls_of_appchat_work_in_their_order() {
    let server = Server::start().await;
    let printed = server.good(env!("CARGO_BIN_EXE_appchat"), &[]).await;
    assert_eq!(
        printed,
        "chatid: CHATID\nowner: userid2, members: [\"userid1\", \"userid2\", \"userid4\"]\n"
    );
    let arrived = server.arrived("userid4", "CHATID").await;
    assert_eq!(arrived.len(), 1);
    assert_eq!(arrived[0].1["content"], "大家好");
}

#[tokio::test]
async fn document_002s_rooms() {
    let server = Server::start().await;
    let program = env!("CARGO_BIN_EXE_rooms");
    let said = server.good(program, &[]).await;
    let lines: Vec<&str> = said.lines().collect();
    let made = lines[0].strip_prefix("made ").unwrap();
    let (room, chat_id) = made.trim_end_matches(')').split_once(" (").unwrap();
    assert_eq!(
        lines[1..],
        [
            "7888888888 is in R:888888, or has a card".to_owned(),
            format!("7888888888 is in {room}, or has a card"),
            "with the label:".into(),
            "R:888888\tVIP交流群\t5人\twrrRhyBgAAGf2Wo90zgjmNspXj4y8pQA".into(),
            "11293954269@chatroom\t大街小巷程序员\t2人\t-".into(),
            "with 7888888888:".into(),
            "R:888888\tVIP交流群\t5人\twrrRhyBgAAGf2Wo90zgjmNspXj4y8pQA".into(),
            format!("{room}\tcreate\t6人\t{chat_id}"),
            "left R:123123123".into(),
        ]
    );
    // Once more it is no longer in the room.
    let again = server.run(program, &[]).await;
    assert!(!again.status.success());
    let talk = String::from_utf8(again.stderr).unwrap();
    assert!(talk.contains("-7"), "{talk}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn document_003s_push_reaches_people_by_their_numbers() {
    let server = Server::start().await;
    let program = env!("CARGO_BIN_EXE_message_push");
    // 张三 and 李四; nobody has the third.
    let mobiles = ["13430388888", "13800000032", "13999999999"];
    let tokens = || std::fs::read(server.folder.path().join("tokens.json")).unwrap();
    let output = server.run(program, &mobiles).await;
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{talk}");
    assert_eq!(talk, "13999999999: 没有这个手机号\n");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        printed.starts_with("msgid: ") && printed.lines().count() == 1,
        "{printed}"
    );
    let kept = tokens();
    server.good(program, &mobiles).await;
    assert_eq!(tokens(), kept, "the token serves both runs");
    for person in ["zhangsan", "lisi"] {
        let arrived = server.arrived(person, "").await;
        let texts: Vec<_> = arrived
            .iter()
            .map(|(_, content)| &content["content"])
            .collect();
        assert_eq!(texts, ["消息本体", "消息本体"], "{person}");
    }
    let nobody = server.run(program, &["13999999999"]).await;
    assert!(!nobody.status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn document_004s_nine_functions() {
    let server = Server::start().await;
    let program = env!("CARGO_BIN_EXE_customer_groups");
    let said = server.good(program, &[]).await;
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines[..7],
        [
            "7 个客户群, 1 个待继承",
            "销售客服群: 群主 ZhuShengBen, 6 人",
            "wrOgQhDgAAcwMTB7YmDkbeBsgT_AAAA: 90500 the owner of this chat is not resigned",
            "wrOgQhDgAAMYQiS5ol9G7gK9JVQUAAAA: Pending",
            "1 个继承中",
            "aa_remark: 2 个群, 二维码 true",
            "bb_remark",
        ]
    );
    let days = &lines[7..14];
    assert!(
        days.iter().all(|line| line.ends_with(" 群总数 5")),
        "{days:?}"
    );
    assert_eq!(lines[14..], ["abel: 1 群, 1 人", "ZhuShengBen: 4 群, 9 人"]);
}
