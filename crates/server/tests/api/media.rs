//! `/cgi-bin/media/*`: multipart bodies as clients really write them, and files as they come back.

use std::path::Path;

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::kit::{App, BOTH, Server, code, text};

const BOUNDARY: &str = "----qun7MA4YWxk";
const DAYS_3: i64 = 3 * 86_400;

/// One part with its headers, and the end.
fn body(headers: &str, content: &[u8]) -> Vec<u8> {
    let mut body = format!("--{BOUNDARY}\r\n{headers}\r\n\r\n").into_bytes();
    body.extend_from_slice(content);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}

fn named(name: &str, filename: &str) -> String {
    format!("Content-Disposition: form-data; name=\"{name}\"; filename=\"{filename}\"")
}

async fn post(
    app: &App<'_>,
    path: &str,
    content_type: Option<&str>,
    body: impl Into<reqwest::Body>,
) -> Value {
    let sign = if path.contains('?') { '&' } else { '?' };
    let url = format!(
        "{}/cgi-bin/media/{path}{sign}access_token={}",
        app.server.url, app.token
    );
    let mut request = app.server.http.post(url).body(body);
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

async fn send(app: &App<'_>, path: &str, headers: &str, content: &[u8]) -> Value {
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    post(app, path, Some(&kind), body(headers, content)).await
}

/// Uploads under a kind and a file name.
async fn upload(app: &App<'_>, kind: &str, filename: &str, content: &[u8]) -> Value {
    let path = format!("upload?type={kind}");
    send(app, &path, &named("media", filename), content).await
}

/// The same where it must succeed: the id.
pub async fn uploaded(app: &App<'_>, kind: &str, filename: &str, content: &[u8]) -> String {
    let answer = upload(app, kind, filename, content).await;
    assert_eq!(code(&answer), 0, "{answer}");
    answer["media_id"].as_str().unwrap().to_owned()
}

async fn picture(app: &App<'_>, content: &[u8]) -> Value {
    send(app, "uploadimg", &named("fieldNameHere", "a.png"), content).await
}

async fn read(app: &App<'_>, media_id: &str, range: Option<&str>) -> Response {
    let url = format!(
        "{}/cgi-bin/media/get?access_token={}&media_id={media_id}",
        app.server.url, app.token
    );
    let mut request = app.server.http.get(url);
    if let Some(range) = range {
        request = request.header("range", range);
    }
    request.send().await.unwrap()
}

/// The errcode and text of a file that is refused.
async fn refused(app: &App<'_>, media_id: &str) -> (i64, String) {
    let answer = app.get("media/get", &format!("&media_id={media_id}")).await;
    (code(&answer), text(&answer).to_owned())
}

fn gone() -> (i64, String) {
    (40007, "invalid media_id".into())
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    let value = response.headers().get(name).map(|value| value.as_bytes());
    std::str::from_utf8(value.unwrap_or_default()).unwrap()
}

/// Content of so many bytes that is what it should be.
pub fn content(kind: &str, bytes: usize) -> Vec<u8> {
    let (head, rest): (&[u8], u8) = match kind {
        "image" => (b"\xff\xd8\xff\xe0", b'x'),
        "picture" => (b"\x89PNG\r\n\x1a\n", b'x'),
        // Frames without data, of one byte and 20 ms each.
        "voice" => (b"#!AMR\n", 0x7c),
        "video" => (b"\0\0\0\x14ftypisom", b'x'),
        _ => (b"", b'x'),
    };
    let mut content = head.to_vec();
    content.resize(bytes, rest);
    content
}

#[tokio::test]
async fn a_file_goes_up_and_comes_back() {
    let server = Server::start().await;
    for rules in BOTH {
        let app = server.company(rules, 2, json!({})).await;
        for (kind, filename, shown) in [
            ("image", "a.jpg", "image/jpeg"),
            ("voice", "a.amr", "audio/amr"),
            ("video", "a.mp4", "video/mp4"),
            ("file", "a.pdf", "application/pdf"),
            ("file", "a.unheard-of", "application/octet-stream"),
        ] {
            let bytes = content(kind, 100);
            let early = server.now_ms().await / 1000;
            let answer = upload(&app, kind, filename, &bytes).await;
            let late = server.now_ms().await / 1000;
            assert_eq!((code(&answer), text(&answer)), (0, "ok"), "{answer}");
            let fields: Vec<&String> = answer.as_object().unwrap().keys().collect();
            assert_eq!(
                fields,
                ["errcode", "errmsg", "type", "media_id", "created_at"]
            );
            assert_eq!(answer["type"], kind);
            let created: i64 = answer["created_at"].as_str().unwrap().parse().unwrap();
            assert!((early..=late).contains(&created), "{created}");

            let media_id = answer["media_id"].as_str().unwrap();
            let response = read(&app, media_id, None).await;
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(header(&response, "content-type"), shown);
            assert_eq!(header(&response, "content-length"), "100");
            assert_eq!(
                header(&response, "content-disposition"),
                format!("attachment; filename=\"{filename}\"")
            );
            assert_eq!(response.bytes().await.unwrap(), bytes);
        }
        // Two uploads of the same are two files.
        let one = uploaded(&app, "file", "a.txt", b"the same").await;
        let two = uploaded(&app, "file", "a.txt", b"the same").await;
        assert_ne!(one, two);
    }
    server.stop().await;
}

#[tokio::test]
async fn the_type_is_one_of_four() {
    let server = Server::start().await;
    for rules in BOTH {
        let app = server.company(rules, 2, json!({})).await;
        for path in [
            "upload",
            "upload?type=",
            "upload?type=gif",
            "upload?type=Image",
            "upload?type=picture",
        ] {
            let answer = send(&app, path, &named("media", "a.jpg"), &content("image", 10)).await;
            assert_eq!(
                (code(&answer), text(&answer)),
                (40004, "invalid media type"),
                "{path}"
            );
        }
        for (kind, bytes, expected, words) in [
            ("image", content("file", 100), 40123, "invalid image format"),
            (
                "image",
                content("video", 100),
                40123,
                "invalid image format",
            ),
            (
                "voice",
                content("file", 100),
                301017,
                "invalid voice format",
            ),
            ("video", content("file", 100), 40004, "invalid media type"),
        ] {
            let answer = upload(&app, kind, "a.jpg", &bytes).await;
            assert_eq!((code(&answer), text(&answer)), (expected, words), "{kind}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn sizes_end_where_they_should() {
    let server = Server::start().await;
    for rules in BOTH {
        let limits = json!({
            "image_bytes": 100, "voice_bytes": 101, "video_bytes": 102, "file_bytes": 103, "picture_bytes": 104,
        });
        let app = server.company(rules, 2, limits).await;
        for (kind, most, expected, words) in [
            ("image", 100, 40009, "invalid image size"),
            ("voice", 101, 45001, "media size out of limit"),
            ("video", 102, 40011, "invalid video size"),
            ("file", 103, 40006, "invalid media size"),
        ] {
            uploaded(&app, kind, "a", &content(kind, most)).await;
            let answer = upload(&app, kind, "a", &content(kind, most + 1)).await;
            assert_eq!((code(&answer), text(&answer)), (expected, words), "{kind}");
            // More than five bytes: published, and said before the format.
            for bytes in [0, 5] {
                let answer = upload(&app, kind, "a", &content("file", bytes)).await;
                assert_eq!(
                    (code(&answer), text(&answer)),
                    (40006, "invalid media size"),
                    "{kind} of {bytes}"
                );
            }
        }
        uploaded(&app, "file", "a", &content("file", 6)).await;
        uploaded(&app, "voice", "a", &content("voice", 6)).await;
        let answer = picture(&app, &content("picture", 104)).await;
        assert_eq!(code(&answer), 0, "{answer}");
        let answer = picture(&app, &content("picture", 105)).await;
        assert_eq!(
            (code(&answer), text(&answer)),
            (45001, "media size out of limit")
        );

        // Sixty seconds are 3000 frames.
        let app = server.company(rules, 2, json!({})).await;
        uploaded(&app, "voice", "a", &content("voice", 6 + 3_000)).await;
        let answer = upload(&app, "voice", "a", &content("voice", 6 + 3_001)).await;
        assert_eq!(
            (code(&answer), text(&answer)),
            (45007, "voice playtime out of limit")
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn the_published_sizes() {
    const MB: usize = 1 << 20;
    let server = Server::start().await;
    let app = server.demo().await;
    // Sixty seconds of sound are smaller than a voice may be.
    app.rules(json!({ "limits": { "voice_seconds": 3_600 * 24 } }))
        .await;
    for (kind, most, expected) in [
        ("image", 10 * MB, 40009),
        ("voice", 2 * MB, 45001),
        ("video", 10 * MB, 40011),
        ("file", 20 * MB, 40006),
    ] {
        let mut bytes = content(kind, most);
        let media_id = uploaded(&app, kind, "a", &bytes).await;
        let response = read(&app, &media_id, None).await;
        assert_eq!(response.content_length(), Some(most as u64));
        assert_eq!(response.bytes().await.unwrap().len(), most);
        bytes.push(bytes[most - 1]);
        assert_eq!(code(&upload(&app, kind, "a", &bytes).await), expected);
    }
    let answer = picture(&app, &content("picture", 2 * MB)).await;
    assert_eq!(code(&answer), 0);
    let answer = picture(&app, &content("picture", 2 * MB + 1)).await;
    assert_eq!(code(&answer), 45001);

    // What is larger than 20 MiB can be read in parts alone.
    app.rules(json!({ "limits": { "file_bytes": 21 * MB } }))
        .await;
    let media_id = uploaded(&app, "file", "a", &content("file", 20 * MB + 1)).await;
    assert_eq!(
        refused(&app, &media_id).await,
        (830002, "need range".into())
    );
    let response = read(&app, &media_id, Some("bytes=20971519-")).await;
    assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(response.bytes().await.unwrap(), "xx");
    server.stop().await;
}

#[tokio::test]
async fn parts_of_a_file() {
    let server = Server::start().await;
    let app = server.demo().await;
    let media_id = uploaded(&app, "file", "a.txt", b"0123456789").await;
    for (range, expected, shown) in [
        ("bytes=0-3", "0123", "bytes 0-3/10"),
        ("bytes=4-", "456789", "bytes 4-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
        ("bytes=9-9", "9", "bytes 9-9/10"),
        ("bytes=5-99", "56789", "bytes 5-9/10"),
    ] {
        let response = read(&app, &media_id, Some(range)).await;
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(header(&response, "content-range"), shown);
        assert_eq!(response.content_length(), Some(expected.len() as u64));
        assert_eq!(
            header(&response, "content-disposition"),
            "attachment; filename=\"a.txt\""
        );
        assert_eq!(response.bytes().await.unwrap(), expected, "{range}");
    }
    for range in ["bytes=10-", "bytes=10-20", "bytes=-0"] {
        let response = read(&app, &media_id, Some(range)).await;
        assert_eq!(
            response.status(),
            StatusCode::RANGE_NOT_SATISFIABLE,
            "{range}"
        );
        assert_eq!(header(&response, "content-range"), "bytes */10");
        assert!(response.bytes().await.unwrap().is_empty());
    }
    for range in ["bytes=0-9", "bytes=0-1,3-4", "items=0-1", "bytes=4-2"] {
        let response = read(&app, &media_id, Some(range)).await;
        let whole = range == "bytes=0-9";
        assert_eq!(
            response.status() == StatusCode::PARTIAL_CONTENT,
            whole,
            "{range}"
        );
        assert_eq!(response.bytes().await.unwrap(), "0123456789", "{range}");
    }
    // A refusal stays JSON whatever range is asked for.
    let response = read(&app, "none", Some("bytes=0-3")).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "error-code"), "40007");
    server.stop().await;
}

#[tokio::test]
async fn a_file_is_kept_three_days() {
    let server = Server::start().await;
    for rules in BOTH {
        let mut app = server.company(rules, 2, json!({})).await;
        app.chat("c1", &["p1", "p2"]).await;
        let early = server.now_ms().await;
        let media_id = uploaded(&app, "image", "a.jpg", &content("image", 10)).await;
        let image =
            json!({ "chatid": "c1", "msgtype": "image", "image": { "media_id": media_id } });
        server.advance(DAYS_3 - 1).await;
        app.fetch_token().await;
        let status = header(&read(&app, &media_id, None).await, "content-type").to_owned();
        let sent = app.code("appchat/send", image.clone()).await;
        if server.now_ms().await < early + DAYS_3 * 1000 {
            assert_eq!((status.as_str(), sent), ("image/jpeg", 0));
        }
        server.advance(1).await;
        assert_eq!(refused(&app, &media_id).await, gone());
        assert_eq!(app.code("appchat/send", image).await, 40007);

        let short = server.company(rules, 2, json!({ "media_days": 1 })).await;
        let media_id = uploaded(&short, "file", "a.txt", b"content").await;
        server.advance(86_400).await;
        let mut short = short;
        short.fetch_token().await;
        assert_eq!(refused(&short, &media_id).await, gone());
    }
    server.stop().await;
}

#[tokio::test]
async fn a_file_is_for_all_apps_of_its_company_and_no_other() {
    let server = Server::start().await;
    for rules in BOTH {
        let app = server.company(rules, 2, json!({})).await;
        let media_id = uploaded(&app, "file", "a.txt", b"content").await;
        let sibling = app.sibling(json!({ "kind": "contacts_sync" })).await;
        let response = read(&sibling, &media_id, None).await;
        assert_eq!(response.bytes().await.unwrap(), "content");
        let other = server.company(rules, 2, json!({})).await;
        assert_eq!(refused(&other, &media_id).await, gone());
        assert_eq!(refused(&app, "none").await, gone());
        for query in ["", "&media_id="] {
            let answer = app.get("media/get", query).await;
            assert_eq!((code(&answer), text(&answer)), (41006, "media_id missing"));
        }
        // The token comes first, also before a body that would be refused.
        let mut stranger = server.company(rules, 2, json!({})).await;
        stranger.token = "no".into();
        assert_eq!(code(&upload(&stranger, "gif", "", b"").await), 40014);
        assert_eq!(refused(&stranger, &media_id).await.0, 40014);
    }
    server.stop().await;
}

#[tokio::test]
async fn file_names_are_raw_utf8() {
    let server = Server::start().await;
    let app = server.demo().await;
    let long = "名".repeat(86);
    for (sent, kept) in [
        ("项目 计划.pdf", "项目 计划.pdf"),
        ("C:\\Users\\me\\计划.pdf", "计划.pdf"),
        ("/home/me/计划.pdf", "计划.pdf"),
        ("a%20b.txt", "a%20b.txt"),
        ("🎉.txt", "🎉.txt"),
        ("a;b=c.txt", "a;b=c.txt"),
        ("a\\\"b.txt", "a_b.txt"),
        (&long, &long[..255]),
    ] {
        let media_id = uploaded(&app, "file", sent, b"content").await;
        let response = read(&app, &media_id, None).await;
        assert_eq!(
            header(&response, "content-disposition"),
            format!("attachment; filename=\"{kept}\"")
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn multipart_bodies_as_clients_write_them() {
    let server = Server::start().await;
    for rules in BOTH {
        let app = server.company(rules, 2, json!({})).await;
        let path = "upload?type=file";
        let good = body(&named("media", "a.txt"), b"content");
        let came_back = async |answer: &Value, what: &str| {
            assert_eq!(code(answer), 0, "{what}: {answer}");
            let media_id = answer["media_id"].as_str().unwrap();
            let response = read(&app, media_id, None).await;
            assert_eq!(response.bytes().await.unwrap(), "content", "{what}");
        };
        for kind in [
            None,
            Some("multipart/form-data"),
            Some("multipart/form-data; charset=utf-8"),
            Some("application/json"),
        ] {
            let answer = post(&app, path, kind, good.clone()).await;
            came_back(&answer, &format!("{kind:?}")).await;
        }
        let quoted = format!("Multipart/Form-Data; Boundary=\"{BOUNDARY}\"");
        came_back(&post(&app, path, Some(&quoted), good).await, "quoted").await;

        let type_and_length =
            "Content-Type: application/octet-stream\r\nContent-Length: 7\r\nX-Other: 1";
        for headers in [
            format!("{}\r\n{type_and_length}", named("media", "a.txt")),
            format!("{type_and_length}\r\n{}", named("media", "a.txt")),
            format!("{}; filelength=7", named("media", "a.txt")),
            "content-disposition: form-data; filename=a.txt; name=media".to_owned(),
        ] {
            came_back(&send(&app, path, &headers, b"content").await, &headers).await;
        }
        // Other parts before and after it.
        let mut three = body("Content-Disposition: form-data; name=\"x\"", b"1");
        for name in ["media", "y"] {
            three.truncate(three.len() - format!("--{BOUNDARY}--\r\n").len());
            three.extend(body(&named(name, "a.txt"), b"content"));
        }
        came_back(&post(&app, path, None, three).await, "three parts").await;
        // A client's own multipart, told to leave names as they are.
        let part = reqwest::multipart::Part::bytes(&b"content"[..]).file_name("计划.txt");
        let form = reqwest::multipart::Form::new().part("media", part);
        let url = format!(
            "{}/cgi-bin/media/{path}&access_token={}",
            server.url, app.token
        );
        let request = server.http.post(&url).multipart(form.percent_encode_noop());
        let bytes = request.send().await.unwrap().bytes().await.unwrap();
        came_back(&serde_json::from_slice(&bytes).unwrap(), "reqwest").await;
    }
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_file_with_a_name_is_empty() {
    let server = Server::start().await;
    for rules in BOTH {
        let app = server.company(rules, 2, json!({})).await;
        let path = "upload?type=file";
        let empty = |answer: &Value, what: &str| {
            assert_eq!(
                (code(answer), text(answer)),
                (44001, "empty media data"),
                "{what}"
            );
        };
        for headers in [
            "Content-Disposition: form-data; name=\"media\"".to_owned(),
            named("media", ""),
            named("media", "C:\\Users\\"),
            named("file", "a.txt"),
            "Content-Disposition: form-data; name=\"media\"; filename*=UTF-8''a.txt".to_owned(),
            "Content-Type: text/plain".to_owned(),
        ] {
            empty(&send(&app, path, &headers, b"content").await, &headers);
        }
        let good = body(&named("media", "a.txt"), b"content");
        let whole = format!("multipart/form-data; boundary={BOUNDARY}");
        for (kind, bytes, what) in [
            (Some(whole.as_str()), Vec::new(), "nothing"),
            (None, Vec::new(), "nothing at all"),
            (None, b"content".to_vec(), "no multipart"),
            (None, b"{\"media\":1}".to_vec(), "JSON"),
            (
                Some("multipart/form-data; boundary=other"),
                good.clone(),
                "another boundary",
            ),
            (
                Some(whole.as_str()),
                good[..good.len() - BOUNDARY.len() - 8].to_vec(),
                "cut off",
            ),
        ] {
            empty(&post(&app, path, kind, bytes).await, what);
        }
        let url = format!(
            "{}/cgi-bin/media/{path}&access_token={}",
            server.url, app.token
        );
        let answer = server.http.get(&url).header("content-type", &whole);
        let bytes = answer.body(good).send().await.unwrap().bytes().await;
        empty(&serde_json::from_slice(&bytes.unwrap()).unwrap(), "GET");
    }
    server.stop().await;
}

#[tokio::test]
async fn pictures_are_for_everyone_and_for_good() {
    let server = Server::start().await;
    for rules in BOTH {
        let mut app = server.company(rules, 2, json!({})).await;
        for (kind, shown) in [("picture", "image/png"), ("image", "image/jpeg")] {
            let bytes = content(kind, 50);
            let answer = picture(&app, &bytes).await;
            assert_eq!((code(&answer), text(&answer)), (0, "ok"));
            let fields: Vec<&String> = answer.as_object().unwrap().keys().collect();
            assert_eq!(fields, ["errcode", "errmsg", "url"]);
            let url = answer["url"].as_str().unwrap();
            assert!(url.starts_with(&server.url), "{url}");
            server.advance(40 * 86_400).await;
            let response = server.http.get(url).send().await.unwrap();
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(header(&response, "content-type"), shown);
            assert_eq!(header(&response, "x-content-type-options"), "nosniff");
            assert_eq!(response.bytes().await.unwrap(), bytes);
            let part = server.http.get(url).header("range", "bytes=48-");
            let part = part.send().await.unwrap();
            assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);

            app.fetch_token().await;
            let (base, id) = url.rsplit_once('/').unwrap();
            assert_eq!(refused(&app, id).await, gone(), "a picture is no media");
            let media_id = uploaded(&app, "image", "a.jpg", &content("image", 10)).await;
            for wrong in [
                format!("{base}/{media_id}"),
                format!("{base}/none"),
                url.replace(&app.corpid, "none"),
            ] {
                let response = server.http.get(&wrong).send().await.unwrap();
                assert_eq!(response.status(), StatusCode::NOT_FOUND, "{wrong}");
                assert!(response.bytes().await.unwrap().is_empty());
            }
        }
        let answer = picture(&app, &content("file", 50)).await;
        assert_eq!(
            (code(&answer), text(&answer)),
            (40123, "invalid image format")
        );
        let answer = send(
            &app,
            "uploadimg",
            "Content-Disposition: form-data; name=\"media\"",
            &content("image", 50),
        )
        .await;
        assert_eq!((code(&answer), text(&answer)), (44001, "empty media data"));
    }
    server.stop().await;
}

#[tokio::test]
async fn a_company_has_so_many_pictures() {
    let server = Server::start().await;
    for rules in BOTH {
        for (limit, wait) in [
            // The first excess blocks for the rest of the day, or for thirty days.
            ("pictures_per_corp_day", None),
            ("pictures_per_corp_month", Some(30 * 86_400)),
        ] {
            let mut app = server.company(rules, 2, json!({ limit: 2 })).await;
            let sibling = app.sibling(json!({ "name": "sibling" })).await;
            let good = content("image", 20);
            assert_eq!(code(&picture(&app, b"no picture").await), 40123);
            assert_eq!(code(&picture(&app, &good).await), 0);
            assert_eq!(code(&picture(&app, b"no picture").await), 40123);
            assert_eq!(code(&picture(&sibling, &good).await), 0);
            let now = server.now_ms().await / 1000;
            let answer = picture(&app, &good).await;
            assert_eq!(
                (code(&answer), text(&answer)),
                (45009, "api freq out of limit"),
                "{limit}"
            );
            assert_eq!(code(&picture(&sibling, &good).await), 45009);
            let other = server.company(rules, 2, json!({ limit: 2 })).await;
            assert_eq!(code(&picture(&other, &good).await), 0);
            assert_eq!(code(&upload(&app, "image", "a", &good).await), 0);

            // Days are days of UTC+8.
            let day = 86_400 - (now + 8 * 3_600).rem_euclid(86_400);
            let wait = wait.unwrap_or(day);
            server.advance(wait - 60).await;
            app.fetch_token().await;
            assert_eq!(
                code(&picture(&app, b"no picture").await),
                40123,
                "parameters come before the quota"
            );
            let early = code(&picture(&app, &good).await);
            if server.now_ms().await / 1000 < now + wait {
                assert_eq!(early, 45009, "{limit}");
            }
            server.advance(60).await;
            assert_eq!(code(&picture(&app, &good).await), 0, "{limit}");
        }
    }
    server.stop().await;
}

/// Every file below a directory.
fn files(directory: &Path) -> usize {
    let entries = std::fs::read_dir(directory).unwrap();
    entries
        .map(|entry| entry.unwrap())
        .map(|entry| {
            if entry.file_type().unwrap().is_dir() {
                files(&entry.path())
            } else {
                1
            }
        })
        .sum()
}

#[tokio::test]
async fn a_refused_upload_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("data");
    let server = Server::with(|config| {
        config.place = qun_server::Place::Directory(place.clone());
    })
    .await;
    let media = place.join("media");
    let limits = json!({ "image_bytes": 100_000, "pictures_per_corp_day": 1, "voice_seconds": 1 });
    let app = server
        .company("documented".parse().unwrap(), 2, limits)
        .await;
    let before = files(&media);
    uploaded(&app, "image", "a.jpg", &content("image", 100_000)).await;
    assert_eq!(code(&picture(&app, &content("image", 50)).await), 0);
    assert_eq!(files(&media), before + 2);

    let headers = named("media", "a.jpg");
    let good = body(&headers, &content("image", 90_000));
    for (answer, expected) in [
        (
            upload(&app, "image", "a.jpg", &content("image", 100_001)).await,
            40009,
        ),
        (
            upload(&app, "image", "a.jpg", &content("file", 90_000)).await,
            40123,
        ),
        (
            upload(&app, "image", "", &content("image", 90_000)).await,
            44001,
        ),
        (upload(&app, "file", "a.txt", b"small").await, 40006),
        (
            upload(&app, "voice", "a.amr", &content("voice", 57)).await,
            45007,
        ),
        (picture(&app, &content("image", 50)).await, 45009),
        (
            post(&app, "upload?type=image", None, good[..80_000].to_vec()).await,
            44001,
        ),
    ] {
        assert_eq!(code(&answer), expected, "{answer}");
        assert_eq!(files(&media), before + 2, "{answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn what_a_crash_leaves_is_swept_at_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("data");
    let there = |config: &mut qun_server::Config| {
        config.place = qun_server::Place::Directory(place.clone());
    };
    let server = Server::with(there).await;
    let app = server.demo().await;
    let media_id = uploaded(&app, "file", "a.txt", b"content").await;
    let (agentid, secret) = (app.agentid, app.secret.clone());
    let corpid = app.corpid.clone();
    let media = place.join("media");
    let before = files(&media);
    server.stop().await;

    // Files end up like these when the process dies before their rename, or before their row.
    let file = std::fs::read_dir(media.join("1")).unwrap().next().unwrap();
    let shelf = file.unwrap().path();
    let known = std::fs::read_dir(&shelf).unwrap().next().unwrap().unwrap();
    let known = known.file_name().into_string().unwrap();
    let orphan = format!(
        "{}{}",
        &known[..2],
        known[2..].chars().rev().collect::<String>()
    );
    assert_ne!(orphan, known);
    std::fs::write(shelf.join(&orphan), b"no row").unwrap();
    std::fs::write(media.join("unfinished").join(&orphan), b"no rename").unwrap();
    assert_eq!(files(&media), before + 2);

    let server = Server::with(|config| {
        there(config);
        config.clock = None;
    })
    .await;
    assert_eq!(files(&media), before);
    let app = App::new(&server, &corpid, agentid, &secret).await;
    let response = read(&app, &media_id, None).await;
    assert_eq!(response.bytes().await.unwrap(), "content");
    server.stop().await;
}
