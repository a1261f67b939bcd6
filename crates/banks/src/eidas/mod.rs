//! Qualified certificates under PSD2 (ETSI TS 119 495): QWAC for connections, QSealC for messages.
//!
//! [`issue`] makes look-alikes for development: real X.509 with the real PSD2 statement, under a
//! certification authority that only its maker trusts. [`request`] makes the requests (PKCS#10)
//! for real certificates. [`read`] reads any certificate.

pub mod issue;
pub mod pair;
pub mod read;
pub mod request;
mod statement;

pub use issue::{DevelopmentAuthority, Issued, Purpose, issued_by, key_fits};
pub use read::Certificate;

/// A role of a payment service provider (ETSI TS 119 495, section 4.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Account servicing: a bank.
    AccountServicing,
    /// Payment initiation.
    PaymentInitiation,
    /// Account information.
    AccountInformation,
    /// Issuing of card-based payment instruments: confirmation of funds.
    CardIssuing,
}

impl Role {
    /// All roles, in the order of their object identifiers.
    pub const ALL: [Role; 4] = [
        Role::AccountServicing,
        Role::PaymentInitiation,
        Role::AccountInformation,
        Role::CardIssuing,
    ];

    /// The name in the certificate.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::AccountServicing => "PSP_AS",
            Role::PaymentInitiation => "PSP_PI",
            Role::AccountInformation => "PSP_AI",
            Role::CardIssuing => "PSP_IC",
        }
    }

    /// The role of that [`Role::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }

    fn object_identifier(self) -> [u64; 6] {
        let last = match self {
            Role::AccountServicing => 1,
            Role::PaymentInitiation => 2,
            Role::AccountInformation => 3,
            Role::CardIssuing => 4,
        };
        [0, 4, 0, 19_495, 1, last]
    }
}

/// Whom a certificate is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// `PSD` + country + `-` + authority + `-` + authorisation number, e.g. `PSDGB-FCA-123456`.
    pub organisation_identifier: String,
    /// The organisation's legal name.
    pub organisation_name: String,
    /// For a QWAC a DNS name, for a QSealC a name.
    pub common_name: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The provider's roles.
    pub roles: Vec<Role>,
    /// The national competent authority's name.
    pub authority_name: String,
}

/// The defect of a certificate, of a request for one, or of its subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("certificate: {0}")]
pub struct CertificateError(pub(crate) String);

impl Subject {
    /// `GB-FCA` of `PSDGB-FCA-123456` (ETSI TS 119 495, section 5.2.3).
    ///
    /// # Errors
    /// If the organisation identifier has another form, or another country.
    pub fn authority_id(&self) -> Result<String, CertificateError> {
        let wrong = || {
            CertificateError(format!(
                "the organisation identifier `{}` should be like PSDGB-FCA-123456",
                self.organisation_identifier
            ))
        };
        let rest = self.organisation_identifier.strip_prefix("PSD").ok_or_else(wrong)?;
        let mut parts = rest.splitn(3, '-');
        let (country, authority, number) = (parts.next(), parts.next(), parts.next());
        let (Some(country), Some(authority), Some(number)) = (country, authority, number) else {
            return Err(wrong());
        };
        let letters = |text: &str, least: usize, most: usize| {
            (least..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase())
        };
        if !letters(country, 2, 2) || !letters(authority, 2, 8) || number.is_empty() {
            return Err(wrong());
        }
        if country != self.country {
            let text = format!("country {} and the authority's {country} differ", self.country);
            return Err(CertificateError(text));
        }
        Ok(format!("{country}-{authority}"))
    }
}
