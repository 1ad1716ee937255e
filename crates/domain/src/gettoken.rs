use std::net::IpAddr;

use qun_protocol::{
    Limit, Refusal as R, Rules,
    gettoken::{GetToken, Token},
};
use qun_store::{
    Counter, Effect, Read,
    table::{app, company, quota},
};

use crate::{Command, Cx, Failure, Outcome, ReadCx, Trace, rule, token};

/// What a secret opens.
struct Known {
    corp: i64,
    app: app::App,
    /// Validity of tokens, seconds.
    validity: i64,
}

impl Known {
    fn valid_until(&self) -> i64 {
        self.app.token_issued + self.validity
    }

    /// What remains of a token issued at a time, seconds. One issued in the same second as another has a later time, but lasts no longer.
    fn remains(&self, issued: i64, now: i64) -> i64 {
        (issued + self.validity - now).min(self.validity)
    }

    /// The token issued at a time, and whether it is the one the store knows.
    fn sealed(&self, secret: &str, issued: i64) -> (String, bool) {
        let claims = token::Claims {
            corp: self.corp,
            agentid: self.app.app,
            generation: self.app.token_generation,
            issued,
        };
        let sealed = claims.seal(secret);
        let known = token::same(&token::hash(&sealed), &self.app.token_hash);
        (sealed, known)
    }
}

struct Place<'a> {
    address: String,
    now: i64,
    default: &'a Rules,
}

fn open(read: &mut dyn Read, place: &Place, request: &GetToken) -> Outcome<Known> {
    let secret = request
        .corpsecret
        .as_deref()
        .filter(|secret| !secret.is_empty())
        .ok_or(R::SecretMissing)?;
    let corpid = request
        .corpid
        .as_deref()
        .filter(|corpid| !corpid.is_empty())
        .ok_or(R::CorpidMissing)?;
    let limit = Limit::WrongSecretsPerAddressHour;
    let start = limit.window().start(place.now);
    let counter = Counter {
        corp: 0,
        key: limit.key(),
        scope: &place.address,
    };
    let (wrong, blocked) = quota::get(read, &counter, start)?;
    if place.default.enforced && blocked > place.now {
        return Err(R::Frequency.into());
    }
    let company = company::by_corpid(read, corpid)?.ok_or(R::CorpidInvalid)?;
    let hash = token::secret_hash(corpid, secret);
    let found = app::by_secret_hash(read, company.corp, &hash)?
        .filter(|app| token::same(&app.secret_hash, &hash));
    let Some(app) = found else {
        let scope = place.address.clone();
        if place.default.enforced && wrong >= place.default.limit(limit) {
            let until = limit.window().blocked_until(place.now);
            let trace = Trace::Block {
                corp: 0,
                key: limit.key(),
                scope,
                start,
                until,
            };
            return Err(Failure::Traced(R::Frequency.into(), Box::new(trace)));
        }
        let trace = Trace::Count {
            corp: 0,
            key: limit.key(),
            scope,
            start,
        };
        return Err(Failure::Traced(R::SecretInvalid.into(), Box::new(trace)));
    };
    if app.disabled {
        return Err(R::AppDisabled.into());
    }
    let rows = company::rules(read, company.corp)?;
    let rules = rule::rules::resolve(&rows, &company, place.now, place.default);
    let validity = rules.limit(Limit::TokenSeconds);
    Ok(Known {
        corp: company.corp,
        app,
        validity,
    })
}

impl Command<GetToken> for super::Use {
    const PEEKS: bool = true;

    fn kept_as(request: &GetToken, address: IpAddr) -> Option<String> {
        let (corpid, secret) = (request.corpid.as_ref()?, request.corpsecret.as_ref()?);
        // The address too: one with too many wrong secrets is refused even the right one.
        Some(format!("{address} {}", token::secret_hash(corpid, secret)))
    }

    fn again(token: &Token, seconds: i64) -> Option<Token> {
        let expires_in = token
            .expires_in
            .checked_sub(seconds)
            .filter(|left| *left > 0)?;
        Some(Token {
            expires_in,
            ..token.clone()
        })
    }

    fn peek(cx: &mut ReadCx, request: &GetToken) -> Outcome<Option<Token>> {
        let place = Place {
            address: cx.address.to_string(),
            now: cx.now,
            default: cx.default_rules,
        };
        let known = match open(cx.read, &place, request) {
            Ok(known) => known,
            // What leaves a trace has to be written.
            Err(Failure::Traced(..)) => return Ok(None),
            Err(failure) => return Err(failure),
        };
        cx.touched = Some(known.corp);
        let now = cx.now / 1000;
        if now >= known.valid_until() {
            return Ok(None);
        }
        let (token, good) = known.sealed(
            request.corpsecret.as_deref().unwrap_or_default(),
            known.app.token_issued,
        );
        Ok(good.then(|| Token {
            access_token: token,
            expires_in: known.remains(known.app.token_issued, now),
        }))
    }

    fn run(cx: &mut Cx, request: &GetToken) -> Outcome<Token> {
        let place = Place {
            address: cx.address.to_string(),
            now: cx.now,
            default: cx.default_rules,
        };
        let known = open(cx.tx.as_read(), &place, request)?;
        let secret = request.corpsecret.as_deref().unwrap_or_default();
        let now = cx.now / 1000;
        if now < known.valid_until() {
            let (token, good) = known.sealed(secret, known.app.token_issued);
            if good {
                return Ok(Token {
                    access_token: token,
                    expires_in: known.remains(known.app.token_issued, now),
                });
            }
        }
        cx.tx.enter(known.corp, Effect::Change)?;
        // Issue times of one app differ, so that a time names one token.
        let issued = now.max(known.app.token_issued + 1);
        let (token, _) = known.sealed(secret, issued);
        if !app::issue(cx.tx, known.corp, &known.app, issued, &token::hash(&token))? {
            return Err(R::SystemBusy.into());
        }
        company::changed(cx.tx, known.corp)?;
        cx.touched = Some(known.corp);
        Ok(Token {
            access_token: token,
            expires_in: known.remains(issued, now),
        })
    }
}
