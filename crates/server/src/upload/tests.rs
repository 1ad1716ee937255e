use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use futures_util::{FutureExt, StreamExt, stream};
use qun_protocol::{Limit, Rulebook};

use super::*;
use crate::blob::tests::{both, count, get, until_gone};

const TYPE: &str = "multipart/form-data; boundary=xYz";
const FILE: Want = Want::Media(MediaType::File);
const IMAGE: Want = Want::Media(MediaType::Image);
const VOICE: Want = Want::Media(MediaType::Voice);
const VIDEO: Want = Want::Media(MediaType::Video);

fn rules() -> Rules {
    Rules::of(Rulebook::Documented)
}

/// A part with these headers, closing boundary not included.
fn part(headers: &str, content: &[u8]) -> Vec<u8> {
    [
        b"--xYz\r\n",
        headers.as_bytes(),
        b"\r\n\r\n",
        content,
        b"\r\n",
    ]
    .concat()
}

fn body(parts: &[Vec<u8>]) -> Vec<u8> {
    [&parts.concat(), &b"--xYz--\r\n"[..]].concat()
}

fn media(name: &str, content: &[u8]) -> Vec<u8> {
    let headers = format!("Content-Disposition: form-data; name=\"media\"; filename=\"{name}\"");
    body(&[part(&headers, content)])
}

/// The same answer on both kinds of blobs and however the body is split, with the content as it is stored.
async fn upload(
    content_type: Option<&str>,
    body: &[u8],
    want: Want,
    rules: &Rules,
) -> Result<(Received, Vec<u8>), Refused> {
    let mut answers = Vec::new();
    for place in both() {
        for split in [1, 3, 17, usize::MAX] {
            let pieces: Vec<_> = body
                .chunks(split)
                .map(|piece| Ok::<_, Infallible>(Bytes::copy_from_slice(piece)))
                .collect();
            let received = receive(content_type, stream::iter(pieces), want, rules, &place.0, 9);
            answers.push(match received.await {
                Ok(mut received) => {
                    let content = get(&place.0, 9, &received.blob, 0..received.size).await;
                    place.0.remove(9, &received.blob).await.unwrap();
                    received.blob.clear();
                    Ok((received, content.unwrap()))
                }
                Err(refused) => Err(refused),
            });
            assert_eq!(count(&place).await, 0, "something stays behind");
        }
    }
    let answer = answers.pop().unwrap();
    for other in answers {
        assert_eq!(other, answer);
    }
    answer
}

async fn refusal(content: &[u8], want: Want, rules: &Rules) -> Option<Refusal> {
    let body = media("a", content);
    let answer = upload(Some(TYPE), &body, want, rules).await;
    answer.err().map(|refused| refused.refusal)
}

#[tokio::test]
async fn a_file() {
    let content = b"a\r\n--xY\r\n\r\n--x\r\n--xy\r\r\nz";
    let (received, stored) = upload(Some(TYPE), &media("计划.PDF", content), FILE, &rules())
        .await
        .unwrap();
    assert_eq!(stored, content);
    assert_eq!(received.filename, "计划.PDF");
    assert_eq!(received.size, content.len() as u64);
    assert_eq!(received.content_type, "application/pdf");
    assert_eq!(received.lints, Vec::<String>::new());
    let mut open = media("a", content);
    open.truncate(open.len() - 2);
    let (_, stored) = upload(Some(TYPE), &open, FILE, &rules()).await.unwrap();
    assert_eq!(stored, content, "the last line's end may be missing");
}

