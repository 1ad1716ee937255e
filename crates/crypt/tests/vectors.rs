//! The published vectors, both directions.

#![allow(missing_docs)]

use qun_crypt::{EncodingAesKey, Error, open, open_any, seal, sign, verify};

struct Vector {
    token: &'static str,
    key: &'static str,
    receiveid: &'static str,
    timestamp: &'static str,
    nonce: &'static str,
    signature: &'static str,
    encrypted: &'static str,
}

impl Vector {
    fn key(&self) -> EncodingAesKey {
        self.key.parse().unwrap()
    }

    /// Verifies and opens it, and asserts what must not pass.
    fn message(&self) -> String {
        let signed =
            |token, encrypted| verify(token, self.timestamp, self.nonce, encrypted, self.signature);
        assert_eq!(signed(self.token, self.encrypted), Ok(()));
        assert_eq!(signed("another", self.encrypted), Err(Error::Signature));
        assert_eq!(
            signed(self.token, &self.encrypted.replace(['+', '/'], " ")),
            Err(Error::Signature)
        );
        assert_eq!(
            verify(
                self.token,
                self.timestamp,
                self.nonce,
                self.encrypted,
                &self.signature[1..]
            ),
            Err(Error::Signature)
        );
        assert!(matches!(
            open(&self.key(), self.encrypted, "another"),
            Err(Error::Receiver { found, .. }) if found == self.receiveid
        ));
        let other: EncodingAesKey = "0123456789012345678901234567890123456789012"
            .parse()
            .unwrap();
        assert!(matches!(
            open(&other, self.encrypted, self.receiveid),
            Err(Error::Padding | Error::Frame)
        ));
        String::from_utf8(open(&self.key(), self.encrypted, self.receiveid).unwrap()).unwrap()
    }
}

const A1: Vector = Vector {
    token: "QDG6eK",
    key: "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
    receiveid: "wx5823bf96d3bd56c7",
    timestamp: "1409659589",
    nonce: "263014780",
    signature: "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
    encrypted: "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==",
};

const A2: Vector = Vector {
    timestamp: "1409659813",
    nonce: "1372623149",
    signature: "477715d11cdb4164915debcba66cb864d751f3e6",
    encrypted: "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q==",
    ..A1
};

const B: Vector = Vector {
    token: "kjr2TKI8umCBfVF3wAHk8JiPwma5VBme",
    key: "4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws",
    receiveid: "ww6a112864f8022910",
    timestamp: "1583940690",
    nonce: "VHh7ymSeb0jc4lSb",
    signature: "1ba3cb09c0d2c2b3ed6900d37f91a6efae6cb011",
    encrypted: "6KmUQuPVu7UhjyVqRdbo5SfcRqaHvbUlKSHFvBV2ZuR6TIlKsygcfeSd1GDplg1C5KSKr6UPHCaC/nIX3ZNt9w==",
};

const C: Vector = Vector {
    token: "kz7Yx62CH8SaLN",
    key: "cD0d7jx4tYvVtzqrmh3Dm3QFCXe6f8SlHoMtMh3qQEP",
    receiveid: "ww6a112864f8022910",
    timestamp: "1583995625",
    nonce: "1584392382",
    signature: "f265ae551b1932727204c3d707628d01376a6940",
    encrypted: "EUCt7xMcNiyASzZj0Hjc5yDjFQrCum6AfQ3ntHiUzjGQ51xieKmbvtrZ40/EcB2W/W8yH0n4Lqx48gJl/T9HD/R309I0P/r5pIZucK3lyEn48FYMr4YdE0QdL2jIJ3xkcXUr6uzefzCxG6lMvwpAJaOyVCzN7sRRw47njfxy5EIqU6R9ZBhlTzfdnhhOhK/nTwzrZX3SoGlXFA9OBeZ6ru1NWpXFk76x9DUMe0lcxPPiUqK8ctnQcYXSGUHVqC6DfG7E7mab0OmruNN8cBZY5d3dYOBA4OgaH55Q0AJmUpdT8vNiXpXx+6TxT3TIjySXpDrHVyrsb772aYywgg/Nu4kUmGkALwFZlzhjNegR7wDwb9lr4ERXsSSS8JZ8lbBmaQ3F2Tq584xoPj5rIhXAF734ynm4no1g+SdHiNqR328=",
};

