//! As much of an HTTP/1.1 client as the benchmark needs: prepared requests, replies with a length.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use memchr::{memchr_iter, memmem};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// No reply of the benchmark is longer.
const LONGEST: usize = 1 << 20;

/// The bytes of a request; `extra` are whole header lines.
pub(crate) fn request(
    address: SocketAddr,
    method: &str,
    target: &str,
    extra: &str,
    body: &str,
) -> Vec<u8> {
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\n{extra}");
    if method != "GET" {
        head += &format!(
            "Content-Type: application/json\r\nContent-Length: {}\r\n",
            body.len()
        );
    }
    (head + "\r\n" + body).into_bytes()
}

/// A kept-alive connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A reply.
pub(crate) struct Reply<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

impl Reply<'_> {
    /// The status and the beginning of the body, for messages.
    pub(crate) fn describe(&self) -> String {
        let text = String::from_utf8_lossy(self.body);
        let start: String = text.chars().take(300).collect();
        format!("{} {start}", self.status)
    }
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Connection> {
        let stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Connection {
            stream,
            buffer: Vec::with_capacity(4096),
        })
    }

    /// Sends a request and waits for the whole reply.
    pub(crate) async fn call(&mut self, request: &[u8]) -> Result<Reply<'_>> {
        self.stream
            .write_all(request)
            .await
            .context("the server closed the connection")?;
        self.buffer.clear();
        let head = loop {
            if let Some(head) = parse_head(&self.buffer)? {
                break head;
            }
            self.fill().await?;
        };
        let end = head.length + head.body;
        if end > LONGEST {
            bail!("a reply of {end} bytes is longer than expected");
        }
        while self.buffer.len() < end {
            self.fill().await?;
        }
        if self.buffer.len() > end {
            bail!("the reply is longer than its Content-Length");
        }
        let body = &self.buffer[head.body..];
        Ok(Reply {
            status: head.status,
            body,
        })
    }

    async fn fill(&mut self) -> Result<()> {
        if self.buffer.len() > LONGEST {
            bail!("the reply's head does not end");
        }
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server closed the connection in the middle of a reply");
        }
        Ok(())
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Where the body begins.
    body: usize,
    length: usize,
}

/// Nothing while the head is incomplete.
fn parse_head(bytes: &[u8]) -> Result<Option<Head>> {
    let Some(end) = memmem::find(bytes, b"\r\n\r\n") else {
        return Ok(None);
    };
    let status = bytes
        .get(9..12)
        .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    let Some(status) = status.filter(|_| bytes.starts_with(b"HTTP/1.1 ")) else {
        bail!("not an HTTP/1.1 reply");
    };
    let body = end + 4;
    let mut length = None;
    let mut start = 0;
    for newline in memchr_iter(b'\n', &bytes[..body]) {
        let line = &bytes[start..newline];
        start = newline + 1;
        const NAME: &[u8] = b"content-length:";
        if line.len() > NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME) {
            let digits = line[NAME.len()..].trim_ascii();
            length = std::str::from_utf8(digits)
                .ok()
                .and_then(|text| text.parse().ok());
        }
    }
    match length {
        Some(length) => Ok(Some(Head {
            status,
            body,
            length,
        })),
        None if status == 204 => Ok(Some(Head {
            status,
            body,
            length: 0,
        })),
        None => bail!("a reply without a Content-Length (status {status})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let text = b"HTTP/1.1 200 OK\r\nX: y\r\ncontent-LENGTH:  12\r\n\r\nbody";
        for end in 0..text.len() - 5 {
            assert_eq!(parse_head(&text[..end]).unwrap(), None, "{end}");
        }
        let head = parse_head(text).unwrap();
        let (body, length) = (text.len() - 4, 12);
        let expected = Head {
            status: 200,
            body,
            length,
        };
        assert_eq!(head, Some(expected));
        let empty = parse_head(b"HTTP/1.1 204 No Content\r\n\r\n")
            .unwrap()
            .unwrap();
        assert_eq!((empty.status, empty.length), (204, 0));
        assert!(parse_head(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
        assert!(parse_head(b"SSH-2.0-x 200\r\n\r\n").is_err());
    }

    #[test]
    fn only_requests_with_a_body_have_a_length() {
        let address = SocketAddr::from(([127, 0, 0, 1], 80));
        let get = request(address, "GET", "/a?b=c", "", "");
        assert_eq!(get, b"GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n");
        let post = request(address, "POST", "/", "X: y\r\n", "{}");
        assert!(post.ends_with(b"Content-Length: 2\r\n\r\n{}"));
        assert!(memmem::find(&post, b"\r\nX: y\r\n").is_some());
    }
}
