-- Every customer group and room has a notice and a version: they stand in chat. customer_group has a row where there is more:
-- what was said in the group is counted, it was handed on or marked, or a mini-program was opened in it. Only internal groups
-- are searched for.
ALTER TABLE chat ADD COLUMN notice {text};
ALTER TABLE chat ADD COLUMN version {int};
UPDATE chat SET
    search = '',
    notice = (SELECT g.notice FROM customer_group g WHERE g.corp = chat.corp AND g.chat = chat.chat),
    version = (SELECT g.version FROM customer_group g WHERE g.corp = chat.corp AND g.chat = chat.chat)
WHERE kind <> 0;
DELETE FROM customer_group
WHERE opengid IS NULL AND handed IS NULL AND handed_before IS NULL AND due IS NULL
    AND messages = 0 AND speakers = 0 AND migrated = 0;
ALTER TABLE customer_group DROP COLUMN notice;
ALTER TABLE customer_group DROP COLUMN version;

-- Internal groups alone.
DROP INDEX chat_by_kind;
CREATE INDEX chat_internal ON chat (corp, chat) WHERE dissolved IS NULL AND kind = 0;

-- All that a list of customer groups says and looks at, so that a page of it is read from one place.
CREATE INDEX chat_listed ON chat (corp, chat, chatid, owner, status, kind, dissolved) WHERE dissolved IS NULL AND kind = 1;
DROP INDEX chat_by_owner;
CREATE INDEX chat_by_owner ON chat (corp, owner, chat, chatid, status, kind, dissolved) WHERE dissolved IS NULL AND kind = 1;
