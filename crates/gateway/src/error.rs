//! Why a use case was not carried out.

use banks::misfit::{Misfit, Part};
use domain::Refusal;
use domain::money::Currency;
use domain::rail::Rail;
use store::StoreError;

/// Data about payer or payee that banks require beside the fields of every payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeededField {
    /// The payer's account.
    DebtorAccount,
    /// The BIC of the payer's bank.
    DebtorBic,
    /// The payer's name.
    DebtorName,
    /// The payee's address.
    CreditorAddress,
    /// The BIC of the payee's bank.
    CreditorBic,
}

impl NeededField {
    /// Its place in a request.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            NeededField::DebtorAccount => "initiation.debtor",
            NeededField::DebtorBic => "initiation.debtor.bic",
            NeededField::DebtorName => "initiation.debtor.name",
            NeededField::CreditorAddress => "initiation.creditor.address",
            NeededField::CreditorBic => "initiation.creditor.bic",
        }
    }
}

impl std::fmt::Display for NeededField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.path())
    }
}

/// The place in a request of a part that a bank does not take.
#[must_use]
pub fn path_of(part: Part) -> &'static str {
    match part {
        Part::CreditorName => "initiation.creditor.name",
        Part::CreditorAddress => "initiation.creditor.address",
        Part::CreditorAccount => "initiation.creditor",
        Part::DebtorName => "initiation.debtor.name",
        Part::DebtorAccount => "initiation.debtor",
        Part::UltimateCreditor => "initiation.creditor.ultimateCreditorName",
        Part::UltimateDebtor => "initiation.debtor.ultimateDebtorName",
        Part::Reference => "initiation.remittanceInformationPrimary",
        Part::SecondaryText | Part::BothTexts => "initiation.remittanceInformationSecondary",
        Part::Amount => "initiation.amount.value",
        // Only v1 has a field for it.
        Part::EndToEndId => "initiation.endToEndIdentification",
        Part::OwnId => "initiation",
        Part::RiskPayerId => "initiation.risk.psuId",
        Part::RiskContextCode => "initiation.risk.paymentContextCode",
        Part::RiskPurposeCode => "initiation.risk.paymentPurposeCode",
        Part::RiskCategoryCode => "initiation.risk.merchantCategoryCode",
        Part::RiskAccountType => "initiation.risk.beneficiaryAccountType",
        Part::DeliveryLines => "initiation.risk.deliveryAddress.addressLine",
        Part::DeliveryStreet => "initiation.risk.deliveryAddress.streetName",
        Part::DeliveryBuilding => "initiation.risk.deliveryAddress.buildingNumber",
        Part::DeliveryPostCode => "initiation.risk.deliveryAddress.postCode",
        Part::DeliveryTown => "initiation.risk.deliveryAddress.townName",
        Part::DeliveryRegion => "initiation.risk.deliveryAddress.countrySubDivision",
        Part::DeliveryCountry => "initiation.risk.deliveryAddress.country",
    }
}

/// The error of a use case.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GatewayError {
    /// The payment does not exist, or is another member's.
    #[error("payment not found")]
    PaymentNotFound,
    /// The token request does not exist, or is another member's.
    #[error("token request not found")]
    TokenRequestNotFound,
    /// The token does not exist, or is another member's.
    #[error("token not found")]
    TokenNotFound,
    /// The transfer does not exist, or is another member's.
    #[error("transfer not found")]
    TransferNotFound,
    /// The member's payments may go to listed accounts only, and this one is not on the list.
    #[error("the payee's account is not in this member's list of allowed payees")]
    BeneficiaryNotListed,
    /// The member may not act on behalf of others.
    #[error("this member lacks the permission ACT_ON_BEHALF_OF")]
    NotOnBehalf,
    /// The standing order does not exist, or is another member's.
    #[error("standing order not found")]
    StandingOrderNotFound,
    /// The member has a token request or a transfer with this reference.
    #[error("the reference is that of another token request or transfer")]
    ReferenceTaken,
    /// No bank of the directory has this id.
    #[error("no bank has the id `{bank_id}`")]
    BankUnknown {
        /// The requested id, at most 64 characters.
        bank_id: String,
    },
    /// The bank wants to know something that is missing.
    #[error("bank `{bank_id}` needs `{field}`")]
    FieldNeeded {
        /// The bank.
        bank_id: String,
        /// The missing field.
        field: NeededField,
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
        /// The missing feature.
        feature: String,
    },
    /// The bank was asked not to execute the payment, and does not do that.
    #[error("bank `{bank_id}`: {text}")]
    NotCancelled {
        /// The bank.
        bank_id: String,
        /// Why.
        text: String,
    },
    /// The bank, or its standard, does not take a part of the payment.
    #[error("bank `{bank_id}`: {misfit}")]
    Misfit {
        /// The bank.
        bank_id: String,
        /// What, and why.
        misfit: Misfit,
    },
    /// The rail on which the bank would pay carries whole numbers of the currency's smallest unit alone.
    #[error("the amount has more decimal places than {currency} on {rail:?}")]
    AmountTooPrecise {
        /// The currency of the payment.
        currency: Currency,
        /// The rail.
        rail: Rail,
    },
    /// The domain refuses the command.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A request with the same idempotency key was first. Nothing was recorded.
    #[error("a request with this idempotency key is being carried out")]
    KeyTaken,
    /// A field of the request is not acceptable, for a reason that only the database knows.
    #[error("{path}: {message}")]
    Field {
        /// Its place in the request.
        path: &'static str,
        /// Describes the error.
        message: String,
    },
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
