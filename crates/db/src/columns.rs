//! Columns by name: in the list of a SELECT, in the reader of its rows, and beside the values that
//! are stored.
//!
//! [`columns!`](macro@crate::columns) names the columns of a query once. A reader gets a value by its
//! column's name, as `row.get(at::url)?`, so that neither order nor number can differ from the
//! query. [`insert!`](macro@crate::insert), [`insert_all!`](macro@crate::insert_all) and
//! [`update!`](macro@crate::update) write the statement from names with their values.

use std::fmt::Write as _;

/// Names the columns of a query. Defines a macro that is the list for a SELECT, and a module with
/// the position of each column in a row.
///
/// A column that is an expression has its SQL behind its name. Further columns of the same row are
/// named `after` the first ones.
///
/// ```
/// # mod queries {
/// campanile_db::columns! { columns, at: id, name, total = "COALESCE(total, 0)" }
/// campanile_db::columns! { secrets, secret_at after at: secret }
///
/// # pub fn example() {
/// assert_eq!((columns!(), secrets!()), ("id, name, COALESCE(total, 0)", "secret"));
/// assert_eq!((at::id, at::total, secret_at::secret), (0, 2, 3));
/// # }
/// # }
/// # fn main() { queries::example() }
/// ```
#[macro_export]
macro_rules! columns {
    (@sql $name:ident) => { stringify!($name) };
    (@sql $name:ident $sql:literal) => { $sql };
    (@list $list:ident, $first:ident $(= $first_sql:literal)? $(, $name:ident $(= $sql:literal)?)*) => {
        macro_rules! $list {
            () => {
                concat!(
                    $crate::columns!(@sql $first $($first_sql)?)
                    $(, ", ", $crate::columns!(@sql $name $($sql)?))*
                )
            };
        }
    };
    (@positions $at:ident, $from:expr, $($name:ident),+) => {
        #[allow(non_camel_case_types, non_upper_case_globals, dead_code, clippy::upper_case_acronyms)]
        mod $at {
            enum Position { $($name,)+ COUNT }
            $(pub(super) const $name: usize = $from + Position::$name as usize;)+
            pub(super) const COUNT: usize = $from + Position::COUNT as usize;
        }
    };
    ($list:ident, $at:ident: $($name:ident $(= $sql:literal)?),+ $(,)?) => {
        $crate::columns!(@list $list, $($name $(= $sql)?),+);
        $crate::columns!(@positions $at, 0, $($name),+);
    };
    ($list:ident, $at:ident after $before:ident: $($name:ident $(= $sql:literal)?),+ $(,)?) => {
        $crate::columns!(@list $list, $($name $(= $sql)?),+);
        $crate::columns!(@positions $at, super::$before::COUNT, $($name),+);
    };
}

/// An INSERT of one row: the statement and its parameters. Text after the columns ends the
/// statement, such as `"ON CONFLICT (id) DO NOTHING"`.
///
/// ```
/// let name = "Ada";
/// let (sql, params) = campanile_db::insert!("person" { id: 1_i64, name: name } "RETURNING id");
/// assert_eq!(sql, "INSERT INTO person (id, name) VALUES ($1, $2) RETURNING id");
/// assert_eq!(params.len(), 2);
/// ```
#[macro_export]
macro_rules! insert {
    ($table:literal { $($name:ident: $value:expr),+ $(,)? } $($rest:expr)?) => {{
        static SQL: ::std::sync::LazyLock<String> = ::std::sync::LazyLock::new(|| {
            $crate::insert_text($table, &[$(stringify!($name)),+], concat!($($rest)?))
        });
        (SQL.as_str(), [$($crate::Param::from($value)),+])
    }};
}

