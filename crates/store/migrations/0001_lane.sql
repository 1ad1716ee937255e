-- What the store itself needs. Files are split where a line ends with a semicolon.
CREATE TABLE meta (
    key {text} NOT NULL PRIMARY KEY,
    value {text} NOT NULL
) {without_rowid};

-- One row per writer: who holds it, until when (ms), and the last id it has committed.
CREATE TABLE lane (
    lane {int} NOT NULL PRIMARY KEY,
    boot {int} NOT NULL,
    until {int} NOT NULL,
    last_id {int} NOT NULL
) {without_rowid};
