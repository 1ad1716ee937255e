use std::{fs, path::Path, sync::Arc, time::Duration};

use futures_util::{FutureExt, TryStreamExt};
use qun_store::{Place, Store};
use tempfile::TempDir;

use super::*;

/// One of each kind. What they need lives as long as the second half.
pub(crate) fn both() -> [(Blobs, TempDir); 2] {
    let dir = || tempfile::tempdir().unwrap();
    let files = dir();
    [
        (
            Blobs::Files(Files::open(files.path().join("blobs")).unwrap()),
            files,
        ),
        (Blobs::Rows(Rows::new(store())), dir()),
    ]
}

fn store() -> Arc<Store> {
    Arc::new(Store::open(&Place::Memory, Arc::new(|| 1_000_000)).unwrap())
}

/// How many blobs there are, with the unfinished ones.
pub(crate) async fn count((blobs, dir): &(Blobs, TempDir)) -> usize {
    match blobs {
        Blobs::Files(_) => files_below(dir.path()),
        Blobs::Rows(rows) => {
            // Behind whatever was queued before.
            rows.remove(0, "").await.unwrap();
            blobs.list().await.unwrap().len()
        }
    }
}

/// Waits for a thread that was still writing for somebody who has gone away.
pub(crate) async fn until_gone(place: &(Blobs, TempDir)) {
    let gone = async {
        while count(place).await > 0 {
            tokio::task::yield_now().await;
        }
    };
    let limit = Duration::from_secs(60);
    tokio::time::timeout(limit, gone).await.unwrap();
}

fn files_below(dir: &Path) -> usize {
    let entries = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .map(|path| if path.is_dir() { files_below(&path) } else { 1 })
        .sum()
}

/// Bytes that tell where they stand.
fn bytes(size: usize) -> Bytes {
    (0..size).map(|i| (i % 251) as u8).collect()
}

async fn put(blobs: &Blobs, corp: i64, content: &[u8], split: usize) -> String {
    let mut writing = blobs.create(corp).await.unwrap();
    for piece in content.chunks(split) {
        writing.write(Bytes::copy_from_slice(piece)).await.unwrap();
    }
    writing.finish().await.unwrap()
}

pub(crate) async fn get(
    blobs: &Blobs,
    corp: i64,
    blob: &str,
    range: Range<u64>,
) -> io::Result<Vec<u8>> {
    let pieces: Vec<Bytes> = blobs.read(corp, blob, range).await?.try_collect().await?;
    assert!(
        pieces
            .iter()
            .all(|piece| (1..=CHUNK).contains(&piece.len()))
    );
    Ok(pieces.concat())
}

#[tokio::test]
async fn what_is_written_is_read() {
    for place in both() {
        let blobs = &place.0;
        for size in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 7] {
            for split in [1000, CHUNK, 5 * CHUNK] {
                let content = bytes(size);
                let blob = put(blobs, 1, &content, split).await;
                assert!(is_id(&blob));
                let read = get(blobs, 1, &blob, 0..size as u64).await.unwrap();
                assert!(read == content, "{size} bytes in pieces of {split}");
            }
        }
    }
}

