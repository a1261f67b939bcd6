//! Our registration at a bank: the table `[registration]` of a profile, and the client that it gave.

use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::secret::{Environment, Secret};
use super::standard::Standard;
use super::{BankProfile, Check, ensure};
use crate::registration::RegisteredClient;

/// The most addresses for browsers that one registration names.
pub const REDIRECT_URIS_MAX: usize = 10;

/// How we become a client of the bank.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The form of the request.
    pub method: RegistrationMethod,
    /// Where the request goes; in UK Open Banking, if it is not the `registration_endpoint` of the
    /// discovery document.
    pub endpoint: Option<String>,
    /// Our software statement of the directory, a JWT: `file:PATH` or `env:NAME`.
    pub software_statement: Option<Secret>,
    /// `aud` of a request with a software statement, if not the issuer: the bank's organisation id at
    /// several banks.
    pub audience: Option<String>,
    /// The media type of a request with a software statement.
    #[serde(default)]
    pub media_type: RegistrationMediaType,
    /// Where the bank may send browsers back to, 1 to [`REDIRECT_URIS_MAX`]: the gateway's address must
    /// be among them.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Further members of the request, and others in place of ours: `client_name`, `contacts`, `scope`.
    #[serde(default)]
    pub metadata: Map<String, Value>,
    /// The client that the bank made of us, where it has.
    #[serde(skip)]
    registered: Option<Arc<RegisteredClient>>,
}

/// The form of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationMethod {
    /// A JWT of ours around the software statement of the directory (OBIE Dynamic Client Registration
    /// 3.3): UK Open Banking.
    SoftwareStatement,
    /// A JSON document about us over a connection with our certificate (RFC 7591): STET and NextGenPSD2.
    ClientMetadata,
    /// The bank notes our certificate at the first call: NextGenPSD2.
    FirstCall,
}

/// The media type of a registration with a software statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum RegistrationMediaType {
    /// Since 3.2.
    #[default]
    #[serde(rename = "application/jose")]
    Jose,
    /// 3.1.
    #[serde(rename = "application/jwt")]
    Jwt,
}

impl RegistrationMediaType {
    /// The value of `Content-Type`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            RegistrationMediaType::Jose => "application/jose",
            RegistrationMediaType::Jwt => "application/jwt",
        }
    }
}

/// The parts of a software statement that a request repeats. Its signature is for the bank to check.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SoftwareStatement {
    /// The id of our software in the directory.
    pub software_id: String,
    /// The id of our organisation in the directory.
    pub org_id: Option<String>,
    /// The addresses for browsers that the directory knows.
    #[serde(default)]
    pub software_redirect_uris: Vec<String>,
}

impl SoftwareStatement {
    /// Reads the claims of a JWT, without its signature. `None` if it is no JWT with `software_id`.
    #[must_use]
    pub fn read(text: &str) -> Option<SoftwareStatement> {
        let mut parts = text.split('.');
        let claims = parts.nth(1)?;
        parts.next()?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }
}

impl Registration {
    /// Whether the bank gives us a client id.
    #[must_use]
    pub fn gives_client(&self) -> bool {
        self.method != RegistrationMethod::FirstCall
    }

