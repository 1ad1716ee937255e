//! Values and rows as PostgreSQL's driver has them.

use std::error::Error;

use bytes::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::db::{Row, Val};

impl ToSql for Val<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match *self {
            Val::Null => return Ok(IsNull::Yes),
            Val::Int(value) => match *ty {
                Type::INT8 => return value.to_sql(ty, out),
                Type::INT4 => return i32::try_from(value)?.to_sql(ty, out),
                Type::BOOL => return (value != 0).to_sql(ty, out),
                _ => return Err(format!("a number for a parameter of type {ty}").into()),
            },
            Val::Text(value) => out.extend_from_slice(value.as_bytes()),
            Val::Bytes(value) => out.extend_from_slice(value),
        }
        Ok(IsNull::No)
    }

    /// Judged with the value in hand: a NULL fits everywhere.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A row of an answer.
pub(super) struct Found(pub(super) tokio_postgres::Row);

impl Row for Found {
    fn width(&self) -> usize {
        self.0.len()
    }

    fn val(&self, i: usize) -> Val<'_> {
        let Some(column) = self.0.columns().get(i) else {
            panic!("the answer has no column {i}");
        };
        match *column.type_() {
            Type::INT8 => self.0.get::<_, Option<i64>>(i).into(),
            Type::INT4 => self.0.get::<_, Option<i32>>(i).into(),
            Type::BOOL => self.0.get::<_, Option<bool>>(i).into(),
            Type::TEXT | Type::VARCHAR | Type::NAME => self.0.get::<_, Option<&str>>(i).into(),
            Type::BYTEA => self.0.get::<_, Option<&[u8]>>(i).into(),
            ref other => panic!("column {i} is of type {other}"),
        }
    }
}
