//! The header `x-jws-signature`: a JWS whose payload is the HTTP body and is left out
//! (OBIE 3.1.11, Read/Write Data API Profile, "Message Signing").
//!
//! Two forms exist. Up to 3.1.3 the body is signed as it is and the header says `b64: false`
//! (RFC 7797); from 3.1.4 on it is signed as base64url and `b64` must be absent. The list of
//! header fields is closed in both.

use serde::{Deserialize, Serialize};

use super::{
    Algorithm, CLOCK_SKEW_S, HEADER_BYTES_MAX, JoseError, KeySet, SigningKey, TOKEN_BYTES_MAX,
    decode, encode,
};

const IAT: &str = "http://openbanking.org.uk/iat";
const ISS: &str = "http://openbanking.org.uk/iss";
const TAN: &str = "http://openbanking.org.uk/tan";

#[derive(Serialize)]
struct OurHeader<'a> {
    alg: &'static str,
    kid: &'a str,
    #[serde(rename = "http://openbanking.org.uk/iat", skip_serializing_if = "Option::is_none")]
    issued_at_s: Option<i64>,
    #[serde(rename = "http://openbanking.org.uk/iss", skip_serializing_if = "Option::is_none")]
    issuer: Option<&'a str>,
    #[serde(rename = "http://openbanking.org.uk/tan", skip_serializing_if = "Option::is_none")]
    trust_anchor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    b64: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    crit: Vec<&'static str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TheirHeader {
    alg: Algorithm,
    kid: String,
    typ: Option<String>,
    cty: Option<String>,
    b64: Option<bool>,
    #[serde(rename = "http://openbanking.org.uk/iat")]
    issued_at_s: Option<i64>,
    #[serde(rename = "http://openbanking.org.uk/iss")]
    issuer: Option<String>,
    #[serde(rename = "http://openbanking.org.uk/tan")]
    trust_anchor: Option<String>,
    #[serde(default)]
    crit: Vec<String>,
}

/// A claim of Open Banking in a signature's header. Most banks have all three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetachedClaim {
    /// When it was signed.
    Iat,
    /// Who signed.
    Iss,
    /// The trust anchor of the signer's key.
    Tan,
}

impl DetachedClaim {
    /// Every claim: the standard's set.
    pub const ALL: [DetachedClaim; 3] =
        [DetachedClaim::Iat, DetachedClaim::Iss, DetachedClaim::Tan];

    fn name(self) -> &'static str {
        match self {
            DetachedClaim::Iat => IAT,
            DetachedClaim::Iss => ISS,
            DetachedClaim::Tan => TAN,
        }
    }
}

/// Which of the two forms a bank has; some banks keep the old one in later versions, and some
/// never had it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetachedForm {
    /// 3.1.4 and later: the body is signed as base64url, `b64` is absent.
    #[default]
    Encoded,
    /// Up to 3.1.3: the body is signed as it is, `b64` is false and critical.
    Unencoded,
}

impl DetachedForm {
    /// Header `b64`.
    fn b64(self) -> Option<bool> {
        match self {
            DetachedForm::Encoded => None,
            DetachedForm::Unencoded => Some(false),
        }
    }

    /// Header `crit`, in any order.
    fn critical(self, claims: &[DetachedClaim]) -> Vec<&'static str> {
        let b64 = (self == DetachedForm::Unencoded).then_some("b64");
        b64.into_iter().chain(claims.iter().map(|claim| claim.name())).collect()
    }

    /// The signing input.
    fn message(self, header64: &str, body: &[u8]) -> Vec<u8> {
        let mut message = format!("{header64}.").into_bytes();
        match self {
            DetachedForm::Encoded => message.extend_from_slice(encode(body).as_bytes()),
            DetachedForm::Unencoded => message.extend_from_slice(body),
        }
        message
    }
}

/// The required header of a signature.
#[derive(Debug, Clone, Copy)]
pub struct DetachedExpectation<'a> {
    /// The form.
    pub form: DetachedForm,
    /// The claims of the header, each critical, and no others.
    pub claims: &'a [DetachedClaim],
    /// The trust anchor of the signer's key.
    pub trust_anchor: &'a str,
    /// The signer, where it is known.
    pub issuer: Option<&'a str>,
    /// The current time, in seconds since 1970.
    pub now_s: i64,
}

