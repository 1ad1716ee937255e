-- What apps are told. Token and key are needed in clear: with them each delivery is signed and encrypted.
CREATE TABLE callback (
    corp {int} NOT NULL,
    app {int} NOT NULL,
    url {text} NOT NULL,
    token {text} NOT NULL,
    aes_key {text} NOT NULL,
    PRIMARY KEY (corp, app)
) {without_rowid};

-- What is delivered one after another. next numbers its events; due is when the first one that waits is to be tried, NULL
-- where none waits, by the server's clock. A claim ends by the machine's clock, which nobody moves.
CREATE TABLE callback_queue (
    corp {int} NOT NULL,
    app {int} NOT NULL,
    queue {text} NOT NULL,
    next {int} NOT NULL,
    due {int},
    failures {int} NOT NULL,
    claim {text} NOT NULL,
    claimed_until {int} NOT NULL,
    PRIMARY KEY (corp, app, queue)
) {without_rowid};
-- The one index across companies: the deliverer asks what is due, whosever it is.
CREATE INDEX callback_queue_due ON callback_queue (due, corp, app, queue) WHERE due IS NOT NULL;

-- state: 0 waiting, 1 delivered, 2 exhausted. body is the plain XML.
CREATE TABLE callback_event (
    corp {int} NOT NULL,
    id {int} NOT NULL,
    lane {int} NOT NULL,
    app {int} NOT NULL,
    queue {text} NOT NULL,
    seq {int} NOT NULL,
    person {int} NOT NULL,
    kind {text} NOT NULL,
    state {int} NOT NULL,
    body {text} NOT NULL,
    PRIMARY KEY (corp, id, lane)
) {without_rowid};
CREATE INDEX callback_event_waiting ON callback_event (corp, app, queue, seq) WHERE state = 0;

CREATE TABLE callback_attempt (
    corp {int} NOT NULL,
    event {int} NOT NULL,
    event_lane {int} NOT NULL,
    id {int} NOT NULL,
    lane {int} NOT NULL,
    began {int} NOT NULL,
    took {int} NOT NULL,
    accepted {int} NOT NULL,
    request_head {text} NOT NULL,
    request_body {text} NOT NULL,
    status {int},
    answer {text} NOT NULL,
    error {text},
    PRIMARY KEY (corp, event, event_lane, id, lane)
) {without_rowid};

-- Who gets what an app says to people: each distinct set once. Its number is of the same sequence as the groups', and is
-- what message.chat holds.
CREATE TABLE audience (
    corp {int} NOT NULL,
    audience {int} NOT NULL,
    hash {text} NOT NULL,
    people {int} NOT NULL,
    PRIMARY KEY (corp, audience)
) {without_rowid};
CREATE UNIQUE INDEX audience_by_hash ON audience (corp, hash);

CREATE TABLE audience_member (
    corp {int} NOT NULL,
    audience {int} NOT NULL,
    person {int} NOT NULL,
    PRIMARY KEY (corp, audience, person)
) {without_rowid};
CREATE INDEX audience_by_person ON audience_member (corp, person, audience);
