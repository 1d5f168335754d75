//! Parameters and rows over both drivers, without a copy in between.

use std::borrow::Cow;

use bytes::BytesMut;
use campanile_base::Timestamp;
use rusqlite::types::{ToSqlOutput, ValueRef};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::{Error, Result};

/// A parameter. Made with `Param::from`, usually by `params!`.
#[derive(Debug, Clone)]
pub enum Param<'a> {
    /// SQL's NULL.
    Null,
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Real(f64),
    /// True or false.
    Bool(bool),
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes.
    Bytes(Cow<'a, [u8]>),
}

impl Param<'_> {
    /// The same parameter, owning its text.
    pub fn into_owned(self) -> Param<'static> {
        match self {
            Self::Null => Param::Null,
            Self::Int(n) => Param::Int(n),
            Self::Real(n) => Param::Real(n),
            Self::Bool(b) => Param::Bool(b),
            Self::Text(text) => Param::Text(Cow::Owned(text.into_owned())),
            Self::Bytes(bytes) => Param::Bytes(Cow::Owned(bytes.into_owned())),
        }
    }
}

macro_rules! param_from {
    ($($source:ty => |$value:ident| $param:expr),* $(,)?) => {
        $(impl<'a> From<$source> for Param<'a> { fn from($value: $source) -> Self { $param } })*
    };
}
param_from! {
    i64 => |n| Param::Int(n),
    i32 => |n| Param::Int(n.into()),
    u32 => |n| Param::Int(n.into()),
    u16 => |n| Param::Int(n.into()),
    f64 => |n| Param::Real(n),
    bool => |b| Param::Bool(b),
    Timestamp => |time| Param::Int(time.as_micros()),
    String => |text| Param::Text(Cow::Owned(text)),
    &'a str => |text| Param::Text(Cow::Borrowed(text)),
    &'a String => |text| Param::Text(Cow::Borrowed(text)),
    Vec<u8> => |bytes| Param::Bytes(Cow::Owned(bytes)),
    &'a [u8] => |bytes| Param::Bytes(Cow::Borrowed(bytes)),
}
impl<'a, T: Into<Param<'a>>> From<Option<T>> for Param<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Param::Null, Into::into)
    }
}

impl rusqlite::ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(n) => ValueRef::Integer(*n),
            Self::Real(n) => ValueRef::Real(*n),
            Self::Bool(b) => ValueRef::Integer((*b).into()),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl ToSql for Param<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(n) if *ty == Type::INT4 => i32::try_from(*n)?.to_sql(ty, out),
            Self::Int(n) if *ty == Type::INT2 => i16::try_from(*n)?.to_sql(ty, out),
            Self::Int(n) => n.to_sql(&Type::INT8, out),
            Self::Real(n) => n.to_sql(&Type::FLOAT8, out),
            Self::Bool(b) => b.to_sql(ty, out),
            Self::Text(text) => text.as_ref().to_sql(ty, out),
            Self::Bytes(bytes) => bytes.as_ref().to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        [Type::INT8, Type::INT4, Type::INT2, Type::FLOAT8, Type::BOOL, Type::TEXT, Type::VARCHAR, Type::BYTEA]
            .contains(ty)
    }

    to_sql_checked!();
}

/// A row of either driver.
pub enum Row<'r> {
    /// SQLite's.
    Lite(&'r rusqlite::Row<'r>),
    /// PostgreSQL's.
    Postgres(&'r tokio_postgres::Row),
}

impl Row<'_> {
    /// The value in column `index`, counted from 0.
    ///
    /// # Errors
    /// `Column` when it is not of this type.
    pub fn get<T: FromColumn>(&self, index: usize) -> Result<T> {
        T::from_column(self, index)
    }
}

/// What a column can be read as.
pub trait FromColumn: Sized {
    /// Reads column `index`.
    ///
    /// # Errors
    /// `Column` when it is not of this type.
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self>;
}

macro_rules! from_column {
    ($($target:ty),*) => {
        $(impl FromColumn for $target {
            fn from_column(row: &Row<'_>, column: usize) -> Result<Self> {
                match row {
                    Row::Lite(row) => row.get(column).map_err(|e| Error::Column { column, message: e.to_string() }),
                    Row::Postgres(row) => row.try_get(column).map_err(|e| Error::Column { column, message: e.to_string() }),
                }
            }
        }
        impl FromColumn for Option<$target> {
            fn from_column(row: &Row<'_>, column: usize) -> Result<Self> {
                match row {
                    Row::Lite(row) => row.get(column).map_err(|e| Error::Column { column, message: e.to_string() }),
                    Row::Postgres(row) => row.try_get(column).map_err(|e| Error::Column { column, message: e.to_string() }),
                }
            }
        })*
    };
}
from_column!(i64, f64, bool, String, Vec<u8>);

impl FromColumn for Timestamp {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self> {
        row.get(index).map(Timestamp::from_micros)
    }
}

impl FromColumn for Option<Timestamp> {
    fn from_column(row: &Row<'_>, index: usize) -> Result<Self> {
        Ok(row.get::<Option<i64>>(index)?.map(Timestamp::from_micros))
    }
}
