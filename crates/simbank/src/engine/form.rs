//! URL-encoded forms and queries.

use std::collections::HashMap;

/// A URL-encoded form or query; an error names a parameter that is repeated, which RFC 6749 forbids.
pub(crate) fn parse_parameters(text: &[u8]) -> Result<HashMap<String, String>, String> {
    let mut parameters = HashMap::new();
    for (name, value) in url::form_urlencoded::parse(text) {
        if parameters.insert(name.clone().into_owned(), value.into_owned()).is_some() {
            return Err(name.into_owned());
        }
    }
    Ok(parameters)
}
