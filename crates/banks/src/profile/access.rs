//! The parts of every request that no standard sets: base addresses, headers of the bank's own, and
//! the secrets that the profile names.

use std::path::Path;

use serde::Deserialize;

use super::secret::{Environment, HeaderText, Secret};
use super::standard::Standard;
use super::{BankProfile, Check, ProfileError, ensure};

/// Base addresses of a bank's services. Only payments are a service of ours yet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServiceBaseUrls {
    /// Where payments are, if not at `api_base_url`.
    pub payments: Option<String>,
}

/// The most entries of `api_headers`.
const API_HEADERS_MAX: usize = 20;
/// Headers that the standards set, by name or by the beginning of the name.
const HEADERS_OF_STANDARDS: [&str; 18] = [
    "accept",
    "authorization",
    "client-",
    "connection",
    "content-",
    "cookie",
    "date",
    "digest",
    "host",
    "psu-",
    "signature",
    "tpp-",
    "transfer-encoding",
    "x-customer-user-agent",
    "x-fapi-",
    "x-idempotency-key",
    "x-jws-signature",
    "x-request-id",
];

impl BankProfile {
    /// Reads the secrets and the certificates that the profile names. `file` is the bank's file: paths
    /// are relative to its folder.
    ///
    /// # Errors
    /// The first file or variable that cannot be used, with its key and its place.
    pub fn read_files(
        &mut self,
        file: &Path,
        environment: Environment<'_>,
    ) -> Result<(), ProfileError> {
        let folder = file.parent().unwrap_or(Path::new("."));
        let headers = self.api_headers.iter_mut().filter_map(|(name, text)| match text {
            HeaderText::Secret(secret) => Some((format!("api_headers.{name}"), secret)),
            HeaderText::Plain(_) => None,
        });
        let (key, own) = match &mut self.standard {
            Standard::UkOpenBanking(bank) => {
                ("uk-open-banking.client_secret", bank.client_secret.as_mut())
            }
            Standard::NextGenPsd2(bank) => {
                ("next-gen-psd2.oauth.client_secret", bank.oauth.client_secret.as_mut())
            }
            Standard::Stet(_) | Standard::PolishApi(_) => ("", None),
        };
        let own = own.map(|secret| (format!("standard.{key}"), secret));
        let wrong = |key: &str, why: String| ProfileError {
            file: file.display().to_string(),
            problem: format!("`{key}`: {why}"),
        };
        for (key, secret) in headers.chain(own) {
            secret.read(folder, environment).map_err(|why| wrong(&key, why))?;
        }
        let registration = self.registration.as_mut().map(|own| own.read(folder, environment));
        let certificates = self.certificates.as_mut().map(|own| own.read(folder));
        let authorities =
            self.tls_authorities.as_mut().map(|own| own.read("tls_authorities", folder));
        let signers = self
            .signature_authorities
            .as_mut()
            .map(|own| own.read("signature_authorities", folder));
        let logos = [("logo", &mut self.logo), ("full_logo", &mut self.full_logo)];
        let logos: Vec<Check> = logos
            .into_iter()
            .filter_map(|(key, logo)| logo.as_mut().map(|logo| logo.read(key, folder)))
            .collect();
        registration
            .into_iter()
            .chain(certificates)
            .chain(authorities)
            .chain(signers)
            .chain(logos)
            .try_for_each(|read| read.map_err(|(key, why)| wrong(key, why)))
    }

    /// The files of the profile's secrets, relative to the folder of the bank's file.
    pub(super) fn secret_files(&self) -> Vec<&str> {
        let headers = self.api_headers.values().filter_map(|text| match text {
            HeaderText::Secret(secret) => Some(secret),
            HeaderText::Plain(_) => None,
        });
        let own = match &self.standard {
            Standard::UkOpenBanking(bank) => bank.client_secret.as_ref(),
            Standard::NextGenPsd2(bank) => bank.oauth.client_secret.as_ref(),
            Standard::Stet(_) | Standard::PolishApi(_) => None,
        };
        headers.chain(own).filter_map(Secret::file).collect()
    }

    /// Base address of the bank's payments, without a slash at the end.
    #[must_use]
    pub fn payments_base_url(&self) -> &str {
        self.service_base_urls.payments.as_deref().unwrap_or(&self.api_base_url)
    }

    pub(super) fn check_service_base_urls(&self) -> Check {
        let Some(payments) = &self.service_base_urls.payments else { return Ok(()) };
        ensure("service_base_urls", "is not used by this standard", {
            matches!(self.standard, Standard::UkOpenBanking(_))
        })?;
        self.check_url("service_base_urls.payments", payments)
    }

    /// Only standards that fetch a key set of the bank can ask who certified its keys.
    pub(super) fn check_signature_authorities(&self) -> Check {
        let has_key_set = match &self.standard {
            Standard::UkOpenBanking(_) => true,
            Standard::PolishApi(own) => own.bank_key_set_url.is_some(),
            Standard::NextGenPsd2(_) | Standard::Stet(_) => false,
        };
        ensure("signature_authorities", "has no use without a key set of the bank", {
            has_key_set || self.signature_authorities.is_none()
        })
    }

    pub(super) fn check_api_headers(&self) -> Check {
        let key = "api_headers";
        if self.api_headers.is_empty() {
            return Ok(());
        }
        ensure(key, "must have at most 20 entries", self.api_headers.len() <= API_HEADERS_MAX)?;
        for (name, text) in &self.api_headers {
            let is_name = http::HeaderName::from_bytes(name.as_bytes())
                .is_ok_and(|read| read.as_str() == name);
            let wrong = |why: &str| (key, format!("has `{name}`, {why}"));
            if !is_name {
                return Err(wrong("which is not the name of a header in small letters"));
            }
            if HEADERS_OF_STANDARDS.iter().any(|taken| name.starts_with(taken)) {
                return Err(wrong("which the standard sets itself"));
            }
            let literal = matches!(text, HeaderText::Secret(secret) if secret.is_simulated());
            if literal && !self.simulated {
                return Err(wrong("whose value has a form that only simulated banks have"));
            }
        }
        Ok(())
    }
}
