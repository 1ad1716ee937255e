//! Messages to many people of which one is taken without an answer.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use serde_json::{Value, json};

use super::{APP, documented, rows, write};
use crate::kit::{Ran, Server};

/// Stands between program and server: of the messages, so many go through, and then one is taken without an answer.
struct Cut {
    address: String,
}

impl Cut {
    fn after(server: &Server, messages: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let to = server.address().to_owned();
        thread::spawn(move || {
            let mut seen = 0;
            for stream in listener.incoming() {
                let (mut near, mut far) = (stream.unwrap(), TcpStream::connect(&to).unwrap());
                // One request after the other, on a connection each.
                let Some(request) = head_and_body(&mut near) else {
                    continue;
                };
                let is_message = request.starts_with(b"POST /cgi-bin/message/send");
                far.write_all(&closing(&request)).unwrap();
                let mut answer = Vec::new();
                far.read_to_end(&mut answer).unwrap();
                if is_message {
                    seen += 1;
                }
                if !(is_message && seen > messages) {
                    near.write_all(&answer).unwrap();
                }
            }
        });
        Cut {
            address: format!("http://{address}"),
        }
    }
}

/// A whole request; none where the connection ends.
fn head_and_body(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        request.extend(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        let Some(end) = text.find("\r\n\r\n") else {
            continue;
        };
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.trim().parse().unwrap());
        if request.len() >= end + 4 + length {
            return Some(request);
        }
    }
}

/// The same request on a connection that is closed after it.
fn closing(request: &[u8]) -> Vec<u8> {
    let line = request.windows(2).position(|two| two == b"\r\n").unwrap();
    [&request[..line], b"\r\nconnection: close", &request[line..]].concat()
}

/// A company with many people, told the demo's app: 2500 userids in a file.
fn crowd(server: &Server) -> Vec<String> {
    let users: Vec<Value> = (0..2500)
        .map(|n| json!({ "userid": format!("c{n}") }))
        .collect();
    let world = json!({ "version": 1, "companies": [{
        "corpid": "wwcrowd", "users": users,
        "apps": [{ "agentid": 1000002, "name": "通知", "secret": "a-secret-of-the-crowds-only-app" }],
    }] });
    write(server, "world.json", world.to_string());
    server.good(&["call", "POST", "/_qun/worlds", "--body", "world.json"]);
    let people: Vec<String> = (0..2500).map(|n| format!("c{n}")).collect();
    write(server, "people.txt", people.join("\n"));
    people
}

/// A command of the crowd's app.
fn of_crowd(server: &Server, url: &str, words: &[&str]) -> Ran {
    let mut command = server.qun(
        &[
            &[
                "message",
                "send",
                "调查",
                "--to-file",
                "people.txt",
                "--app",
                APP,
            ],
            words,
        ]
        .concat(),
    );
    command
        .env("QUN_URL", url)
        .env("QUN_CORPID", "wwcrowd")
        .env("QUN_SECRET", "a-secret-of-the-crowds-only-app");
    command.output().unwrap().into()
}

fn got(server: &Server, person: &str) -> usize {
    let mut command = server.qun(&["people", "inbox", person, "--json"]);
    let out = command
        .env("QUN_CORPID", "wwcrowd")
        .output()
        .unwrap()
        .stdout;
    let inbox: Value = serde_json::from_slice(&out).unwrap();
    inbox.as_array().unwrap().len()
}

#[test]
fn an_interruption_makes_nobody_get_it_twice() {
    let server = documented();
    let people = crowd(&server);
    // The first thousand have it, of the second nobody knows, the rest has not.
    let cut = Cut::after(&server, 1);
    let words = ["--resume", "run.jsonl"];
    let ran = of_crowd(&server, &cut.address, &words);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("the same command goes on"), "{}", ran.err);
    let results =
        |ran: &Ran| -> Vec<String> { rows(&ran.out).iter().map(|row| row[2].to_owned()).collect() };
    let first = results(&ran);
    assert_eq!(
        (first.len(), &*first[999], &*first[1000], &*first[2000]),
        (2500, "sent", "unknown", "not sent")
    );

    // Through another way it would be another message.
    let ran = of_crowd(&server, server.text("url"), &words);
    assert_eq!(ran.code, 2, "{}", ran.err);

    let text = fs::read_to_string(server.home.path().join("run.jsonl")).unwrap();
    fs::write(
        server.home.path().join("run.jsonl"),
        text.replace(&cut.address, server.text("url")),
    )
    .unwrap();
    let ran = of_crowd(&server, server.text("url"), &words);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(
        ran.err.contains("whether 1000 people got it is unknown"),
        "{}",
        ran.err
    );
    let second = results(&ran);
    assert_eq!(
        (&*second[999], &*second[1000], &*second[2499]),
        ("sent", "unknown", "sent")
    );
    for n in [0, 999, 1000, 1999, 2000, 2499] {
        assert_eq!(got(&server, &people[n]), 1, "{}", people[n]);
    }
    // Once more changes nothing.
    of_crowd(&server, server.text("url"), &words);
    assert_eq!(got(&server, "c0") + got(&server, "c2499"), 2);
}

#[test]
fn what_the_server_delivers_once_is_safely_sent_again() {
    let server = documented();
    let people = crowd(&server);
    let cut = Cut::after(&server, 1);
    let words = ["--resume", "run.jsonl", "--once-within", "14400"];
    assert_eq!(of_crowd(&server, &cut.address, &words).code, 1);
    let path = server.home.path().join("run.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace(&cut.address, server.text("url"))).unwrap();
    let ran = of_crowd(&server, server.text("url"), &words);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.err, "sent to 2500 of 2500\n");
    assert!(rows(&ran.out).iter().all(|row| row[2] == "sent"));
    for n in [0, 999, 1000, 1999, 2000, 2499] {
        assert_eq!(got(&server, &people[n]), 1, "{}", people[n]);
    }
}

#[test]
fn several_calls_at_once_say_how_far_they_came() {
    let server = documented();
    crowd(&server);
    let cut = Cut::after(&server, 1);
    let people = fs::read_to_string(server.home.path().join("people.txt")).unwrap();
    let mut command = server.qun(&[
        "message",
        "send",
        "x",
        "--to",
        &people.replace('\n', ","),
        "--app",
        APP,
    ]);
    command
        .env("QUN_URL", &cut.address)
        .env("QUN_CORPID", "wwcrowd")
        .env("QUN_SECRET", "a-secret-of-the-crowds-only-app");
    let ran: Ran = command.output().unwrap().into();
    assert_eq!(ran.code, 1, "{}", ran.err);
    let told = "it was sent to 1000 people before, 1000 may have got it, 500 are left";
    assert!(ran.err.contains(told), "{}", ran.err);
}
