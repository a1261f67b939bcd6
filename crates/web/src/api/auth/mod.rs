//! Who calls: [`MemberRequest`] is the extractor that every operation of the API takes.
//!
//! A request is signed by a JWS whose claims are in its protected header (`bearer`), or, in a
//! sandbox only, carries a Basic key (`basic`). The extractor reads the body first, because the
//! signature covers it. Once it is known who calls, the request is counted.

pub mod basic;
mod bearer;

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use gateway::{App, Member};

use super::error::FieldFault;
use super::query::Query;
use super::{ApiError, BODY_BYTES_MAX, rate_limit};
use crate::api::parts::places::Only;

/// The longest `Authorization` header that is read, in bytes.
const HEADER_BYTES_MAX: usize = 8_192;
/// The message of a sandbox for a request without credentials.
const MISSING: &str = "the header `Authorization` is missing";

/// The most characters of a refusal's reason that are logged.
const REASON_LOGGED_MAX: usize = 200;

/// An authenticated request.
#[derive(Debug)]
pub struct MemberRequest {
    /// Who calls.
    pub member: Member,
    /// The raw body, or what an attached payload of the token writes in its place.
    pub body: Bytes,
    /// The headers.
    pub headers: HeaderMap,
    /// The path, as it was sent.
    pub path: String,
    /// The raw query string.
    pub query: Option<String>,
}

impl MemberRequest {
    /// The query's parameters.
    ///
    /// # Errors
    /// [`ApiError::Field`] if there are too many.
    pub fn query(&self) -> Result<Query, ApiError> {
        Query::read(self.query.as_deref())
    }

    /// Header `request-timeout` in milliseconds: whole seconds, from 1 to 120; others are ignored.
    #[must_use]
    pub fn request_timeout_ms(&self) -> Option<u64> {
        let seconds: u64 = self.header("request-timeout")?.trim().parse().ok()?;
        (1..=120).contains(&seconds).then_some(seconds * 1_000)
    }

    /// The member's data about the payer's browser.
    #[must_use]
    pub fn psu(&self) -> banks::call::PsuContext {
        banks::call::PsuContext {
            ip_address: self.header("token-customer-ip-address").and_then(|text| text.parse().ok()),
            user_agent: self.header("token-customer-user-agent").map(str::to_owned),
            geo_location: self.header("token-customer-geo-location").and_then(place),
            ..banks::call::PsuContext::default()
        }
    }

    /// A header; some clients write it with underscores instead of hyphens.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        lenient_header(&self.headers, name)
    }
}

impl FromRequest<Arc<App>> for MemberRequest {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<MemberRequest, ApiError> {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, BODY_BYTES_MAX).await.map_err(|error| {
            let too_large = error.into_inner().is::<http_body_util::LengthLimitError>();
            if too_large {
                ApiError::TooLarge
            } else {
                ApiError::BadRequest { message: "The body could not be read.".to_owned() }
            }
        })?;
        let (member, body) = authenticate(app, &parts, body).await?;
        without_nul(&body)?;
        rate_limit::count(app, &member, parts.extensions.get())?;
        let query = parts.uri.query().map(str::to_owned);
        let path = parts.uri.path().to_owned();
        Ok(MemberRequest { member, body, headers: parts.headers, path, query })
    }
}

/// A place as NextGenPSD2 writes it, `GEO:48.208200;16.373800`: degrees with six decimal places. `None`
/// for any other text.
fn place(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once(':')?;
    let (latitude, longitude) = rest.split_once([';', ','])?;
    let six_places = |text: &str| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let six: String = fraction.chars().chain(std::iter::repeat('0')).take(6).collect();
        format!("{whole}.{six}")
    };
    let within = |text: &str, most: u32| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let all_digits =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        all_digits(whole)
            && all_digits(fraction)
            && whole.parse::<u32>().is_ok_and(|one| one <= most)
    };
    let valid = scheme.eq_ignore_ascii_case("geo")
        && text.len() <= 64
        && within(latitude, 90)
        && within(longitude, 180);
    valid.then(|| format!("GEO:{};{}", six_places(latitude), six_places(longitude)))
}

/// No text of a request may hold U+0000: PostgreSQL stores none. In JSON it comes as an escape.
fn without_nul(body: &[u8]) -> Result<(), ApiError> {
    const ESCAPE: &[u8] = b"u0000";
    let mut rest = body.iter().enumerate();
    while let Some((at, byte)) = rest.next() {
        if *byte != b'\\' {
            continue;
        }
        if body.get(at + 1..).is_some_and(|after| after.starts_with(ESCAPE)) {
            let message = "The body should not hold the character U+0000.";
            return Err(ApiError::field(FieldFault::Invalid, "", message).bare());
        }
        // The character after a backslash belongs to it.
        rest.next();
    }
    Ok(())
}

/// The value of a header that some clients write with underscores instead of hyphens.
pub(super) fn lenient_header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).or_else(|| headers.get(name.replace('-', "_")))?.to_str().ok()
}

/// A request that needs no authentication. If it has credentials, they must be right.
#[derive(Debug)]
pub struct Visitor {
    /// The headers.
    pub headers: HeaderMap,
    /// The raw query string.
    query: Option<String>,
}

impl Visitor {
    /// The query's parameters.
    ///
    /// # Errors
    /// [`ApiError::Field`] if there are too many.
    pub fn query(&self) -> Result<Query, ApiError> {
        Query::read(self.query.as_deref())
    }
}

