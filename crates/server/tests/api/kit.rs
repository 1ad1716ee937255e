//! A server and companies for one test, reached over the wire as any client reaches them.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use qun_protocol::Rulebook;
use qun_server::{Config, Place, Running};
use serde_json::{Value, json};

/// When the tests' clocks start: 2023-11-01 12:00:00 in UTC+8, ms UTC.
pub const NOON: i64 = 1_698_811_200_000;

pub const BOTH: [Rulebook; 2] = [Rulebook::Documented, Rulebook::Live2026];

/// A server of its own, in memory, with a clock that starts at [`NOON`] and can be moved.
pub struct Server {
    running: Option<Running>,
    pub url: String,
    pub manage_token: String,
    pub http: reqwest::Client,
}

impl Server {
    pub async fn start() -> Server {
        Server::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Config)) -> Server {
        let mut config = Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            place: place(),
            world: None,
            rules: Rulebook::Documented,
            limits_off: false,
            clock: Some(NOON),
            manage_token: None,
            callbacks: Default::default(),
        };
        change(&mut config);
        let running = qun_server::start(config).await.unwrap();
        let ready = running.ready().clone();
        // The client wants a provider of cryptography though loopback is reached in clear text; a second install is refused, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Server {
            running: Some(running),
            url: ready.url,
            manage_token: ready.manage_token,
            http,
        }
    }

    /// What the server has said at its start.
    pub fn ready(&self) -> &qun_server::Ready {
        self.running.as_ref().unwrap().ready()
    }

    /// The app of the demo company that may do all that the documents show.
    pub async fn demo(&self) -> App<'_> {
        self.demo_app(1_000_002).await
    }

    /// Another app of the demo company.
    pub async fn demo_app(&self, agentid: i64) -> App<'_> {
        let ready = self.ready();
        let agent = ready
            .agents
            .iter()
            .find(|agent| agent.agentid == agentid)
            .unwrap();
        App::new(self, &ready.corpid, agent.agentid, &agent.secret).await
    }

    pub async fn stop(mut self) {
        self.running.take().unwrap().stop().await;
    }

    /// A call of the own API: status and JSON (null where the body is none).
    pub async fn manage(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let method = method.parse::<reqwest::Method>().unwrap();
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.manage_token);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (
            status,
            serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default(),
        )
    }

    /// The same where it must succeed.
    pub async fn manage_ok(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.manage(method, path, body).await;
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    /// Moves the clock forward.
    pub async fn advance(&self, seconds: i64) {
        self.manage_ok("POST", "/_qun/clock", Some(json!({ "advance": seconds })))
            .await;
    }

    /// A company with one root app, people `p1` to `pN`, and overridden limits.
    pub async fn company(&self, rules: Rulebook, people: usize, limits: Value) -> App<'_> {
        let users: Vec<Value> = (1..=people)
            .map(|n| json!({ "userid": format!("p{n}") }))
            .collect();
        let company = json!({ "name": "test", "rulebook": rules, "limits": limits, "users": users, "apps": [{ "name": "app" }] });
        self.world(company).await
    }

    /// A company from a world's text; gives its first app.
    pub async fn world(&self, company: Value) -> App<'_> {
        let loaded = self
            .manage_ok(
                "POST",
                "/_qun/worlds",
                Some(json!({ "version": 1, "companies": [company] })),
            )
            .await;
        let company = &loaded["companies"][0];
        assert_eq!(company["created"], true, "{loaded}");
        let agent = &company["agents"][0];
        let (corpid, secret) = (
            company["corpid"].as_str().unwrap(),
            agent["secret"].as_str().unwrap(),
        );
        App::new(self, corpid, agent["agentid"].as_i64().unwrap(), secret).await
    }

    /// `GET` of a path with its query as it stands: the answer's JSON.
    pub async fn get(&self, path_and_query: &str) -> Value {
        let response = self
            .http
            .get(format!("{}{path_and_query}", self.url))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }
}

/// An app with its token.
pub struct App<'a> {
    pub server: &'a Server,
    pub corpid: String,
    pub agentid: i64,
    pub secret: String,
    pub token: String,
}

impl<'a> App<'a> {
    pub async fn new(server: &'a Server, corpid: &str, agentid: i64, secret: &str) -> App<'a> {
        let mut app = App {
            server,
            corpid: corpid.into(),
            agentid,
            secret: secret.into(),
            token: String::new(),
        };
        app.fetch_token().await;
        app
    }

    /// Another app of the same company: an entry of a world's `apps`.
    pub async fn sibling(&self, app: Value) -> App<'a> {
        let path = format!("/_qun/companies/{}/apps", self.corpid);
        let made = self.server.manage_ok("POST", &path, Some(app)).await;
        App::new(
            self.server,
            &self.corpid,
            made["agentid"].as_i64().unwrap(),
            made["secret"].as_str().unwrap(),
        )
        .await
    }

