//! Why a use case was not carried out.

use domain::Refusal;
use store::StoreError;

/// What a use case answers instead of a result.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GatewayError {
    /// The payment does not exist, or is another member's.
    #[error("payment not found")]
    PaymentNotFound,
    /// No bank of the directory has this id.
    #[error("no bank has the id `{bank_id}`")]
    BankUnknown {
        /// What was asked for, at most 64 characters.
        bank_id: String,
    },
    /// The bank takes no calls now: an outage that was announced or observed.
    #[error("bank `{bank_id}` is unavailable; its status is at /reports/banks/{bank_id}/status")]
    BankUnavailable {
        /// The bank.
        bank_id: String,
    },
    /// The bank does not offer what the payment needs.
    #[error("bank `{bank_id}` does not support {feature}")]
    FeatureNotSupported {
        /// The bank.
        bank_id: String,
        /// What it lacks.
        feature: String,
    },
    /// The domain refuses the command.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A key or another input of the member is not acceptable.
    #[error("{0}")]
    Invalid(String),
    /// The database cannot serve now.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A secret could not be sealed or opened: a wrong key, or a defect.
    #[error("sealing: {0}")]
    Sealing(String),
}
