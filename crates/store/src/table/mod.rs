//! The tables: constants with their SQL, and typed functions that load and save rows.

/// Names the statements of a table and lists them, so that a test can prepare each on both engines.
macro_rules! statements {
    ($($(#[$meta:meta])* $name:ident = $sql:literal;)*) => {
        $($(#[$meta])* const $name: &str = $sql;)*
        pub(super) const STATEMENTS: &[&str] = &[$($name,)*];
    };
}

pub mod address;
pub mod app;
pub mod audience;
pub mod blob;
pub mod callback;
pub mod card;
pub mod chat;
pub mod company;
pub mod customer;
pub mod customer_group;
pub mod directory;
pub mod group_day;
pub mod join_way;
pub mod lane;
pub mod media;
pub mod message;
pub mod meta;
pub mod quota;
pub mod recipient;

/// Every statement of the tables.
pub fn statements() -> Vec<&'static str> {
    [
        address::STATEMENTS,
        app::STATEMENTS,
        audience::STATEMENTS,
        blob::STATEMENTS,
        callback::STATEMENTS,
        card::STATEMENTS,
        chat::STATEMENTS,
        company::STATEMENTS,
        customer::STATEMENTS,
        customer_group::STATEMENTS,
        &directory::statements(),
        group_day::STATEMENTS,
        join_way::STATEMENTS,
        lane::STATEMENTS,
        media::STATEMENTS,
        message::STATEMENTS,
        meta::STATEMENTS,
        quota::STATEMENTS,
        recipient::STATEMENTS,
    ]
    .concat()
}

/// Whether a writer may keep the answers to a statement: its first value is the company, and the rows that it reads change
/// only while their company is held alone.
pub(crate) fn is_kept(sql: &str) -> bool {
    [address::KEPT, chat::KEPT, company::KEPT, media::KEPT]
        .concat()
        .contains(&sql)
}
