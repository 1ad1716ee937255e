//! The companies of the bench, and the requests of which the load consists.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::load::Target;
use crate::server::Server;
use crate::wire::{self, Connection};

/// Companies with the limits raised.
pub(crate) const COMPANIES: usize = 4;
/// The company whose limit is near, see [`draw_near`].
pub(crate) const HOT: &str = "wwbenchhot";
/// The members of each company's groups, which are named after them. A prefix of the people.
const GROUPS: [usize; 3] = [2, 20, 500];
const PEOPLE: usize = 500;
/// The company with many customer groups, which is no part of [`world`].
pub(crate) const MANY: &str = "wwbenchmany";
/// The employees who own them, as many as may be asked for without naming them.
pub(crate) const OWNERS: usize = 1_000;
/// The people of the company that messages to people are sent in.
pub(crate) const CROWD: usize = 10_000;
/// A token of the hosted account, and its label.
const JUZI: &str = "5f60998462c907003e1fa2d0";
const LABEL: &str = "5f60998462c907003e1fa2d1";
const AGENT: i64 = 1_000_002;
const TEXT: &str = "今日进度：接口联调完成，明天开始回归测试";

/// Limits that would refuse the load. They are raised, not removed: everything still counts.
const LIMITS: [&str; 7] = [
    "calls_per_corp_minute",
    "calls_per_corp_hour",
    "calls_per_address_minute",
    "calls_per_address_hour",
    "chat_sends_per_corp_minute",
    "chat_sends_per_corp_hour",
    "message_sends_per_app_day",
];
const PLENTY: u64 = 1_000_000_000_000;

/// A request of the load, of a company to no server in particular.
#[derive(Clone)]
pub(crate) struct Call {
    method: &'static str,
    target: String,
    body: String,
}

impl Call {
    /// The call as `server` gets it.
    pub(crate) fn to(&self, server: &Server) -> Target {
        self.at(server.address)
    }

    fn at(&self, address: SocketAddr) -> Target {
        Target {
            address,
            method: self.method.to_owned(),
            target: self.target.clone(),
            body: self.body.clone(),
        }
    }
}

/// What one company calls.
#[derive(Clone)]
pub(crate) struct Calls {
    corpid: String,
    secret: String,
    token: String,
}

impl Calls {
    /// Asks a server for the company's token.
    pub(crate) async fn of(server: &Server, corpid: &str) -> Result<Calls> {
        let mut calls = Calls {
            corpid: corpid.to_owned(),
            secret: secret(corpid),
            token: String::new(),
        };
        let answer = ask(server, "GET", &calls.gettoken().target, "", None).await?;
        calls.token = text(&answer, "/access_token")?.to_owned();
        Ok(calls)
    }

    /// The same requests for a server that knows nobody.
    pub(crate) fn for_bare() -> Calls {
        Calls {
            corpid: company(0),
            secret: secret(&company(0)),
            token: "t".repeat(64),
        }
    }

    /// A message to the group with so many members.
    pub(crate) fn send(&self, members: usize) -> Call {
        let message = json!({
            "chatid": chatid(members),
            "msgtype": "text",
            "text": {"content": TEXT},
            "safe": 0,
        });
        Call {
            method: "POST",
            target: format!("/cgi-bin/appchat/send?access_token={}", self.token),
            body: message.to_string(),
        }
    }

    /// A message to the first so many people, each named, or to everybody.
    pub(crate) fn message(&self, people: Option<usize>) -> Call {
        let names = people.map(|count| (0..count).map(userid).collect::<Vec<_>>().join("|"));
        let message = json!({
            "touser": names.unwrap_or_else(|| "@all".to_owned()),
            "agentid": AGENT,
            "msgtype": "text",
            "text": {"content": TEXT},
            "safe": 0,
        });
        Call {
            method: "POST",
            target: format!("/cgi-bin/message/send?access_token={}", self.token),
            body: message.to_string(),
        }
    }

    /// A room of a hosted account with three people and a first message.
    pub(crate) fn create_room() -> Call {
        let contacts: Vec<String> = (0..2).map(external_userid).collect();
        let room = json!({
            "token": JUZI,
            "botUserId": userid(0),
            "name": "Benchmark",
            "greeting": TEXT,
            "wxids": contacts,
        });
        Call {
            method: "POST",
            target: "/room/create".to_owned(),
            body: room.to_string(),
        }
    }

