//! A bank as data: `banks/<country>/<id>.toml`.
//!
//! Adding a bank that follows its standard is adding a file. An unknown key or word does not
//! load, and every complaint names the file and the key.

use domain::initiation::LocalInstrument;
use domain::money::Currency;
use serde::Deserialize;
use url::Url;

/// Stands for the base URL of the simulated banks in their profiles.
pub const SIMULATOR_PLACEHOLDER: &str = "{simbank}";

/// A published standard that we speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Standard {
    /// UK Open Banking Read/Write Data API.
    #[serde(rename = "uk-open-banking")]
    UkOpenBanking,
}

/// A version of a standard that we speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Version {
    /// OBIE 3.1.11.
    #[serde(rename = "3.1.11")]
    V3_1_11,
}

/// How the payer approves at the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaMethod {
    /// The browser goes to the bank and comes back.
    Redirect,
}

/// What a bank offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Single immediate payments.
    SinglePayment,
    /// Tells before the order whether the account holds enough.
    FundsConfirmation,
    /// Returns the payer's account, so that a refund can be sent there.
    RefundAccount,
}

/// How the bank hands the payer's browser back (OpenID Connect response modes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// A form that the browser posts to us.
    FormPost,
    /// In the URL's fragment, which a page of ours must read; the standard's default.
    Fragment,
}

impl ResponseMode {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ResponseMode::FormPost => "form_post",
            ResponseMode::Fragment => "fragment",
        }
    }
}

/// The status after which this bank says no more about a successful order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum FinalStatus {
    /// Execution has begun.
    AcceptedSettlementInProcess,
    /// The payer's side is settled.
    AcceptedSettlementCompleted,
    /// At the payee's bank, not yet on the account.
    AcceptedWithoutPosting,
    /// On the payee's account.
    AcceptedCreditSettlementCompleted,
}

/// Message signatures (OBIE 3.1.11, "Message Signing").
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    /// Whether the bank signs its responses; then an unsigned one is not believed.
    pub bank_signs: bool,
    /// The trust anchor of both sides' keys, a DNS name (header `tan`).
    pub trust_anchor: String,
    /// The bank's organisation in the trust anchor's directory (header `iss`). Where it is not
    /// known, any issuer is accepted that signs with a key of the bank's key set.
    pub organisation_id: Option<String>,
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

