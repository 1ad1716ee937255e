//! `qun listen`, with requests as the platform makes them.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use qun_crypt::{EncodingAesKey, Envelope, Reply, open, seal, sign};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::kit::{await_line, qun};

const TOKEN: &str = "QDG6eK";
const KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
const CORPID: &str = "wx5823bf96d3bd56c7";

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
        let mut child = command(&home, words).spawn().unwrap();
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
        "2023-11-15T06:13:20+08:00\t218\tzhangsan\ttext\t你好  [2J\n"
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
    let line: Value = serde_json::from_str(&listening.line()).unwrap();
    assert_eq!(line["Event"], "brand_new");
    assert_eq!(line["More"], json!({ "A": [1, 2] }));
    assert_eq!(
        (&line["AgentID"], &line["CreateTime"]),
        (&json!(218), &json!(1_700_000_000))
    );
    // Ctrl-C ends it, and that is no failure.
    let pid = Pid::from_raw(i32::try_from(listening.child.id()).unwrap());
    kill(pid, Signal::SIGINT).unwrap();
    assert_eq!(listening.code(), 0);
}

/// Answers each request with the next of these; gives what it was sent.
fn target(answers: &'static [(u16, &'static str)]) -> (String, thread::JoinHandle<Vec<String>>) {
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
            assert!(head.starts_with("POST /hook "), "{head}");
            String::from_utf8(sent).unwrap()
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
    assert_eq!(
        sent,
        [text(1, "a"), text(1, "a"), text(2, "b"), text(3, "c")]
    );
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
