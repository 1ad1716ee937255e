use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use ipnet::IpNet;
use qun_protocol::{CorpId, Endpoint, Refusal, Refused, Rules, UserId, world::AppKind};
use qun_store::{
    Counter, Effect, Ids, Read, Tx,
    table::{company, directory, room},
};

use crate::{
    participant::{self, Participant},
    rule, token,
};

/// A use case that writes. It may be run again: the request is never consumed.
pub trait Command<E: Endpoint> {
    /// Whether it only adds rows, so that several nodes may do it at once.
    const EFFECT: Effect = Effect::Change;
    /// Whether people who wait for messages should look.
    const WAKES: bool = false;

    /// Whether cached apps are stale afterwards though an app has called; what an operator does makes them so always.
    const EVICTS: bool = false;

    /// Whether [`Command::peek`] is worth a look.
    const PEEKS: bool = false;

    /// Answers without writing where nothing needs to be written.
    fn peek(_: &mut ReadCx, _: &E) -> Outcome<Option<E::Response>> {
        Ok(None)
    }

    /// Under which key what [`Command::peek`] answers to this address may be given again until something of the company
    /// changes: everything that the answer depends on, and no secret.
    fn kept_as(_: &E, _: IpAddr) -> Option<String> {
        None
    }

    /// A kept answer so many seconds later; none where it has ended.
    fn again(_: &E::Response, _seconds: i64) -> Option<E::Response> {
        None
    }

    /// Does it, inside the writer's transaction.
    fn run(cx: &mut Cx, request: &E) -> Outcome<E::Response>;
}

/// A use case that reads.
pub trait Query<E: Endpoint> {
    /// For how long to wait for more where an answer is empty, in seconds.
    fn wait(_: &E) -> i64 {
        0
    }
    /// Whether an answer is one that is worth no waiting.
    fn is_something(_: &E::Response) -> bool {
        true
    }
    /// Under which key an answer may be given to the same app again until something of the company changes: everything
    /// that it depends on beside the app.
    fn kept_as(_: &E) -> Option<String> {
        None
    }
    /// Reads, from one consistent snapshot.
    fn run(cx: &mut ReadCx, request: &E) -> Outcome<E::Response>;
}

/// Who calls.
#[derive(Clone, Debug)]
pub enum Who {
    /// Anyone, for what needs no authorisation.
    Anyone,
    /// An app, by its token.
    App(Arc<Caller>),
    /// The operator, by the manage token.
    Operator,
    /// Whoever has a Juzi token.
    Juzi(Arc<Hosted>),
}

/// What a Juzi token selects.
#[derive(Clone, Debug)]
pub struct Hosted {
    /// The company's key.
    pub corp: i64,
    /// The group of hosted accounts.
    pub hosting: i64,
    /// Its id on the wire.
    pub group_id: String,
    /// Whether the token may see the official ids of customer groups.
    pub wecom_chat_id: bool,
    /// The company's rules.
    pub rules: Rules,
}

/// The people of a company.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Everybody {
    /// How many have not left it.
    pub staff: i64,
    /// Those who have left it.
    pub left: BTreeSet<i64>,
}

/// An app that calls, with what every check needs.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The company's key.
    pub corp: i64,
    /// 应用id
    pub agentid: i64,
    /// Its kind.
    pub kind: AppKind,
    /// 可调用应用
    pub customer_contact: bool,
    /// Switched off.
    pub disabled: bool,
    /// Whether its visible range holds the root department.
    pub sees_root: bool,
    /// Who is in the company, where it is an app of customer contact that sees everybody and they are few.
    pub everybody: Option<Arc<Everybody>>,
    /// Whether the company has bound a developer id, so that customers have unionids.
    pub developer: bool,
    /// Addresses that may call it; all where empty.
    pub trusted: Vec<IpNet>,
    /// Grows with every change of the company's settings, apps and people.
    pub version: i64,
    /// The company's rules.
    pub rules: Arc<Rules>,
    /// The generation of tokens that is good.
    pub token_generation: i64,
    /// When the newest token was issued, seconds UTC.
    pub token_issued: i64,
    /// The hash of the newest token.
    pub token_hash: String,
}

