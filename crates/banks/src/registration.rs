//! Registration: how we become a client of a bank (RFC 7591; OBIE Dynamic Client Registration 3.3), in
//! any standard.

use std::fmt;

use domain::seams::BoxFuture;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::call::Call;
use crate::error::BankError;
use crate::exchange::read;
use crate::misfit::{Misfit, unsupported};
use crate::profile::{Registration, SECRET_BYTES_MAX, Secret};
use crate::token_request::revealed;
use crate::wire::Response;

/// The longest client id and address of a client that are accepted, in bytes.
const TEXT_BYTES_MAX: usize = 1024;

/// The client that a bank made of us. The secret and the token are secrets.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RegisteredClient {
    /// Our client id there; `None` where the bank notes the certificate alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Our secret at the token endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// From then on the bank refuses the secret; never if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_expires_at: Option<Timestamp>,
    /// Where the client can be read, changed and deleted (RFC 7592).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_client_uri: Option<String>,
    /// The token for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_access_token: Option<String>,
}

/// Secrets stay out of logs.
impl fmt::Debug for RegisteredClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegisteredClient")
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}

/// The part of a standard that makes us a client of a bank.
pub trait Registers: Send + Sync {
    /// Registers us. The bank has a new client after each call: a caller records the attempt first, and
    /// does not repeat one whose answer was lost.
    ///
    /// # Errors
    /// [`BankError`]; [`BankError::Unknown`] and [`BankError::Malformed`] leave open whether the bank has a
    /// new client.
    fn register<'a>(
        &'a self,
        call: &'a Call<'a>,
    ) -> BoxFuture<'a, Result<RegisteredClient, BankError>>;
}

#[derive(Deserialize)]
struct Answer {
    client_id: String,
    client_secret: Option<String>,
    client_secret_expires_at: Option<i64>,
    registration_client_uri: Option<String>,
    registration_access_token: Option<String>,
}

/// The answer to a registration (RFC 7591, section 3.2.1).
pub(crate) fn answer(response: &Response) -> Result<RegisteredClient, BankError> {
    let answer: Answer = read(&response.body)?;
    let fail = |what: &str| Err(BankError::malformed(what, &response.body));
    let fits = |text: &str, most: usize| {
        (1..=most).contains(&text.len())
            && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
    };
    if !fits(&answer.client_id, TEXT_BYTES_MAX) {
        return fail("`client_id` is not 1 to 1024 visible ASCII characters");
    }
    if answer.client_secret.as_ref().is_some_and(|text| !fits(text, SECRET_BYTES_MAX)) {
        return fail("`client_secret` is not 1 to 16384 visible ASCII characters");
    }
    // Zero says: never.
    let ends = answer.client_secret_expires_at.filter(|seconds| *seconds > 0);
    Ok(RegisteredClient {
        client_id: Some(answer.client_id),
        client_secret: answer.client_secret,
        client_secret_expires_at: ends.and_then(|seconds| Timestamp::from_second(seconds).ok()),
        registration_client_uri: answer
            .registration_client_uri
            .filter(|text| fits(text, TEXT_BYTES_MAX)),
        registration_access_token: answer
            .registration_access_token
            .filter(|text| fits(text, SECRET_BYTES_MAX)),
    })
}

/// The registration of the bank's file.
pub(crate) fn settings<'a>(call: &Call<'a>) -> Result<&'a Registration, Misfit> {
    let missing = || unsupported("the bank's file has no [registration]");
    call.bank.registration.as_ref().ok_or_else(missing)
}

/// The members of a request, with those of the bank's file in place of ours.
pub(crate) fn with_metadata(
    own: &Registration,
    mut ours: Map<String, Value>,
) -> Map<String, Value> {
    ours.extend(own.metadata.iter().map(|(name, value)| (name.clone(), value.clone())));
    ours
}

/// The client id that the registration gave.
pub(crate) fn client_id<'a>(call: &Call<'a>) -> Option<&'a str> {
    call.bank.registered()?.client_id.as_deref()
}

/// Our secret at the bank: that of its file, or that of the registration.
pub(crate) fn client_secret<'a>(
    call: &Call<'a>,
    own: Option<&'a Secret>,
) -> Result<&'a str, Misfit> {
    let registered = call.bank.registered().and_then(|client| client.client_secret.as_deref());
    registered.map_or_else(|| revealed(own), Ok)
}
