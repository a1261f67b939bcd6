//! The parts of an exchange that all standards share: headers, ids in paths, reading JSON, and the
//! meaning of a missing answer.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;

use crate::call::{Call, EidasIdentity};
use crate::error::{BankError, cut};
use crate::jose::Trust;
use crate::misfit::unsupported;
use crate::profile::HeaderText;
use crate::wire::WireError;

/// The longest text of the payer's browser that is forwarded, in bytes; a longer one is left out.
const BROWSER_TEXT_BYTES_MAX: usize = 512;
/// The longest id of a resource at a bank, in bytes.
const RESOURCE_ID_BYTES_MAX: usize = 128;
/// All characters but the unreserved ones of RFC 3986, section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A header.
pub(crate) fn header(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

/// The payer's address.
pub(crate) fn psu_ip_address(call: &Call<'_>) -> Option<String> {
    call.psu.ip_address.map(|address| address.to_string())
}

/// The payer's browser, if its text is allowed in a header.
pub(crate) fn psu_user_agent<'a>(call: &'a Call<'_>) -> Option<&'a str> {
    of_browser(&call.psu.user_agent)
}

/// A text of the payer's browser, if it is allowed in a header.
fn of_browser(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| {
        (1..=BROWSER_TEXT_BYTES_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
    })
}

/// The payer's browser in the headers that NextGenPSD2 and STET have for it.
pub(crate) fn psu_headers(call: &Call<'_>) -> Vec<(String, String)> {
    let psu = &call.psu;
    let port = psu.ip_port.map(|port| port.to_string());
    let headers = [
        ("psu-ip-address", psu_ip_address(call)),
        ("psu-ip-port", port.filter(|_| psu.is_present())),
        ("psu-user-agent", of_browser(&psu.user_agent).map(str::to_owned)),
        ("psu-accept", of_browser(&psu.accept).map(str::to_owned)),
        ("psu-accept-charset", of_browser(&psu.accept_charset).map(str::to_owned)),
        ("psu-accept-encoding", of_browser(&psu.accept_encoding).map(str::to_owned)),
        ("psu-accept-language", of_browser(&psu.accept_language).map(str::to_owned)),
        ("psu-geo-location", of_browser(&psu.geo_location).map(str::to_owned)),
    ];
    headers.into_iter().filter_map(|(name, value)| Some(header(name, value?))).collect()
}

/// The headers that this bank wants in every request.
pub(crate) fn own_headers(call: &Call<'_>) -> Result<Vec<(String, String)>, BankError> {
    let read = |(name, text): (&String, &HeaderText)| {
        let value = text.reveal().ok_or_else(|| unsupported("a secret of this bank was not read"));
        value.map(|value| header(name, value))
    };
    Ok(call.bank.api_headers.iter().map(read).collect::<Result<_, _>>()?)
}

/// Whose certificates the keys of the bank's key set must have, where its file names authorities.
pub(crate) fn trust<'a>(call: &Call<'a>) -> Option<Trust<'a>> {
    let authorities = call.bank.signature_authorities()?;
    Some(Trust { authorities, now_s: call.clock.now().as_second() })
}

/// An id of the bank's as one segment of a path.
pub(crate) fn segment(id: &str) -> Result<String, BankError> {
    if !(1..=RESOURCE_ID_BYTES_MAX).contains(&id.len()) || id == "." || id == ".." {
        return Err(BankError::before_sending("field-invalid", "not an id of a bank's resource"));
    }
    Ok(utf8_percent_encode(id, RESERVED).to_string())
}

/// Who we are by our certificates; most standards cannot speak without.
pub(crate) fn eidas<'a>(call: &Call<'a>) -> Result<&'a EidasIdentity, BankError> {
    call.identity.eidas.as_ref().ok_or_else(|| BankError::Unavailable {
        text: "we have no qualified certificates for this bank (see `bascule certs`)".to_owned(),
    })
}

/// Our wire structs hold texts, numbers of no size and nothing that can fail to serialise; should
/// one ever fail, nothing was sent.
pub(crate) fn body_of(value: &impl serde::Serialize) -> Result<Vec<u8>, BankError> {
    serde_json::to_vec(value)
        .map_err(|error| BankError::Unavailable { text: format!("our request: {error}") })
}

/// The meaning of a missing response.
pub(crate) fn no_response(error: WireError) -> BankError {
    match error {
        WireError::NotSent(text) => BankError::Unavailable { text },
        WireError::NoAnswer(text) => BankError::Unknown { text },
    }
}

/// Reads a JSON body; a complaint names the field and never repeats its value.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, BankError> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let message = error.inner().to_string();
        let why = match message.split_once(" at line") {
            Some((missing, _)) if missing.starts_with("missing field") => missing,
            _ if error.inner().is_data() => "wrong type or value",
            _ => "not JSON",
        };
        BankError::malformed(cut(&format!("at `{}`: {why}", error.path())), body)
    })?;
    deserializer.end().map_err(|_| BankError::malformed("text after the JSON document", body))?;
    Ok(value)
}