impl FromRequest<Arc<App>> for Visitor {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Visitor, ApiError> {
        if request.headers().contains_key(header::AUTHORIZATION) {
            let incoming = MemberRequest::from_request(request, app).await?;
            return Ok(Visitor { headers: incoming.headers, query: incoming.query });
        }
        let (parts, _) = request.into_parts();
        let query = parts.uri.query().map(str::to_owned);
        Ok(Visitor { headers: parts.headers, query })
    }
}

/// A read of public data that production may keep for members
/// ([`gateway::Settings::unsigned_reads`]).
#[derive(Debug)]
pub struct Reader(pub Visitor);

impl FromRequest<Arc<App>> for Reader {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Reader, ApiError> {
        let signed = request.headers().contains_key(header::AUTHORIZATION);
        if !signed && !app.settings().unsigned_reads {
            return Err(unsigned(app));
        }
        Visitor::from_request(request, app).await.map(Reader)
    }
}

/// The member that calls, where the request says so: for what is public in part.
#[derive(Debug)]
pub struct Caller(pub Option<MemberRequest>);

impl FromRequest<Arc<App>> for Caller {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Caller, ApiError> {
        match request.headers().contains_key(header::AUTHORIZATION) {
            true => MemberRequest::from_request(request, app)
                .await
                .map(|incoming| Caller(Some(incoming))),
            false => Ok(Caller(None)),
        }
    }
}

impl Caller {
    /// The call, where it has to be a member's.
    ///
    /// # Errors
    /// [`ApiError::Unauthenticated`] if it is nobody's.
    pub fn known(self, app: &App) -> Result<MemberRequest, ApiError> {
        self.0.ok_or_else(|| unsigned(app))
    }

    /// The call; `None` for an unsigned one where the operator lets everybody read
    /// ([`gateway::Settings::unsigned_reads`]).
    ///
    /// # Errors
    /// [`ApiError::Unauthenticated`] for an unsigned call elsewhere.
    pub fn or_everybody(self, app: &App) -> Result<Option<MemberRequest>, ApiError> {
        match self.0 {
            None if app.settings().unsigned_reads => Ok(None),
            None => Err(unsigned(app)),
            known => Ok(known),
        }
    }
}

/// The error of a request without authentication.
fn unsigned(app: &App) -> ApiError {
    let told = if app.settings().sandbox { MISSING } else { "" };
    ApiError::Unauthenticated { message: told.to_owned() }
}

/// Why a request is not authenticated. The caller learns it in a sandbox only.
#[derive(Debug)]
enum Refused {
    Because(String),
    Broken(ApiError),
}

impl Refused {
    fn because(text: impl Into<String>) -> Refused {
        Refused::Because(text.into())
    }

    /// Too many failed before.
    fn later(retry_after_s: u64) -> Refused {
        Refused::Broken(ApiError::TooManyRequests { retry_after_s })
    }

    fn store(error: gateway::GatewayError) -> Refused {
        Refused::Broken(ApiError::from_gateway(error, "", &Only("")))
    }
}

/// The member, and the body that counts.
async fn authenticate(
    app: &Arc<App>,
    parts: &Parts,
    body: Bytes,
) -> Result<(Member, Bytes), ApiError> {
    for name in [header::AUTHORIZATION, header::HOST] {
        if parts.headers.get_all(&name).iter().nth(1).is_some() {
            // Proxies and servers disagree about which one counts.
            let message = format!("The header `{name}` should come once.");
            return Err(ApiError::field(FieldFault::Invalid, name.as_str(), message).bare());
        }
    }
    let result = match authorization(parts) {
        Ok(("bearer", token)) => bearer::member(app, parts, &body, token).await,
        Ok(("basic", key)) if app.settings().sandbox => {
            basic::member(app, key).await.map(|member| (member, body))
        }
        Ok(("basic", _)) => Err(Refused::because("Basic keys are for sandboxes")),
        Ok(_) => Err(Refused::because("`Authorization` should be Bearer or Basic")),
        Err(refused) => Err(refused),
    };
    if let Err(Refused::Because(reason)) = &result {
        // Reasons quote claims, never secrets; `Debug` escapes what would break a line of the log.
        let reason: String = reason.chars().take(REASON_LOGGED_MAX).collect();
        let (method, path) = (&parts.method, parts.uri.path());
        tracing::warn!(%method, path, ?reason, "authentication failed");
    }
    result.map_err(|refused| match refused {
        Refused::Because(message) if app.settings().sandbox => {
            ApiError::Unauthenticated { message }
        }
        Refused::Because(_) => ApiError::Unauthenticated { message: String::new() },
        Refused::Broken(error) => error,
    })
}

/// Scheme in lower case, and credentials.
fn authorization(parts: &Parts) -> Result<(&'static str, &str), Refused> {
    let value =
        parts.headers.get(header::AUTHORIZATION).ok_or_else(|| Refused::because(MISSING))?;
    let text = value.to_str().map_err(|_| Refused::because("`Authorization` is not ASCII"))?;
    if text.len() > HEADER_BYTES_MAX {
        return Err(Refused::because("`Authorization` is too long"));
    }
    let (scheme, credentials) = text.trim().split_once(' ').unwrap_or((text, ""));
    let scheme = if scheme.eq_ignore_ascii_case("bearer") {
        "bearer"
    } else if scheme.eq_ignore_ascii_case("basic") {
        "basic"
    } else {
        "other"
    };
    Ok((scheme, credentials.trim()))
}
