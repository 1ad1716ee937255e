use crate::request;

/// Something to fuzz.
#[derive(Clone, Copy)]
pub struct Target {
    /// The name on the command line.
    pub name: &'static str,
    /// Takes any bytes; panics when what it checks does not hold.
    pub run: fn(&[u8]),
    /// Well-formed inputs from which others are made.
    pub seeds: &'static [&'static [u8]],
    /// Pieces of the format that random bytes would hardly hit.
    pub words: &'static [&'static [u8]],
}

/// All targets. Cheap and short ones: they share the time of a run evenly.
pub const TARGETS: &[Target] = &[
    Target {
        name: "query",
        run: request::query,
        seeds: &[
            b"access_token=old&chatid=chat_1&access_token=new&debug=1",
            "name=%E7%BE%A4%E8%81%8A&owner=zhang+san&chatid=\u{7fa4}".as_bytes(),
        ],
        words: &[b"&chatid=", b"%00", b"%", b"&&", b"==", b"%F0%9F%92%A9", b"+"],
    },
    Target {
        name: "create-body",
        run: request::create_body,
        seeds: &[
            br#"{"name":"NAME","owner":"userid1","userlist":["userid1","userid2"],"chatid":"CHATID"}"#,
            br#"{"name":null,"owner":"","userlist":[1,"2",""],"chatid":7}"#,
        ],
        words: JSON,
    },
    Target {
        name: "send-body",
        run: request::send_body,
        seeds: &[
            br#"{"chatid":"CHATID","msgtype":"text","text":{"content":"hi \ud83d\ude00","mentioned_list":["@all"]},"safe":"0"}"#,
            br#"{"chatid":"CHATID","msgtype":"news","news":{"articles":[{"title":"t","url":"http://x/","picurl":null},{}]},"safe":0}"#,
            br#"{"chatid":"","msgtype":"textcard","textcard":{"title":1,"description":"d","url":"u","btntxt":""}}"#,
        ],
        words: JSON,
    },
    Target {
        name: "message-rules",
        run: request::message_rules,
        seeds: &[
            br#"{"msgtype":"text","text":{"content":"hi","mentioned_list":["@all"]},"safe":"0"}"#,
            br#"{"msgtype":"mpnews","mpnews":{"articles":[{"title":"t","thumb_media_id":"m","content":"c","author":"a"}]}}"#,
        ],
        words: JSON,
    },
    Target {
        name: "multipart-boundary",
        run: qun_server::fuzz::boundary,
        seeds: &[b"--abc\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a.txt\"\r\n"],
        words: &[b"--", b"\r\n", b"\n", b"\"", b"\0"],
    },
];

const JSON: &[&[u8]] = &[
    b"null",
    b"\"\"",
    b"[",
    b"{\"",
    b"}",
    b"]",
    b"\\u0000",
    b"\\ud800",
    b"1e400",
    b"-0",
    b"true",
    b",",
    b"\"chatid\":",
    b"\"text\":{",
    b"\"userlist\":[",
    b"\"articles\":[",
];
