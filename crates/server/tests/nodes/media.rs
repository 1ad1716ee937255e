//! Files, whose content is rows for all nodes.

use bytes::Bytes;
use futures_util::stream;
use qun_protocol::Rulebook;
use qun_testkit::fault::Cut;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::{
    database::{Database, at, everywhere, node, stop, unlimited, until},
    kit::{App, Server, code},
};

const BOUNDARY: &str = "----qun";

fn head() -> String {
    let part = "Content-Disposition: form-data; name=\"media\"; filename=\"a.bin\"";
    format!("--{BOUNDARY}\r\n{part}\r\n\r\n")
}

fn tail() -> String {
    format!("\r\n--{BOUNDARY}--\r\n")
}

/// Content that differs everywhere.
fn content(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|n| (n % 251 + n / 65_536) as u8).collect()
}

async fn post(app: &App<'_>, body: reqwest::Body) -> reqwest::Result<Value> {
    let url = format!(
        "{}/cgi-bin/media/upload?type=file&access_token={}",
        app.server.url, app.token
    );
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    app.server
        .http
        .post(url)
        .header("content-type", kind)
        .body(body)
        .send()
        .await?
        .json()
        .await
}

async fn upload(app: &App<'_>, content: &[u8]) -> String {
    let body = [head().as_bytes(), content, tail().as_bytes()].concat();
    let answer = post(app, body.into()).await.unwrap();
    assert_eq!(code(&answer), 0, "{answer}");
    answer["media_id"].as_str().unwrap().to_owned()
}

async fn download(app: &App<'_>, media_id: &str, range: Option<&str>) -> (u16, Bytes) {
    let url = format!(
        "{}/cgi-bin/media/get?access_token={}&media_id={media_id}",
        app.server.url, app.token
    );
    let mut request = app.server.http.get(url);
    if let Some(range) = range {
        request = request.header("range", range);
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.bytes().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_there_at_every_node() {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(3).await;
    let app = nodes[0].company(Rulebook::Documented, 2, json!({})).await;
    let apps = everywhere(&app, &nodes);
    let content = content(900_000);
    for (from, app) in apps.iter().enumerate() {
        let media_id = upload(app, &content).await;
        for to in &apps {
            assert_eq!(
                download(to, &media_id, None).await,
                (200, content.clone().into()),
                "from {from}"
            );
            for (range, bytes) in [
                ("bytes=0-0", 0..1),
                ("bytes=262143-262144", 262_143..262_145),
                ("bytes=524000-899999", 524_000..900_000),
                ("bytes=-5", 899_995..900_000),
            ] {
                let part = Bytes::copy_from_slice(&content[bytes]);
                assert_eq!(
                    download(to, &media_id, Some(range)).await,
                    (206, part),
                    "{range}"
                );
            }
        }
    }
    stop(nodes).await;
}

/// An upload that waits for the test to give it more.
fn body() -> (mpsc::Sender<std::io::Result<Vec<u8>>>, reqwest::Body) {
    let (give, take) = mpsc::channel(16);
    let stream = stream::unfold(take, async |mut take: mpsc::Receiver<_>| {
        let piece: std::io::Result<Vec<u8>> = take.recv().await?;
        Some((piece, take))
    });
    (give, reqwest::Body::wrap_stream(stream))
}

/// Those of the test's company; the demo company is the first.
const ROWS: &str = "SELECT COUNT(*) FROM blob_chunk WHERE corp > 1";

/// A new node, which has swept: counters that are too old to keep are the last that it removes.
async fn sweeper(database: &Database) -> Server {
    let old = "INSERT INTO quota (corp, key, scope, node, start, amount, blocked) VALUES (0, 'old', '', 0, 0, 0, 0)";
    database
        .sql(move |client| client.execute(old, &[]).unwrap())
        .await;
    let node = database.node().await;
    let there = "SELECT COUNT(*) FROM quota WHERE key = 'old'";
    until("a new node sweeps", async || {
        database.number(there).await == 0
    })
    .await;
    node
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_upload_leaves_is_swept_and_a_living_one_is_not() {
    let Some(database) = Database::new() else {
        return;
    };
    let first = database.first().await;
    let (fault, url) = database.through_fault().await;
    let dying = node(&url, None).await;
    let app = first.company(Rulebook::Documented, 2, unlimited()).await;
    let content = content(700_000);

    // Two rows are there; then the database is out of reach, the client goes, and nobody can remove them.
    let (give, stream) = body();
    let there = at(&app, &dying);
    let (http, url) = (
        dying.http.clone(),
        format!(
            "{}/cgi-bin/media/upload?type=file&access_token={}",
            dying.url, there.token
        ),
    );
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let dead = tokio::spawn(
        http.post(url)
            .header("content-type", kind)
            .body(stream)
            .send(),
    );
    give.send(Ok(head().into())).await.unwrap();
    give.send(Ok(content[..600_000].to_vec())).await.unwrap();
    until("two rows are there", async || {
        database.number(ROWS).await == 2
    })
    .await;
    fault.refuse().await;
    fault.cut(Cut::Reset).await;
    give.send(Err(std::io::Error::other("the client dies")))
        .await
        .unwrap();
    dead.await.unwrap().expect_err("the upload breaks off");
    dying.stop().await;
    assert_eq!(database.number(ROWS).await, 2, "nobody could remove them");

    // A living one, which a new node's sweep finds too.
    first.advance(40 * 60).await;
    let (give, stream) = body();
    let living = async {
        let answer = post(&app, stream).await.unwrap();
        assert_eq!(code(&answer), 0, "{answer}");
        answer["media_id"].as_str().unwrap().to_owned()
    };
    let sweeps = async {
        give.send(Ok(head().into())).await.unwrap();
        give.send(Ok(content[..300_000].to_vec())).await.unwrap();
        until("its first row is there", async || {
            database.number(ROWS).await == 3
        })
        .await;
        let early = sweeper(&database).await;
        assert_eq!(
            database.number(ROWS).await,
            3,
            "within the grace nothing goes"
        );
        first.advance(40 * 60).await;
        give.send(Ok(content[300_000..600_000].to_vec()))
            .await
            .unwrap();
        until("its second row is there", async || {
            database.number(ROWS).await == 4
        })
        .await;
        // The dead one is older than the grace now.
        let second = sweeper(&database).await;
        assert_eq!(database.number(ROWS).await, 2, "the dead one's are swept");
        first.advance(40 * 60).await;
        // The living one has begun before the grace, but goes on.
        let third = sweeper(&database).await;
        assert_eq!(database.number(ROWS).await, 2, "it is alive");
        give.send(Ok(content[600_000..].to_vec())).await.unwrap();
        give.send(Ok(tail().into())).await.unwrap();
        drop(give);
        (early, second, third)
    };
    let (media_id, (early, second, third)) = futures_util::future::join(living, sweeps).await;
    // Two hours have passed, and the token with them.
    let mut app = at(&app, &first);
    app.fetch_token().await;
    for node in [&first, &early, &second, &third] {
        let found = download(&at(&app, node), &media_id, None).await;
        assert_eq!(found, (200, content.clone().into()));
    }
    stop(vec![first, early, second, third]).await;
}
