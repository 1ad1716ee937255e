//! A schema on PostgreSQL, and nodes on it.

#![allow(dead_code)]

use std::{ffi::OsStr, path::Path, thread, time::UNIX_EPOCH};

use postgres::{Client, NoTls};

use crate::served::Server;

/// A schema of a test's own, dropped at the end.
pub struct Database {
    server: String,
    schema: String,
    token_file: tempfile::NamedTempFile,
}

impl Database {
    /// Nothing where there is no server to test on; that fails under `CI`.
    pub fn new(name: &str) -> Option<Database> {
        let Ok(server) = std::env::var("QUN_TEST_POSTGRES") else {
            assert!(
                std::env::var_os("CI").is_none(),
                "QUN_TEST_POSTGRES must name a PostgreSQL server"
            );
            eprintln!("not tested on PostgreSQL: QUN_TEST_POSTGRES is not set");
            return None;
        };
        let token_file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(token_file.path(), "the-token-of-all-nodes").expect("a token");
        let time = UNIX_EPOCH.elapsed().expect("a time").as_nanos();
        let schema = format!("cli_{name}_{}_{time}", std::process::id());
        Some(Database {
            server,
            schema,
            token_file,
        })
    }

    fn url(&self, name: &str) -> String {
        let mark = if self.server.contains('?') { '&' } else { '?' };
        format!(
            "{}{mark}application_name={name}&options=-c%20search_path%3D{}",
            self.server, self.schema
        )
    }

    pub fn node(&self, name: &str) -> Server {
        self.node_with(name, &[])
    }

    /// A node with more flags.
    pub fn node_with(&self, name: &str, flags: &[&str]) -> Server {
        let url = self.url(name);
        let token: &Path = self.token_file.path();
        let place = [
            "--database".as_ref(),
            OsStr::new(&url),
            "--manage-token-file".as_ref(),
            token.as_os_str(),
        ];
        Server::with(place.into_iter().chain(flags.iter().map(OsStr::new)))
    }

    /// A node beside another, which knows the secrets.
    pub fn another(&self, name: &str, first: &Server) -> Server {
        let mut node = self.node(name);
        for key in ["corpid", "agents"] {
            node.ready[key] = first.ready[key].clone();
        }
        node
    }

    pub fn number(&self, sql: &str) -> i64 {
        let (url, sql) = (self.url("test"), sql.to_owned());
        // The client does not like a thread of the runtime.
        let ask = thread::spawn(move || {
            let mut client = Client::connect(&url, NoTls).expect("a connection");
            client.query_one(&sql, &[]).expect("an answer").get(0)
        });
        ask.join().expect("a number")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, schema) = (self.server.clone(), self.schema.clone());
        let drop = thread::spawn(move || {
            if let Ok(mut client) = Client::connect(&server, NoTls) {
                let sql =
                    format!("SET lock_timeout = '20s'; DROP SCHEMA IF EXISTS {schema} CASCADE");
                let _ = client.batch_execute(&sql);
            }
        });
        let _ = drop.join();
    }
}
