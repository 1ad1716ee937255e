-- What a customer group brings to its owner's figures: how much was said in it, how many of its present members have said
-- something in it, and whether it is marked as migrated.
ALTER TABLE customer_group ADD COLUMN messages {int} NOT NULL DEFAULT 0;
ALTER TABLE customer_group ADD COLUMN speakers {int} NOT NULL DEFAULT 0;
ALTER TABLE customer_group ADD COLUMN migrated {int} NOT NULL DEFAULT 0;

-- Who has ever said something in a customer group.
CREATE TABLE group_speaker (
    corp {int} NOT NULL,
    chat {int} NOT NULL,
    person {int} NOT NULL,
    PRIMARY KEY (corp, chat, person)
) {without_rowid};

-- An owner's figures as of a day's end; days are counted from 1970-01-01 in UTC+8. A day without a row is as the one before.
-- new_chats and new_members count from the beginning too, so that a span's figure is a difference of two rows.
CREATE TABLE group_day (
    corp {int} NOT NULL,
    owner {int} NOT NULL,
    day {int} NOT NULL,
    new_chats {int} NOT NULL,
    chats {int} NOT NULL,
    spoken_chats {int} NOT NULL,
    new_members {int} NOT NULL,
    members {int} NOT NULL,
    speakers {int} NOT NULL,
    messages {int} NOT NULL,
    migrated {int} NOT NULL,
    PRIMARY KEY (corp, owner, day)
) {without_rowid};
CREATE INDEX group_day_by_day ON group_day (corp, day, owner);