#[tokio::test]
async fn a_large_file_streams_into_several_chunks() {
    let content: Vec<u8> = (0..1_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let body = Bytes::from(media("a.bin", &content));
    for place in both() {
        let pieces = stream::iter([Ok::<_, Infallible>(body.clone())]);
        let received = receive(Some(TYPE), pieces, FILE, &rules(), &place.0, 9)
            .await
            .unwrap();
        assert_eq!(received.size, content.len() as u64);
        let stored = get(&place.0, 9, &received.blob, 0..received.size).await;
        assert!(stored.unwrap() == content);
    }
}

#[tokio::test]
async fn the_boundary_comes_from_the_first_line() {
    let plain = media("a.txt", b"content");
    let after_empty_line = [b"\r\n", &plain[..]].concat();
    for content_type in [
        None,
        Some("multipart/form-data"),
        Some("multipart/form-data; boundary="),
        Some("application/octet-stream"),
    ] {
        for body in [&plain, &after_empty_line] {
            let (received, stored) = upload(content_type, body, FILE, &rules()).await.unwrap();
            assert_eq!(stored, b"content");
            assert_eq!(received.lints.len(), 1);
            assert!(received.lints[0].contains("boundary"));
        }
    }
    for body in [&b"content"[..], b"", b"--xYz", &[b'-'; 5000]] {
        let refused = upload(None, body, FILE, &rules()).await.unwrap_err();
        assert_eq!(refused.refusal, Refusal::EmptyMedia);
    }
}

#[tokio::test]
async fn headers_of_all_sorts() {
    let media = r#"form-data; name="media"; filename="a.txt""#;
    for headers in [
        format!("Content-Disposition: {media}"),
        format!("content-disposition: {media}; filelength=7"),
        format!("Content-Length: 7\r\nContent-Disposition: {media}"),
        format!("Content-Disposition: {media}\r\nContent-Type: application/octet-stream"),
        format!("Content-Disposition: {media}\r\nContent-Type: nonsense"),
        format!("Content-Transfer-Encoding: binary\r\nContent-Disposition: {media}"),
        "Content-Disposition: form-data; filename=a.txt; name=media".to_owned(),
        r#"Content-Disposition: form-data; name="media"; filename="a.txt"; filename*=UTF-8''b"#
            .to_owned(),
    ] {
        let body = body(&[part(&headers, b"content")]);
        let (received, stored) = upload(Some(TYPE), &body, FILE, &rules()).await.unwrap();
        assert_eq!(
            (&*received.filename, &stored[..]),
            ("a.txt", &b"content"[..])
        );
        assert_eq!(received.content_type, "text/plain");
    }
}

#[tokio::test]
async fn which_part_is_wanted() {
    let named = |name: &str, content| {
        let headers = format!("Content-Disposition: form-data; {name}");
        part(&headers, content)
    };
    let text = named(r#"name="type""#, b"file!!!");
    let other = named(r#"name="other"; filename="o.png""#, b"\x89PNG\r\n\x1a\n1");
    let wanted = named(r#"name="media"; filename="m.png""#, b"\x89PNG\r\n\x1a\n2");
    let all = body(&[text.clone(), other.clone(), wanted.clone(), other.clone()]);
    for (want, name, last) in [(FILE, "m.png", b'2'), (Want::Picture, "o.png", b'1')] {
        let (received, stored) = upload(Some(TYPE), &all, want, &rules()).await.unwrap();
        assert_eq!((&*received.filename, stored[8]), (name, last));
    }
    let without = body(&[text.clone(), other]);
    let refused = upload(Some(TYPE), &without, FILE, &rules()).await;
    assert_eq!(refused.unwrap_err().refusal, Refusal::EmptyMedia);
    let refused = upload(Some(TYPE), &body(&[text]), Want::Picture, &rules()).await;
    assert_eq!(refused.unwrap_err().refusal, Refusal::EmptyMedia);
}

#[tokio::test]
async fn no_readable_part() {
    let whole = media("a.txt", b"content");
    let part_of = |headers: &str| body(&[part(headers, b"content")]);
    for (body, why) in [
        (
            part_of("Content-Disposition: form-data; name=\"media\""),
            "has no filename",
        ),
        (
            part_of("Content-Disposition: form-data; name=\"media\"; filename=\"\""),
            "name is empty",
        ),
        (
            part_of("Content-Disposition: form-data; name=\"media\"; filename=\"a/\""),
            "name is empty",
        ),
        (
            part_of("Content-Disposition: form-data; name=\"media\"; filename=\"a"),
            "has no filename",
        ),
        (
            part_of("Content-Disposition: form-data; name=\"media\"; filename*=UTF-8''a.txt"),
            "only filename*",
        ),
        (
            part_of("Content-Type: text/plain"),
            "no part is named media",
        ),
        (part_of("no header"), "cannot be read"),
        (b"--xYz--\r\n".to_vec(), "no part is named media"),
        (b"".to_vec(), "cannot be read"),
        (b"{}".to_vec(), "cannot be read"),
        (
            whole.iter().map(|b| b.to_ascii_uppercase()).collect(),
            "cannot be read",
        ),
        (whole[..whole.len() - 12].to_vec(), "cannot be read"),
        (whole[..40].to_vec(), "cannot be read"),
    ] {
        let refused = upload(Some(TYPE), &body, FILE, &rules()).await.unwrap_err();
        assert_eq!(refused.refusal, Refusal::EmptyMedia);
        let detail = refused.detail.unwrap();
        assert!(detail.contains(why), "{detail} for {}", body.escape_ascii());
    }
}

#[tokio::test]
async fn file_names() {
    let ascii = |n: usize| format!("{}.txt", "a".repeat(n - 4));
    for (sent, name, lints) in [
        ("C:\\Users\\张三\\图.png", "图.png", 0),
        ("/home/me/a b.txt", "a b.txt", 0),
        ("a\\\"b.txt", "a\"b.txt", 0),
        ("%E5%9B%BE.png", "%E5%9B%BE.png", 0),
        (&ascii(255), &ascii(255), 0),
        (&ascii(256), &ascii(256)[..255], 1),
        (&"图".repeat(85), &"图".repeat(85), 0),
        (&"图".repeat(86), &"图".repeat(85), 1),
        (
            &format!("aa{}", "图".repeat(85)),
            &format!("aa{}", "图".repeat(84)),
            1,
        ),
    ] {
        let body = media(sent, b"content");
        let (received, _) = upload(Some(TYPE), &body, FILE, &rules()).await.unwrap();
        assert_eq!(received.filename, name);
        assert_eq!(received.lints.len(), lints, "{sent}");
    }
    let mut gbk = media("??.txt", b"content");
    let at = gbk.iter().position(|b| *b == b'?').unwrap();
    gbk[at..at + 2].copy_from_slice(b"\xd6\xd0");
    let (received, _) = upload(Some(TYPE), &gbk, FILE, &rules()).await.unwrap();
    assert!(received.filename.ends_with(".txt") && received.filename.contains('\u{fffd}'));
    assert_eq!(received.lints.len(), 1);
}

/// Content of a size that is of its kind.
fn content(want: Want, size: usize) -> Vec<u8> {
    let mut content = match want {
        FILE => Vec::new(),
        VOICE => b"#!AMR\n".to_vec(),
        VIDEO => b"\0\0\0\x18ftypmp42".to_vec(),
        _ => b"\xff\xd8\xff\xe0".to_vec(),
    };
    // In a voice these are frames of one byte.
    content.resize(size, 0x7c);
    content
}

#[tokio::test]
async fn sizes_at_the_edge() {
    for (want, limit, over) in [
        (IMAGE, Limit::ImageBytes, Refusal::ImageSize),
        (VOICE, Limit::VoiceBytes, Refusal::MediaTooLarge),
        (VIDEO, Limit::VideoBytes, Refusal::VideoSize),
        (FILE, Limit::FileBytes, Refusal::MediaSize),
        (Want::Picture, Limit::PictureBytes, Refusal::MediaTooLarge),
    ] {
        let mut rules = rules();
        rules.set(limit, 40);
        rules.set(Limit::MediaMinBytes, 20);
        for (size, expected) in [
            (19, Some(Refusal::MediaSize)),
            (20, None),
            (40, None),
            (41, Some(over)),
            (400, Some(over)),
        ] {
            let found = refusal(&content(want, size), want, &rules).await;
            assert_eq!(found, expected, "{want:?} of {size} bytes");
        }
        rules.enforced = false;
        for size in [19, 41] {
            assert_eq!(refusal(&content(want, size), want, &rules).await, None);
        }
    }
}

#[tokio::test]
async fn the_least_size_comes_before_the_format() {
    for want in [IMAGE, VOICE, VIDEO, FILE, Want::Picture] {
        for size in [0, 1, 5] {
            let found = refusal(&b"wrong"[..size], want, &rules()).await;
            assert_eq!(found, Some(Refusal::MediaSize), "{want:?} of {size} bytes");
        }
        let six = refusal(b"wrong!", want, &rules()).await;
        assert_ne!(six, Some(Refusal::MediaSize), "{want:?}");
        assert_eq!(six.is_none(), want == FILE);
    }
}

#[tokio::test]
async fn formats() {
    let png = b"\x89PNG\r\n\x1a\nrest";
    let jpg = b"\xff\xd8\xff\xe0rest";
    let mp4 = b"\0\0\0\x18ftypmp42";
    let amr = b"#!AMR\n\x7c";
    for (want, content, expected) in [
        (IMAGE, &png[..], Ok("image/png")),
        (IMAGE, jpg, Ok("image/jpeg")),
        (IMAGE, b"GIF89a....", Err(Refusal::ImageFormat)),
        (IMAGE, &png[..7], Err(Refusal::ImageFormat)),
        (IMAGE, &png[..8], Ok("image/png")),
        (IMAGE, &jpg[..6], Ok("image/jpeg")),
        (Want::Picture, png, Ok("image/png")),
        (Want::Picture, jpg, Ok("image/jpeg")),
        (Want::Picture, mp4, Err(Refusal::ImageFormat)),
        (VIDEO, mp4, Ok("video/mp4")),
        (VIDEO, &mp4[..8], Ok("video/mp4")),
        (VIDEO, &mp4[..7], Err(Refusal::MediaType)),
        (VIDEO, b"ftypftyX....", Err(Refusal::MediaType)),
        (VIDEO, png, Err(Refusal::MediaType)),
        (VOICE, amr, Ok("audio/amr")),
        (VOICE, &amr[..6], Ok("audio/amr")),
        (VOICE, b"#!AMR-WB\n\x7c", Err(Refusal::VoiceFormat)),
        (VOICE, png, Err(Refusal::VoiceFormat)),
        (FILE, png, Ok("text/plain")),
    ] {
        let body = media("a.b.Txt", content);
        let found = upload(Some(TYPE), &body, want, &rules()).await;
        let found = found.map(|(received, _)| received.content_type);
        let found = found.as_deref().map_err(|refused| refused.refusal);
        assert_eq!(found, expected, "{want:?} {}", content.escape_ascii());
    }
    for (name, expected) in [
        (
            "a.docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        ("a.CSV", "text/csv"),
        ("a.html", "application/octet-stream"),
        ("txt", "application/octet-stream"),
        ("a.", "application/octet-stream"),
    ] {
        assert_eq!(check::by_name(name), expected);
    }
}

#[tokio::test]
async fn frames_of_a_voice() {
    let voice = |frames: &[u8]| [b"#!AMR\n", frames].concat();
    // Bytes behind the header byte, by type, as the standard has them.
    let sizes = [12, 13, 15, 17, 19, 20, 26, 31, 5];
    for (kind, size) in sizes.into_iter().enumerate() {
        let frame = [&[(kind as u8) << 3 | 4][..], &vec![0xff; size]].concat();
        let two = voice(&frame.repeat(2));
        assert_eq!(refusal(&two, VOICE, &rules()).await, None, "{kind}");
        let broken = Some(Refusal::VoiceFormat);
        let cut = &two[..two.len() - 1];
        assert_eq!(refusal(cut, VOICE, &rules()).await, broken, "{kind}");
        let more = [&two[..], &[0xff]].concat();
        // 0xff has type 15: a frame without data.
        assert_eq!(refusal(&more, VOICE, &rules()).await, None, "{kind}");
    }
    for kind in 9..15 {
        let found = refusal(&voice(&[kind << 3 | 4]), VOICE, &rules()).await;
        assert_eq!(found, Some(Refusal::VoiceFormat), "{kind}");
    }
}

#[tokio::test]
async fn seconds_of_a_voice() {
    let mut rules = rules();
    rules.set(Limit::VoiceSeconds, 2);
    let of = |frames: usize| content(VOICE, 6 + frames);
    assert_eq!(refusal(&of(100), VOICE, &rules).await, None);
    let long = Some(Refusal::VoiceTooLong);
    assert_eq!(refusal(&of(101), VOICE, &rules).await, long);
    // The last frame counts even when it has just begun.
    let begun = [of(100), vec![0x04]].concat();
    assert_eq!(refusal(&begun, VOICE, &rules).await, long);
    rules.enforced = false;
    assert_eq!(refusal(&of(101), VOICE, &rules).await, None);
}

/// Begins with `head` and never ends; how much of it was taken.
async fn endless(head: Vec<u8>, with: &'static [u8], rules: &Rules) -> (Refused, usize) {
    let place = both().into_iter().next().unwrap();
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&taken);
    let pieces = stream::iter([Bytes::from(head)])
        .chain(stream::repeat(Bytes::from_static(with)))
        .map(move |bytes| {
            counter.fetch_add(bytes.len(), Relaxed);
            Ok::<_, Infallible>(bytes)
        });
    let refused = receive(Some(TYPE), pieces, FILE, rules, &place.0, 9).await;
    assert_eq!(count(&place).await, 0);
    (refused.unwrap_err(), taken.load(Relaxed))
}

#[tokio::test]
async fn reading_stops_at_once() {
    let mut rules = rules();
    rules.set(Limit::FileBytes, 1_000_000);
    let begin = |headers: &str| format!("--xYz\r\n{headers}\r\n\r\n").into_bytes();
    let wanted = "Content-Disposition: form-data; name=\"media\"; filename=\"a\"";

    let (refused, taken) = endless(begin(wanted), &[b'a'; 1000], &rules).await;
    assert_eq!(refused.refusal, Refusal::MediaSize);
    assert!((1_000_001..1_010_000).contains(&taken), "{taken}");

    let other = "Content-Disposition: form-data; name=\"other\"";
    let (refused, taken) = endless(begin(other), &[b'a'; 1000], &rules).await;
    assert_eq!(refused.refusal, Refusal::EmptyMedia);
    assert!(
        (OTHER_PARTS..OTHER_PARTS + 10_000).contains(&taken),
        "{taken}"
    );

    // Neither a part that never begins nor headers that never end gather in memory.
    for head in [b"".to_vec(), b"--xYz\r\na: ".to_vec()] {
        let (refused, taken) = endless(head, &[b'a'; 1000], &rules).await;
        assert_eq!(refused.refusal, Refusal::EmptyMedia);
        assert!(taken < 70_000, "{taken}");
    }
}

#[tokio::test]
async fn a_transfer_that_breaks_off() {
    let headers = "Content-Disposition: form-data; name=\"media\"; filename=\"a.txt\"";
    let other = part("Content-Disposition: form-data; name=\"other\"", b"more");
    let body = body(&[part(headers, b"content"), other]);
    for place in both() {
        for end in 0..body.len() - 2 {
            for content_type in [Some(TYPE), None] {
                let bytes = Bytes::copy_from_slice(&body[..end]);
                let pieces = (0..end).map(move |at| Ok(bytes.slice(at..at + 1)));
                let pieces = stream::iter(pieces.chain([Err("reset")]));
                let refused = receive(content_type, pieces, FILE, &rules(), &place.0, 9).await;
                let refused = refused.unwrap_err();
                assert_eq!(refused.refusal, Refusal::EmptyMedia, "{end}");
                let told = refused.detail.unwrap().contains("broke off");
                assert_eq!(told, content_type.is_some() || end >= 7, "{end}");
                assert_eq!(count(&place).await, 0, "{end}");
            }
        }
    }
}

#[tokio::test]
async fn an_upload_given_up_leaves_nothing() {
    let mut begun = media("a.txt", &[b'a'; 700_000]);
    begun.truncate(600_000);
    for place in both() {
        let pieces = stream::iter([Ok::<_, Infallible>(Bytes::from(begun.clone()))]);
        // The caller stops sending but stays.
        let pieces = pieces.chain(stream::pending());
        let rules = rules();
        let mut receiving = Box::pin(receive(Some(TYPE), pieces, FILE, &rules, &place.0, 9));
        while count(&place).await == 0 {
            assert!(receiving.as_mut().now_or_never().is_none());
            tokio::task::yield_now().await;
        }
        drop(receiving);
        until_gone(&place).await;
    }
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_busy() {
    let (blobs, dir) = both().into_iter().next().unwrap();
    std::fs::remove_dir_all(dir.path().join("blobs")).unwrap();
    let pieces = stream::iter([Ok::<_, Infallible>(Bytes::from(media("a", b"content")))]);
    let refused = receive(Some(TYPE), pieces, FILE, &rules(), &blobs, 9).await;
    assert_eq!(refused.unwrap_err().refusal, Refusal::SystemBusy);
}

#[tokio::test]
async fn uploads_run_on_any_thread() {
    fn sendable<T: Send>(future: T) -> T {
        future
    }
    let place = both().into_iter().next().unwrap();
    let pieces = stream::iter([Ok::<_, Infallible>(Bytes::from(media("a", b"content")))]);
    let rules = rules();
    let received = sendable(receive(Some(TYPE), pieces, FILE, &rules, &place.0, 9));
    assert!(received.await.is_ok());
    let swept = sendable(place.0.sweep(&mut |_, _| false)).await;
    assert_eq!(swept.unwrap(), 1);
}
