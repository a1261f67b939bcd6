//! `instructions.metadata` on the wire (reference, section 2.6).
//!
//! The fields of one standard are kept and shown again. Charges, parties, risk and the
//! member's own references of the order (`references`) reach the bank.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::optional_fields;
use super::standing_order::ProviderStandingOrderMetadata;
use crate::api::json;
use crate::api::parts::address::DeliveryAddress;
use crate::api::parts::words::ChargeBearer;

optional_fields! {
    /// How a payment is to be made.
    Metadata {
        /// Who pays the charges.
        #[serde(deserialize_with = "json::optional_word")]
        charge_bearer: ChargeBearer,
        /// The fields of the bank's standard.
        #[serde(deserialize_with = "json::optional_object")]
        provider_transfer_metadata: ProviderMetadata,
        /// The fields of the bank's standard for a standing order.
        #[serde(deserialize_with = "json::optional_object")]
        provider_standing_order_metadata: ProviderStandingOrderMetadata,
        /// ISO 20022 external purpose code.
        #[serde(deserialize_with = "json::optional_word")]
        purpose_code: PurposeCode,
        /// Whom the payee is paid for.
        ultimate_creditor: String,
        /// Whom the payer pays for.
        ultimate_debtor: String,
    }
}

/// ISO 20022 purpose codes that are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum PurposeCode {
    Cash,
    Cort,
    Dvpm,
    Intc,
    Trea,
    Supp,
}

impl PurposeCode {
    /// The code.
    pub(super) fn name(self) -> &'static str {
        match self {
            PurposeCode::Cash => "CASH",
            PurposeCode::Cort => "CORT",
            PurposeCode::Dvpm => "DVPM",
            PurposeCode::Intc => "INTC",
            PurposeCode::Trea => "TREA",
            PurposeCode::Supp => "SUPP",
        }
    }
}

/// How fast, in words of PolishAPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum DeliveryMode {
    #[serde(rename = "INVALID_DELIVERY_MODE")]
    Invalid,
    #[serde(rename = "STANDARD_D2")]
    StandardD2,
    #[serde(rename = "STANDARD_D1")]
    StandardD1,
    #[serde(rename = "URGENT_D1")]
    UrgentD1,
    #[serde(rename = "EXPRESS_D0")]
    ExpressD0,
}

/// A truth value that is published as text; clients send both.
fn textual_truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(json::optional_truth(deserializer)?.map(|truth| truth.to_string()))
}

optional_fields! {
    /// The fields of the bank's standard.
    ProviderMetadata {
        /// UK Open Banking.
        #[serde(rename = "cma9TransferMetadata", deserialize_with = "json::optional_object")]
        cma9: Cma9Metadata,
        /// NextGenPSD2.
        #[serde(rename = "nextGenPsd2TransferMetadata", deserialize_with = "json::optional_object")]
        next_gen_psd2: NextGenPsd2Metadata,
        /// PolishAPI.
        #[serde(rename = "polishApiTransferMetadata", deserialize_with = "json::optional_object")]
        polish_api: PolishApiMetadata,
        /// STET.
        #[serde(rename = "stetTransferMetadata", deserialize_with = "json::optional_object")]
        stet: StetMetadata,
    }
}

optional_fields! {
    /// UK Open Banking.
    Cma9Metadata {
        /// For the payee, in place of ours; at most 31 characters.
        end_to_end_identification: String,
        /// For the payer's bank, in place of `refId`; at most 35 characters.
        instruction_identification: String,
        /// For the bank's fraud checks.
        #[serde(deserialize_with = "json::optional_object")]
        risk: Cma9Risk,
    }
}

optional_fields! {
    /// For the bank's fraud checks.
    Cma9Risk {
        /// Where goods are delivered.
        #[serde(deserialize_with = "json::optional_object")]
        delivery_address: DeliveryAddress,
        /// The member's own id of the payer, at most 70 characters.
        merchant_customer_identification: String,
        /// The kind of sale.
        payment_context_code: String,
        /// ISO 20022 external purpose code.
        #[serde(deserialize_with = "json::optional_word")]
        payment_purpose_code: PurposeCode,
        /// The kind of account that is paid.
        beneficiary_account_type: String,
        /// `true` or `false`, as text.
        #[serde(deserialize_with = "textual_truth")]
        contract_present_indicator: String,
        /// `true` or `false`, as text.
        #[serde(deserialize_with = "textual_truth")]
        beneficiary_prepopulated_indicator: String,
    }
}

