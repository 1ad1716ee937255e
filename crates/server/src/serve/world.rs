use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use qun_domain::{
    Failure, Outcome, Who,
    media::Stored,
    world::{self, Files},
};
use qun_protocol::{
    Refusal as R, Refused,
    manage::{LoadWorld, Loaded},
    world::{Media, World},
};
use qun_store::Effect;

use super::{Beside, Own, Serve, broken};
use crate::{
    app::App,
    http::{Answer, Call},
    run::{Settings, read, write},
};

impl Serve<LoadWorld> for Own {
    async fn serve(call: Call<LoadWorld>, _: Beside) -> Result<Answer<LoadWorld>, Failure> {
        let (loaded, lints) = load(&call.app, call.who, call.address, call.request.world).await?;
        Ok(Answer::Typed(loaded, lints))
    }
}

/// Stores the bytes of a world's files and loads it; if it is refused, they are removed again.
pub(crate) async fn load(
    app: &Arc<App>,
    who: Who,
    address: IpAddr,
    world: World,
) -> Outcome<(Loaded, Vec<String>)> {
    let world = Arc::new(world);
    let asked = Arc::clone(&world);
    let (absent, _) = read(app, &who, address, move |cx| world::absent(cx.read, &asked)).await;
    let absent = absent?;
    let count = i64::try_from(absent.len()).unwrap_or(i64::MAX);
    let reserve = move |cx: &mut qun_domain::Cx| world::reserve(cx, count);
    let (first, _) = write(app, who.clone(), address, LOAD, reserve).await?;
    let corps: BTreeMap<usize, i64> = absent.into_iter().zip(first..).collect();
    let mut files = Files::new();
    let outcome = match store_all(app, &world, &corps, &mut files).await {
        Ok(()) => {
            let (corps, files) = (corps.clone(), files.clone());
            write(app, who, address, LOAD, move |cx| {
                world::load(cx, &world, &corps, &files)
            })
            .await
        }
        Err(failure) => Err(failure),
    };
    // Where nobody knows, the files stay; what has no company is swept later.
    if outcome.is_err() && !matches!(outcome, Err(Failure::Unknown)) {
        for ((place, _), file) in &files {
            if let Some(corp) = corps.get(place)
                && let Err(error) = app.blobs.remove(*corp, &file.blob).await
            {
                tracing::warn!(%error, "a refused world's file could not be removed; the next start tries again");
            }
        }
    }
    outcome
}

const LOAD: Settings = Settings {
    effect: Effect::Change,
    wakes: true,
    evicts: true,
};

/// Stores the files of absent companies; what was stored before a failure stands in `files` too.
async fn store_all(
    app: &Arc<App>,
    world: &World,
    corps: &BTreeMap<usize, i64>,
    files: &mut Files,
) -> Outcome<()> {
    for (company, corp) in corps {
        for (place, file) in world.companies[*company].media.iter().enumerate() {
            let stored = store(
                app,
                *corp,
                file,
                &format!("companies[{company}].media[{place}]"),
            )
            .await?;
            files.insert((*company, place), stored);
        }
    }
    Ok(())
}

async fn store(app: &Arc<App>, corp: i64, file: &Media, place: &str) -> Outcome<Stored> {
    let (bytes, name, content_type) = content(file, place)?;
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let mut writing = app
        .blobs
        .create(corp)
        .await
        .map_err(|error| broken(app, &error))?;
    writing
        .write(bytes)
        .await
        .map_err(|error| broken(app, &error))?;
    let blob = writing
        .finish()
        .await
        .map_err(|error| broken(app, &error))?;
    Ok(Stored {
        kind: file.kind.clone(),
        name,
        content_type: content_type.into(),
        size,
        blob,
    })
}

/// One transparent pixel.
const PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0,
    1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 0x0d, 0x49, 0x44, 0x41, 0x54,
    0x78, 0x9c, 0x63, 0, 1, 0, 0, 5, 0, 1, 0x0d, 0x0a, 0x2d, 0xb4, 0, 0, 0, 0, 0x49, 0x45, 0x4e,
    0x44, 0xae, 0x42, 0x60, 0x82,
];
/// The head of a voice and one frame that says nothing.
const AMR: &[u8] = b"#!AMR\n\x7c";
/// The head of a film without a picture.
const MP4: &[u8] = b"\0\0\0\x14ftypisom\0\0\x02\0isom";

fn content(file: &Media, place: &str) -> Outcome<(Bytes, String, &'static str)> {
    let bad =
        |detail: String| Failure::from(Refused::because(R::BadRequest, format!("{place}{detail}")));
    let (sample, ending, content_type): (&[u8], _, _) = match file.kind.as_str() {
        "image" => (PNG, "png", "image/png"),
        "voice" => (AMR, "amr", "audio/amr"),
        "video" => (MP4, "mp4", "video/mp4"),
        "file" => ("示例文件\n".as_bytes(), "txt", "text/plain"),
        other => {
            return Err(bad(format!(
                ".type: {other:?} is not image, voice, video or file"
            )));
        }
    };
    let bytes = match (&file.text, &file.base64) {
        (Some(_), Some(_)) => return Err(bad(": either text or base64".into())),
        (Some(text), None) => Bytes::from(text.clone()),
        (None, Some(text)) => STANDARD
            .decode(text)
            .map_err(|error| bad(format!(".base64: {error}")))?
            .into(),
        (None, None) => Bytes::from_static(sample),
    };
    let name = file
        .filename
        .clone()
        .unwrap_or_else(|| format!("{}.{ending}", file.media_id));
    Ok((bytes, name, content_type))
}
