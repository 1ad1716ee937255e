//! Reading callbacks: whoever can reach a receiver can send it anything.

use qun_crypt::{EncodingAesKey, Envelope, Reply, open_any, seal};
use qun_protocol::event::{self, Received};

fn key() -> EncodingAesKey {
    const KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
    KEY.parse().expect("the key of the official sample")
}

/// The input as the encrypted text; and encrypted, which must open to the same.
pub(crate) fn open(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        let _ = open_any(&key(), text);
    }
    let (message, receiveid) = input.split_at(input.len() / 2);
    let receiveid = String::from_utf8_lossy(receiveid);
    let sealed = seal(&key(), [7; 16], message, &receiveid);
    let opened = open_any(&key(), &sealed).expect("what was sealed opens");
    assert_eq!(
        (opened.message.as_slice(), &*opened.receiveid),
        (message, &*receiveid)
    );
}

pub(crate) fn envelope(input: &[u8]) {
    if let Ok(read) = std::str::from_utf8(input).map(Envelope::read)
        && let Ok(envelope) = read
    {
        assert_eq!(Envelope::read(&envelope.write()), Ok(envelope));
    }
}

pub(crate) fn reply(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Ok(reply) = Reply::read(text) {
        assert_eq!(Reply::read(&reply.write()), Ok(reply));
    }
    if let Ok(reply) = event::Reply::read(text) {
        let again = event::Reply::read(&reply.write()).expect("what was written is read");
        assert_eq!(again.write(), reply.write());
    }
}

/// What was read says the same when it is written and read again.
pub(crate) fn received(input: &[u8]) {
    if let Ok(read) = std::str::from_utf8(input).map(Received::read)
        && let Ok(received) = read
    {
        let written = received.write();
        let again = Received::read(&written).expect("what was written is read");
        assert_eq!(again.write(), written);
    }
}
