//! `qun listen`, with requests as the platform makes them.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use qun_crypt::{EncodingAesKey, Envelope, Reply, open, seal, sign};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::kit::{Server, await_line, qun};

const TOKEN: &str = "QDG6eK";
const KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
const CORPID: &str = "wx5823bf96d3bd56c7";
const APP: &str = "1000002";

struct Listening {
    child: Child,
    out: BufReader<ChildStdout>,
    address: String,
    _home: TempDir,
}

fn command(home: &TempDir, words: &[&str]) -> Command {
    let mut command = qun(home.path());
    command
        .args(["listen", "--listen", "127.0.0.1:0"])
        .args(words)
        .env("QUN_CALLBACK_TOKEN", TOKEN)
        .env("QUN_CALLBACK_AES_KEY", KEY)
        .env("QUN_CORPID", CORPID)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

impl Listening {
    fn start(words: &[&str]) -> Self {
        let home = TempDir::new().unwrap();
        Self::of(command(&home, words), home)
    }

    /// One that takes what a server tells its app.
    fn to(server: &Server, words: &[&str]) -> Self {
        let mut command = server.qun(&["listen", "--listen", "127.0.0.1:0", "--app", APP]);
        command
            .args(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self::of(command, TempDir::new().unwrap())
    }

    fn of(mut command: Command, home: TempDir) -> Self {
        let mut child = command.spawn().unwrap();
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        err.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening at http://");
        let address = address.unwrap_or_else(|| panic!("{line}"));
        let address = address.trim_end_matches("/callback").to_owned();
        // What it says later must not fill the pipe.
        thread::spawn(move || std::io::copy(&mut err, &mut std::io::sink()));
        Self {
            out: BufReader::new(child.stdout.take().unwrap()),
            child,
            address,
            _home: home,
        }
    }

    /// Posts a message as the platform does; status and body.
    fn post(&self, xml: &str, token: &str) -> (u16, String) {
        let key: EncodingAesKey = KEY.parse().unwrap();
        let envelope = Envelope {
            to_user_name: CORPID.into(),
            agent_id: Some("218".into()),
            encrypt: seal(&key, *b"0123456789abcdef", xml.as_bytes(), CORPID),
        };
        let signature = sign(token, "1700000000", "n", &envelope.encrypt);
        let body = envelope.write();
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "POST /callback?msg_signature={signature}&timestamp=1700000000&nonce=n HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (
            head.split(' ').nth(1).unwrap().parse().unwrap(),
            body.to_owned(),
        )
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line
    }

    fn json(&mut self) -> Value {
        let line = self.line();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"))
    }

    /// Ctrl-C, and the exit code.
    fn stop(self) -> i32 {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        kill(pid, Signal::SIGINT).unwrap();
        self.code()
    }

    fn code(mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

fn text(msg_id: u64, content: &str) -> String {
    format!(
        "<xml><ToUserName><![CDATA[{CORPID}]]></ToUserName><FromUserName><![CDATA[zhangsan]]></FromUserName>\
         <CreateTime>1700000000</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{content}]]></Content>\
         <MsgId>{msg_id}</MsgId><AgentID>218</AgentID></xml>"
    )
}

#[test]
fn it_prints_each_once_and_ends_after_so_many() {
    let mut listening = Listening::start(&["--count", "2"]);
    assert_eq!(listening.post(&text(1, "forged"), "other").0, 403);
    for _ in 0..2 {
        let answer = listening.post(&text(1, "你好\t\u{1b}[2J"), TOKEN);
        assert_eq!(answer, (200, "success".into()));
    }
    assert_eq!(
        listening.line(),
        "2023-11-15T06:13:20+08:00\t218\tzhangsan\ttext\t你好 [2J\n"
    );
    assert_eq!(listening.post(&text(2, "x"), TOKEN).0, 200);
    assert!(listening.line().ends_with("\ttext\tx\n"));
    assert_eq!(listening.code(), 0);
}

#[test]
fn json_lines_hold_the_whole_message() {
    let mut listening = Listening::start(&["--json"]);
    let event = text(0, "").replace(
        "<MsgType><![CDATA[text]]></MsgType>",
        "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[brand_new]]></Event><More><A>1</A><A>2</A></More>",
    );
    assert_eq!(listening.post(&event, TOKEN).0, 200);
    let line = listening.json();
    assert_eq!(line["Event"], "brand_new");
    assert_eq!(line["More"], json!({ "A": [1, 2] }));
    assert_eq!(
        (&line["AgentID"], &line["CreateTime"]),
        (&json!(218), &json!(1_700_000_000))
    );
    // Ctrl-C ends it, and that is no failure.
    assert_eq!(listening.stop(), 0);
}

/// Answers each request with the next of these; gives paths and bodies of what it was sent.
fn target(
    answers: &'static [(u16, &'static str)],
) -> (String, thread::JoinHandle<Vec<(String, String)>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let serving = thread::spawn(move || {
        let one = |(status, body): &(u16, &str)| {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let (mut head, mut length) = (String::new(), 0);
            while reader.read_line(&mut head).unwrap() > 2 {
                let last = head.lines().last().unwrap().to_lowercase();
                if let Some(value) = last.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
            }
            let mut sent = vec![0; length];
            reader.read_exact(&mut sent).unwrap();
            write!(
                reader.get_mut(),
                "HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
            let path = head.strip_prefix("POST ").unwrap().split(' ').next();
            (path.unwrap().to_owned(), String::from_utf8(sent).unwrap())
        };
        answers.iter().map(one).collect()
    });
    (url, serving)
}

#[test]
fn what_the_target_answers_goes_back_encrypted() {
    const REPLY: &str = "<xml><ToUserName>zhangsan</ToUserName><FromUserName>x</FromUserName><CreateTime>1</CreateTime>\
        <MsgType>text</MsgType><Content>收到</Content></xml>";
    let (url, serving) = target(&[(500, ""), (200, REPLY), (200, "success"), (200, "what?")]);
    let listening = Listening::start(&["--forward-to", &url]);
    // It fails, and comes again.
    assert_eq!(listening.post(&text(1, "a"), TOKEN).0, 500);
    let (status, sealed) = listening.post(&text(1, "a"), TOKEN);
    assert_eq!(status, 200);
    let reply = Reply::read(&sealed).unwrap();
    let key: EncodingAesKey = KEY.parse().unwrap();
    let plain = open(&key, &reply.encrypt, CORPID).unwrap();
    assert!(
        String::from_utf8(plain)
            .unwrap()
            .contains("<Content><![CDATA[收到]]></Content>")
    );
    assert_eq!(
        listening.post(&text(2, "b"), TOKEN),
        (200, "success".into())
    );
    assert_eq!(listening.post(&text(3, "c"), TOKEN).0, 500);
    let sent = serving.join().unwrap();
    let texts = [text(1, "a"), text(1, "a"), text(2, "b"), text(3, "c")];
    assert_eq!(sent, texts.map(|text| ("/hook".to_owned(), text)));
    let pid = Pid::from_raw(i32::try_from(listening.child.id()).unwrap());
    kill(pid, Signal::SIGTERM).unwrap();
    assert_eq!(listening.code(), 0);
}

#[test]
fn mistakes_are_told_before_it_listens() {
    let home = TempDir::new().unwrap();
    for (words, variable, value, part) in [
        (
            &["--timeout", "1s"][..],
            "QUN_CALLBACK_AES_KEY",
            "short",
            "5 characters",
        ),
        (
            &[],
            "QUN_CALLBACK_AES_KEY",
            "",
            "EncodingAESKey is not known",
        ),
        (&[], "QUN_CALLBACK_TOKEN", "a b", "letters and digits"),
        (&["--listen", "0.0.0.0:0"], "X", "", "--allow-remote"),
        (&["--forward-to", "ftp://x"], "X", "", "is no URL"),
    ] {
        let mut command = qun(home.path());
        command
            .arg("listen")
            .args(words)
            .env("QUN_CALLBACK_TOKEN", TOKEN)
            .env("QUN_CALLBACK_AES_KEY", KEY)
            .env(variable, value);
        let output = command.output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{words:?}: {err}");
        assert!(err.contains(part) && !err.contains(KEY), "{err}");
    }
}

#[test]
fn it_can_wait_for_something_that_does_not_come() {
    let home = TempDir::new().unwrap();
    let mut child = command(&home, &["--count", "1", "--timeout", "200ms"])
        .spawn()
        .unwrap();
    await_line(child.stderr.take().unwrap(), "did not come within 200ms");
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let quiet = command(&home, &["--timeout", "200ms", "--quiet"]).output();
    assert_eq!(quiet.unwrap().status.code(), Some(0));
}

/// The attempts of one, when it is done with.
fn delivered(server: &Server, id: &str, attempts: usize) -> Value {
    for _ in 0..600 {
        let whole = server.value(&["callback", "show", id]);
        let made = whole["attempts"].as_array().unwrap().len();
        if whole["callback"]["state"] == "delivered" && made == attempts {
            return whole;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("{id} was not delivered");
}

#[test]
fn what_people_do_is_told_shown_and_told_again() {
    let server = Server::memory();
    let mut listening = Listening::to(&server, &["--json"]);
    let set = server.value(&["callback", "get", APP]);
    assert_eq!(
        set,
        json!({ "set": true, "url": format!("http://{}/callback", listening.address) })
    );

    let trigger = |words: &[&str]| {
        let out = server.good(&[&["trigger"], words, &["--app", APP]].concat());
        out.trim().to_owned()
    };
    let file = |name: &str, content: &[u8]| {
        std::fs::write(server.home.path().join(name), content).unwrap();
    };
    file(
        "a.png",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0",
    );
    let text = trigger(&["text", "zhangsan", "上线了"]);
    let told = listening.json();
    assert_eq!(
        (&told["Content"], &told["FromUserName"]),
        (&json!("上线了"), &json!("zhangsan"))
    );
    for (words, kind) in [
        (&["image", "zhangsan", "a.png"][..], "image"),
        (
            &["location", "zhangsan", "-23.1", "113.3", "广州"],
            "location",
        ),
        (&["link", "zhangsan", "https://x/", "周报"], "link"),
    ] {
        assert!(!trigger(words).is_empty());
        assert_eq!(listening.json()["MsgType"], kind);
    }
    for event in ["enter_agent", "unsubscribe", "subscribe"] {
        assert!(!trigger(&[event, "zhangsan"]).is_empty(), "{event}");
        assert_eq!(listening.json()["Event"], event);
    }

    let whole = delivered(&server, &text, 1);
    assert!(whole["body"].as_str().unwrap().contains("上线了"));
    server.good(&["callback", "resend", &text]);
    let shown = delivered(&server, &text, 2);
    assert_eq!(shown["attempts"][1]["answer"], "success");
    let shown = server.good(&["callback", "show", &text]);
    assert!(
        shown.contains("attempt 2, ") && shown.contains("HTTP 200"),
        "{shown}"
    );
    let kinds =
        |words: &[&str]| server.good(&[&["callback", "list", "--jq", ".[].kind"], words].concat());
    assert_eq!(
        kinds(&[]).replace('"', ""),
        "subscribe\nunsubscribe\nenter_agent\nlink\nlocation\nimage\ntext\n"
    );
    assert_eq!(
        kinds(&["--search", "上线了", "--app", APP]).lines().count(),
        1
    );
    assert_eq!(kinds(&["--last", "2"]).lines().count(), 2);
    assert_eq!(kinds(&["--all"]).lines().count(), 7);
    assert_eq!(kinds(&["--state", "exhausted"]), "");

    // What was told again was printed once: the next line is the next event.
    trigger(&["text", "zhangsan", "完"]);
    assert_eq!(listening.json()["Content"], "完");
    assert_eq!(listening.stop(), 0);
    assert_eq!(
        server.value(&["callback", "get", APP]),
        json!({ "set": false })
    );
}

#[test]
fn a_reply_of_the_target_is_on_the_persons_phone() {
    const REPLY: &str = "<xml><MsgType>text</MsgType><Content>收到</Content></xml>";
    let server = Server::memory();
    let (url, serving) = target(&[(200, REPLY)]);
    let listening = Listening::to(&server, &["--forward-to", &url, "--count", "1"]);
    server.good(&["trigger", "text", "zhangsan", "在吗", "--app", APP]);
    assert!(serving.join().unwrap()[0].1.contains("在吗"));
    assert_eq!(listening.code(), 0);
    let words = [
        "wait",
        "message",
        "--to",
        "zhangsan",
        "--contains",
        "收到",
        "--timeout",
        "60s",
    ];
    server.good(&words);
}

#[test]
fn a_callback_is_set_only_where_somebody_answers_and_never_shown() {
    let server = Server::memory();
    let with_keys = |words: &[&str]| {
        let mut command = server.qun(words);
        command
            .env("QUN_CALLBACK_TOKEN", TOKEN)
            .env("QUN_CALLBACK_AES_KEY", KEY);
        crate::kit::Ran::from(command.output().unwrap())
    };
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("http://{closed}/");
    let refused = with_keys(&["callback", "set", APP, &url]);
    assert_eq!(refused.code, 6, "{}", refused.err);
    let dry = with_keys(&["callback", "set", APP, &url, "--dry-run"]);
    assert!(dry.out.contains(&url), "{}", dry.out);
    for ran in [&refused, &dry] {
        assert!(!format!("{}{}", ran.out, ran.err).contains(KEY));
        assert!(!format!("{}{}", ran.out, ran.err).contains(TOKEN));
    }
    let quiet = server.run(&["trigger", "enter_agent", "zhangsan", "--app", APP]);
    assert_eq!((quiet.code, quiet.out.as_str()), (0, ""));
    assert!(quiet.err.contains("is not told"), "{}", quiet.err);

    // Somebody else's callback is not replaced by surprise.
    let listening = Listening::to(&server, &[]);
    let second = server.run(&["listen", "--listen", "127.0.0.1:0", "--app", APP]);
    assert_eq!(second.code, 2, "{}", second.err);
    assert!(second.err.contains("--yes"), "{}", second.err);
    server.good(&["callback", "unset", APP, "--yes"]);
    assert_eq!(listening.stop(), 0);
    assert_eq!(server.run(&["trigger", "text", "zhangsan", "x"]).code, 2);
    assert_eq!(server.run(&["callback", "show", "nosuch"]).code, 3);
}

/// A group of the demo company's hosted accounts.
const GROUP: &str = "5f60998462c907003e1fa2c0";
const ADD: [&str; 5] = ["room", "add", "testUserId", "7888888888", "R:888888"];

/// One that takes what a server tells its only group of hosted accounts.
fn of_rooms(server: &Server, words: &[&str]) -> Listening {
    let mut command = server.qun(&["listen", "--listen", "127.0.0.1:0", "--group"]);
    command
        .args(words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Listening::of(command, TempDir::new().unwrap())
}

fn told_at(server: &Server) -> Value {
    server.value(&["bot", "group", "list"])[0]["callback_url"].clone()
}

#[test]
fn what_happens_in_rooms_is_shown_and_told_elsewhere_again_afterwards() {
    let server = Server::memory();
    let elsewhere = "http://127.0.0.1:9/before";
    server.good(&["bot", "group", "callback", elsewhere]);
    // Somebody else's URL is not replaced by surprise.
    let refused = server.run(&["listen", "--listen", "127.0.0.1:0", "--group"]);
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert!(refused.err.contains("--yes"), "{}", refused.err);
    let mut listening = of_rooms(&server, &["--yes"]);
    let here = format!("http://{}", listening.address);
    assert_eq!(told_at(&server), here.as_str());
    server.good(&ADD);
    let line = listening.line();
    let cells: Vec<&str> = line.trim_end().split('\t').collect();
    assert!(cells[0].contains('T'), "{line}");
    assert_eq!(
        cells[1..],
        [
            "testUserId",
            "chatroom/joined",
            "R:888888",
            "VIP交流群",
            "5"
        ]
    );
    server.good(&["bot", "sync", "testUserId", "R:888888"]);
    assert!(listening.line().contains("\tchatroom/loaded\tR:888888\t"));
    assert_eq!(listening.stop(), 0);
    assert_eq!(told_at(&server), elsewhere);
    // Whoever sets another URL meanwhile keeps it.
    server.good(&["bot", "group", "callback", ""]);
    let listening = of_rooms(&server, &[GROUP]);
    server.good(&["bot", "group", "callback", elsewhere]);
    assert_eq!(listening.stop(), 0);
    assert_eq!(told_at(&server), elsewhere);
}

#[test]
fn what_juzi_posts_is_shown_once_and_passed_on_as_it_came() {
    let (url, serving) = target(&[(500, ""), (200, ""), (200, "")]);
    let mut listening = Listening::start(&["--juzi", "--json", "--forward-to", &url]);
    let post = |path: &str, body: &str| -> u16 {
        let mut stream = TcpStream::connect(listening.address.trim_end_matches("/juzi")).unwrap();
        write!(
            stream,
            "POST /juzi{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    };
    // A key that document 002 does not have, and a time as its table types it.
    let joined = r#"{"wxid":"R:1",  "syncedTime":"1600000000123","new":{"by":1}}"#;
    assert_eq!(post("/chatroom/joined", joined), 500, "the target fails");
    assert_eq!(post("/chatroom/joined", joined), 200);
    assert_eq!(post("/chatroom/joined", joined), 200, "known already");
    let topic = r#"{"topic":"x"}"#;
    assert_eq!(post("/room/topic", topic), 200);
    assert_eq!(post("/room/topic", "<xml/>"), 400);
    let whole = json!({ "wxid": "R:1", "syncedTime": "1600000000123", "new": { "by": 1 } });
    for _ in 0..2 {
        let json = listening.json();
        assert_eq!(json, json!({ "path": "/chatroom/joined", "body": whole }));
    }
    let json = listening.json();
    assert_eq!(
        json,
        json!({ "path": "/room/topic", "body": { "topic": "x" } })
    );
    assert_eq!(listening.stop(), 0);
    let sent = serving.join().unwrap();
    let (chat, room) = ("/hook/chatroom/joined", "/hook/room/topic");
    let expected = [(chat, joined), (chat, joined), (room, topic)];
    assert_eq!(
        sent,
        expected.map(|(path, body)| (path.to_owned(), body.to_owned()))
    );
}
