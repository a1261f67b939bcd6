//! The parts of a request at a token endpoint that the standards share (RFC 6749, section 2.3.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::{Url, form_urlencoded};

use crate::error::BankError;
use crate::misfit::{Misfit, unsupported};
use crate::profile::{ParameterPlace, Secret, TokenParameter};
use crate::wire::Response;

/// Names and values of a form.
pub(crate) type Parameters<'a> = Vec<(&'a str, &'a str)>;

/// The bank's own parameters of a request for this grant: those of the body, and the URL with the
/// others. A request for no grant has none.
pub(crate) fn own_parameters<'a>(
    parameters: &'a [TokenParameter],
    grant: Option<&str>,
    endpoint: &str,
) -> Result<(Parameters<'a>, String), BankError> {
    let asked =
        |parameter: &&TokenParameter| parameter.grants.iter().any(|own| Some(own.word()) == grant);
    let (form, query): (Vec<_>, Vec<_>) = parameters
        .iter()
        .filter(asked)
        .partition(|parameter| parameter.place == ParameterPlace::Form);
    let pair = |parameter: &&'a TokenParameter| (parameter.name.as_str(), parameter.value.as_str());
    let form = form.iter().map(pair).collect();
    if query.is_empty() {
        return Ok((form, endpoint.to_owned()));
    }
    let mut url = Url::parse(endpoint)
        .map_err(|_| BankError::malformed("discovery: `token_endpoint`", b""))?;
    url.query_pairs_mut().extend_pairs(query.iter().map(pair));
    Ok((form, url.into()))
}

/// Lets every answer through but 503: a server that is overloaded or in maintenance has not looked at
/// the code, so that the same code may be sent again (RFC 9110, section 15.6.4).
pub(crate) fn not_looked_at(response: Response) -> Result<Response, BankError> {
    match response.status {
        503 => Err(BankError::Unavailable { text: "HTTP status 503".to_owned() }),
        _ => Ok(response),
    }
}

/// The text of our secret at a bank.
pub(crate) fn revealed(secret: Option<&Secret>) -> Result<&str, Misfit> {
    let secret = secret.and_then(Secret::reveal);
    secret.ok_or_else(|| unsupported("our client secret at this bank was not read"))
}

/// `client_secret_basic`: both parts are encoded as in a form before they are joined.
pub(crate) fn basic(client_id: &str, secret: &str) -> String {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let joined = format!("{}:{}", encoded(client_id), encoded(secret));
    format!("Basic {}", STANDARD.encode(joined))
}
