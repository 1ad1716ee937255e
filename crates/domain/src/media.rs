//! Uploaded files: everything but moving their bytes, which the server does.

use qun_protocol::{
    Limit, MediaId, Refusal as R, Refused,
    media::{MediaType, Uploaded},
};
use qun_store::{
    Effect, Read,
    table::{
        company,
        media::{self, Media, PICTURE},
    },
};
use serde_json::Value;

use crate::{Cx, Outcome, rule, world::EVERYBODY};

/// A file whose bytes are stored already.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// Its kind, or [`PICTURE`].
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its MIME type.
    pub content_type: String,
    /// Its size in bytes.
    pub size: i64,
    /// Where its bytes are.
    pub blob: String,
}

/// The file with an id that a call may use: there, not ended, and no picture.
pub fn usable(read: &mut dyn Read, corp: i64, media_id: &MediaId, now: i64) -> Outcome<Media> {
    media::get(read, corp, media_id)?
        .filter(|file| file.kind != PICTURE && file.expires.is_none_or(|end| now < end))
        .ok_or_else(|| R::MediaId.into())
}

/// What a phone draws of a file.
pub(crate) fn draw(body: &mut Value, file: &Media) {
    body["media_id"] = file.media_id.as_str().into();
    body["filename"] = file.name.as_str().into();
    body["content_type"] = file.content_type.as_str().into();
    body["size"] = file.size.into();
}

/// Checks the files that a message needs, and puts what a phone draws of them into its body.
pub(crate) fn fill(cx: &mut Cx, corp: i64, draft: &mut rule::message::Message) -> Outcome<()> {
    for needed in std::mem::take(&mut draft.files) {
        let file = usable(cx.tx.as_read(), corp, &needed.media_id, cx.now)?;
        if file.kind != needed.kind.as_str() {
            return Err(R::MediaId.into());
        }
        if draft.safe == 1
            && needed.kind == MediaType::File
            && !rule::message::may_be_safe(&file.name)
        {
            return Err(Refused::invalid("safe").into());
        }
        match needed.article {
            None => draw(&mut draft.body, &file),
            Some(index) => {
                let mut thumb = Value::Object(Default::default());
                draw(&mut thumb, &file);
                draft.body["articles"][index]["thumb"] = thumb;
            }
        }
    }
    Ok(())
}

/// Records an upload of the calling app.
pub fn record(cx: &mut Cx, stored: &Stored) -> Outcome<Uploaded> {
    let caller = cx.caller()?;
    let days = caller.rules.limit(Limit::MediaDays);
    let file = Media {
        media_id: cx.letters(44),
        kind: stored.kind.clone(),
        name: stored.name.clone(),
        content_type: stored.content_type.clone(),
        size: stored.size,
        blob: stored.blob.clone(),
        created: cx.now,
        expires: Some(cx.now.saturating_add(days.saturating_mul(86_400_000))),
    };
    media::insert(cx.tx, caller.corp, &file)?;
    Ok(Uploaded {
        kind: file.kind,
        media_id: MediaId(file.media_id),
        created_at: (cx.now / 1000).to_string(),
    })
}

/// Records a picture for good; gives its name in URLs.
pub fn record_picture(cx: &mut Cx, stored: &Stored) -> Outcome<String> {
    let caller = cx.caller()?;
    for limit in [Limit::PicturesPerCorpDay, Limit::PicturesPerCorpMonth] {
        rule::quota::spend(cx, &caller.rules, caller.corp, limit, 1, R::Frequency)?;
    }
    let file = Media {
        media_id: cx.letters(44),
        kind: PICTURE.into(),
        name: stored.name.clone(),
        content_type: stored.content_type.clone(),
        size: stored.size,
        blob: stored.blob.clone(),
        created: cx.now,
        expires: None,
    };
    media::insert(cx.tx, caller.corp, &file)?;
    Ok(format!(
        "{}/{}",
        company::by_corp(cx.tx.as_read(), caller.corp)?
            .unwrap_or_default()
            .corpid,
        file.media_id
    ))
}

/// The picture with a name in URLs.
pub fn picture(read: &mut dyn Read, corpid: &str, id: &str) -> Outcome<Option<(i64, Media)>> {
    let Some(company) = company::by_corpid(read, corpid)? else {
        return Ok(None);
    };
    let file = media::get(read, company.corp, id)?.filter(|file| file.kind == PICTURE);
    Ok(file.map(|file| (company.corp, file)))
}

/// Forgets ended files: company and id.
pub fn forget(cx: &mut Cx, files: &[(i64, String)]) -> Outcome<()> {
    cx.tx.enter(EVERYBODY, Effect::Change)?;
    for (corp, media_id) in files {
        media::delete(cx.tx, *corp, media_id)?;
    }
    Ok(())
}