#[tokio::test]
async fn ranges_begin_and_end_anywhere() {
    for place in both() {
        let content = bytes(2 * CHUNK + 10);
        let blob = put(&place.0, 1, &content, CHUNK).await;
        let edges = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 10];
        for start in edges {
            for end in edges.into_iter().filter(|end| *end >= start) {
                let read = get(&place.0, 1, &blob, start as u64..end as u64).await;
                assert!(read.unwrap() == content[start..end], "{start}..{end}");
            }
        }
        let beyond = get(&place.0, 1, &blob, 0..content.len() as u64 + 1).await;
        assert_eq!(beyond.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}

#[tokio::test]
async fn missing_blobs_and_what_is_no_id() {
    for place in both() {
        let blobs = &place.0;
        let blob = put(blobs, 1, b"content", 7).await;
        let kind = |result: io::Result<Vec<u8>>| result.unwrap_err().kind();
        for (corp, id) in [(2, blob.as_str()), (1, &"0".repeat(32))] {
            assert_eq!(
                kind(get(blobs, corp, id, 0..1).await),
                io::ErrorKind::NotFound
            );
            blobs.remove(corp, id).await.unwrap();
        }
        assert_eq!(get(blobs, 1, &blob, 0..7).await.unwrap(), b"content");
        blobs.remove(1, &blob).await.unwrap();
        assert_eq!(
            kind(get(blobs, 1, &blob, 0..7).await),
            io::ErrorKind::NotFound
        );
        assert_eq!(count(&place).await, 0);
        let long = "0".repeat(33);
        for id in [
            "",
            "../../etc/passwd",
            &long,
            &long[2..],
            "g0000000000000000000000000000000",
            "A0000000000000000000000000000000",
            "/0000000000000000000000000000000",
        ] {
            assert_eq!(kind(get(blobs, 1, id, 0..1).await), io::ErrorKind::NotFound);
            assert_eq!(
                blobs.remove(1, id).await.unwrap_err().kind(),
                io::ErrorKind::NotFound
            );
        }
    }
}

#[tokio::test]
async fn what_is_dropped_unfinished_is_gone() {
    for place in both() {
        for size in [0, 1, CHUNK, 3 * CHUNK + 1] {
            let mut writing = place.0.create(1).await.unwrap();
            writing.write(bytes(size)).await.unwrap();
            drop(writing);
            assert_eq!(count(&place).await, 0, "{size}");
        }
    }
}

#[tokio::test]
async fn a_write_given_up_midway_is_not_finished() {
    for place in both() {
        let mut writing = loop {
            let mut writing = place.0.create(1).await.unwrap();
            // A step that is done at the first look cannot be given up.
            if writing.write(bytes(CHUNK)).now_or_never().is_none() {
                break writing;
            }
        };
        writing.write(bytes(CHUNK)).await.unwrap_err();
        writing.finish().await.unwrap_err();
        until_gone(&place).await;
    }
}

#[tokio::test]
async fn a_blob_given_up_while_it_is_finished_is_gone() {
    for place in both() {
        for looks in 1..20 {
            let mut writing = place.0.create(1).await.unwrap();
            writing.write(bytes(10)).await.unwrap();
            let mut finishing = Box::pin(writing.finish());
            let mut finished = None;
            for _ in 0..looks {
                finished = finishing.as_mut().now_or_never();
                if finished.is_some() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            drop(finishing);
            if let Some(blob) = finished {
                place.0.remove(1, &blob.unwrap()).await.unwrap();
            }
            until_gone(&place).await;
        }
    }
}

#[tokio::test]
async fn a_closed_store_refuses() {
    let store = store();
    let blobs = Blobs::Rows(Rows::new(Arc::clone(&store)));
    let mut writing = blobs.create(1).await.unwrap();
    store.close();
    writing.write(bytes(CHUNK)).await.unwrap_err();
    writing.finish().await.unwrap_err();
}

#[tokio::test]
async fn sweeping_keeps_what_is_known() {
    for place in both() {
        let blobs = &place.0;
        let kept = put(blobs, 7, b"kept", 4).await;
        let lost = put(blobs, 7, b"lost", 4).await;
        let others = put(blobs, 8, b"others", 6).await;
        let known = [(7, kept.clone()), (8, kept.clone())];
        let removed = blobs
            .sweep(&mut |corp, blob| known.contains(&(corp, blob.to_owned())))
            .await;
        assert_eq!(removed.unwrap(), 2);
        assert_eq!(get(blobs, 7, &kept, 0..4).await.unwrap(), b"kept");
        assert!(get(blobs, 7, &lost, 0..4).await.is_err());
        assert!(get(blobs, 8, &others, 0..6).await.is_err());
        assert_eq!(count(&place).await, 1);
    }
}

#[tokio::test]
async fn sweeping_files_takes_unfinished_ones_and_leaves_foreign_ones() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = Blobs::Files(Files::open(dir.path().to_owned()).unwrap());
    let id = "ab0123456789abcdef0123456789abcd";
    put(&blobs, 7, b"lost", 4).await;
    let foreign = [
        "README".to_owned(),
        "unfinished/README".to_owned(),
        "7/README".to_owned(),
        "7/ab/README".to_owned(),
        format!("7/zz/{id}"),
        format!("07/ab/{id}"),
        format!("x/ab/{id}"),
    ];
    for name in foreign.iter().chain([&format!("unfinished/{id}")]) {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"x").unwrap();
    }
    assert_eq!(blobs.sweep(&mut |_, _| false).await.unwrap(), 2);
    for name in &foreign {
        assert!(dir.path().join(name).exists(), "{name}");
    }
    assert_eq!(files_below(dir.path()), foreign.len());
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("blobs");
    let blobs = Blobs::Files(Files::open(root.clone()).unwrap());
    let id = put(&blobs, 7, b"x", 1).await;
    let file = root.join("7").join(&id[..2]).join(&id);
    for (path, mode) in [
        (file.as_path(), 0o600),
        (file.parent().unwrap(), 0o700),
        (&root, 0o700),
    ] {
        let found = fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{}", path.display());
    }
}
