use std::{fmt, sync::Arc, time::Duration};

use qun_protocol::{Auth, Endpoint, Meta, endpoint::Manage};
use serde_json::{Map, Value};

use crate::{
    Error, answer, request,
    transport::{JSON_LIMIT, Transport},
};

/// Speaks to the own API of a qun server: companies, people's phones, the clock. Cheap to clone.
#[derive(Clone)]
pub struct Manager {
    transport: Arc<Transport>,
    token: Arc<str>,
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager")
            .field("base_url", &self.transport.base_url)
            .finish_non_exhaustive()
    }
}

impl Manager {
    /// One that calls a server with its manage token; each call may take 30 seconds.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the URL is none.
    pub fn new(base_url: &str, manage_token: &str) -> Result<Self, Error> {
        let transport = Transport::new(base_url, crate::client::TIMEOUT)?;
        Ok(Self::over(Arc::new(transport), manage_token.into()))
    }

    pub(crate) fn over(transport: Arc<Transport>, token: Arc<str>) -> Self {
        Self { transport, token }
    }

    /// Sends a request.
    ///
    /// # Errors
    /// Every kind but [`Error::Refused`] and [`Error::Quota`].
    pub async fn send<E: Endpoint<Auth = Manage>>(&self, request: E) -> Result<E::Response, Error> {
        let answer = self.call(&E::META, request::fields(&request)?).await?;
        answer::typed(&E::META, answer).map_err(|error| error.scrubbed(&[&self.token]))
    }

    /// Sends a request whose type is known only at run time, and brings the answer as it came.
    ///
    /// # Errors
    /// As [`Manager::send`]; [`Error::Invalid`] where the endpoint takes no manage token.
    pub async fn call(
        &self,
        meta: &'static Meta,
        fields: Map<String, Value>,
    ) -> Result<Value, Error> {
        if meta.auth != Auth::Manage {
            return Err(Error::invalid(format!(
                "{} takes no manage token",
                meta.path
            )));
        }
        // A long-poll's own waiting comes on top of the time that a call may take.
        let wait = match fields.get("wait").and_then(Value::as_u64) {
            Some(seconds) => Duration::from_secs(seconds.min(60)),
            None => Duration::ZERO,
        };
        let request = request::build(
            &self.transport.base_url,
            meta,
            fields,
            Some(&self.token),
            None,
        )?;
        let result = self
            .transport
            .exchange(meta, request, wait, JSON_LIMIT)
            .await;
        result
            .and_then(|answer| answer::read(meta, &answer))
            .map_err(|error| error.scrubbed(&[&self.token]))
    }
}