    /// A page of 20 rooms with a label.
    pub(crate) fn labelled_rooms() -> Call {
        Call {
            method: "GET",
            target: format!("/room/listByMHTag?token={JUZI}&mhTagId={LABEL}&current=1"),
            body: String::new(),
        }
    }

    pub(crate) fn gettoken(&self) -> Call {
        Call {
            method: "GET",
            target: format!(
                "/cgi-bin/gettoken?corpid={}&corpsecret={}",
                self.corpid, self.secret
            ),
            body: String::new(),
        }
    }

    /// A page of 100 customer groups.
    pub(crate) fn list(&self, cursor: &str) -> Call {
        Call {
            method: "POST",
            target: format!(
                "/cgi-bin/externalcontact/groupchat/list?access_token={}",
                self.token
            ),
            body: json!({ "cursor": cursor, "limit": 100 }).to_string(),
        }
    }

    /// The customer group with a number, with the names of its members.
    pub(crate) fn group(&self, number: i64) -> Call {
        Call {
            method: "POST",
            target: format!(
                "/cgi-bin/externalcontact/groupchat/get?access_token={}",
                self.token
            ),
            body: json!({ "chat_id": chat_id(number), "need_name": 1 }).to_string(),
        }
    }

    /// Pages through the customer groups; gives the cursors of the first pages.
    pub(crate) async fn cursors(&self, server: &Server, most: usize) -> Result<Vec<String>> {
        let mut cursors = vec![String::new()];
        while cursors.len() < most {
            let call = self.list(&cursors[cursors.len() - 1]);
            let body = serde_json::from_str(&call.body)?;
            let page = ask(server, call.method, &call.target, "", Some(&body)).await?;
            match text(&page, "/next_cursor")? {
                "" => break,
                next => cursors.push(next.to_owned()),
            }
        }
        Ok(cursors)
    }

    /// The group with so many members.
    pub(crate) fn get(&self, members: usize) -> Call {
        Call {
            method: "GET",
            target: format!(
                "/cgi-bin/appchat/get?access_token={}&chatid={}",
                self.token,
                chatid(members)
            ),
            body: String::new(),
        }
    }
}

/// The bytes of a message that are its content: what the store has to keep whatever it does.
pub(crate) fn message_bytes() -> usize {
    json!({ "content": TEXT }).to_string().len()
}

/// The corpid of one of the companies whose limits are raised.
pub(crate) fn company(number: usize) -> String {
    format!("wwbench{number}")
}

fn secret(corpid: &str) -> String {
    format!("{corpid:s<43}")
}

fn chatid(members: usize) -> String {
    format!("bench{members}")
}

pub(crate) fn userid(number: usize) -> String {
    format!("bench{number:03}")
}

/// The id of one of many customer groups.
pub(crate) fn chat_id(number: i64) -> String {
    format!("wr{number:030}")
}

/// The world of the company with many customer groups, which come later.
pub(crate) fn many() -> Value {
    json!({ "version": 1, "companies": [a_company(MANY, OWNERS, json!({}))] })
}

/// A world of one company with so many customer groups of so many members, to be weighed.
pub(crate) fn customer_groups(count: usize, members: usize) -> Value {
    let more = with_customers(PEOPLE - 1, count, members);
    json!({ "version": 1, "companies": [a_company(&company(0), 1, more)] })
}

/// A world of one company whose only employee is hosted, with 100 rooms of 20 members.
pub(crate) fn rooms() -> Value {
    let mut more = with_customers(19, 100, 20);
    let friends = (0..19).map(|number| json!({ "contact": external_userid(number) }));
    let rooms: Vec<String> = (0..100).map(chat_id).collect();
    more["hostings"] = json!([{
        "tokens": [{ "token": JUZI }],
        "bots": [{ "userid": userid(0), "friends": friends.collect::<Vec<_>>() }],
        "labels": [{ "id": LABEL, "name": "Benchmark", "rooms": rooms }],
    }]);
    json!({ "version": 1, "companies": [a_company(&company(0), 1, more)] })
}

/// So many customers, and so many groups of the first employee with the first of them, in groups of so many members.
fn with_customers(customers: usize, groups: usize, members: usize) -> Value {
    let people: Vec<Value> = (0..members - 1)
        .map(|number| json!({ "userid": external_userid(number) }))
        .collect();
    let group = |number: i64| {
        json!({
            "chat_id": chat_id(number), "name": "Benchmark", "owner": userid(0), "members": people,
        })
    };
    let groups: Vec<Value> = (0..groups as i64).map(group).collect();
    let customers: Vec<Value> = (0..customers)
        .map(|number| json!({ "external_userid": external_userid(number) }))
        .collect();
    json!({ "customers": customers, "customer_groups": groups })
}

