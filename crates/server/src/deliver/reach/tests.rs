use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

fn reach(to: &[&str], private: bool) -> Reach {
    let to: Vec<String> = to.iter().map(|entry| (*entry).to_owned()).collect();
    Reach::new(&to, private).unwrap()
}

#[test]
fn beyond_this_machine_only_what_is_allowed() {
    let (nowhere, listed, private) = (
        reach(&[], false),
        reach(
            &["Example.com", "10.1.0.0/16", "fd00::7", "198.51.100.4"],
            false,
        ),
        reach(&[], true),
    );
    for (host, address, expected) in [
        ("x", "127.0.0.1", [true, true, true]),
        ("x", "127.255.0.9", [true, true, true]),
        ("x", "::1", [true, true, true]),
        ("x", "::ffff:127.0.0.1", [true, true, true]),
        ("x", "8.8.8.8", [false, false, false]),
        ("example.com", "8.8.8.8", [false, true, false]),
        ("example.com", "2400:3200::1", [false, true, false]),
        ("a.example.com", "8.8.8.8", [false, false, false]),
        // A name that is allowed opens no private network.
        ("example.com", "10.0.0.1", [false, false, true]),
        ("example.com", "169.254.169.254", [false, false, true]),
        (
            "example.com",
            "::ffff:169.254.169.254",
            [false, false, true],
        ),
        ("x", "10.1.2.3", [false, true, true]),
        ("x", "192.168.0.1", [false, false, true]),
        ("x", "172.16.0.1", [false, false, true]),
        ("x", "100.64.0.1", [false, false, true]),
        ("x", "fd00::7", [false, true, true]),
        ("x", "fe80::1", [false, false, true]),
        ("x", "198.51.100.4", [false, true, false]),
        ("example.com", "0.0.0.0", [false, false, false]),
        ("example.com", "224.0.0.1", [false, false, false]),
        ("example.com", "255.255.255.255", [false, false, false]),
        ("example.com", "::", [false, false, false]),
        ("example.com", "64:ff9b::a00:1", [false, false, false]),
        ("example.com", "2002:a00:1::", [false, false, false]),
    ] {
        let address: IpAddr = address.parse().unwrap();
        let found = [&nowhere, &listed, &private].map(|reach| reach.allows(host, address));
        assert_eq!(found, expected, "{host} {address}");
    }
}

#[test]
fn addresses_in_urls_are_checked_however_they_are_written() {
    let reach = reach(&[], false);
    for (url, allowed) in [
        ("http://127.0.0.1:9/", true),
        ("http://[::1]:9/", true),
        ("http://2130706433/", true),
        ("http://10.0.0.1/", false),
        ("http://0xa9fea9fe/", false),
        ("http://[::ffff:10.0.0.1]/", false),
        ("http://0/", false),
    ] {
        assert_eq!(reach.check(&url.parse().unwrap()).is_ok(), allowed, "{url}");
    }
}

#[test]
fn entries_that_are_nothing_are_refused() {
    for entry in ["", "a b", "http://x", "10.0.0.0/33", "x:1"] {
        assert!(Reach::new(&[entry.to_owned()], false).is_err(), "{entry}");
    }
}

/// Answers every connection with an empty 200, and closes it.
async fn receiver() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            let _ = stream.write_all(answer).await;
        }
    });
    port
}

#[tokio::test]
async fn the_address_that_is_connected_to_counts() {
    let port = receiver().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let mut reach = reach(&["rebound.test"], false);
    let count = Arc::clone(&asked);
    reach.lookup = Box::new(move |name| {
        let address: IpAddr = match (name.as_str(), count.fetch_add(1, SeqCst)) {
            // Harmless while it is verified, and another afterwards.
            ("rebound.test", 0) => "127.0.0.1".parse().unwrap(),
            _ => "10.255.255.1".parse().unwrap(),
        };
        Box::pin(async move { Ok(vec![address]) })
    });
    let client = Arc::new(reach).client(&[]).unwrap();
    let get = |host: &str| client.get(format!("http://{host}:{port}/")).send();
    assert_eq!(get("rebound.test").await.unwrap().status(), 200);
    for host in ["rebound.test", "private.test"] {
        let error = chain(get(host).await.unwrap_err());
        assert!(
            error.contains(&format!("{host} at 10.255.255.1 may not be reached")),
            "{error}"
        );
    }
    assert_eq!(asked.load(SeqCst), 3);
}

#[test]
fn a_file_without_authorities_is_told() {
    let reach = Arc::new(Reach::new(&[], false).unwrap());
    assert!(reach.client(b"").is_ok());
    for none in [
        &b"no certificate"[..],
        b"-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n",
    ] {
        let error = reach.client(none).err().unwrap();
        assert!(error.to_string().starts_with("--callback-ca: "), "{error}");
    }
}
