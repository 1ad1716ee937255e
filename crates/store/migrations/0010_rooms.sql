-- Juzi: groups of hosted accounts, and the tokens that select them. What a group is told is kept as an app's is, with the
-- group's number below 0 in place of the agentid. exhausted holds the times of its last callbacks that were given up.
CREATE TABLE hosting (
    corp {int} NOT NULL,
    hosting {int} NOT NULL,
    group_id {text} NOT NULL,
    name {text} NOT NULL,
    exhausted {text} NOT NULL,
    silent_until {int} NOT NULL,
    PRIMARY KEY (corp, hosting)
) {without_rowid};
CREATE UNIQUE INDEX hosting_by_id ON hosting (corp, group_id);

CREATE TABLE hosting_token (
    corp {int} NOT NULL,
    hosting {int} NOT NULL,
    hash {text} NOT NULL,
    wecom_chat_id {int} NOT NULL,
    PRIMARY KEY (corp, hosting, hash)
) {without_rowid};
-- A call names no company but by its token.
CREATE UNIQUE INDEX hosting_token_by_hash ON hosting_token (hash);

-- A hosted account. Who it is is an employee or, in personal WeChat, somebody outside: person is below 0 then.
CREATE TABLE bot (
    corp {int} NOT NULL,
    bot {int} NOT NULL,
    hosting {int} NOT NULL,
    person {int} NOT NULL,
    user_id {text} NOT NULL,
    folded {text} NOT NULL,
    bot_id {text} NOT NULL,
    nick_name {text} NOT NULL,
    online {int} NOT NULL,
    logged_in {int} NOT NULL,
    fail_next {text} NOT NULL,
    PRIMARY KEY (corp, bot)
) {without_rowid};
CREATE INDEX bot_by_user ON bot (corp, folded);
CREATE INDEX bot_by_person ON bot (corp, person);
CREATE UNIQUE INDEX bot_by_id ON bot (corp, bot_id);

-- Its friends.
CREATE TABLE bot_friend (
    corp {int} NOT NULL,
    bot {int} NOT NULL,
    person {int} NOT NULL,
    loaded {int} NOT NULL,
    PRIMARY KEY (corp, bot, person)
) {without_rowid};

-- Rooms whose conversation has an id that was given, or that an account has not loaded; the id of all others is made of both numbers.
CREATE TABLE bot_room (
    corp {int} NOT NULL,
    bot {int} NOT NULL,
    chat {int} NOT NULL,
    conversation {text},
    loaded {int} NOT NULL,
    PRIMARY KEY (corp, bot, chat)
) {without_rowid};
CREATE UNIQUE INDEX bot_room_by_conversation ON bot_room (corp, conversation);

-- System ids that were given; all others are made of the number.
CREATE TABLE person_wxid (
    corp {int} NOT NULL,
    person {int} NOT NULL,
    wxid {text} NOT NULL,
    PRIMARY KEY (corp, person)
) {without_rowid};
CREATE UNIQUE INDEX person_by_wxid ON person_wxid (corp, wxid);

CREATE TABLE chat_wxid (
    corp {int} NOT NULL,
    chat {int} NOT NULL,
    wxid {text} NOT NULL,
    PRIMARY KEY (corp, chat)
) {without_rowid};
CREATE UNIQUE INDEX chat_by_wxid ON chat_wxid (corp, wxid);

CREATE TABLE room_label (
    corp {int} NOT NULL,
    label {int} NOT NULL,
    hosting {int} NOT NULL,
    label_id {text} NOT NULL,
    name {text} NOT NULL,
    PRIMARY KEY (corp, label)
) {without_rowid};
CREATE UNIQUE INDEX room_label_by_id ON room_label (corp, label_id);

CREATE TABLE room_labelled (
    corp {int} NOT NULL,
    label {int} NOT NULL,
    chat {int} NOT NULL,
    PRIMARY KEY (corp, label, chat)
) {without_rowid};
CREATE INDEX room_labelled_by_chat ON room_labelled (corp, chat, label);

-- Invitation cards. state: 0 open, 1 accepted, 2 ignored.
CREATE TABLE room_invitation (
    corp {int} NOT NULL,
    card {int} NOT NULL,
    chat {int} NOT NULL,
    inviter {int} NOT NULL,
    person {int} NOT NULL,
    state {int} NOT NULL,
    PRIMARY KEY (corp, card)
) {without_rowid};
CREATE INDEX room_invitation_by_person ON room_invitation (corp, person, card);
