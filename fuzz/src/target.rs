use crate::{callback, request};

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
    Target {
        name: "callback-open",
        run: callback::open,
        seeds: &[
            b"P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==",
            b"1616140317555161061wx5823bf96d3bd56c7",
        ],
        words: &[b"=", b"==", b"+", b"/", b"AAAA", b" ", b"\n"],
    },
    Target {
        name: "callback-envelope",
        run: callback::envelope,
        seeds: &[
            b"<xml><ToUserName><![CDATA[ww1]]></ToUserName><AgentID><![CDATA[218]]></AgentID><Encrypt><![CDATA[a+/=]]></Encrypt></xml>",
        ],
        words: XML,
    },
    Target {
        name: "callback-reply",
        run: callback::reply,
        seeds: &[
            b"<xml><Encrypt><![CDATA[a]]></Encrypt><MsgSignature><![CDATA[5c]]></MsgSignature><TimeStamp>1</TimeStamp><Nonce><![CDATA[n]]></Nonce></xml>",
            b"<xml><MsgType><![CDATA[news]]></MsgType><ArticleCount>1</ArticleCount><Articles><item><Title><![CDATA[t]]></Title></item></Articles></xml>",
            b"<xml><MsgType>update_template_card</MsgType><TemplateCard><A>1</A><A><B/></A></TemplateCard></xml>",
        ],
        words: XML,
    },
    Target {
        name: "callback-received",
        run: callback::received,
        seeds: &[
            b"<xml><ToUserName><![CDATA[ww1]]></ToUserName><FromUserName><![CDATA[a]]></FromUserName><CreateTime>1409659813</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[hello]]></Content><MsgId>4561255354251345929</MsgId><AgentID>218</AgentID></xml>",
            b"<xml><MsgType>event</MsgType><Event>template_card_event</Event><AgentID>1</AgentID><SelectedItems><SelectedItem><QuestionKey>q</QuestionKey><OptionIds><OptionId>o</OptionId></OptionIds></SelectedItem></SelectedItems></xml>",
            b"<xml><MsgType>event</MsgType><Event>new</Event><More><A x=\"1\">&lt;&#65;</A></More><AppType/></xml>",
        ],
        words: XML,
    },
];

const XML: &[&[u8]] = &[
    b"<![CDATA[",
    b"]]>",
    b"<a>",
    b"</a>",
    b"<a/>",
    b"&amp;",
    b"&#0;",
    b"&#x41;",
    b"<!--",
    b"<?xml version=\"1.0\"?>",
    b"\xef\xbb\xbf",
    b"<AgentID>1</AgentID>",
    b"<MsgType>event</MsgType>",
    b"<AppType>",
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