#[test]
fn the_platforms_own_samples_open() {
    assert_eq!(A1.message(), "1616140317555161061");
    let xml = A2.message();
    for part in [
        "<FromUserName><![CDATA[mycreate]]></FromUserName>\n",
        "<CreateTime>1409659813</CreateTime>\n",
        "<Content><![CDATA[hello]]></Content>\n",
        "<MsgId>4561255354251345929</MsgId>\n",
        "<AgentID>218</AgentID>",
    ] {
        assert!(xml.contains(part), "{part} in {xml}");
    }
}

#[test]
fn what_other_implementations_have_seen_opens() {
    assert_eq!(B.message(), "94966531020182955848408");
    let xml = C.message();
    for part in [
        "<ToUserName><![CDATA[ww6a112864f8022910]]></ToUserName>",
        "<FromUserName><![CDATA[foobar]]></FromUserName>",
        "<Content><![CDATA[x123]]></Content>",
        "<MsgId>2018405441</MsgId>",
    ] {
        assert!(xml.contains(part), "{part} in {xml}");
    }
}

#[test]
fn sealing_is_exact_for_every_kind_of_padding() {
    let full = format!("success{}", "!".repeat(19));
    let (ten, twenty_five) = ("a".repeat(10), "a".repeat(25));
    for (message, encrypted, signature) in [
        (
            &*full,
            "hpDPjqSe+36BcxCAqQbN91AisbpJHn+WXONbB93ODmIgkQa7HjGnhFvCqbCH+Xm2KXi1lCz1GkED2VG1d7SRMg/ncb3jROCjh+YuSB8bn1xPgyV5V4c4uTTXajLZp3bo",
            "a0d442de162ae41831540080c8342ab4c93087d7",
        ),
        (
            &*ten,
            "hpDPjqSe+36BcxCAqQbN9znnGVrp7ZJPu2IIJ3FJ97jejQOhZD2xbok09Z9R+vAcGVLHydNBSsMkwhjovxdtGg==",
            "cd6060ad032b28021cb1a14467a1caa44f414c8a",
        ),
        (
            &*twenty_five,
            "hpDPjqSe+36BcxCAqQbN94qsSKm3XkVGS0UzypjEmOmdN8Cr27cCsMUIzNF8o08sOF2eZhBF3M1GFf8XbQj4lA==",
            "2ce1bef68d3809293e1a38d3c9d41037dfbf7160",
        ),
        (
            "你好",
            "hpDPjqSe+36BcxCAqQbN95AlyhimGX9J5AD9nXJKbp6PX/U6mZUpk9i41MHiOu+48WfNkKmiC5NxUOZpKIc9Eg==",
            "0e687f3e78e1dfbe0e9d2e4f08f7612983ccb972",
        ),
        (
            "",
            "hpDPjqSe+36BcxCAqQbN99Gc8mMOquNGtfH5gKR0q3dAHlSXvmSxM5Q5nUbxkE5HN1GCCvX0iAL4ljnwC07xYA==",
            "922822e0c4dc74c1936b4132e87b198e5ecb0e4e",
        ),
    ] {
        let sealed = seal(
            &B.key(),
            *b"0123456789abcdef",
            message.as_bytes(),
            B.receiveid,
        );
        assert_eq!(sealed, encrypted, "{message}");
        assert_eq!(
            sign(B.token, "1700000000", "nonce123", &sealed),
            signature,
            "{message}"
        );
        assert_eq!(
            open(&B.key(), &sealed, B.receiveid).unwrap(),
            message.as_bytes()
        );
    }
}

#[test]
fn messages_and_receivers_of_any_length_come_back() {
    for length in 0..100 {
        for receiveid in ["", "w", B.receiveid] {
            let message = vec![b'x'; length];
            let sealed = seal(&B.key(), [length as u8; 16], &message, receiveid);
            let opened = open_any(&B.key(), &sealed).unwrap();
            assert_eq!((opened.message, &*opened.receiveid), (message, receiveid));
        }
    }
}

#[test]
fn what_is_broken_is_named() {
    let key = B.key();
    assert_eq!(open_any(&key, "a b+"), Err(Error::Base64));
    assert_eq!(open_any(&key, ""), Err(Error::Blocks(0)));
    assert_eq!(open_any(&key, "AAAA"), Err(Error::Blocks(3)));
    assert_eq!(open_any(&key, &A1.encrypted[..64]), Err(Error::Padding));
}
