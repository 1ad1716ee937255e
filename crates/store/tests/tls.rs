//! Encrypted connections to PostgreSQL, with a certificate authority of the test's own.

#![allow(missing_docs)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use qun_store::{Error, Place, Store, table::meta};
use qun_testkit::authority::Authority;
use qun_testkit::cluster::{self, Cluster, Shutdown};

fn open(url: &str, password: Option<&str>) -> Result<Store, Error> {
    let place = Place::Postgres {
        url: url.to_owned(),
        password: password.map(str::to_owned),
    };
    Store::open(&place, Arc::new(|| 1_600_000_000_000_000))
}

fn refused(url: &str, password: Option<&str>) -> String {
    match open(url, password) {
        Err(Error::Unavailable(text)) => text,
        other => panic!("{url}: {other:?}"),
    }
}

#[test]
fn encrypted_means_verified() {
    let Some(bin) = cluster::find() else {
        assert!(
            std::env::var_os("CI").is_none(),
            "PostgreSQL must be installed"
        );
        eprintln!("not tested: PostgreSQL is not installed");
        return;
    };
    let mut cluster = Cluster::create(&bin).unwrap();
    let mut client = postgres::Client::connect(&cluster.url(), postgres::NoTls).unwrap();
    for statement in [
        "CREATE USER qun PASSWORD 'open sesame'",
        "CREATE DATABASE qun OWNER qun",
    ] {
        client.batch_execute(statement).unwrap();
    }
    drop(client);
    let clear = format!("postgres://qun@127.0.0.1:{}/qun", cluster.address().port());
    assert!(refused(&format!("{clear}?sslmode=require"), None).contains("TLS"));

    let authority = |name| Authority::named(name).unwrap();
    let known = authority("known");
    let certificate = known.signs(&["127.0.0.1"]).unwrap();
    cluster
        .encrypt(&certificate.pem, &certificate.key_pem)
        .unwrap();
    cluster.stop(Shutdown::Fast).unwrap();
    cluster.start().unwrap();

    let files = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = files.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let with = |path: &Path| format!("{clear}?sslmode=verify-full&sslrootcert={}", path.display());
    let right = with(&file("right.pem", &known.pem));
    let password = Some("open sesame");
    let store = open(&right, password).unwrap();
    assert!(
        store
            .read(|read| meta::get(read, "schema"))
            .unwrap()
            .is_some()
    );
    store.close();

    // Nobody whom we know has signed it, somebody else has, it is not encrypted, or the password is wrong.
    assert!(refused(&format!("{clear}?sslmode=require"), password).contains("TLS"));
    assert!(
        refused(
            &with(&file("wrong.pem", &authority("stranger").pem)),
            password
        )
        .contains("TLS")
    );
    assert!(!refused(&clear, password).is_empty());
    let wrong = refused(&right, Some("open barley"));
    assert!(!wrong.contains("barley"), "{wrong}");
    // The certificate is for another name.
    let other = right.replace("127.0.0.1", "localhost");
    assert!(!refused(&other, password).is_empty());
}
