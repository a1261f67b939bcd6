//! A bank as data: `banks/<country>/<id>.toml`.
//!
//! Adding a bank that follows its standard is adding a file. An unknown key or word does not
//! load, and every complaint names the file and the key. Real banks without the addresses that only
//! an operator knows are [templates](crate::template); `docs/banks.md` explains every key.

mod access;
mod app_start;
mod cancellation;
mod certificates;
mod complaint;
mod features;
mod fields;
mod hours;
mod http_signature;
mod limits;
mod logo;
mod next_gen_psd2;
mod oauth;
mod payment_products;
mod polish_api;
mod questions;
mod registration;
mod remittance;
mod secret;
mod standard;
mod standing_orders;
mod stet;
mod uk_authorisation;
mod uk_open_banking;
mod uk_order;

use std::collections::BTreeMap;

use domain::account::is_bic;
use domain::authorisation::RepeatedCreation;
use domain::initiation::Order;
use domain::money::Currency;
use domain::rail::Rail;
use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

use crate::misfit::Misfit;

pub use self::access::ServiceBaseUrls;
pub use self::app_start::{AppStartPlaces, START_TOKEN_PLACEHOLDER};
pub use self::cancellation::CancellationTerms;
pub use self::certificates::{AuthorityFile, CertificateFolder, Certificates};
pub(crate) use self::complaint::where_and_why;
pub use self::features::{
    CredentialField, Downtime, FieldFormat, MaintenanceWindow, MandatoryField, OpeningHours,
    RestrictedText,
};
pub use self::fields::{ConditionalField, ForbiddenField};
pub use self::hours::TermsOfRail;
pub use self::http_signature::{
    HttpSignature, HttpSignatureRules, KeyId, KeyIdIssuer, KeyIdSerial, SignedHeader,
};
pub use self::limits::Limits;
pub use self::logo::{LOGO_BYTES_MAX, Logo, LogoImage};
pub use self::next_gen_psd2::{
    NextGenPsd2, NextGenPsd2Version, PsuIdRule, ReasonPlace, ReleaseCall, RepeatedRequestId,
    RequiredHeader,
};
pub use self::oauth::{OAuth, OAuthLink, PAYMENT_ID_PLACEHOLDER, RenamedParameter};
pub use self::payment_products::AccountForm;
pub use self::polish_api::{JwsAlgorithm, PolishApi, PolishApiSignature, PolishApiVersion};
pub use self::questions::StatusQuestions;
pub use self::registration::{
    REDIRECT_URIS_MAX, Registration, RegistrationMediaType, RegistrationMethod, SoftwareStatement,
};
pub use self::remittance::Remittance;
pub use self::secret::{Environment, HeaderText, SECRET_BYTES_MAX, Secret};
pub use self::standard::{AcceptedStatus, Standard};
pub use self::standing_orders::{LastDay, StandingOrders};
pub use self::stet::{Stet, StetVersion};
pub use self::uk_authorisation::{
    CONSENT_ID_PLACEHOLDER, Flow, IdTokenClaim, IdTokenRules, ParameterPlace, RequestObjectClaim,
    RequestObjectRules, TokenGrant, TokenParameter,
};
pub use self::uk_open_banking::{
    Endpoints, ResponseMode, Signing, TokenEndpointAuth, UkOpenBanking, UkOpenBankingVersion,
};
pub use self::uk_order::{
    ContractIndicator, ExtraStatus, PaymentContextCode, RejectionReasonPlace, SignatureIssuer,
};

/// Placeholder for the base URL of the simulated banks in their profiles.
pub const SIMULATOR_PLACEHOLDER: &str = "{simbank}";
/// Placeholder for the base URL at which the simulated banks require a client certificate.
pub const SIMULATOR_TLS_PLACEHOLDER: &str = "{simbank_tls}";
/// Placeholder for host and port of [`SIMULATOR_PLACEHOLDER`].
pub const SIMULATOR_HOST_PLACEHOLDER: &str = "{simbank_host}";

/// How the payer approves at the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaMethod {
    /// The browser goes to the bank and returns.
    Redirect,
    /// The browser goes there more than once.
    MultiRedirect,
    /// The payer confirms on another device.
    Decoupled,
    /// The payer answers all the bank's questions at once.
    EmbeddedSingleStep,
    /// The payer answers the bank's questions in several rounds.
    EmbeddedMultiStep,
}

/// A capability of a bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Single immediate payments.
    SinglePayment,
    /// Single payments on a later day.
    FutureDatedPayment,
    /// Standing orders.
    StandingOrder,
    /// Accepted payments that are not executed yet can be cancelled.
    Cancellation,
    /// Confirms before the order whether the account holds enough.
    FundsConfirmation,
    /// Returns the payer's account, so that a refund can be sent there.
    RefundAccount,
}

