//! SDK for WeCom group chats: the cloud, qun, and whoever comes next.
//!
//! The request type is the call and the answer is typed. A [`Client`] speaks for one app and looks after its token; a
//! [`Manager`] speaks with the manage token of a qun server.
//!
//! ```no_run
//! use qun_client::{Client, protocol::appchat};
//!
//! # async fn example() -> Result<(), qun_client::Error> {
//! let wecom = Client::builder("ww0123456789abcdef", "the app's secret")
//!     .base_url("http://127.0.0.1:7800")
//!     .build()?;
//! let made = wecom
//!     .send(appchat::Create {
//!         userlist: vec!["zhangsan".into(), "lisi".into()],
//!         ..Default::default()
//!     })
//!     .await?;
//! println!("{}", made.chatid);
//! # Ok(())
//! # }
//! ```

mod answer;
mod client;
mod error;
mod manager;
mod multipart;
mod request;
mod scrub;
mod token;
mod transport;

pub use client::{Builder, CLOUD, Client, Download};
pub use error::Error;
pub use manager::Manager;
pub use qun_protocol as protocol;
pub use request::http_request;