/// The longest texts that the bank accepts, in characters; an order that exceeds one is refused
/// before it is sent. Defaults are those of the standard.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Name of the payee's account, 1 to 350.
    pub creditor_name: usize,
    /// `RemittanceInformation.Reference`, 1 to 35; Faster Payments carry 18.
    pub reference: usize,
    /// `RemittanceInformation.Unstructured`, 1 to 140.
    pub unstructured: usize,
    /// `EndToEndIdentification`, 1 to 35; Faster Payments carry 31.
    pub end_to_end_id: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { creditor_name: 350, reference: 35, unstructured: 140, end_to_end_id: 35 }
    }
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
    /// URL of a logo.
    pub logo: Option<String>,
    /// Whether this is one of our simulated banks; only these may have `http` URLs.
    #[serde(default)]
    pub simulated: bool,
    /// The standard that the bank speaks.
    pub standard: Standard,
    /// And which version of it.
    pub version: Version,
    /// OpenID issuer; discovery is at `{issuer}/.well-known/openid-configuration`.
    pub issuer: String,
    /// Where the resources are, e.g. `https://…/open-banking/v3.1/pisp`.
    pub api_base_url: String,
    /// Hosts (`host` or `host:port`) that URLs given by the bank may have, beside those of
    /// `issuer` and `api_base_url`.
    #[serde(default)]
    pub allowed_hosts: Vec<String>,
    /// Rails that orders may use.
    pub rails: Vec<LocalInstrument>,
    /// ISO 4217 codes of the currencies that orders may have.
    pub currencies: Vec<Currency>,
    /// How the payer can approve.
    pub sca_methods: Vec<ScaMethod>,
    /// What the bank offers.
    pub capabilities: Vec<Capability>,
    /// Ways back for the browser, best first.
    pub response_modes: Vec<ResponseMode>,
    /// The last status of a successful order.
    pub final_status: FinalStatus,
    /// Message signatures.
    pub signing: Signing,
    /// Reading of rejections.
    #[serde(default)]
    pub reasons: Reasons,
    /// Longest texts.
    #[serde(default)]
    pub limits: Limits,
}

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
    /// Reads one profile. `file` is only for messages.
    ///
    /// # Errors
    /// [`ProfileError`] names the first key that is missing, unknown or wrong.
    pub fn parse(file: &str, text: &str) -> Result<BankProfile, ProfileError> {
        let fail = |problem: String| ProfileError { file: file.to_owned(), problem };
        let profile: BankProfile =
            toml::from_str(text).map_err(|error| fail(error.to_string().trim_end().to_owned()))?;
        profile.check().map_err(|(key, why)| fail(format!("`{key}` {why}")))?;
        Ok(profile)
    }

    /// Whether the bank offers this.
    #[must_use]
    pub fn can(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }

    /// Whether a URL that the bank gave may be used: the scheme of [`BankProfile::issuer`] rules,
    /// no user name in it, and a host that the profile names.
    #[must_use]
    pub fn allows_url(&self, text: &str) -> bool {
        let (Ok(url), Ok(issuer)) = (Url::parse(text), Url::parse(&self.issuer)) else {
            return false;
        };
        let own = [Some(issuer.clone()), Url::parse(&self.api_base_url).ok()];
        let host = host_and_port(&url);
        let named = own.iter().flatten().any(|own| host_and_port(own) == host)
            || self.allowed_hosts.iter().any(|allowed| Some(allowed.as_str()) == host.as_deref());
        named
            && url.scheme() == issuer.scheme()
            && url.username().is_empty()
            && url.password().is_none()
    }

    fn check(&self) -> Result<(), (&'static str, String)> {
        let id_shaped =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        ensure("id", "must be 1 to 64 of a-z, 0-9 and `-`", {
            (1..=64).contains(&self.id.len()) && self.id.bytes().all(id_shaped)
        })?;
        ensure("name", "must be 1 to 100 characters", (1..=100).contains(&self.name.len()))?;
        ensure("bic", "must be 8 or 11 upper-case letters and digits", {
            matches!(self.bic.len(), 8 | 11)
                && self.bic.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        })?;
        ensure("countries", "must list two-letter codes such as `GB`", {
            !self.countries.is_empty() && self.countries.iter().all(|code| letters(code, 2))
        })?;
        ensure("currencies", "must not be empty", !self.currencies.is_empty())?;
        for (key, empty) in [
            ("rails", self.rails.is_empty()),
            ("sca_methods", self.sca_methods.is_empty()),
            ("capabilities", self.capabilities.is_empty()),
            ("response_modes", self.response_modes.is_empty()),
        ] {
            ensure(key, "must not be empty", !empty)?;
        }
        self.check_url("issuer", &self.issuer)?;
        self.check_url("api_base_url", &self.api_base_url)?;
        ensure("allowed_hosts", "must list `host` or `host:port`, without scheme or path", {
            self.allowed_hosts.iter().all(|host| !host.is_empty() && !host.contains('/'))
        })?;
        ensure("signing.trust_anchor", "must not be empty", !self.signing.trust_anchor.is_empty())?;
        let limits = &self.limits;
        for (key, value, most) in [
            ("limits.creditor_name", limits.creditor_name, 350),
            ("limits.reference", limits.reference, 35),
            ("limits.unstructured", limits.unstructured, 140),
            ("limits.end_to_end_id", limits.end_to_end_id, 35),
        ] {
            ensure(key, &format!("must be 1 to {most}"), (1..=most).contains(&value))?;
        }
        Ok(())
    }

    fn check_url(&self, key: &'static str, text: &str) -> Result<(), (&'static str, String)> {
        let url = Url::parse(text).map_err(|error| (key, format!("is not a URL: {error}")))?;
        let secure = url.scheme() == "https" || (self.simulated && url.scheme() == "http");
        ensure(key, "must be https", secure)?;
        ensure(key, "must not end with a slash", !text.ends_with('/'))?;
        ensure(key, "must have no query and no fragment", {
            url.query().is_none() && url.fragment().is_none()
        })
    }
}

fn ensure(key: &'static str, rule: &str, holds: bool) -> Result<(), (&'static str, String)> {
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