/// Raw texts of rejections, compared as a whole, that mean something more than "rejected". Each is
/// the bank's words, or the standard's code and the words: `Proprietary: No money`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reasons {
    /// The payer's account does not hold enough.
    pub insufficient_funds: Vec<String>,
    /// The payer, or the payer's mandate, does not allow the order.
    pub declined: Vec<String>,
    /// Whether the bank's words are wanted for every status, not for rejections only. It costs one
    /// more question each time.
    pub told_for_every_status: bool,
}

/// A bank. URLs are without a trailing slash.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankProfile {
    /// Our id of the bank: lower-case letters, digits and `-`; also the file's name.
    pub id: String,
    /// The name that payers know.
    pub name: String,
    /// ISO 9362, 8 or 11 characters.
    pub bic: String,
    /// ISO 3166-1 alpha-2, upper case.
    pub countries: Vec<String>,
    /// The group that the bank belongs to.
    pub bank_group: Option<String>,
    /// The part of the group.
    pub bank_sub_group: Option<String>,
    /// National code of the bank, e.g. the German Bankleitzahl.
    pub bank_code: Option<String>,
    /// Place in lists that are sorted by rank, the smallest first.
    #[serde(default = "default_rank")]
    pub rank: u32,
    /// A square logo.
    pub logo: Option<Logo>,
    /// A full logo.
    pub full_logo: Option<Logo>,
    /// Where the files of the logos come from, and under which terms: needed with a file.
    pub logo_source: Option<String>,
    /// Whether this is one of our simulated banks; only these may have `http` URLs.
    #[serde(default)]
    pub simulated: bool,
    /// The standard that the bank speaks.
    pub standard: Standard,
    /// Whether the bank executes at the payer's approval, without an order from us.
    #[serde(default)]
    pub executes_at_approval: bool,
    /// The bank's first questions to the payer.
    #[serde(default)]
    pub credential_fields: Vec<CredentialField>,
    /// Where the resources are, e.g. `https://…/open-banking/v3.1/pisp`.
    pub api_base_url: String,
    /// Base addresses of single services, where they differ.
    #[serde(default)]
    pub service_base_urls: ServiceBaseUrls,
    /// Headers of every request to the bank's API and its token endpoint: lower-case names, and
    /// values that may be secrets.
    #[serde(default)]
    pub api_headers: BTreeMap<String, HeaderText>,
    /// Hosts (`host` or `host:port`) that URLs given by the bank may have, beside that of
    /// `api_base_url` and, in UK Open Banking, `issuer`, `token_issuer` and `discovery_url`.
    #[serde(default)]
    pub allowed_hosts: Vec<String>,
    /// Rails that orders may use.
    pub rails: Vec<Rail>,
    /// ISO 4217 codes of the currencies that orders may have.
    pub currencies: Vec<Currency>,
    /// How the payer can approve.
    pub sca_methods: Vec<ScaMethod>,
    /// The bank's capabilities.
    pub capabilities: Vec<Capability>,
    /// The payments that the bank takes back, of a bank with that capability.
    #[serde(default)]
    pub cancellation: CancellationTerms,
    /// The fields that the bank requires.
    #[serde(default)]
    pub mandatory_fields: Vec<MandatoryField>,
    /// The fields that the bank requires in some cases.
    #[serde(default)]
    pub conditional_fields: Vec<ConditionalField>,
    /// The fields that the bank refuses to get.
    #[serde(default)]
    pub forbidden_fields: Vec<ForbiddenField>,
    /// The standing orders that the bank takes.
    #[serde(default)]
    pub standing_orders: StandingOrders,
    /// How texts must look.
    #[serde(default)]
    pub field_formats: Vec<FieldFormat>,
    /// IANA time zone of the bank, where it is not that of its opening hours or its first country.
    pub zone: Option<String>,
    /// When the bank executes; always if absent.
    pub opening_hours: Option<OpeningHours>,
    /// Deviations on a rail.
    #[serde(default)]
    pub rail_terms: Vec<TermsOfRail>,
    /// When the bank is not to be called, or may not answer.
    #[serde(default)]
    pub maintenance_windows: Vec<MaintenanceWindow>,
    /// Reading of rejections.
    #[serde(default)]
    pub reasons: Reasons,
    /// How the bank is asked for statuses.
    #[serde(default)]
    pub status: StatusQuestions,
    /// How we become a client of the bank, where it has a way for that.
    pub registration: Option<Registration>,
    /// Certificates that only this bank knows us by; those of the installation if absent.
    pub certificates: Option<Certificates>,
    /// The authorities that connections to the bank trust instead of the system's.
    pub tls_authorities: Option<AuthorityFile>,
    /// The authorities that must have issued the certificates (`x5c`) of the bank's key set: keys
    /// without such a certificate do not count. All keys of the set count if absent.
    pub signature_authorities: Option<AuthorityFile>,
    /// The texts for the payee, where the bank does not take both.
    pub remittance: Option<Remittance>,
    /// Longest texts.
    #[serde(default)]
    pub limits: Limits,
}

