-- Template cards by their task, which an app uses once. lane and id are the message's.
CREATE TABLE card (
    corp {int} NOT NULL,
    app {int} NOT NULL,
    task {text} NOT NULL,
    lane {int} NOT NULL,
    id {int} NOT NULL,
    PRIMARY KEY (corp, app, task)
) {without_rowid};

-- What became of a card for an audience, in order; for a reader all those hold whose audience he is in. whole: body is the
-- new card, otherwise the text of the button in place of its buttons. changed is ms UTC.
CREATE TABLE card_change (
    corp {int} NOT NULL,
    lane {int} NOT NULL,
    id {int} NOT NULL,
    seq {int} NOT NULL,
    audience {int} NOT NULL,
    changed {int} NOT NULL,
    whole {int} NOT NULL,
    body {text} NOT NULL,
    PRIMARY KEY (corp, lane, id, seq)
) {without_rowid};

-- Each allows one change of a card until it ends, ms UTC; a used one is gone. As good as a password, so only the hash is kept.
CREATE TABLE response_code (
    corp {int} NOT NULL,
    hash {text} NOT NULL,
    app {int} NOT NULL,
    lane {int} NOT NULL,
    id {int} NOT NULL,
    ends {int} NOT NULL,
    PRIMARY KEY (corp, hash)
) {without_rowid};
CREATE INDEX response_code_by_end ON response_code (ends);