/// What a command works with.
pub struct Cx<'a> {
    /// The transaction.
    pub tx: &'a mut dyn Tx,
    /// Fresh ids.
    pub ids: &'a mut Ids,
    /// Fills bytes with chance.
    pub random: &'a mut dyn FnMut(&mut [u8]),
    /// What it does to its company's rows.
    pub effect: Effect,
    /// Who calls.
    pub who: &'a Who,
    /// From where.
    pub address: IpAddr,
    /// Now, ms UTC.
    pub now: i64,
    /// The rules of companies that name no rulebook, and of calls that name no company.
    pub default_rules: &'a Rules,
    /// What the cloud of 2026 would not accept, though it is accepted here.
    pub lints: Vec<String>,
    /// The company that was touched, for those who wait.
    pub touched: Option<i64>,
    /// Whether an app is to be told something.
    pub raised: bool,
}

/// What a query works with.
pub struct ReadCx<'a> {
    /// The snapshot.
    pub read: &'a mut dyn Read,
    /// Who calls.
    pub who: &'a Who,
    /// From where.
    pub address: IpAddr,
    /// Now, ms UTC.
    pub now: i64,
    /// The rules of companies that name no rulebook, and of calls that name no company.
    pub default_rules: &'a Rules,
    /// The company that was read, for those who wait.
    pub touched: Option<i64>,
    /// What the cloud would not have done.
    pub lints: Vec<String>,
}

/// Why a use case did not do it.
#[derive(Debug)]
pub enum Failure {
    /// Refused by the rules.
    Refused(Refused),
    /// Refused, and something of it is kept.
    Traced(Refused, Box<Trace>),
    /// The store failed, and certainly nothing was done.
    Store(qun_store::Error),
    /// Nobody knows whether it was done: the caller must not be told either.
    Unknown,
}

/// What a use case answers.
pub type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// The same, with another reason where it was refused for this one.
    #[must_use]
    pub fn instead_of(self, reason: Refusal, other: Refusal) -> Self {
        match self {
            Failure::Refused(refused) if refused.refusal == reason => other.into(),
            failure => failure,
        }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Failure::Refused(refused)
    }
}
impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Failure::Refused(refusal.into())
    }
}
impl From<qun_store::Error> for Failure {
    fn from(error: qun_store::Error) -> Self {
        Failure::Store(error)
    }
}

/// What is kept of a refusal, written after its changes are taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trace {
    /// A limit is blocked until a time, ms UTC.
    Block {
        /// The company, 0 for an address.
        corp: i64,
        /// The limit's public name.
        key: &'static str,
        /// What it is counted for.
        scope: String,
        /// The start of the window.
        start: i64,
        /// The block's end.
        until: i64,
    },
    /// Something wrong is counted.
    Count {
        /// The company, 0 for an address.
        corp: i64,
        /// The limit's public name.
        key: &'static str,
        /// What it is counted for.
        scope: String,
        /// The start of the window.
        start: i64,
    },
    /// What a hosted account was told to fail at is done with.
    Failed {
        /// The company.
        corp: i64,
        /// The account.
        bot: i64,
        /// What is still to fail, as the account's row has it.
        left: String,
    },
}

impl Trace {
    /// Writes it.
    pub fn leave(&self, tx: &mut dyn Tx) -> qun_store::Result<()> {
        match self {
            Trace::Block {
                corp,
                key,
                scope,
                start,
                until,
            } => {
                let counter = Counter {
                    corp: *corp,
                    key,
                    scope,
                };
                tx.block(&counter, *start, *until)
            }
            Trace::Count {
                corp,
                key,
                scope,
                start,
            } => {
                let counter = Counter {
                    corp: *corp,
                    key,
                    scope,
                };
                tx.spend(&counter, *start, 1)
            }
            Trace::Failed { corp, bot, left } => room::bot::fail_next(tx, *corp, *bot, left),
        }
    }
}

impl Who {
    /// The calling app. Only endpoints that need a token ask; any other caller is refused.
    pub fn caller(&self) -> Outcome<&Arc<Caller>> {
        match self {
            Who::App(caller) => Ok(caller),
            _ => Err(Refusal::TokenMissing.into()),
        }
    }
}

