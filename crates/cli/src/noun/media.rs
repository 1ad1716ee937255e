//! `qun media`: files up and down.

use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};
use qun_client::{Download, Error};
use qun_protocol::{
    Endpoint, MediaId,
    endpoint::AccessToken,
    media::{MediaType, Upload, UploadImg, Uploaded},
};
use serde_json::{Value, json};

use crate::{
    connect::{Common, Session},
    failure::usage,
    output::progress,
};

#[derive(Args)]
pub(crate) struct Noun {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Upload a file and print its media_id, or a picture for good and print its URL.
    #[command(
        after_help = "Example:\n  qun media upload picture.png\n  qun media upload README.md --type file\n  qun media upload picture.png --type picture"
    )]
    Upload(What),
    /// Download a file.
    #[command(after_help = "Example:\n  qun media get file_media_id_456 --out plan.txt")]
    Get {
        /// The file
        media_id: String,
        /// Where it goes; - is stdout, which is also meant where stdout is no terminal
        #[arg(long, short, value_name = "PATH")]
        out: Option<PathBuf>,
    },
}

#[derive(Args)]
struct What {
    /// The file
    file: PathBuf,
    /// Its kind; otherwise by the ending of its name
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<Kind>,
    /// Its name, where it is not the path's last part
    #[arg(long, value_name = "NAME")]
    filename: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Image,
    Voice,
    Video,
    File,
    /// A picture for good, for articles
    Picture,
}

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    match noun.verb {
        Verb::Upload(what) => {
            let name = what.filename.as_deref();
            let kind = match what.kind.unwrap_or_else(|| guess(&what.file)) {
                Kind::Picture => return picture(&session, &what.file, name).await,
                Kind::Image => MediaType::Image,
                Kind::Voice => MediaType::Voice,
                Kind::Video => MediaType::Video,
                Kind::File => MediaType::File,
            };
            match upload(&session, kind, &what.file, name).await? {
                Some(uploaded) => session.output.bare(&uploaded.media_id, &uploaded),
                None => Ok(()),
            }
        }
        Verb::Get { media_id, out } => {
            let what = format!("downloading {media_id}");
            let coming = session.client()?.download(media_id);
            match receive(&session, out, &what, coming).await? {
                Some(file) => session.output.record(&file),
                None => Ok(()),
            }
        }
    }
}

fn guess(path: &Path) -> Kind {
    let ending = path.extension().and_then(|ending| ending.to_str());
    match ending.unwrap_or_default().to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" | "png" => Kind::Image,
        "amr" => Kind::Voice,
        "mp4" => Kind::Video,
        _ => Kind::File,
    }
}

/// Uploads a file for three days; nothing comes back on a dry run.
pub(super) async fn upload(
    session: &Session,
    kind: MediaType,
    path: &Path,
    name: Option<&str>,
) -> Result<Option<Uploaded>> {
    let kind = Some(kind.as_str().to_owned());
    put(session, Upload { kind }, path, name).await
}

async fn picture(session: &Session, path: &Path, name: Option<&str>) -> Result<()> {
    match put(session, UploadImg {}, path, name).await? {
        Some(picture) => session.output.bare(&picture.url, &picture),
        None => Ok(()),
    }
}

async fn put<E: Endpoint<Auth = AccessToken>>(
    session: &Session,
    request: E,
    path: &Path,
    name: Option<&str>,
) -> Result<Option<E::Response>> {
    let (name, content) = load(path, name).await?;
    if session.dry_run() {
        let url = format!("{}{}", session.target.url, E::META.path);
        let body = json!({ "filename": name, "size": content.len(), "fields": request });
        session.would(E::META.method.as_str(), &url, body)?;
        return Ok(None);
    }
    let sending = session.client()?.upload(request, &name, content);
    let what = format!("uploading {name}");
    Ok(Some(
        progress::during(&session.output, &what, sending).await?,
    ))
}

/// Uploads a file for a message and gives its media_id; something in its place on a dry run.
pub(super) async fn uploaded(session: &Session, kind: MediaType, path: &Path) -> Result<MediaId> {
    let uploaded = upload(session, kind, path, None).await?;
    Ok(match uploaded {
        Some(uploaded) => uploaded.media_id,
        // On a dry run.
        None => MediaId("MEDIA_ID".into()),
    })
}

/// A file's content, and its name where no other one is given.
pub(crate) async fn load(path: &Path, name: Option<&str>) -> Result<(String, Vec<u8>)> {
    let content = tokio::fs::read(path)
        .await
        .with_context(|| format!("{} cannot be read", path.display()))?;
    let last = || {
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    Ok((name.map_or_else(last, str::to_owned), content))
}

/// Waits for a file and puts it where it is wanted; what is known of it comes back unless it went to stdout.
pub(crate) async fn receive(
    session: &Session,
    out: Option<PathBuf>,
    what: &str,
    coming: impl Future<Output = Result<Download, Error>>,
) -> Result<Option<Value>> {
    let stdout = match &out {
        Some(path) => path == Path::new("-"),
        None if io::stdout().is_terminal() => {
            return Err(usage(
                "say where the file goes: --out PATH, or --out - for the terminal",
            ));
        }
        None => true,
    };
    let file = progress::during(&session.output, what, coming).await?;
    let Some(path) = out.filter(|_| !stdout) else {
        let mut stdout = io::stdout().lock();
        stdout.write_all(&file.bytes)?;
        stdout.flush()?;
        return Ok(None);
    };
    tokio::fs::write(&path, &file.bytes)
        .await
        .with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(Some(json!({
        "filename": file.filename,
        "content_type": file.content_type,
        "size": file.bytes.len(),
        "out": path,
    })))
}
