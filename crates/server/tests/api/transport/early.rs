//! Refusals that are known before the request has been read. Many clients write all of it before they look for an answer.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::kit::{Server, code};

const MB: usize = 1 << 20;

/// Begins a POST of so many bytes on a connection that ends with it.
async fn begin(server: &Server, path: &str, bytes: usize, header: &str) -> TcpStream {
    let host = server.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {bytes}\r\n{header}\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// Reads to the end; gives the body's JSON, or null where it has none.
async fn answer(mut stream: TcpStream) -> Value {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let text = String::from_utf8(answer).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(!head.contains(" 100 "), "it does not want the body: {head}");
    serde_json::from_str(body).unwrap_or_default()
}

/// A multipart body with one file of so many bytes.
fn file(bytes: usize) -> Vec<u8> {
    let head = "--b\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a.jpg\"\r\n\r\n";
    let mut body = [head.as_bytes(), b"\xff\xd8\xff\xe0"].concat();
    body.resize(head.len() + bytes, b'x');
    body.extend(b"\r\n--b--\r\n");
    body
}

#[tokio::test]
async fn who_writes_all_before_reading_gets_the_refusal() {
    let server = Server::start().await;
    let app = server
        .company(
            "documented".parse().unwrap(),
            2,
            json!({ "image_bytes": MB }),
        )
        .await;
    let upload = "/cgi-bin/media/upload?type";
    let token = &app.token;
    for (path, expected) in [
        (format!("{upload}=image&access_token=no"), 40014),
        (format!("{upload}=gif&access_token={token}"), 40004),
        (format!("{upload}=image&access_token={token}"), 40009),
        (format!("{upload}=voice&access_token={token}"), 301017),
        (format!("/cgi-bin/appchat/send?access_token={token}"), 40206),
        ("/cgi-bin/appchat/send".to_owned(), 41001),
    ] {
        let body = file(20 * MB);
        let kind = "Content-Type: multipart/form-data; boundary=b\r\n";
        let mut stream = begin(&server, &path, body.len(), kind).await;
        stream.write_all(&body).await.unwrap();
        assert_eq!(code(&answer(stream).await), expected, "{path}");
    }
    // And so does who calls what is not there.
    let mut stream = begin(&server, "/cgi-bin/none", 20 * MB, "").await;
    stream.write_all(&vec![b'x'; 20 * MB]).await.unwrap();
    assert_eq!(answer(stream).await, Value::Null);
    server.stop().await;
}

#[tokio::test]
async fn who_asks_before_writing_is_told_not_to() {
    let server = Server::start().await;
    let path = "/cgi-bin/media/upload?type=image&access_token=no";
    let stream = begin(&server, path, 20 * MB, "Expect: 100-continue\r\n").await;
    assert_eq!(code(&answer(stream).await), 40014);
    server.stop().await;
}