impl Who {
    /// What the caller's Juzi token selects. Only endpoints that need one ask; any other caller is refused.
    pub fn hosted(&self) -> Outcome<&Arc<Hosted>> {
        match self {
            Who::Juzi(hosted) => Ok(hosted),
            _ => Err(Refusal::RoomTokenInvalid.into()),
        }
    }
}

impl Cx<'_> {
    /// The same for what only reads, in this transaction.
    pub fn reading(&mut self) -> ReadCx<'_> {
        ReadCx {
            read: self.tx.as_read(),
            who: self.who,
            address: self.address,
            now: self.now,
            default_rules: self.default_rules,
            touched: None,
            lints: Vec::new(),
        }
    }

    /// The calling app.
    pub fn caller(&self) -> Outcome<Arc<Caller>> {
        self.who.caller().cloned()
    }

    /// `N` bytes of chance in hex.
    pub fn hex(&mut self, bytes: usize) -> String {
        let mut buffer = vec![0; bytes];
        (self.random)(&mut buffer);
        token::hex(&buffer)
    }

    /// `chars` characters of chance out of letters and digits.
    pub fn letters(&mut self, chars: usize) -> String {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789AZ";
        let mut buffer = vec![0; chars];
        (self.random)(&mut buffer);
        buffer
            .iter()
            .map(|byte| char::from(ALPHABET[usize::from(byte & 63)]))
            .collect()
    }

    /// The company that an operator's call names, held as the command needs it.
    pub fn company(&mut self, corpid: Option<&CorpId>) -> Outcome<company::Company> {
        let company = named_company(self.tx.as_read(), corpid)?;
        self.tx.enter(company.corp, self.effect)?;
        self.touched = Some(company.corp);
        Ok(company)
    }

    /// The rules in force for a company.
    pub fn rules(&mut self, corp: i64) -> Outcome<Rules> {
        Ok(rule::rules::in_force(
            self.tx.as_read(),
            corp,
            self.now,
            self.default_rules,
        )?)
    }

    /// The person that an operator's call names.
    pub fn person(&mut self, corp: i64, userid: &UserId) -> Outcome<directory::Person> {
        named_person(self.tx.as_read(), corp, userid)
    }

    /// The employee or customer that an operator's call names.
    pub(crate) fn participant(&mut self, corp: i64, id: &UserId) -> Outcome<Participant> {
        participant::named(self.tx.as_read(), corp, id)
    }

    /// Notes something that the cloud of 2026 would not do as it is done here.
    pub fn lint(&mut self, text: impl Into<String>) {
        self.lints.push(text.into());
    }
}

impl ReadCx<'_> {
    /// The company that an operator's call names.
    pub fn company(&mut self, corpid: Option<&CorpId>) -> Outcome<company::Company> {
        let company = named_company(self.read, corpid)?;
        self.touched = Some(company.corp);
        Ok(company)
    }

    /// The rules in force for a company.
    pub fn rules(&mut self, corp: i64) -> Outcome<Rules> {
        Ok(rule::rules::in_force(
            self.read,
            corp,
            self.now,
            self.default_rules,
        )?)
    }

    /// The person that an operator's call names.
    pub fn person(&mut self, corp: i64, userid: &UserId) -> Outcome<directory::Person> {
        named_person(self.read, corp, userid)
    }

    /// The employee or customer that an operator's call names.
    pub(crate) fn participant(&mut self, corp: i64, id: &UserId) -> Outcome<Participant> {
        participant::named(self.read, corp, id)
    }
}

fn named_company(read: &mut dyn Read, corpid: Option<&CorpId>) -> Outcome<company::Company> {
    let found = match corpid {
        Some(corpid) => company::by_corpid(read, corpid)?,
        None => match company::first_two(read)?.as_slice() {
            [] => None,
            [only] => company::by_corp(read, *only)?,
            _ => return Err(Refusal::CompanyNotNamed.into()),
        },
    };
    found.ok_or_else(|| Refusal::CompanyUnknown.into())
}

fn named_person(read: &mut dyn Read, corp: i64, userid: &UserId) -> Outcome<directory::Person> {
    directory::person_by_userid(read, corp, &userid.folded())?
        .ok_or_else(|| Refused::because(Refusal::PersonUnknown, userid.to_string()).into())
}