optional_fields! {
    /// NextGenPSD2.
    NextGenPsd2Metadata {
        /// The BIC of the payee's bank.
        creditor_agent: String,
        /// Its name.
        creditor_agent_name: String,
        /// For the payee, in place of ours; at most 35 characters.
        end_to_end_identification: String,
        /// Kept, without effect.
        remittance_information_structured: String,
    }
}

optional_fields! {
    /// PolishAPI; kept, without effect.
    PolishApiMetadata {
        /// How fast.
        #[serde(deserialize_with = "json::optional_word")]
        delivery_mode: DeliveryMode,
        /// Whether the amount is held.
        #[serde(deserialize_with = "json::optional_truth")]
        hold: bool,
    }
}

optional_fields! {
    /// STET; all but `endToEndId` kept, without effect.
    StetMetadata {
        /// The payee.
        #[serde(deserialize_with = "json::optional_object")]
        beneficiary: StetBeneficiary,
        /// The payer's bank.
        #[serde(deserialize_with = "json::optional_object")]
        debtor_agent: StetAgent,
        /// For the payee, in place of ours; at most 35 characters.
        end_to_end_id: String,
        /// `preceding` or `following`.
        execution_rule: String,
        /// The kind of payment.
        #[serde(deserialize_with = "json::optional_object")]
        payment_type_information: StetPaymentType,
        /// For authorities.
        #[serde(deserialize_with = "json::optional_object")]
        regulatory_reporting_codes: StetReportingCodes,
    }
}

optional_fields! {
    /// A payee of STET.
    StetBeneficiary {
        /// The holder.
        #[serde(deserialize_with = "json::optional_object")]
        creditor: StetParty,
        /// The account.
        #[serde(deserialize_with = "json::optional_object")]
        creditor_account: StetAccount,
        /// The bank.
        #[serde(deserialize_with = "json::optional_object")]
        creditor_agent: StetAgent,
        /// The payee's id.
        id: String,
    }
}

optional_fields! {
    /// A party of STET.
    StetParty {
        /// Its name.
        name: String,
        /// Its id as an organisation.
        #[serde(deserialize_with = "json::optional_object")]
        organisation_id: StetId,
        /// Its id as a person.
        #[serde(deserialize_with = "json::optional_object")]
        private_id: StetId,
        /// Where it is.
        #[serde(deserialize_with = "json::optional_object")]
        postal_address: StetAddress,
    }
}

optional_fields! {
    /// An id of STET.
    StetId {
        /// The id.
        identification: String,
        /// Who gave it.
        issuer: String,
        /// The kind of id.
        scheme_name: String,
    }
}

optional_fields! {
    /// An address of STET.
    StetAddress {
        /// Free lines.
        address_line: Vec<String>,
        /// ISO 3166-1 alpha-2.
        country: String,
    }
}

optional_fields! {
    /// An account of STET.
    StetAccount {
        /// ISO 4217.
        currency: String,
        /// Its id.
        #[serde(deserialize_with = "json::optional_object")]
        other: StetId,
    }
}

optional_fields! {
    /// A bank of STET.
    StetAgent {
        /// ISO 9362.
        bic_fi: String,
        /// Its id at a clearing house.
        #[serde(deserialize_with = "json::optional_object")]
        clearing_system_member_id: StetClearingId,
        /// Its name.
        name: String,
        /// Where it is.
        #[serde(deserialize_with = "json::optional_object")]
        postal_address: StetAddress,
    }
}

optional_fields! {
    /// A bank's id at a clearing house.
    StetClearingId {
        /// The clearing house.
        clearing_system_id: String,
        /// The id.
        member_id: String,
    }
}

optional_fields! {
    /// The kind of payment, in STET.
    StetPaymentType {
        /// ISO 20022 category purpose.
        #[serde(deserialize_with = "json::optional_word")]
        category_purpose: PurposeCode,
        /// `NORM` or `HIGH`.
        instruction_priority: String,
        /// For example `INST`.
        local_instrument: String,
        /// `SEPA`.
        service_level: String,
    }
}

optional_fields! {
    /// Codes for authorities, of STET.
    StetReportingCodes {
        /// The codes.
        regulatory_reporting_code: Vec<String>,
    }
}
