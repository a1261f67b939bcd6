//! Answers to the bank's questions, as they come.

use std::collections::BTreeMap;

use banks::approvals::Credentials;

use crate::api::ApiError;
use crate::api::error::FieldFault;

/// Values that one request may bring.
const VALUES_MAX: usize = 32;
/// The longest key or value, in characters.
const VALUE_LENGTH_MAX: usize = 1_024;

/// Values within their bounds; `path` is where they came from.
pub(crate) fn credentials(
    path: &str,
    values: BTreeMap<String, String>,
) -> Result<Credentials, ApiError> {
    let long = |text: &String| text.chars().count() > VALUE_LENGTH_MAX;
    if values.len() > VALUES_MAX || values.iter().any(|(key, value)| long(key) || long(value)) {
        let message = format!(
            "`{path}` should have at most {VALUES_MAX} values of at most {VALUE_LENGTH_MAX} symbols."
        );
        return Err(ApiError::field(FieldFault::InvalidFormat, path, message));
    }
    Ok(Credentials(values))
}
