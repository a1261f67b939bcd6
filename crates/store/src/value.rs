//! Parameters and rows in the two types that both databases share: 64-bit integers and text.

use tokio_postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};

use crate::StoreError;

/// A parameter or a column's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `BIGINT`.
    Int(i64),
    /// `TEXT`.
    Text(String),
    /// `NULL`.
    Null,
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Int(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::Text(value)
    }
}

impl<V: Into<Value>> From<Option<V>> for Value {
    fn from(value: Option<V>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Int(value) => ValueRef::Integer(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Null => ValueRef::Null,
        }))
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Value::Int(value) => value.to_sql_checked(ty, out),
            Value::Text(value) => value.as_str().to_sql_checked(ty, out),
            Value::Null => Ok(IsNull::Yes),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// One row of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(pub(crate) Vec<Value>);

impl Row {
    /// The integer in column `index`, counted from 0.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the column is missing or has another type.
    pub fn int(&self, index: usize) -> Result<i64, StoreError> {
        match self.0.get(index) {
            Some(Value::Int(value)) => Ok(*value),
            other => Err(unexpected(index, "an integer", other)),
        }
    }

    /// The integer in column `index`, or `None` for NULL.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if there is something else.
    pub fn optional_int(&self, index: usize) -> Result<Option<i64>, StoreError> {
        if self.0.get(index) == Some(&Value::Null) { Ok(None) } else { self.int(index).map(Some) }
    }

    /// The text in column `index`, counted from 0.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the column is missing or has another type.
    pub fn text(&self, index: usize) -> Result<&str, StoreError> {
        match self.0.get(index) {
            Some(Value::Text(value)) => Ok(value),
            other => Err(unexpected(index, "text", other)),
        }
    }

    /// The text in column `index`, or `None` for NULL.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if there is something else.
    pub fn optional_text(&self, index: usize) -> Result<Option<&str>, StoreError> {
        if self.0.get(index) == Some(&Value::Null) { Ok(None) } else { self.text(index).map(Some) }
    }
}

fn unexpected(index: usize, expected: &str, found: Option<&Value>) -> StoreError {
    let found = match found {
        Some(Value::Int(_)) => "an integer",
        Some(Value::Text(_)) => "text",
        Some(Value::Null) => "NULL",
        None => "no such column",
    };
    StoreError::Corrupt(format!("column {index}: expected {expected}, found {found}"))
}