fn external_userid(number: usize) -> String {
    format!("wm{number:030}")
}

/// The world of all rows: the companies with their groups.
pub(crate) fn world() -> Value {
    let companies: Vec<Value> = (0..COMPANIES)
        .map(company)
        .chain([HOT.to_owned()])
        .map(|corpid| {
            let chats = GROUPS
                .iter()
                .map(|members| chat(chatid(*members), *members));
            a_company(
                &corpid,
                PEOPLE,
                json!({ "chats": chats.collect::<Vec<_>>() }),
            )
        })
        .collect();
    json!({ "version": 1, "companies": companies })
}

/// A world of one company with so many groups of so many members, to be weighed.
pub(crate) fn groups(count: usize, members: usize) -> Value {
    let chats = (0..count).map(|number| chat(format!("group{number}"), members));
    let more = json!({ "chats": chats.collect::<Vec<_>>() });
    json!({ "version": 1, "companies": [a_company(&company(0), PEOPLE, more)] })
}

/// A world of one company with many people.
pub(crate) fn crowd() -> Value {
    json!({ "version": 1, "companies": [a_company(&company(0), CROWD, json!({}))] })
}

/// A company with so many people and `more`.
fn a_company(corpid: &str, people: usize, more: Value) -> Value {
    let limits: BTreeMap<&str, u64> = LIMITS.into_iter().map(|name| (name, PLENTY)).collect();
    let people: Vec<Value> = (0..people)
        .map(|number| json!({ "userid": userid(number), "customer_contact": true }))
        .collect();
    let mut company = json!({
        "corpid": corpid,
        "name": "Benchmark",
        "limits": limits,
        "apps": [{ "agentid": AGENT, "name": "Benchmark", "secret": secret(corpid), "customer_contact": true }],
        "users": people,
    });
    if let (Value::Object(company), Value::Object(more)) = (&mut company, more) {
        company.extend(more);
    }
    company
}

fn chat(chatid: String, members: usize) -> Value {
    let people: Vec<String> = (0..members).map(userid).collect();
    json!({ "chatid": chatid, "name": "Benchmark", "members": people })
}

/// Sets the hot company's limit on person-times so that a little more than half of it is spent: from there on nobody may
/// count from memory any more, and all nodes have to agree on every batch.
pub(crate) async fn draw_near(server: &Server, spent: u64) -> Result<()> {
    let path = format!("/_qun/companies/{HOT}/rules");
    let limits = json!({ "limits": near(spent) });
    ask(server, "PUT", &path, &operator(server)?, Some(&limits)).await?;
    Ok(())
}

fn near(spent: u64) -> Value {
    json!({ "chat_sends_per_corp_hour": 2 * spent - 2 })
}

/// Sets the callback of a company's app, which makes due what waits for it.
pub(crate) async fn set_callback(
    server: &Server,
    corpid: &str,
    url: &str,
    token: &str,
    key: &str,
) -> Result<()> {
    let path = format!("/_qun/companies/{corpid}/apps/{AGENT}/callback");
    let callback = json!({ "url": url, "token": token, "encoding_aes_key": key });
    ask(server, "PUT", &path, &operator(server)?, Some(&callback)).await?;
    Ok(())
}

/// The header that the own API wants.
fn operator(server: &Server) -> Result<String> {
    let manage = text(&server.ready, "/manage_token")?;
    Ok(format!("Authorization: Bearer {manage}\r\n"))
}

/// A person who speaks to a company's app.
pub(crate) struct Speaker {
    address: SocketAddr,
    request: Vec<u8>,
}

impl Speaker {
    pub(crate) fn of(server: &Server, corpid: &str, person: usize) -> Result<Speaker> {
        let target = format!("/_qun/people/{}/apps/{AGENT}/say", userid(person));
        let body = json!({ "corpid": corpid, "text": TEXT }).to_string();
        let headers = operator(server)?;
        Ok(Speaker {
            address: server.address,
            request: wire::request(server.address, "POST", &target, &headers, &body),
        })
    }

