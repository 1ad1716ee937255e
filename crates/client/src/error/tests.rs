use super::*;

fn at(path: &'static str, code: i64, message: &str) -> Error {
    Error::refused(path, code, message.to_owned())
}

#[test]
fn an_unknown_chat_is_known_by_endpoint_code_and_text() {
    let (get, create, update) = (
        "/cgi-bin/appchat/get",
        "/cgi-bin/appchat/create",
        "/cgi-bin/appchat/update",
    );
    assert!(at(get, 86002, "chat not exist, hint: [1], from ip: ::1").is_unknown_chat());
    assert!(at(get, 86001, "chatid invalid, hint: [1]").is_unknown_chat());
    assert!(at(update, 86001, "Warning: wrong json format. chatid invalid").is_unknown_chat());
    assert!(at(get, 86003, "chat not exist").is_unknown_chat());
    assert!(!at(create, 86001, "chatid invalid").is_unknown_chat());
    assert!(!at(get, 86001, "no code submitted").is_unknown_chat());
    assert!(!at(update, 86003, "invalid chat name").is_unknown_chat());
    assert!(!at(get, 86008, "you has no privilege").is_unknown_chat());
    assert!(at(create, 86215, "").is_taken() && !at(create, 86216, "").is_taken());
}

#[test]
fn a_refusal_is_taken_apart_and_explained() {
    let error = at(
        "/cgi-bin/appchat/get",
        86002,
        "chat not exist, hint: [42], from ip: 1.2.3.4, more info at https://x",
    );
    assert!(matches!(&error, Error::Refused { hint: Some(hint), .. } if hint == "42"));
    assert_eq!(error.text(), "chat not exist");
    assert_eq!(error.causes(), [Refusal::ChatNotFound]);
    assert_eq!(
        error.to_string(),
        "/cgi-bin/appchat/get refused: 86002 chat not exist (No live group with this chatid)"
    );
    assert!(
        error
            .advice()
            .is_some_and(|advice| advice.contains("chatid"))
    );
    let known = at("/cgi-bin/appchat/get", 45033, "api concurrent out of limit");
    assert!(
        known.to_string().ends_with("(接口并发调用超过限制)"),
        "{known}"
    );
    assert_eq!(
        at("/cgi-bin/appchat/get", 86001, "").official(),
        Some("参数chatid不合法")
    );
    let unknown = at("/cgi-bin/appchat/get", 99999, "new");
    assert!(unknown.causes().is_empty() && unknown.advice().is_none());
    assert_eq!(unknown.code(), Some(99999));
}

#[test]
fn kinds_do_not_overlap() {
    let quota = at("/cgi-bin/appchat/send", 45009, "api freq out of limit");
    assert!(quota.is_frequency() && !quota.is_not_allowed() && !quota.is_not_found());
    // One number, two meanings: document 000's and the official table's.
    let many = at("/cgi-bin/appchat/create", 86005, "chat count out of limit");
    let owner = at("/cgi-bin/appchat/create", 86005, "invalid owner");
    assert!(many.is_frequency() && !owner.is_frequency());
    let scope = at("/cgi-bin/appchat/send", 60011, "no privilege");
    assert!(scope.is_not_allowed() && !scope.is_unauthorised());
    let token = at("/cgi-bin/appchat/send", 40014, "invalid access_token");
    assert!(token.is_unauthorised() && !token.is_not_allowed());
}

#[test]
fn of_an_unreadable_answer_a_bounded_part_is_kept() {
    for (length, kept) in [(KEPT, KEPT), (KEPT + 1, KEPT)] {
        let error = Error::Undecodable {
            path: "/cgi-bin/appchat/get",
            status: 502,
            body: vec![b'x'; length].into(),
        };
        let Error::Undecodable { body, .. } = error.scrubbed(&[]) else {
            panic!("the kind changed")
        };
        assert_eq!(body.len(), kept);
    }
}
