-- Whom an address of message/send reaches: its audience and how many people that is. hash is of the app and the address;
-- it holds while the company has this version, until a licence ends (ms UTC). answer names who is not reached, JSON, empty where nobody.
CREATE TABLE address (
    corp {int} NOT NULL,
    hash {text} NOT NULL,
    version {int} NOT NULL,
    until {int} NOT NULL,
    audience {int} NOT NULL,
    people {int} NOT NULL,
    flawed {int} NOT NULL,
    answer {text} NOT NULL,
    made {int} NOT NULL,
    PRIMARY KEY (corp, hash)
) {without_rowid};

-- Messages that their app has taken back, and when, ms UTC.
CREATE TABLE message_recall (
    corp {int} NOT NULL,
    lane {int} NOT NULL,
    id {int} NOT NULL,
    recalled {int} NOT NULL,
    PRIMARY KEY (corp, lane, id)
) {without_rowid};

-- The newest message of each request that asked not to be delivered twice. Its time is its id.
CREATE TABLE message_once (
    corp {int} NOT NULL,
    app {int} NOT NULL,
    hash {text} NOT NULL,
    lane {int} NOT NULL,
    id {int} NOT NULL,
    PRIMARY KEY (corp, app, hash)
) {without_rowid};
