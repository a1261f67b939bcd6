//! How a British bank leaves the usual way of an order: the values that its requests may have, and
//! where its answers have status, reason and amounts.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Check, ensure};

/// How `Risk` names whether payee and payer have a contract (`ContractPresentIndicator`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContractIndicator {
    /// `ContractPresentInidicator`, as the schema of 3.1 has it.
    Misspelt,
    /// `ContractPresentIndicator`.
    Spelt,
    /// Left out.
    Omit,
}

/// `Risk.PaymentContextCode`, as any version spells it (OBIE, `OBExternalPaymentContext1Code`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum PaymentContextCode {
    /// A bill, paid before the delivery.
    BillingGoodsAndServicesInAdvance,
    /// A bill, paid after the delivery.
    BillingGoodsAndServicesInArrears,
    /// A bill; up to 3.1.7.
    BillPayment,
    /// Goods bought online; up to 3.1.7.
    EcommerceGoods,
    /// A payment that a merchant starts online.
    EcommerceMerchantInitiatedPayment,
    /// Services bought online; up to 3.1.7.
    EcommerceServices,
    /// A till.
    FaceToFacePointOfSale,
    /// Anything else; up to 3.1.7.
    Other,
    /// Between persons; up to 3.1.7.
    PartyToParty,
    /// The payee is the provider itself; 3.1.8 and later, not in 4.0.
    PispPayee,
    /// To an account of the payer's own.
    TransferToSelf,
    /// To another person.
    TransferToThirdParty,
}

impl PaymentContextCode {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::BillingGoodsAndServicesInAdvance => "BillingGoodsAndServicesInAdvance",
            Self::BillingGoodsAndServicesInArrears => "BillingGoodsAndServicesInArrears",
            Self::BillPayment => "BillPayment",
            Self::EcommerceGoods => "EcommerceGoods",
            Self::EcommerceMerchantInitiatedPayment => "EcommerceMerchantInitiatedPayment",
            Self::EcommerceServices => "EcommerceServices",
            Self::FaceToFacePointOfSale => "FaceToFacePointOfSale",
            Self::Other => "Other",
            Self::PartyToParty => "PartyToParty",
            Self::PispPayee => "PispPayee",
            Self::TransferToSelf => "TransferToSelf",
            Self::TransferToThirdParty => "TransferToThirdParty",
        }
    }
}

/// A place where a bank gives the reason of a rejection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectionReasonPlace {
    /// `Data.StatusReason` of the order (4.0).
    StatusReason,
    /// The resource `payment-details`, which costs a question more.
    PaymentDetails,
    /// `Data.Initiation.SupplementaryData.RejectionReason` of the order.
    SupplementaryData,
    /// `error_description` of the payer's return. It is believed as a reason only after the bank
    /// itself says that the consent is rejected.
    Redirect,
}

pub(super) fn usual_rejection_reasons() -> Vec<RejectionReasonPlace> {
    vec![RejectionReasonPlace::StatusReason, RejectionReasonPlace::PaymentDetails]
}

/// The meaning of a status that the standard does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExtraStatus {
    /// Something is still to come.
    Pending,
    /// Executed, or kept by a bank that executes by itself.
    Final,
    /// Not executed.
    Rejected,
    /// Called off by the payer.
    Cancelled,
}

/// The most further statuses of a bank.
const STATUSES_MAX: usize = 20;
/// The longest status, in characters.
const STATUS_CHARACTERS_MAX: usize = 64;

pub(super) fn check_extra_statuses(statuses: &BTreeMap<String, ExtraStatus>) -> Check {
    let key = "extra_statuses";
    ensure(key, "must have at most 20 entries", statuses.len() <= STATUSES_MAX)?;
    ensure(key, "must have words of 1 to 64 letters and digits", {
        statuses.keys().all(|word| {
            let short = (1..=STATUS_CHARACTERS_MAX).contains(&word.len());
            short && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
    })
}

/// `iss` of our message signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureIssuer {
    /// `{organisation id}/{software statement id}` of the directory.
    #[default]
    Directory,
    /// The organisation identifier of our certificates, e.g. `PSDGB-FCA-123456`.
    OrganisationIdentifier,
    /// The same, a slash and the software statement's id.
    OrganisationIdentifierAndSoftware,
}