    pub(super) fn check(
        &self,
        standard: &Standard,
        check_url: impl Fn(&'static str, &str) -> Check,
    ) -> Check {
        let (wanted, fits) = match self.method {
            RegistrationMethod::SoftwareStatement => {
                ("UK Open Banking", matches!(standard, Standard::UkOpenBanking(_)))
            }
            RegistrationMethod::ClientMetadata => (
                "STET and NextGenPSD2",
                matches!(standard, Standard::Stet(_) | Standard::NextGenPsd2(_)),
            ),
            RegistrationMethod::FirstCall => {
                ("NextGenPSD2", matches!(standard, Standard::NextGenPsd2(_)))
            }
        };
        ensure("registration.method", &format!("is one of {wanted} only"), fits)?;
        self.endpoint.iter().try_for_each(|text| check_url("registration.endpoint", text))?;
        let by_statement = self.method == RegistrationMethod::SoftwareStatement;
        ensure(
            "registration.software_statement",
            "is needed with the method `software_statement`, and has no use else",
            by_statement == self.software_statement.is_some(),
        )?;
        ensure("registration.audience", "has a use with the method `software_statement` only", {
            by_statement || self.audience.is_none()
        })?;
        ensure("registration.audience", "must not be empty", {
            self.audience.as_deref() != Some("")
        })?;
        ensure("registration.endpoint", "is needed with the method `client_metadata`", {
            self.method != RegistrationMethod::ClientMetadata || self.endpoint.is_some()
        })?;
        if !self.gives_client() {
            let sends = self.endpoint.is_some()
                || !self.redirect_uris.is_empty()
                || !self.metadata.is_empty();
            return ensure("registration", "sends nothing with the method `first_call`", !sends);
        }
        ensure("registration.redirect_uris", "must list 1 to 10 addresses", {
            (1..=REDIRECT_URIS_MAX).contains(&self.redirect_uris.len())
        })?;
        ensure("registration.redirect_uris", "must be URLs without a fragment", {
            self.redirect_uris
                .iter()
                .all(|uri| url::Url::parse(uri).is_ok_and(|url| url.fragment().is_none()))
        })?;
        let (client_id, secret) = match standard {
            Standard::UkOpenBanking(own) => (&own.client_id, own.client_secret.is_some()),
            Standard::NextGenPsd2(own) => (&own.oauth.client_id, own.oauth.client_secret.is_some()),
            Standard::Stet(own) => (&own.client_id, false),
            Standard::PolishApi(_) => return Ok(()),
        };
        ensure("registration", "gives `client_id` and `client_secret`: leave them out", {
            client_id.is_none() && !secret
        })
    }

    /// Our software statement, once it was read.
    #[must_use]
    pub fn statement(&self) -> Option<SoftwareStatement> {
        SoftwareStatement::read(self.software_statement.as_ref()?.reveal()?)
    }

    /// Reads the software statement. The error has the key and the reason.
    pub(super) fn read(&mut self, folder: &Path, environment: Environment<'_>) -> Check {
        let key = "registration.software_statement";
        let Some(secret) = &mut self.software_statement else { return Ok(()) };
        secret.read(folder, environment).map_err(|why| (key, why))?;
        let statement = secret.reveal().and_then(SoftwareStatement::read);
        let statement = statement.ok_or_else(|| {
            (key, "must be a JWT with `software_id`, as the directory issues it".to_owned())
        })?;
        let known = &statement.software_redirect_uris;
        let stranger = self.redirect_uris.iter().find(|uri| !known.contains(uri));
        match stranger.filter(|_| !known.is_empty()) {
            None => Ok(()),
            Some(uri) => Err((
                "registration.redirect_uris",
                format!(
                    "has `{uri}`, which is not among the statement's `software_redirect_uris`: {}",
                    known.join(", ")
                ),
            )),
        }
    }
}

impl BankProfile {
    /// The client that the bank made of us; `None` where nothing was registered.
    #[must_use]
    pub fn registered(&self) -> Option<&RegisteredClient> {
        self.registration.as_ref()?.registered.as_deref()
    }

    /// Whether the bank does not know us yet: its file has a registration that gives a client, and
    /// nobody has made it.
    #[must_use]
    pub fn lacks_registration(&self) -> bool {
        self.registration.as_ref().is_some_and(|own| own.gives_client() && own.registered.is_none())
    }

    /// With the client that a registration gave.
    #[must_use]
    pub fn with_registered(mut self, client: Arc<RegisteredClient>) -> BankProfile {
        if let Some(own) = &mut self.registration {
            own.registered = Some(client);
        }
        self
    }
}
