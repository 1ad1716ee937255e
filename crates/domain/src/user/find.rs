use qun_protocol::{
    Limit, Refusal as R, Refused, UserId,
    user::{Found, GetUserId, GetUserIdByEmail},
};
use qun_store::{
    Counter, Effect, Read,
    table::{
        directory::{self, Detail},
        quota,
    },
};

use crate::{
    Caller, Command, Cx, Failure, Outcome, ReadCx, Trace, Use,
    directory::{View, person},
};

const LIMIT: Limit = Limit::WrongLookupsPerCorpDay;

/// What is looked for.
struct Sought {
    detail: Detail,
    value: String,
}

fn by_mobile(request: &GetUserId) -> Outcome<Sought> {
    let given = request.mobile.as_deref().unwrap_or_default();
    if given.len() > 32 {
        return Err(Refused::too_long("mobile", 32).into());
    }
    if given.len() < 5 {
        return Err(Refused::invalid("mobile").into());
    }
    Ok(Sought {
        detail: Detail::Mobile,
        // What is no number is nobody's.
        value: person::mobile(given).unwrap_or_default(),
    })
}

fn by_email(request: &GetUserIdByEmail) -> Outcome<Sought> {
    let given = request.email.as_deref().unwrap_or_default();
    if given.len() > 64 {
        return Err(Refused::too_long("email", 64).into());
    }
    if given.is_empty() {
        return Err(Refused::invalid("email").into());
    }
    let detail = match request.email_type {
        None | Some(1) => Detail::BizMail,
        Some(2) => Detail::Email,
        Some(_) => return Err(Refused::invalid("email_type").into()),
    };
    Ok(Sought {
        detail,
        value: given.to_owned(),
    })
}

/// Who has a detail, as far as the app sees people.
fn look(read: &mut dyn Read, caller: &Caller, sought: &Sought) -> Outcome<Option<Found>> {
    let key = directory::person_with(read, caller.corp, sought.detail, &sought.value)?;
    let Some(key) = key else { return Ok(None) };
    let Some(found) = directory::person_by_key(read, caller.corp, key)? else {
        return Ok(None);
    };
    let departments = directory::departments_of(read, caller.corp, key)?;
    let seen = View::of(read, caller)?.sees_person(read, key, departments)?;
    Ok((seen && !person::has_left(&found)).then_some(Found {
        userid: UserId(found.userid),
    }))
}

/// Answers where somebody is found; whoever is not has to be counted.
fn peek(cx: &mut ReadCx, sought: Sought) -> Outcome<Option<Found>> {
    let caller = cx.who.caller()?.clone();
    let counter = counter(&caller);
    let (_, blocked) = quota::get(cx.read, &counter, LIMIT.window().start(cx.now))?;
    if caller.rules.enforced && blocked > cx.now {
        return Err(R::Frequency.into());
    }
    look(cx.read, &caller, &sought)
}

fn run(cx: &mut Cx, sought: Sought) -> Outcome<Found> {
    let caller = cx.caller()?;
    let start = LIMIT.window().start(cx.now);
    let spent = cx.tx.spent(&counter(&caller), start)?;
    if caller.rules.enforced && spent.blocked > cx.now {
        return Err(R::Frequency.into());
    }
    if let Some(found) = look(cx.tx.as_read(), &caller, &sought)? {
        return Ok(found);
    }
    let most = caller.rules.limit(LIMIT);
    if caller.rules.enforced && !spent.is_certain(1, most) {
        cx.tx.enter(caller.corp, Effect::Change)?;
    }
    let (corp, key, scope) = (caller.corp, LIMIT.key(), String::new());
    if caller.rules.enforced && spent.amount >= most {
        let until = LIMIT.window().blocked_until(cx.now);
        let trace = Trace::Block {
            corp,
            key,
            scope,
            start,
            until,
        };
        return Err(Failure::Traced(R::Frequency.into(), Box::new(trace)));
    }
    let trace = Trace::Count {
        corp,
        key,
        scope,
        start,
    };
    Err(Failure::Traced(R::PersonNotFound.into(), Box::new(trace)))
}

fn counter(caller: &Caller) -> Counter<'static> {
    Counter {
        corp: caller.corp,
        key: LIMIT.key(),
        scope: "",
    }
}

impl Command<GetUserId> for Use {
    const EFFECT: Effect = Effect::Append;
    const PEEKS: bool = true;

    fn peek(cx: &mut ReadCx, request: &GetUserId) -> Outcome<Option<Found>> {
        peek(cx, by_mobile(request)?)
    }

    fn run(cx: &mut Cx, request: &GetUserId) -> Outcome<Found> {
        run(cx, by_mobile(request)?)
    }
}

impl Command<GetUserIdByEmail> for Use {
    const EFFECT: Effect = Effect::Append;
    const PEEKS: bool = true;

    fn peek(cx: &mut ReadCx, request: &GetUserIdByEmail) -> Outcome<Option<Found>> {
        peek(cx, by_email(request)?)
    }

    fn run(cx: &mut Cx, request: &GetUserIdByEmail) -> Outcome<Found> {
        run(cx, by_email(request)?)
    }
}
