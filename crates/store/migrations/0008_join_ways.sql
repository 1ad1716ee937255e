-- 「加入群聊」: codes and buttons with which people join customer groups. way is a number above those of older ones.
-- code is what the QR picture says, which nobody can guess. made counts the groups that it has made of its base name so far.
CREATE TABLE join_way (
    corp {int} NOT NULL,
    way {int} NOT NULL,
    config_id {text} NOT NULL,
    code {text} NOT NULL,
    app {int} NOT NULL,
    scene {int} NOT NULL,
    remark {text} NOT NULL,
    auto_create {int} NOT NULL,
    base_name {text},
    base_id {int},
    made {int} NOT NULL,
    state {text},
    mark_source {int} NOT NULL,
    PRIMARY KEY (corp, way)
) {without_rowid};
CREATE UNIQUE INDEX join_way_by_config_id ON join_way (corp, config_id);
CREATE UNIQUE INDEX join_way_by_code ON join_way (corp, code);
CREATE INDEX join_way_by_app ON join_way (corp, app, way);

-- The groups that a join way fills, in this order. made is 1 where it has made the group itself.
CREATE TABLE join_way_chat (
    corp {int} NOT NULL,
    way {int} NOT NULL,
    place {int} NOT NULL,
    chat {int} NOT NULL,
    made {int} NOT NULL,
    PRIMARY KEY (corp, way, place)
) {without_rowid};

-- How many join ways a company has: counting half a million rows would cost more than what it guards.
CREATE TABLE join_way_count (
    corp {int} NOT NULL PRIMARY KEY,
    ways {int} NOT NULL
) {without_rowid};
