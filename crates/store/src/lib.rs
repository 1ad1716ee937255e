//! One SQL for SQLite and PostgreSQL behind a group-commit writer.
