//! Parameters and rows over both drivers, without a copy in between.

use std::borrow::Cow;

use bytes::BytesMut;
use campanile_base::Timestamp;
use rusqlite::types::{ToSqlOutput, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::{Error, Result};

/// A parameter. Created with `Param::from`, usually by `params!`.
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

impl Param<'_> {
    /// The type of the column that such a parameter is compared with.
    pub(crate) fn postgres_type(&self) -> Type {
        match self {
            Self::Null => Type::UNKNOWN,
            Self::Int(_) => Type::INT8,
            Self::Real(_) => Type::FLOAT8,
            Self::Bool(_) => Type::BOOL,
            Self::Text(_) => Type::TEXT,
            Self::Bytes(_) => Type::BYTEA,
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
        // `UNKNOWN` is the type of a NULL in a composed text.
        [Type::INT8, Type::INT4, Type::INT2, Type::FLOAT8, Type::BOOL, Type::TEXT, Type::VARCHAR, Type::BYTEA]
            .contains(ty)
            || *ty == Type::UNKNOWN
    }

    to_sql_checked!();
}

/// A row of either driver.
pub enum Row<'r> {
    /// A row of SQLite.
    Lite(&'r rusqlite::Row<'r>),
    /// A row of PostgreSQL.
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

    /// The JSON in column `index`.
    ///
    /// # Errors
    /// `Column`, with the row's first column, when it cannot be parsed. Unreadable data is never
    /// treated as missing.
    pub fn json<T: DeserializeOwned>(&self, index: usize) -> Result<T> {
        self.parsed(index, &self.get::<String>(index)?)
    }

    /// The JSON in column `index`, which may be NULL.
    ///
    /// # Errors
    /// Like [`Row::json`].
    pub fn json_if_any<T: DeserializeOwned>(&self, index: usize) -> Result<Option<T>> {
        self.json_measured(index, &mut 0)
    }

    /// Like [`Row::json_if_any`]. Adds the length of the text to `bytes`.
    ///
    /// # Errors
    /// Like [`Row::json`].
    pub fn json_measured<T: DeserializeOwned>(&self, index: usize, bytes: &mut usize) -> Result<Option<T>> {
        let Some(text) = self.get::<Option<String>>(index)? else { return Ok(None) };
        *bytes += text.len();
        self.parsed(index, &text).map(Some)
    }

    /// The word in column `index`, which `parse` must know.
    ///
    /// # Errors
    /// `Column`, with the row's first column, when the word is unknown: a newer program may have
    /// stored it.
    pub fn word<T>(&self, index: usize, parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        let word = self.get::<String>(index)?;
        parse(&word).ok_or_else(|| self.refused(index, &format!("the unknown word {word:?}")))
    }

    fn parsed<T: DeserializeOwned>(&self, column: usize, text: &str) -> Result<T> {
        serde_json::from_str(text).map_err(|error| self.refused(column, &format!("JSON that cannot be read: {error}")))
    }

    fn refused(&self, column: usize, content: &str) -> Error {
        let row = self.get::<String>(0).unwrap_or_default();
        Error::Column { column, message: format!("the row {row:?} has {content}"), statement: String::new() }
    }
}

/// The JSON text in which a value is stored.
///
/// # Panics
/// When the value has no JSON form: a map whose keys are not text. No stored type has such maps.
pub fn json_text(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).expect("what is stored is plain data")
}

/// Parses the JSON of a column that was read as text. `row` identifies its row.
///
/// # Errors
/// `Internal`, with the table and the row.
pub fn stored_json<T: DeserializeOwned>(table: &str, row: &str, text: &str) -> campanile_base::Result<T> {
    serde_json::from_str(text).map_err(|error| {
        campanile_base::Error::internal(format!("the row {row:?} of {table} has JSON that cannot be read: {error}"))
    })
}

/// A type that a column can be read as.
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
                    Row::Lite(row) => row.get(column).map_err(|e| unreadable(column, &e)),
                    Row::Postgres(row) => row.try_get(column).map_err(|e| unreadable(column, &e)),
                }
            }
        }
        impl FromColumn for Option<$target> {
            fn from_column(row: &Row<'_>, column: usize) -> Result<Self> {
                match row {
                    Row::Lite(row) => row.get(column).map_err(|e| unreadable(column, &e)),
                    Row::Postgres(row) => row.try_get(column).map_err(|e| unreadable(column, &e)),
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

fn unreadable(column: usize, error: &dyn std::fmt::Display) -> Error {
    Error::Column { column, message: error.to_string(), statement: String::new() }
}
