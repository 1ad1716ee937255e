//! A server that is killed under load keeps every message it has acknowledged, whole and once.

mod served;

use std::process::Command;

use served::{Sent, Server, history, terminate};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_message_survives_kill_9() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().join("data");
    let sent = Sent::default();
    for round in 0..3 {
        let mut server = Server::start(&data);
        if round == 0 {
            server.prepare().await;
        }
        let senders = sent.flood(&server, &round.to_string());
        // The kill comes at a number of answers, not at a time: it always hits requests under way.
        sent.more(700 + 300 * round).await;
        server.kill();
        for sender in senders {
            sender
                .await
                .expect("a sender ends with an error of its own");
        }
    }

    let server = Server::start(&data);
    let acknowledged = sent.acknowledged();
    assert!(acknowledged.len() >= 3000, "{}", acknowledged.len());
    sent.check(&history(&server).await, &acknowledged);
}

#[tokio::test]
async fn a_second_process_is_kept_out_and_a_term_ends_cleanly() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().join("data");
    let mut server = Server::start(&data);
    let second = Command::new(env!("CARGO_BIN_EXE_qun"))
        .args(["up", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .output();
    let second = second.expect("the binary starts");
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("in use by another process"));

    terminate(&server.child);
    assert_eq!(server.child.wait().expect("it ends").code(), Some(0));
    // The same secret works after the restart.
    let again = Server::start(&data);
    assert_eq!(again.ready["agents"], server.ready["agents"]);
    assert_eq!(again.ready["manage_token"], server.ready["manage_token"]);
    again
        .client()
        .send(qun_protocol::ip_list::ApiAddresses {})
        .await
        .expect("a token for the old secret");
}
