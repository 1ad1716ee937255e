//! Preparing qun's company for the load, and the requests of which the load consists.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::server::Server;
use crate::wire::{self, Connection};

/// The large group's members; the small one has the first two.
const PEOPLE: usize = 20;

/// Limits that would refuse the load. They are raised, not removed: everything still counts.
const LIMITS: [&str; 6] = [
    "calls_per_corp_minute",
    "calls_per_corp_hour",
    "calls_per_address_minute",
    "calls_per_address_hour",
    "chat_sends_per_corp_minute",
    "chat_sends_per_corp_hour",
];
const PLENTY: u64 = 1_000_000_000;

/// A request of the load.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) target: String,
    pub(crate) body: String,
}

/// The requests that are measured.
pub(crate) struct Calls {
    pub(crate) send: Call,
    pub(crate) gettoken: Call,
    pub(crate) get: Call,
}

impl Calls {
    fn new(corpid: &str, secret: &str, token: &str, small: &str, large: &str) -> Calls {
        let message = json!({
            "chatid": small,
            "msgtype": "text",
            "text": {"content": "今日进度：接口联调完成，明天开始回归测试"},
            "safe": 0,
        });
        Calls {
            send: Call {
                method: "POST",
                target: format!("/cgi-bin/appchat/send?access_token={token}"),
                body: message.to_string(),
            },
            gettoken: Call {
                method: "GET",
                target: format!("/cgi-bin/gettoken?corpid={corpid}&corpsecret={secret}"),
                body: String::new(),
            },
            get: Call {
                method: "GET",
                target: format!("/cgi-bin/appchat/get?access_token={token}&chatid={large}"),
                body: String::new(),
            },
        }
    }

    /// The same requests for a server that knows nobody.
    pub(crate) fn for_bare() -> Calls {
        let secret = "s".repeat(43);
        let token = "t".repeat(64);
        Calls::new("ww0123456789abcdef", &secret, &token, "bench2", "bench20")
    }
}

/// Raises the limits, makes the groups, and says what to call.
pub(crate) async fn prepare(server: &Server) -> Result<Calls> {
    let ready = &server.ready;
    let corpid = text(ready, "/corpid")?;
    let secret = text(ready, "/agents/0/secret")?;
    let manage = text(ready, "/manage_token")?;
    let mut wire = Caller {
        connection: server.connect().await?,
        address: server.address,
    };
    raise_limits(&mut wire, corpid, manage).await?;
    let path = format!("/cgi-bin/gettoken?corpid={corpid}&corpsecret={secret}");
    let answer = wire.call("GET", &path, "", None).await?;
    let token = text(&answer, "/access_token")?.to_owned();
    let people = make_people(&mut wire, corpid, manage).await?;
    for (chatid, people) in [("bench2", &people[..2]), ("bench20", &people[..])] {
        let chat = json!({
            "name": "Benchmark",
            "owner": people[0],
            "userlist": people,
            "chatid": chatid,
        });
        let path = format!("/cgi-bin/appchat/create?access_token={token}");
        wire.call("POST", &path, "", Some(&chat)).await?;
    }
    Ok(Calls::new(corpid, secret, &token, "bench2", "bench20"))
}

async fn raise_limits(wire: &mut Caller, corpid: &str, manage: &str) -> Result<()> {
    let limits: serde_json::Map<String, Value> = LIMITS
        .into_iter()
        .map(|name| (name.to_owned(), PLENTY.into()))
        .collect();
    let path = format!("/_qun/companies/{corpid}/rules");
    let auth = format!("Authorization: Bearer {manage}\r\n");
    wire.call("PUT", &path, &auth, Some(&json!({ "limits": limits })))
        .await?;
    Ok(())
}

async fn make_people(wire: &mut Caller, corpid: &str, manage: &str) -> Result<Vec<String>> {
    let people: Vec<String> = (1..=PEOPLE).map(|n| format!("bench{n:02}")).collect();
    let auth = format!("Authorization: Bearer {manage}\r\n");
    for userid in &people {
        let path = format!("/_qun/companies/{corpid}/users/{userid}");
        let user = json!({ "userid": userid, "name": userid });
        wire.call("PUT", &path, &auth, Some(&user)).await?;
    }
    Ok(people)
}

struct Caller {
    connection: Connection,
    address: SocketAddr,
}

impl Caller {
    /// An answer that is not a success is an error that shows it.
    async fn call(
        &mut self,
        method: &str,
        target: &str,
        headers: &str,
        body: Option<&Value>,
    ) -> Result<Value> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = wire::request(self.address, method, target, headers, &body);
        // Not the query: it holds tokens.
        let path = target.split('?').next().unwrap_or_default();
        let what = || format!("while preparing: {method} {path}");
        let reply = self.connection.call(&request).await.with_context(what)?;
        let answer: Value = if reply.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(reply.body)
                .with_context(|| format!("{}: {}", what(), reply.describe()))?
        };
        let refused = answer.get("errcode").is_some_and(|code| code != 0);
        if !(200..300).contains(&reply.status) || refused {
            bail!("{}: {}", what(), reply.describe());
        }
        Ok(answer)
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> Result<&'a str> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.with_context(|| format!("the server gave no text at {pointer}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_raised_limit_exists() {
        for name in LIMITS {
            assert!(
                qun_protocol::Limit::ALL
                    .iter()
                    .any(|limit| limit.key() == name),
                "{name}"
            );
        }
    }

    #[test]
    fn what_is_sent_fits_the_endpoints() {
        use qun_protocol::{appchat, manage, world};
        let calls = Calls::for_bare();
        let send: appchat::Send = serde_json::from_str(&calls.send.body).unwrap();
        assert!(send.text.and_then(|text| text.content).is_some());
        let rules = json!({ "limits": { LIMITS[0]: PLENTY } });
        serde_json::from_value::<manage::ChangeRules>(rules).unwrap();
        let user = json!({ "userid": "bench01", "name": "bench01" });
        let user: world::User = serde_json::from_value(user).unwrap();
        assert_eq!(user.status, world::UserStatus::Active);
    }

    #[test]
    fn both_servers_get_the_same_shape_of_request() {
        let calls = Calls::for_bare();
        let body: Value = serde_json::from_str(&calls.send.body).unwrap();
        assert_eq!(body["chatid"], "bench2");
        assert!(calls.get.target.ends_with("&chatid=bench20"));
        assert!(calls.gettoken.body.is_empty());
    }
}