    /// Says it so many times, one after another.
    pub(crate) async fn says(&self, times: usize) -> Result<()> {
        let mut connection = Connection::open(self.address).await?;
        for _ in 0..times {
            let reply = connection.call(&self.request).await?;
            if reply.status != 200 {
                bail!("while speaking to an app: {}", reply.describe());
            }
        }
        Ok(())
    }
}

/// An answer that is not a success is an error that shows it.
pub(crate) async fn ask(
    server: &Server,
    method: &str,
    target: &str,
    headers: &str,
    body: Option<&Value>,
) -> Result<Value> {
    let mut connection = Connection::open(server.address).await?;
    let body = body.map(Value::to_string).unwrap_or_default();
    let request = wire::request(server.address, method, target, headers, &body);
    // Not the query: it holds tokens.
    let path = target.split('?').next().unwrap_or_default();
    let what = || format!("while preparing: {method} {path}");
    let reply = connection.call(&request).await.with_context(what)?;
    let answer: Value = serde_json::from_slice(reply.body)
        .with_context(|| format!("{}: {}", what(), reply.describe()))?;
    let refused = answer.get("errcode").is_some_and(|code| code != 0);
    if !(200..300).contains(&reply.status) || refused {
        bail!("{}: {}", what(), reply.describe());
    }
    Ok(answer)
}

fn text<'a>(value: &'a Value, pointer: &str) -> Result<&'a str> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.with_context(|| format!("the server gave no text at {pointer}"))
}

#[cfg(test)]
mod tests {
    use qun_protocol::{Limit, appchat, groupchat, manage, message, world::World};

    use super::*;

    #[test]
    fn every_raised_limit_exists() {
        for name in LIMITS {
            assert!(name.parse::<Limit>().is_ok(), "{name}");
        }
        let rules = json!({ "limits": near(1_000) });
        let rules: manage::ChangeRules = serde_json::from_value(rules).unwrap();
        for (name, value) in rules.limits {
            assert!(name.parse::<Limit>().is_ok(), "{name}");
            assert_eq!(value, Some(1_998), "half of it is less than what is spent");
        }
    }

    #[test]
    fn what_is_sent_fits_the_endpoints() {
        let send = Calls::for_bare().send(2);
        let send: appchat::Send = serde_json::from_str(&send.body).unwrap();
        assert!(send.text.and_then(|text| text.content).is_some());
        for (people, named) in [(Some(1), 1), (Some(1000), 1000), (None, 1)] {
            let message = Calls::for_bare().message(people);
            let message: message::Send = serde_json::from_str(&message.body).unwrap();
            assert_eq!(message.touser.unwrap().split('|').count(), named);
        }
        let crowd: World = serde_json::from_value(crowd()).unwrap();
        assert_eq!(crowd.companies[0].users.len(), CROWD);
        let all: World = serde_json::from_value(world()).unwrap();
        assert_eq!(all.companies.len(), COMPANIES + 1);
        let weighed: World = serde_json::from_value(groups(3, 7)).unwrap();
        assert_eq!(weighed.companies[0].chats.len(), 3);
        assert_eq!(weighed.companies[0].chats[2].members.len(), 7);
        let weighed: World = serde_json::from_value(customer_groups(3, 7)).unwrap();
        // The owner, whom the list does not name, is the seventh.
        assert_eq!(weighed.companies[0].customer_groups[2].members.len(), 6);
        let many: World = serde_json::from_value(many()).unwrap();
        assert_eq!(many.companies[0].users.len(), OWNERS);
        let list: groupchat::List =
            serde_json::from_str(&Calls::for_bare().list("c").body).unwrap();
        assert_eq!(list.limit, Some(100));
        let get: groupchat::Get = serde_json::from_str(&Calls::for_bare().group(3).body).unwrap();
        assert_eq!(get.chat_id.unwrap().0, chat_id(3));
    }

    #[test]
    fn the_groups_that_are_called_are_in_the_world() {
        let calls = Calls::for_bare();
        let all: World = serde_json::from_value(world()).unwrap();
        let chats = &all.companies[0].chats;
        for members in GROUPS {
            let send: Value = serde_json::from_str(&calls.send(members).body).unwrap();
            let of_send = |chat: &&qun_protocol::world::Chat| {
                chat.chatid
                    .as_ref()
                    .is_some_and(|id| send["chatid"] == id.0.as_str())
            };
            let chat = chats.iter().find(of_send).unwrap();
            assert_eq!(chat.members.len(), members);
        }
    }
}