/// An INSERT of many rows: the [`Bulk`](crate::Bulk) and its rows. Each column has its PostgreSQL
/// type, one of `text`, `bigint`, `boolean`, `float8` and `bytea`. Text after the columns ends the statement,
/// such as `"ON CONFLICT (id) DO NOTHING"`; the first column of stored rows is returned.
///
/// ```
/// let names = ["Ada", "Bob"];
/// let (bulk, rows) = campanile_db::insert_all!(names.iter() => |name| "person" { name: text = *name, age: bigint = 7_i64 });
/// assert_eq!(bulk.each, "INSERT INTO person (name, age) VALUES ($1, $2) ");
/// assert_eq!(bulk.together, "INSERT INTO person (name, age) SELECT * FROM unnest($1::text[], $2::bigint[])  RETURNING name");
/// assert_eq!(rows.len(), 2);
/// ```
#[macro_export]
macro_rules! insert_all {
    ($rows:expr => |$row:pat_param| $table:literal { $($name:ident: $kind:ident = $value:expr),+ $(,)? } $($rest:expr)?) => {{
        static EACH: ::std::sync::LazyLock<String> = ::std::sync::LazyLock::new(|| {
            $crate::insert_text($table, &[$(stringify!($name)),+], concat!($($rest)?))
        });
        static TOGETHER: ::std::sync::LazyLock<String> = ::std::sync::LazyLock::new(|| {
            $crate::insert_all_text($table, &[$((stringify!($name), stringify!($kind))),+], concat!($($rest)?))
        });
        let rows: Vec<Vec<$crate::Param<'_>>> = $rows.map(|$row| $crate::row![$($value),+]).collect();
        ($crate::Bulk { each: EACH.as_str(), together: TOGETHER.as_str(), is_searched: false }, rows)
    }};
}

/// An UPDATE: the statement and its parameters. The condition comes first, with its own parameters
/// from `$1` on.
///
/// ```
/// let (sql, params) = campanile_db::update!("person" WHERE "id = $1" [7_i64] SET { name: "Ada", age: 8_i64 });
/// assert_eq!(sql, "UPDATE person SET name = $2, age = $3 WHERE id = $1");
/// assert_eq!(params.len(), 3);
/// ```
#[macro_export]
macro_rules! update {
    ($table:literal WHERE $condition:literal [$($key:expr),+ $(,)?] SET { $($name:ident: $value:expr),+ $(,)? }) => {{
        static SQL: ::std::sync::LazyLock<String> = ::std::sync::LazyLock::new(|| {
            let keys = [$(stringify!($key)),+].len();
            $crate::update_text($table, &[$(stringify!($name)),+], keys, $condition)
        });
        (SQL.as_str(), [$($crate::Param::from($key),)+ $($crate::Param::from($value)),+])
    }};
}

/// The text of [`insert!`](macro@crate::insert).
#[doc(hidden)]
pub fn insert_text(table: &str, columns: &[&str], rest: &str) -> String {
    let values: Vec<String> = (1..=columns.len()).map(|n| format!("${n}")).collect();
    format!("INSERT INTO {table} ({}) VALUES ({}) {rest}", columns.join(", "), values.join(", "))
}

/// The text of [`insert_all!`](macro@crate::insert_all) for many rows on PostgreSQL.
#[doc(hidden)]
pub fn insert_all_text(table: &str, columns: &[(&str, &str)], rest: &str) -> String {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let arrays: Vec<String> =
        columns.iter().enumerate().map(|(n, (_, kind))| format!("${}::{kind}[]", n + 1)).collect();
    let (first, names) = (names[0], names.join(", "));
    format!("INSERT INTO {table} ({names}) SELECT * FROM unnest({}) {rest} RETURNING {first}", arrays.join(", "))
}

/// The text of [`update!`](macro@crate::update).
#[doc(hidden)]
pub fn update_text(table: &str, columns: &[&str], keys: usize, condition: &str) -> String {
    let mut sql = format!("UPDATE {table} SET ");
    for (n, column) in columns.iter().enumerate() {
        let comma = if n == 0 { "" } else { ", " };
        let _ = write!(sql, "{comma}{column} = ${}", keys + n + 1);
    }
    let _ = write!(sql, " WHERE {condition}");
    sql
}