/// The header of our signature.
#[derive(Debug, Clone, Copy)]
pub struct DetachedSigner<'a> {
    /// The form.
    pub form: DetachedForm,
    /// The claims that the header has, each critical.
    pub claims: &'a [DetachedClaim],
    /// Who signs.
    pub issuer: &'a str,
    /// The trust anchor of our key.
    pub trust_anchor: &'a str,
    /// The current time, in seconds since 1970.
    pub now_s: i64,
}

/// Signs `body`.
///
/// # Errors
/// If the key fails.
pub fn sign_detached(
    key: &SigningKey,
    signer: &DetachedSigner<'_>,
    body: &[u8],
) -> Result<String, JoseError> {
    let form = signer.form;
    let has = |claim| signer.claims.contains(&claim);
    let header = OurHeader {
        alg: "PS256",
        kid: key.kid(),
        issued_at_s: has(DetachedClaim::Iat).then_some(signer.now_s),
        issuer: has(DetachedClaim::Iss).then_some(signer.issuer),
        trust_anchor: has(DetachedClaim::Tan).then_some(signer.trust_anchor),
        b64: form.b64(),
        crit: form.critical(signer.claims),
    };
    let header = serde_json::to_vec(&header)
        .map_err(|_| JoseError::Malformed("header that is not JSON"))
        .map(|json| encode(&json))?;
    let signature = encode(&key.sign(&form.message(&header, body))?);
    Ok(format!("{header}..{signature}"))
}

/// Verifies that `signature` covers exactly `body` and says what it must.
///
/// # Errors
/// [`JoseError::UnknownKey`] if a newer key set may help; everything else is final.
pub fn verify_detached(
    signature: &str,
    body: &[u8],
    keys: &KeySet,
    expected: &DetachedExpectation<'_>,
) -> Result<(), JoseError> {
    if signature.len() > TOKEN_BYTES_MAX {
        return Err(JoseError::TooLong);
    }
    let (header64, signature64) = signature
        .split_once("..")
        .ok_or(JoseError::Malformed("not two parts with two dots between"))?;
    if header64.len() > HEADER_BYTES_MAX {
        return Err(JoseError::TooLong);
    }
    let header: TheirHeader = serde_json::from_slice(&decode(header64)?)
        .map_err(|_| JoseError::Malformed("header fields that are missing, unknown or wrong"))?;
    check_header(&header, expected)?;
    let message = expected.form.message(header64, body);
    keys.verify(Some(&header.kid), header.alg, &message, &decode(signature64)?)
}

fn check_header(header: &TheirHeader, expected: &DetachedExpectation<'_>) -> Result<(), JoseError> {
    let critical = expected.form.critical(expected.claims);
    let has = |claim| expected.claims.contains(&claim);
    let crit_is_exact = header.crit.len() == critical.len()
        && critical.iter().all(|name| header.crit.iter().any(|found| found == name));
    let one_of = |value: &Option<String>, allowed: &[&str]| {
        value.as_deref().is_none_or(|value| allowed.contains(&value))
    };
    let latest_s = expected.now_s.saturating_add(CLOCK_SKEW_S);
    let rules = [
        ("crit", crit_is_exact),
        ("b64", header.b64 == expected.form.b64()),
        ("typ", one_of(&header.typ, &["JOSE"])),
        ("cty", one_of(&header.cty, &["application/json", "json"])),
        (IAT, header.issued_at_s.is_some() == has(DetachedClaim::Iat)),
        (IAT, header.issued_at_s.is_none_or(|at| at <= latest_s)),
        (ISS, header.issuer.is_some() == has(DetachedClaim::Iss)),
        (
            ISS,
            header.issuer.as_deref().is_none_or(|iss| match expected.issuer {
                Some(expected) => expected == iss,
                None => !iss.is_empty(),
            }),
        ),
        (TAN, header.trust_anchor.is_some() == has(DetachedClaim::Tan)),
        (TAN, header.trust_anchor.as_deref().is_none_or(|tan| tan == expected.trust_anchor)),
    ];
    match rules.into_iter().find(|(_, holds)| !holds) {
        Some((name, _)) => Err(JoseError::Claim(name)),
        None => Ok(()),
    }
}
