-- Companies, apps, people and internal groups. Times are ms UTC; every key begins with the company.
CREATE TABLE company (
    corp {int} NOT NULL PRIMARY KEY,
    corpid {text} NOT NULL UNIQUE,
    name {text} NOT NULL,
    industry {text},
    account_cap {int} NOT NULL,
    chat_member_cap {int},
    developer_id {text},
    version {int} NOT NULL,
    last_id {int} NOT NULL,
    created {int} NOT NULL
) {without_rowid};

-- Only added to: what happened is judged by the rules of its time. An empty key sets the rulebook, a NULL value takes an override away.
CREATE TABLE rule (
    corp {int} NOT NULL,
    id {int} NOT NULL,
    since {int} NOT NULL,
    rulebook {text},
    key {text} NOT NULL,
    value {int},
    PRIMARY KEY (corp, id)
) {without_rowid};

CREATE TABLE app (
    corp {int} NOT NULL,
    app {int} NOT NULL,
    name {text} NOT NULL,
    kind {text} NOT NULL,
    customer_contact {int} NOT NULL,
    disabled {int} NOT NULL,
    trusted {text} NOT NULL,
    secret_hash {text} NOT NULL,
    token_generation {int} NOT NULL,
    token_issued {int} NOT NULL,
    token_hash {text} NOT NULL,
    PRIMARY KEY (corp, app)
) {without_rowid};
CREATE UNIQUE INDEX app_by_secret ON app (corp, secret_hash);

-- What an app may see. kind: 1 person, 2 department, 3 tag.
CREATE TABLE app_range (
    corp {int} NOT NULL,
    app {int} NOT NULL,
    kind {int} NOT NULL,
    id {int} NOT NULL,
    PRIMARY KEY (corp, app, kind, id)
) {without_rowid};

CREATE TABLE department (
    corp {int} NOT NULL,
    department {int} NOT NULL,
    parent {int} NOT NULL,
    name {text} NOT NULL,
    ord {int} NOT NULL,
    PRIMARY KEY (corp, department)
) {without_rowid};

-- userid as written; folded is what makes it unique. search is userid and name without case.
CREATE TABLE person (
    corp {int} NOT NULL,
    person {int} NOT NULL,
    userid {text} NOT NULL,
    folded {text} NOT NULL,
    search {text} NOT NULL,
    name {text} NOT NULL,
    alias {text},
    mobile {text},
    email {text},
    status {int} NOT NULL,
    real_named {int} NOT NULL,
    customer_contact {int} NOT NULL,
    licence_end {int},
    PRIMARY KEY (corp, person)
) {without_rowid};
CREATE UNIQUE INDEX person_by_userid ON person (corp, folded);
CREATE UNIQUE INDEX person_by_mobile ON person (corp, mobile);
CREATE UNIQUE INDEX person_by_email ON person (corp, email);

CREATE TABLE person_department (
    corp {int} NOT NULL,
    person {int} NOT NULL,
    department {int} NOT NULL,
    PRIMARY KEY (corp, person, department)
) {without_rowid};
CREATE INDEX person_by_department ON person_department (corp, department, person);

CREATE TABLE tag (
    corp {int} NOT NULL,
    tag {int} NOT NULL,
    name {text} NOT NULL,
    PRIMARY KEY (corp, tag)
) {without_rowid};

-- kind: 1 person, 2 department.
CREATE TABLE tag_member (
    corp {int} NOT NULL,
    tag {int} NOT NULL,
    kind {int} NOT NULL,
    id {int} NOT NULL,
    PRIMARY KEY (corp, tag, kind, id)
) {without_rowid};

-- A chatid is unique among live groups. first_message is what makes a group visible to its members.
CREATE TABLE chat (
    corp {int} NOT NULL,
    chat {int} NOT NULL,
    chatid {text} NOT NULL,
    app {int} NOT NULL,
    name {text} NOT NULL,
    search {text} NOT NULL,
    owner {int} NOT NULL,
    member_count {int} NOT NULL,
    created {int} NOT NULL,
    first_message {int},
    dissolved {int},
    PRIMARY KEY (corp, chat)
) {without_rowid};
CREATE UNIQUE INDEX chat_by_chatid ON chat (corp, chatid) WHERE dissolved IS NULL;
CREATE INDEX chat_by_app ON chat (corp, app) WHERE dissolved IS NULL;

-- Membership is an interval of ids: leaving closes one, joining again opens another.
CREATE TABLE chat_member (
    corp {int} NOT NULL,
    chat {int} NOT NULL,
    from_id {int} NOT NULL,
    person {int} NOT NULL,
    joined {int} NOT NULL,
    to_id {int},
    PRIMARY KEY (corp, chat, from_id)
) {without_rowid};
CREATE UNIQUE INDEX chat_member_now ON chat_member (corp, chat, person) WHERE to_id IS NULL;
CREATE INDEX chat_member_by_person ON chat_member (corp, person, chat, from_id, to_id);

-- A message is stored once, whoever reads it. Its id is its time in microseconds. sender 0 is the app.
CREATE TABLE message (
    corp {int} NOT NULL,
    lane {int} NOT NULL,
    id {int} NOT NULL,
    chat {int} NOT NULL,
    app {int} NOT NULL,
    sender {int} NOT NULL,
    kind {text} NOT NULL,
    safe {int} NOT NULL,
    body {text} NOT NULL,
    PRIMARY KEY (corp, lane, id)
) {without_rowid};
CREATE INDEX message_by_chat ON message (corp, chat, lane, id, app, sender);

-- What was spent of a limit, a row per node; scope is what within the company it is counted for.
CREATE TABLE quota (
    corp {int} NOT NULL,
    key {text} NOT NULL,
    scope {text} NOT NULL,
    node {int} NOT NULL,
    start {int} NOT NULL,
    amount {int} NOT NULL,
    blocked {int} NOT NULL,
    PRIMARY KEY (corp, key, scope, node)
) {without_rowid};

CREATE TABLE media (
    corp {int} NOT NULL,
    media_id {text} NOT NULL,
    kind {text} NOT NULL,
    name {text} NOT NULL,
    content_type {text} NOT NULL,
    size {int} NOT NULL,
    blob {text} NOT NULL,
    created {int} NOT NULL,
    expires {int},
    PRIMARY KEY (corp, media_id)
) {without_rowid};
CREATE INDEX media_by_end ON media (corp, expires);
CREATE INDEX media_by_blob ON media (corp, blob);

-- Content of files where they are not kept in the file system.
CREATE TABLE blob_chunk (
    corp {int} NOT NULL,
    blob {text} NOT NULL,
    part {int} NOT NULL,
    created {int} NOT NULL,
    bytes {blob} NOT NULL,
    PRIMARY KEY (corp, blob, part)
);
