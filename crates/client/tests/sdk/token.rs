//! The five qualities of tokens, counted by a server.

use std::{
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use qun_client::{Client, FileStore, MemoryStore};

use crate::kit::{GOT, SECRET, Server, get, json, token};

/// Names the server and the file to the processes that a test starts.
const CHILD: &str = "QUN_TEST_CHILD";

fn calls(server: &Server) -> (usize, usize) {
    (server.count("gettoken"), server.count("appchat/get"))
}

/// Tokens are numbered, and every call is answered.
async fn good() -> Server {
    Server::start(|uri, number| {
        if uri.contains("gettoken") {
            std::thread::sleep(std::time::Duration::from_millis(50));
            token(number)
        } else {
            json(GOT)
        }
    })
    .await
}

#[tokio::test]
async fn two_hundred_cold_callers_fetch_one_token() {
    let server = good().await;
    let client = server.client();
    let waiting: Vec<_> = (0..200)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.send(get("c")).await })
        })
        .collect();
    for call in waiting {
        assert_eq!(call.await.unwrap().unwrap().chat_info.name, "群");
    }
    assert_eq!(calls(&server), (1, 200));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_processes_with_one_file_fetch_one_token() {
    let server = good().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens.json");
    let children: Vec<_> = (0..8)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "token::a_process_of_its_own", "--ignored"])
                .env(CHILD, format!("{} {}", server.url, file.display()))
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    let waiting = tokio::task::spawn_blocking(move || {
        for mut child in children {
            assert!(child.wait().unwrap().success());
        }
    });
    waiting.await.unwrap();
    assert_eq!(calls(&server), (1, 8));
}

#[tokio::test]
#[ignore = "started by the test above, in a process of its own"]
async fn a_process_of_its_own() {
    let told = std::env::var(CHILD).expect("the other test starts this one");
    let (url, file) = told.split_once(' ').unwrap();
    let client = Client::builder("ww1", SECRET)
        .base_url(url)
        .token_store(FileStore::new(file));
    client.build().unwrap().send(get("c")).await.unwrap();
}

#[tokio::test]
async fn apps_of_one_company_have_tokens_of_their_own_in_one_store() {
    let server = good().await;
    let store = MemoryStore::new();
    for secret in [SECRET, "another secret", SECRET] {
        let client = Client::builder("ww1", secret)
            .base_url(&server.url)
            .token_store(store.clone());
        client.build().unwrap().send(get("c")).await.unwrap();
    }
    assert_eq!(calls(&server), (2, 3));
}

#[tokio::test]
async fn a_token_that_dies_early_is_one_refresh_and_one_retry_for_all_its_callers() {
    let dead = Arc::new(AtomicBool::new(false));
    let died = Arc::clone(&dead);
    let server = Server::start(move |uri, number| {
        if uri.contains("gettoken") {
            token(number)
        } else if uri.contains("access_token=token-0") && died.load(Ordering::SeqCst) {
            json(r#"{"errcode":40014,"errmsg":"invalid access_token"}"#)
        } else {
            json(GOT)
        }
    })
    .await;
    let (one, other) = (server.client(), server.client());
    one.send(get("c")).await.unwrap();
    dead.store(true, Ordering::SeqCst);
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let client = one.clone();
            tokio::spawn(async move { client.send(get("c")).await })
        })
        .collect();
    for call in waiting {
        call.await.unwrap().unwrap();
    }
    assert_eq!(server.count("gettoken"), 2);
    assert!(server.count("appchat/get") <= 1 + 2 * 20);
    other.send(get("c")).await.unwrap();
}

#[tokio::test]
async fn a_corrupt_file_is_replaced_and_an_open_one_stops_the_call() {
    let server = good().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.json");
    std::fs::write(&path, "{ half").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let client = || {
            server
                .builder()
                .token_store(FileStore::new(&path))
                .build()
                .unwrap()
        };
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        client().send(get("c")).await.unwrap();
        client().send(get("c")).await.unwrap();
        assert_eq!(calls(&server), (1, 2));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o604)).unwrap();
        let error = client().send(get("c")).await.unwrap_err();
        assert!(error.to_string().contains("chmod 600"), "{error}");
        assert_eq!(calls(&server), (1, 2));
    }
}