/// Key and complaint of the first rule that a profile breaks.
type Check = Result<(), (&'static str, String)>;

/// Why a profile does not load.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bank profile {file}: {problem}")]
pub struct ProfileError {
    /// The file.
    pub file: String,
    /// The key and what is wrong with it.
    pub problem: String,
}

impl BankProfile {
    /// How the creation at this bank may be repeated when its answer was lost.
    ///
    /// | standard | why |
    /// |---|---|
    /// | UK Open Banking | `x-idempotency-key` holds for 24 hours; a consent moves no money |
    /// | PolishAPI | the creation makes a consent; the order follows with the access token |
    /// | NextGenPSD2 | the bank may execute the payment: by an exemption from the payer's approval, or in its app; only a bank that replays `X-Request-ID`, or starts authorisations when asked alone, is safe |
    /// | STET | a request waits for the payer's browser, which never got its address, or for our confirmation; a bank that asks the payer in its app and executes at the approval is not safe |
    #[must_use]
    pub fn repeated_creation(&self) -> RepeatedCreation {
        match &self.standard {
            Standard::UkOpenBanking(_) | Standard::PolishApi(_) => RepeatedCreation::SameKeys,
            Standard::NextGenPsd2(own) => match own.repeated_request_id {
                RepeatedRequestId::Replay => RepeatedCreation::SameKeys,
                RepeatedRequestId::NewPayment
                    if own.explicit_authorisation || own.release_call.is_some() =>
                {
                    RepeatedCreation::NewKeys
                }
                RepeatedRequestId::NewPayment => RepeatedCreation::Never,
            },
            Standard::Stet(_) => {
                let in_app = self.sca_methods.contains(&ScaMethod::Decoupled);
                match self.executes_at_approval && in_app {
                    true => RepeatedCreation::Never,
                    false => RepeatedCreation::NewKeys,
                }
            }
        }
    }

    /// Reads one profile. `file` is only for messages.
    ///
    /// # Errors
    /// [`ProfileError`] names the first key that is missing, unknown or wrong.
    pub fn parse(file: &str, text: &str) -> Result<BankProfile, ProfileError> {
        let fail = |problem: String| ProfileError { file: file.to_owned(), problem };
        let document =
            toml::Deserializer::parse(text).map_err(|error| fail(where_and_why(text, &error)))?;
        let profile: Result<BankProfile, _> = serde_path_to_error::deserialize(document);
        let profile = profile.map_err(|error| {
            let path = error.path().to_string();
            let why = where_and_why(text, error.inner());
            // The path of the whole file is a dot.
            fail(if path == "." { why } else { format!("`{path}`: {why}") })
        });
        profile?.checked(file)
    }

    /// The same of a table that is no longer a text: a complaint shows no line, but the key's path.
    pub(crate) fn of_table(file: &str, table: toml::Table) -> Result<BankProfile, ProfileError> {
        let profile: Result<BankProfile, _> =
            serde_path_to_error::deserialize(toml::Value::Table(table));
        let fail = |error: serde_path_to_error::Error<toml::de::Error>| {
            let problem = format!("`{}`: {}", error.path(), error.inner().message());
            ProfileError { file: file.to_owned(), problem }
        };
        profile.map_err(fail)?.checked(file)
    }

    fn checked(self, file: &str) -> Result<BankProfile, ProfileError> {
        self.check().map_err(|(key, why)| {
            let problem = format!("`{key}` {why}");
            ProfileError { file: file.to_owned(), problem }
        })?;
        Ok(self)
    }

    /// Whether the bank offers this.
    #[must_use]
    pub fn can(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }

    /// Whether the order's texts have the form that the bank wants.
    ///
    /// # Errors
    /// [`Misfit`]: the first that has not.
    pub fn check_formats(&self, asked: &Order) -> Result<(), Misfit> {
        self.check_name(asked)?;
        self.field_formats.iter().try_for_each(|format| format.check(asked))
    }

    /// Whether the bank announced that it takes no calls now.
    #[must_use]
    pub fn is_in_outage(&self, now: Timestamp) -> bool {
        self.maintenance_windows.iter().any(|window| {
            window.downtime == Downtime::Outage && window.start <= now && now < window.end
        })
    }

    /// Whether a URL that the bank gave may be used: https, or http at simulated banks; no user
    /// name in it, and a host that the profile names.
    #[must_use]
    pub fn allows_url(&self, text: &str) -> bool {
        let Ok(url) = Url::parse(text) else {
            return false;
        };
        let names: [Option<&str>; 3] = match &self.standard {
            Standard::UkOpenBanking(bank) => {
                [Some(&bank.issuer), bank.token_issuer.as_deref(), bank.discovery_url.as_deref()]
            }
            Standard::NextGenPsd2(_) | Standard::Stet(_) | Standard::PolishApi(_) => [None; 3],
        };
        let [issuer, token_issuer, discovery] =
            names.map(|name| name.and_then(|name| Url::parse(name).ok()));
        let own = [issuer, Url::parse(&self.api_base_url).ok(), token_issuer, discovery];
        let host = host_and_port(&url);
        let named = own.iter().flatten().any(|own| host_and_port(own) == host)
            || self.allowed_hosts.iter().any(|allowed| Some(allowed.as_str()) == host.as_deref());
        // A bank whose issuer is at https is never reached by http.
        let scheme_fits = match own.iter().flatten().next() {
            Some(issuer) if matches!(self.standard, Standard::UkOpenBanking(_)) => {
                url.scheme() == "https" || url.scheme() == issuer.scheme()
            }
            Some(_) | None => url.scheme() == "https" || (self.simulated && url.scheme() == "http"),
        };
        named && scheme_fits && url.username().is_empty() && url.password().is_none()
    }

    fn check(&self) -> Check {
        let id_shaped =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        ensure("id", "must be 1 to 64 of a-z, 0-9 and `-`", {
            (1..=64).contains(&self.id.len()) && self.id.bytes().all(id_shaped)
        })?;
        ensure("name", "must be 1 to 100 characters", {
            (1..=100).contains(&self.name.chars().count())
        })?;
        ensure("bic", "must be 8 or 11 upper-case letters and digits, with a country", {
            is_bic(&self.bic)
        })?;
        ensure("countries", "must list two-letter codes such as `GB`", {
            !self.countries.is_empty() && self.countries.iter().all(|code| letters(code, 2))
        })?;
        ensure("currencies", "must not be empty", !self.currencies.is_empty())?;
        for (key, empty) in [
            ("rails", self.rails.is_empty()),
            ("sca_methods", self.sca_methods.is_empty()),
            ("capabilities", self.capabilities.is_empty()),
        ] {
            ensure(key, "must not be empty", !empty)?;
        }
        self.check_url("api_base_url", &self.api_base_url)?;
        ensure("allowed_hosts", "must list `host` or `host:port`, without scheme or path", {
            self.allowed_hosts.iter().all(|host| !host.is_empty() && !host.contains('/'))
        })?;
        self.check_logos()?;
        self.check_signature_authorities()?;
        self.check_api_headers()?;
        let check_url = |key, text: &str| self.check_url(key, text);
        let registers = self.registration.as_ref().is_some_and(Registration::gives_client);
        self.standard.check((self.simulated, registers), check_url)?;
        self.registration.iter().try_for_each(|own| own.check(&self.standard, check_url))?;
        self.check_service_base_urls()?;
        self.check_payment_products()?;
        self.check_remittance()?;
        self.check_fields()?;
        self.check_standing_orders()?;
        let releases = match &self.standard {
            Standard::NextGenPsd2(own) => Some(own.release_call.is_some()),
            _ => None,
        };
        ensure(
            "executes_at_approval",
            "must be true in this standard, and false with `release_call`",
            releases.is_none_or(|releases| releases != self.executes_at_approval),
        )?;
        ensure("opening_hours", "must be like MON, FRI, 08:00, 18:00, Europe/Paris", {
            self.opening_hours.as_ref().is_none_or(OpeningHours::is_sound)
        })?;
        self.status.check()?;
        self.certificates.as_ref().map_or(Ok(()), Certificates::check)?;
        self.check_hours()?;
        ensure("field_formats.constraint", "must be a regular expression", {
            self.field_formats.iter().all(|format| format.pattern().is_some())
        })?;
        ensure("maintenance_windows", "must end after they start", {
            self.maintenance_windows.iter().all(|window| window.start < window.end)
        })?;
        self.limits.check()
    }

    fn check_url(&self, key: &'static str, text: &str) -> Check {
        let url = Url::parse(text).map_err(|error| (key, format!("is not a URL: {error}")))?;
        let secure = url.scheme() == "https" || (self.simulated && url.scheme() == "http");
        ensure(key, "must be https", secure)?;
        ensure(key, "must not end with a slash", !text.ends_with('/'))?;
        ensure(key, "must have no query and no fragment", {
            url.query().is_none() && url.fragment().is_none()
        })
    }
}

fn default_rank() -> u32 {
    1_000
}

fn ensure(key: &'static str, rule: &str, holds: bool) -> Check {
    if holds { Ok(()) } else { Err((key, rule.to_owned())) }
}

fn letters(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// `host`, or `host:port` where the port is not the scheme's own.
fn host_and_port(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}
