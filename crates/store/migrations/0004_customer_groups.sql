-- Customers, and groups with them. They are rows of chat like internal groups: kind is 0 for an internal group, 1 for a
-- customer group, 2 for a room of personal WeChat. A customer's key is negative, so that a member, a sender or an inviter is
-- an employee or a customer by its sign.
ALTER TABLE chat ADD COLUMN kind {int} NOT NULL DEFAULT 0;

-- How far a customer group's inheritance is: 0 not begun, 2 under way, 3 done. Whether its owner has left is the owner's to say.
ALTER TABLE chat ADD COLUMN status {int} NOT NULL DEFAULT 0;

-- A chatid is unique among live internal groups; a customer group's is never given again, so that a dismissed one is known.
DROP INDEX chat_by_chatid;
CREATE UNIQUE INDEX chat_by_chatid ON chat (corp, chatid) WHERE dissolved IS NULL AND kind = 0;
CREATE UNIQUE INDEX chat_by_chat_id ON chat (corp, chatid) WHERE kind = 1;
DROP INDEX chat_by_app;
CREATE INDEX chat_by_app ON chat (corp, app) WHERE dissolved IS NULL AND kind = 0;
CREATE INDEX chat_by_kind ON chat (corp, kind, chat) WHERE dissolved IS NULL;
CREATE INDEX chat_by_owner ON chat (corp, owner, chat) WHERE dissolved IS NULL AND kind = 1;
CREATE INDEX chat_by_status ON chat (corp, status, owner, chat) WHERE dissolved IS NULL AND kind = 1 AND status > 0;

-- How a member of a customer group came in (join_scene of groupchat/get), by whom, with which state, under which name, and
-- whether the member is an admin; empty in internal groups.
ALTER TABLE chat_member ADD COLUMN scene {int};
ALTER TABLE chat_member ADD COLUMN invitor {int};
ALTER TABLE chat_member ADD COLUMN state {text};
ALTER TABLE chat_member ADD COLUMN nickname {text};
ALTER TABLE chat_member ADD COLUMN admin {int};

-- kind: 1 of WeChat, 2 of another company's WeCom.
CREATE TABLE customer (
    corp {int} NOT NULL,
    customer {int} NOT NULL,
    external_userid {text} NOT NULL,
    unionid {text},
    name {text} NOT NULL,
    kind {int} NOT NULL,
    corp_name {text},
    PRIMARY KEY (corp, customer)
) {without_rowid};
CREATE UNIQUE INDEX customer_by_external_userid ON customer (corp, external_userid);
CREATE UNIQUE INDEX customer_by_unionid ON customer (corp, unionid) WHERE unionid IS NOT NULL;

-- What a customer group has beyond chat. version is the id of the last change of its members. handed and handed_before are
-- when it was last handed on by onjob_transfer; heir, due and transfer_app are of an inheritance under way.
CREATE TABLE customer_group (
    corp {int} NOT NULL,
    chat {int} NOT NULL,
    notice {text} NOT NULL,
    version {int} NOT NULL,
    opengid {text},
    handed {int},
    handed_before {int},
    heir {int},
    due {int},
    transfer_app {int},
    PRIMARY KEY (corp, chat)
) {without_rowid};
CREATE UNIQUE INDEX customer_group_by_opengid ON customer_group (corp, opengid) WHERE opengid IS NOT NULL;
-- Across companies: what is due, whosever it is.
CREATE INDEX customer_group_due ON customer_group (due, corp, chat) WHERE due IS NOT NULL;

-- Codes with which whoever has one comes in: a link that a member gave away (scene 2), or the group's own QR code (scene 3).
CREATE TABLE group_code (
    corp {int} NOT NULL,
    code {text} NOT NULL,
    chat {int} NOT NULL,
    invitor {int} NOT NULL,
    scene {int} NOT NULL,
    expires {int} NOT NULL,
    PRIMARY KEY (corp, code)
) {without_rowid};
CREATE INDEX group_code_by_end ON group_code (expires, corp, code);

-- Cursors of groupchat/list that a world names; each stands at the beginning.
CREATE TABLE list_cursor (
    corp {int} NOT NULL,
    cursor {text} NOT NULL,
    PRIMARY KEY (corp, cursor)
) {without_rowid};
