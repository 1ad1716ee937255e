//! Files: up as streams, down as streams.

use qun_protocol::{
    Limit, MediaId, Rules,
    media::{self, MediaType, Picture, Uploaded},
};

use crate::{Client, Error, wire::request::Draft};

mod attachment;
mod incoming;

pub use attachment::Attachment;
pub use incoming::Incoming;
pub(crate) use incoming::{broken, is_file};

/// The files that messages refer to: 素材管理. From [`Client::media`].
///
/// ```no_run
/// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
/// let media = wecom.media();
/// let url = media.upload_image(qun_client::Attachment::path("图.png")).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Media(pub(crate) Client);

impl Media {
    /// Uploads a file for three days. Its size and its first bytes are looked at before anything is sent.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the file cannot be read, is too small or too large, or is not of its kind; else as
    /// [`Client::send`].
    ///
    /// ```no_run
    /// use qun_client::{Attachment, Client, File, MediaType};
    ///
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// let report = Attachment::path("周报.pdf");
    /// let uploaded = wecom.media().upload(MediaType::File, report).await?;
    /// wecom.chat().send("launch", File::new(uploaded.media_id)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn upload(&self, kind: MediaType, mut file: Attachment) -> Result<Uploaded, Error> {
        check(self.0.rules(), Want::Media(kind), &mut file).await?;
        let request = media::Upload {
            kind: Some(kind.as_str().to_owned()),
        };
        self.0.attach(request, file).await
    }

    /// Uploads a JPG or PNG picture for good and brings its URL, for the content of articles.
    ///
    /// # Errors
    /// As [`Media::upload`].
    ///
    /// ```no_run
    /// use qun_client::{Attachment, Client};
    ///
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// let url = wecom.media().upload_image(Attachment::path("图.png")).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn upload_image(&self, mut file: Attachment) -> Result<String, Error> {
        check(self.0.rules(), Want::Picture, &mut file).await?;
        let Picture { url } = self.0.attach(media::UploadImg {}, file).await?;
        Ok(url)
    }

    /// Begins to download an uploaded file; its content comes as a stream.
    ///
    /// # Errors
    /// As [`Client::send`]. [`Error::is_not_found`] where the id is unknown or older than three days.
    ///
    /// ```no_run
    /// use qun_client::Client;
    ///
    /// # async fn example(wecom: &Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let file = wecom.media().get("3aZb").await?;
    /// println!("{} ({})", file.filename(), file.content_type());
    /// file.save("download.bin").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get(&self, media_id: impl Into<MediaId>) -> Result<Incoming, Error> {
        let request = media::Get {
            media_id: Some(media_id.into()),
        };
        self.0.incoming(&Draft::of(&request)?).await
    }
}

#[derive(Clone, Copy)]
enum Want {
    Media(MediaType),
    Picture,
}

/// Looks at a file's size and first bytes.
async fn check(rules: &Rules, want: Want, file: &mut Attachment) -> Result<(), Error> {
    let (limit, kind) = match want {
        Want::Media(MediaType::Image) => (Limit::ImageBytes, "an image is JPG or PNG"),
        Want::Media(MediaType::Voice) => (Limit::VoiceBytes, "a voice is AMR"),
        Want::Media(MediaType::Video) => (Limit::VideoBytes, "a video is MP4"),
        Want::Media(MediaType::File) => (Limit::FileBytes, ""),
        Want::Picture => (Limit::PictureBytes, "a picture is JPG or PNG"),
    };
    if file.name().is_empty() {
        return Err(Error::invalid("a file needs a name"));
    }
    let (least, most) = (rules.limit(Limit::MediaMinBytes), rules.limit(limit));
    let size = file.size().await?;
    if !(least..=most).contains(&i64::try_from(size).unwrap_or(i64::MAX)) {
        let name = file.name();
        return Err(Error::invalid(format!(
            "{name} has {size} bytes, and {least} to {most} are allowed"
        )));
    }
    let head = file.head(8).await?;
    let good = match want {
        Want::Media(MediaType::File) => true,
        Want::Media(MediaType::Image) | Want::Picture => {
            head.starts_with(b"\xff\xd8\xff") || *head == *b"\x89PNG\r\n\x1a\n"
        }
        Want::Media(MediaType::Voice) => head.starts_with(b"#!AMR\n"),
        Want::Media(MediaType::Video) => head.get(4..) == Some(&b"ftyp"[..]),
    };
    if good {
        Ok(())
    } else {
        let name = file.name();
        Err(Error::invalid(format!("{name}: {kind}, and this is not")))
    }
}
