//! The headers of the payer's visit: who the payer is, and where the browser returns to
//! (NextGenPSD2 1.3.12, section 5.3.1).

use domain::authorisation::Attempt;
use url::Url;

use super::context::Context;
use super::settings;
use crate::call::Call;
use crate::error::BankError;
use crate::exchange::header;

/// Who the payer is and where the browser returns to.
pub(super) fn visit_headers(
    call: &Call<'_>,
    context: &Context,
    attempt: &Attempt,
) -> Result<Vec<(String, String)>, BankError> {
    let mut headers = vec![];
    for (name, id) in [("psu-id", &context.psu_id), ("psu-corporate-id", &context.psu_corporate_id)]
    {
        let Some(id) = id else { continue };
        if !id.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            let text = "the payer's id has characters that a header cannot carry";
            return Err(BankError::before_sending("field-invalid", text));
        }
        headers.push(header(name, id));
    }
    if context.psu_id.is_some() {
        let kind = settings(call.bank)?.psu_id_type.as_deref();
        headers.extend(kind.map(|kind| header("psu-id-type", kind)));
    }
    let mut back = Url::parse(call.return_url)
        .map_err(|error| BankError::Unavailable { text: format!("our redirect URI: {error}") })?;
    back.query_pairs_mut().append_pair("state", &attempt.oauth_state);
    headers.push(header("tpp-redirect-uri", back.as_str()));
    back.query_pairs_mut().append_pair("error", "access_denied");
    headers.push(header("tpp-nok-redirect-uri", back.as_str()));
    Ok(headers)
}
