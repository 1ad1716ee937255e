//! The QR code's picture: open to everyone who has its URL, and read by a reader.

use std::io::Cursor;

use qun_protocol::Rulebook;
use serde_json::json;

use super::kit::{company, with_groups};
use crate::kit::Server;

/// What a reader of QR codes finds in a PNG.
fn read(file: &[u8]) -> String {
    let mut decoder = png::Decoder::new(Cursor::new(file));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let side = reader.next_frame(&mut pixels).unwrap().width as usize;
    let grey = |x, y| pixels[y * side + x];
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(side, side, grey);
    let grids = picture.detect_grids();
    assert_eq!(grids.len(), 1);
    grids[0].decode().unwrap().1
}

#[tokio::test]
async fn what_a_reader_finds_in_the_picture_leads_into_the_group() {
    let server = Server::start().await;
    let app = server
        .world(with_groups(company(Rulebook::Documented, 1, json!({})), 1))
        .await;
    let config_id = app
        .add_join_way(json!({ "scene": 2, "chat_id_list": ["wr1"], "state": "poster" }))
        .await;
    let qr_code = app.read_join_way(&config_id).await["qr_code"].clone();
    let qr_code = qr_code.as_str().unwrap();
    // No token goes along.
    let picture = server.http.get(qr_code).send().await.unwrap();
    assert_eq!(picture.status(), 200);
    let header = |name: &str| picture.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "image/png");
    assert_eq!(header("cache-control"), "public, max-age=86400");
    assert_eq!(header("x-content-type-options"), "nosniff");
    let says = read(&picture.bytes().await.unwrap());
    assert_eq!(format!("{says}.png"), qr_code);
    assert_eq!(app.scans("wm1", &says).await, "wr1");

    // Whoever opens what it says without a phone of this company is told so.
    let page = server.http.get(&says).send().await.unwrap();
    assert!(
        page.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain")
    );
    assert!(
        page.text()
            .await
            .unwrap()
            .contains(&format!("qun people scan USERID {says}"))
    );
    server.stop().await;
}

#[tokio::test]
async fn other_forms_are_there_and_nothing_can_be_guessed() {
    let server = Server::start().await;
    let app = server
        .world(with_groups(company(Rulebook::Documented, 1, json!({})), 1))
        .await;
    let one = json!({ "scene": 2, "chat_id_list": ["wr1"] });
    let config_id = app.add_join_way(one.clone()).await;
    let url = app.url_of(&config_id).await;
    let second = app.add_join_way(one).await;
    assert_ne!(app.url_of(&second).await, url);
    let (start, secret) = url.rsplit_once('/').unwrap();
    assert!(secret.len() >= 32, "{secret}");
    for (ending, kind, word) in [
        ("svg", "image/svg+xml", "<svg"),
        ("txt", "text/plain; charset=utf-8", "█"),
    ] {
        let got = server
            .http
            .get(format!("{url}.{ending}"))
            .send()
            .await
            .unwrap();
        assert_eq!(got.headers()["content-type"].to_str().unwrap(), kind);
        assert!(got.text().await.unwrap().contains(word));
    }
    for wrong in [
        format!("{url}.gif"),
        format!("{url}x.png"),
        format!("{start}/{config_id}.png"),
        url.replace(&app.corpid, "wwnobody"),
    ] {
        assert_eq!(
            server.http.get(&wrong).send().await.unwrap().status(),
            404,
            "{wrong}"
        );
    }
    server.stop().await;
}
