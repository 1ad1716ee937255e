//! 素材管理: files that messages refer to.

mod get;
mod upload;
mod uploadimg;

pub use get::{File, Get};
pub use upload::{MediaType, Upload, Uploaded};
pub use uploadimg::{Picture, UploadImg};
