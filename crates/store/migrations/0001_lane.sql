-- What the store itself needs. Files are split where a line ends with a semicolon.
CREATE TABLE meta (
    key {text} NOT NULL PRIMARY KEY,
    value {text} NOT NULL
) {without_rowid};

-- One row per writer: the number of its present owner, the last id committed, and where that stood when the owner took over.
CREATE TABLE lane (
    lane {int} NOT NULL PRIMARY KEY,
    boot {int} NOT NULL,
    last_id {int} NOT NULL,
    before {int} NOT NULL
) {without_rowid};
