//! Whether content is of its kind and within the limits, decided as early as it can be.

use qun_protocol::{Limit, Refusal, Rules, media::MediaType};

use super::Want;

const AMR: &[u8] = b"#!AMR\n";
const JPG: &[u8] = b"\xff\xd8\xff";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Bytes of a frame by its type, its header included; 0 where the type is not in use.
const FRAME: [usize; 16] = [13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1];
/// Frames of 20 ms in a second.
const FRAMES_PER_SECOND: u64 = 50;

/// Looks at content that passes by. What it says does not depend on how the content is split.
pub(super) struct Check {
    want: Want,
    min: u64,
    max: u64,
    over: Refusal,
    size: u64,
    head: Vec<u8>,
    frames: Frames,
}

impl Check {
    pub(super) fn new(want: Want, rules: &Rules) -> Self {
        let (limit, over) = match want {
            Want::Media(MediaType::Image) => (Limit::ImageBytes, Refusal::ImageSize),
            Want::Media(MediaType::Voice) => (Limit::VoiceBytes, Refusal::MediaTooLarge),
            Want::Media(MediaType::Video) => (Limit::VideoBytes, Refusal::VideoSize),
            Want::Media(MediaType::File) => (Limit::FileBytes, Refusal::MediaSize),
            Want::Picture => (Limit::PictureBytes, Refusal::MediaTooLarge),
        };
        let number = |limit| u64::try_from(rules.limit(limit)).unwrap_or(0);
        let most = |limit| {
            if rules.enforced {
                number(limit)
            } else {
                u64::MAX
            }
        };
        Self {
            want,
            min: if rules.enforced {
                number(Limit::MediaMinBytes)
            } else {
                0
            },
            max: most(limit),
            over,
            size: 0,
            head: Vec::new(),
            frames: Frames {
                left: most(Limit::VoiceSeconds).saturating_mul(FRAMES_PER_SECOND),
                inside: 0,
            },
        }
    }

    /// Looks at the next bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let room = usize::try_from(self.max - self.size).unwrap_or(usize::MAX);
        let within = &bytes[..bytes.len().min(room)];
        self.size += within.len() as u64;
        self.look(within)?;
        if bytes.len() > room {
            return Err(self.over);
        }
        Ok(())
    }

    /// After the last byte: the size, and the MIME type where the content shows it.
    pub(super) fn end(self) -> Result<(u64, Option<&'static str>), Refusal> {
        if self.size < self.min {
            return Err(Refusal::MediaSize);
        }
        let found = self.judge()?;
        if self.frames.inside > 0 {
            return Err(Refusal::VoiceFormat);
        }
        Ok((self.size, found))
    }

    fn look(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let needed = match self.want {
            Want::Media(MediaType::File) => 0,
            Want::Media(MediaType::Voice) => AMR.len(),
            _ => PNG.len(),
        };
        let missing = needed - self.head.len();
        let (head, rest) = bytes.split_at(missing.min(bytes.len()));
        self.head.extend_from_slice(head);
        // Before that it may turn out too small, which is said first.
        if missing > 0 && head.len() == missing {
            self.judge()?;
        }
        match self.want {
            Want::Media(MediaType::Voice) => self.frames.take(rest),
            _ => Ok(()),
        }
    }

    fn judge(&self) -> Result<Option<&'static str>, Refusal> {
        match self.want {
            Want::Media(MediaType::Image) | Want::Picture => {
                if self.head.starts_with(JPG) {
                    Ok(Some("image/jpeg"))
                } else if self.head == PNG {
                    Ok(Some("image/png"))
                } else {
                    Err(Refusal::ImageFormat)
                }
            }
            Want::Media(MediaType::Voice) if self.head == AMR => Ok(Some("audio/amr")),
            Want::Media(MediaType::Voice) => Err(Refusal::VoiceFormat),
            Want::Media(MediaType::Video)
                if self.head.ends_with(b"ftyp") && self.head.len() == 8 =>
            {
                Ok(Some("video/mp4"))
            }
            Want::Media(MediaType::Video) => Err(Refusal::MediaType),
            Want::Media(MediaType::File) => Ok(None),
        }
    }
}

/// The frames of a voice.
struct Frames {
    /// How many more there may be.
    left: u64,
    /// Bytes until the next one begins.
    inside: usize,
}

impl Frames {
    fn take(&mut self, mut bytes: &[u8]) -> Result<(), Refusal> {
        loop {
            let skipped = self.inside.min(bytes.len());
            self.inside -= skipped;
            bytes = &bytes[skipped..];
            let Some((header, rest)) = bytes.split_first() else {
                return Ok(());
            };
            let size = FRAME[usize::from(header >> 3 & 0x0f)];
            if size == 0 {
                return Err(Refusal::VoiceFormat);
            }
            self.left = self.left.checked_sub(1).ok_or(Refusal::VoiceTooLong)?;
            self.inside = size - 1;
            bytes = rest;
        }
    }
}

/// The MIME type by a file name's ending.
pub(super) fn by_name(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending.to_ascii_lowercase().as_str() {
        "txt" | "log" => "text/plain",
        "md" => "text/markdown",
        "csv" => "text/csv",
        "xml" => "application/xml",
        "json" => "application/json",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "rar" => "application/vnd.rar",
        "7z" => "application/x-7z-compressed",
        "gz" => "application/gzip",
        "doc" => "application/msword",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xls" => "application/vnd.ms-excel",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "ppt" => "application/vnd.ms-powerpoint",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "mp3" => "audio/mpeg",
        "amr" => "audio/amr",
        "mp4" => "video/mp4",
        _ => "application/octet-stream",
    }
}