    /// Gets a token; empty where it is refused.
    pub async fn fetch_token(&mut self) {
        let answer = self
            .server
            .get(&format!(
                "/cgi-bin/gettoken?corpid={}&corpsecret={}",
                self.corpid, self.secret
            ))
            .await;
        self.token = answer["access_token"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
    }

    /// Posts JSON below `/cgi-bin/`.
    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.post_text(path, &body.to_string()).await
    }

    /// Posts any text below `/cgi-bin/`.
    pub async fn post_text(&self, path: &str, body: &str) -> Value {
        let url = format!(
            "{}/cgi-bin/{path}?access_token={}",
            self.server.url, self.token
        );
        let response = self
            .server
            .http
            .post(url)
            .body(body.to_owned())
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200, "{path}");
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }

    /// Gets below `/cgi-bin/`; `query` begins with `&` or is empty.
    pub async fn get(&self, path: &str, query: &str) -> Value {
        self.server
            .get(&format!(
                "/cgi-bin/{path}?access_token={}{query}",
                self.token
            ))
            .await
    }

    /// Posts JSON; gives the errcode.
    pub async fn code(&self, path: &str, body: Value) -> i64 {
        code(&self.post(path, body).await)
    }

    /// Posts JSON, which must be accepted.
    pub async fn ok(&self, path: &str, body: Value) -> Value {
        let answer = self.post(path, body).await;
        assert_eq!(code(&answer), 0, "{path}: {answer}");
        answer
    }

    /// Makes a group of these people; gives nothing.
    pub async fn chat(&self, chatid: &str, people: &[&str]) {
        self.ok(
            "appchat/create",
            json!({ "chatid": chatid, "userlist": people }),
        )
        .await;
    }

    /// Sends a text to a group.
    pub async fn say(&self, chatid: &str, text: &str) -> Value {
        self.post(
            "appchat/send",
            json!({ "chatid": chatid, "msgtype": "text", "text": { "content": text } }),
        )
        .await
    }

    /// What arrived on a person's phone: the inbox page for a query that begins with `&` or is empty.
    pub async fn inbox(&self, userid: &str, query: &str) -> Value {
        self.server
            .manage_ok(
                "GET",
                &format!("/_qun/people/{userid}/inbox?corpid={}{query}", self.corpid),
                None,
            )
            .await
    }

    /// A step of a person in a group: `say`, `leave`, `rename`, `owner`, `remove`.
    pub async fn step(
        &self,
        userid: &str,
        chatid: &str,
        step: &str,
        mut body: Value,
    ) -> (u16, Value) {
        body["corpid"] = self.corpid.as_str().into();
        self.server
            .manage(
                "POST",
                &format!("/_qun/people/{userid}/groups/{chatid}/{step}"),
                Some(body),
            )
            .await
    }

    /// Changes the company's rules.
    pub async fn rules(&self, change: Value) {
        self.server
            .manage_ok(
                "PUT",
                &format!("/_qun/companies/{}/rules", self.corpid),
                Some(change),
            )
            .await;
    }
}

pub fn code(answer: &Value) -> i64 {
    answer["errcode"]
        .as_i64()
        .unwrap_or_else(|| panic!("no errcode: {answer}"))
}

/// The text of an errmsg before its tail.
pub fn text(answer: &Value) -> &str {
    let errmsg = answer["errmsg"].as_str().unwrap();
    errmsg.split(", hint: [").next().unwrap()
}

/// Where a server keeps things: memory, or with `QUN_TEST_ENGINE=postgres` a schema of its own in `QUN_TEST_POSTGRES`.
fn place() -> Place {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    match std::env::var("QUN_TEST_ENGINE").as_deref() {
        Err(_) | Ok("sqlite") => Place::Memory,
        Ok("postgres") => {
            let server = std::env::var("QUN_TEST_POSTGRES")
                .expect("QUN_TEST_POSTGRES names a PostgreSQL server");
            let time = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
            let schema = format!(
                "api_{}_{time}_{}",
                std::process::id(),
                COUNT.fetch_add(1, Relaxed)
            );
            let mark = if server.contains('?') { '&' } else { '?' };
            Place::Postgres {
                url: format!("{server}{mark}options=-c%20search_path%3D{schema}"),
                password: None,
            }
        }
        Ok(other) => panic!("QUN_TEST_ENGINE is sqlite or postgres, not {other}"),
    }
}

impl Server {
    /// Now by the server's clock, ms UTC. Between two readings whatever happened has a known earliest and latest time.
    pub async fn now_ms(&self) -> i64 {
        self.manage_ok("GET", "/_qun/clock", None).await["now_ms"]
            .as_i64()
            .unwrap()
    }
}

impl App<'_> {
    /// The app's own path in the manage API.
    pub fn path(&self) -> String {
        format!("/_qun/companies/{}/apps/{}", self.corpid, self.agentid)
    }

    /// Changes the app's settings.
    pub async fn change(&self, settings: Value) {
        self.server
            .manage_ok("PATCH", &self.path(), Some(settings))
            .await;
    }
}
