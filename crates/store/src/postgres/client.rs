//! A connection as blocking calls that come to an end: a database that says nothing must not hold a thread for good.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::TryStreamExt;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::types::{BorrowToSql, ToSql};
use tokio_postgres::{Config, Row, Socket, Statement};

use super::failure;
use crate::db::{Error, Result};

/// A connection with a small runtime of its own, which runs only during a call.
pub(crate) struct Client {
    client: tokio_postgres::Client,
    /// Taken when it is dropped, which may happen on a thread that must not wait.
    runtime: Option<Runtime>,
    /// How long a statement may take.
    patience: Duration,
    /// A statement took longer: its answer may still come, and must not be taken for another's.
    given_up: bool,
}

impl Client {
    /// Connects within a time; later each statement has its own.
    pub(super) fn connect<T>(
        config: &Config,
        tls: T,
        within: Duration,
        patience: Duration,
    ) -> Result<Self>
    where
        T: MakeTlsConnect<Socket>,
        T::Stream: Send + 'static,
    {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::Other(format!("no runtime for a connection: {error}")))?;
        let connecting = runtime.block_on(async {
            let connected = tokio::time::timeout(within, config.connect(tls)).await;
            let connected = connected.map_err(|_| silent(within))?;
            let (client, connection) = connected.map_err(|e| failure(&e))?;
            // What ends it is told to whoever asks next.
            tokio::spawn(async move { drop(connection.await) });
            Ok(client)
        });
        match connecting {
            Ok(client) => Ok(Self {
                client,
                runtime: Some(runtime),
                patience,
                given_up: false,
            }),
            Err(error) => {
                runtime.shutdown_background();
                Err(error)
            }
        }
    }

    /// Whether it is known to be of no use any more.
    pub(super) fn is_closed(&self) -> bool {
        self.given_up || self.client.is_closed()
    }

    /// Takes in what has come meanwhile, such as the connection's end.
    pub(super) fn look(&self) {
        if let Some(runtime) = &self.runtime {
            runtime.block_on(async {
                // Once for what the system has to say, once for the task that it concerns.
                for _ in 0..3 {
                    tokio::task::yield_now().await;
                }
            });
        }
    }

    fn run<'c, T, F>(&'c mut self, call: impl FnOnce(&'c tokio_postgres::Client) -> F) -> Result<T>
    where
        F: Future<Output = Result<T, tokio_postgres::Error>>,
    {
        let runtime = self.runtime.as_ref().filter(|_| !self.given_up);
        let Some(runtime) = runtime else {
            return Err(Error::Unavailable("the connection was given up".into()));
        };
        let patience = self.patience;
        let call = call(&self.client);
        match runtime.block_on(async { tokio::time::timeout(patience, call).await }) {
            Ok(answer) => answer.map_err(|e| failure(&e)),
            Err(_) => {
                self.given_up = true;
                Err(silent(patience))
            }
        }
    }

    pub(crate) fn batch_execute(&mut self, sql: &str) -> Result<()> {
        self.run(|client| client.batch_execute(sql))
    }

    pub(super) fn prepare(&mut self, sql: &str) -> Result<Statement> {
        self.run(|client| client.prepare(sql))
    }

    pub(super) fn query_one(&mut self, sql: &str) -> Result<Row> {
        self.run(|client| client.query_one(sql, &[]))
    }

    pub(super) fn query_opt(&mut self, sql: &str) -> Result<Option<Row>> {
        self.run(|client| client.query_opt(sql, &[]))
    }

    pub(super) fn execute(
        &mut self,
        statement: &Statement,
        vals: &[&(dyn ToSql + Sync)],
    ) -> Result<u64> {
        self.run(|client| client.execute(statement, vals))
    }

    /// Calls `row` with each row until it fails, which is the inner answer.
    pub(super) fn each<P, I>(
        &mut self,
        statement: &Statement,
        vals: I,
        mut row: impl FnMut(Row) -> Result<()>,
    ) -> Result<Result<()>>
    where
        P: BorrowToSql,
        I: IntoIterator<Item = P>,
        I::IntoIter: ExactSizeIterator,
    {
        self.run(async |client| {
            let mut rows = pin!(client.query_raw(statement, vals).await?);
            while let Some(found) = rows.try_next().await? {
                if let Err(stopped) = row(found) {
                    return Ok(Err(stopped));
                }
            }
            Ok(Ok(()))
        })
    }

    #[cfg(test)]
    pub(crate) fn query(&mut self, sql: &str, vals: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>> {
        self.run(|client| client.query(sql, vals))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waits for nothing. The server sees the connection end.
            runtime.shutdown_background();
        }
    }
}

fn silent(after: Duration) -> Error {
    let seconds = after.as_secs();
    Error::Unavailable(format!("the database has said nothing for {seconds} s"))
}
