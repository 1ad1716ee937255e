//! The HTTP server of qun.
//!
//! A request walks from [`http`] (which finds the endpoint, checks the caller, reads the parameters) to `run` (which
//! hands the use case to the store's readers or its writer) and back through the endpoint's envelope.

mod app;
mod backup;
mod blob;
mod clock;
mod credentials;
mod deliver;
mod docs;
mod http;
mod job;
mod kept;
mod metrics;
mod neighbours;
mod qr;
mod run;
mod serve;
mod start;
mod upload;
mod wait;

pub use backup::{BackupError, Copied, backup, restore};
pub use deliver::{CallbackSettings, ReachError};
pub use start::{AgentReady, Config, Ready, Running, StartError, start};

pub use qun_store::Place;
pub use qun_store::backup::{Progress, Step};

#[doc(hidden)]
pub mod fuzz {
    //! Plain functions for the fuzz targets.

    /// Looks for a multipart boundary in a body's first line.
    pub fn boundary(bytes: &[u8]) {
        let _ = crate::upload::boundary_of_first_line(bytes);
    }
}
