//! A small server that answers what a test tells it to.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{Response, StatusCode, header},
};
use qun_client::{
    Builder, Client, Manager,
    protocol::{Rulebook, appchat},
};
use qun_server::{Config, Place, Running};

pub const SECRET: &str = "s3cret-of-the-app";

/// What arrived: method, path with query, body.
pub type Log = Arc<Mutex<Vec<(String, String, Vec<u8>)>>>;

pub struct Server {
    pub url: String,
    pub log: Log,
}

impl Server {
    /// Answers each request by its path with query and the number of earlier requests of the same path.
    pub async fn start(
        answer: impl Fn(&str, usize) -> Response<Body> + Clone + Send + Sync + 'static,
    ) -> Self {
        let log = Log::default();
        let seen = Arc::clone(&log);
        let app = Router::new().fallback(move |request: Request| {
            let (seen, answer) = (Arc::clone(&seen), answer.clone());
            async move {
                let (head, body) = request.into_parts();
                let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
                let number = {
                    let mut seen = seen.lock().unwrap();
                    let path = head.uri.path();
                    let number = seen
                        .iter()
                        .filter(|(_, uri, _)| uri.split('?').next() == Some(path))
                        .count();
                    seen.push((head.method.to_string(), head.uri.to_string(), body));
                    number
                };
                answer(&head.uri.to_string(), number)
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, log }
    }

    pub fn count(&self, part: &str) -> usize {
        let log = self.log.lock().unwrap();
        log.iter().filter(|(_, uri, _)| uri.contains(part)).count()
    }

    pub fn builder(&self) -> Builder {
        Client::builder("ww1", SECRET).base_url(&self.url)
    }

    pub fn client(&self) -> Client {
        self.builder().build().unwrap()
    }
}

pub fn json(text: impl Into<String>) -> Response<Body> {
    status(200, text)
}

pub fn status(code: u16, text: impl Into<String>) -> Response<Body> {
    Response::builder()
        .status(StatusCode::from_u16(code).unwrap())
        .header(header::CONTENT_TYPE, "application/json; charset=UTF-8")
        .body(Body::from(text.into()))
        .unwrap()
}

pub fn token(number: usize) -> Response<Body> {
    json(format!(
        r#"{{"errcode":0,"errmsg":"ok","access_token":"token-{number}","expires_in":7200}}"#
    ))
}

pub fn get(chatid: &str) -> appchat::Get {
    appchat::Get {
        chatid: Some(chatid.into()),
    }
}

pub const GOT: &str = r#"{"errcode":0,"errmsg":"ok","chat_info":{"chatid":"c","name":"群","owner":"a","userlist":["a","b"]}}"#;

/// A server with the demo company, its first app and its operator.
pub async fn demo(rules: Rulebook) -> (Running, Client, Manager) {
    let running = qun_server::start(Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        place: Place::Memory,
        world: None,
        rules,
        limits_off: false,
        clock: None,
        manage_token: None,
        callbacks: Default::default(),
    })
    .await
    .unwrap();
    let ready = running.ready().clone();
    let client = Client::builder(ready.corpid.as_str(), &ready.agents[0].secret)
        .base_url(&ready.url)
        .rulebook(rules)
        .build()
        .unwrap();
    let manager = Manager::new(&ready.url, &ready.manage_token).unwrap();
    (running, client, manager)
}
