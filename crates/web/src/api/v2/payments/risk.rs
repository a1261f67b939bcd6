//! `initiation.risk` on the wire (reference, sections 2.6 and 3.2).

use domain::initiation as order;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::json;
use crate::api::parts::address::DeliveryAddress;

/// What the bank is told for its fraud checks.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each is documented at the domain's field of the same name")]
pub struct Risk {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub psu_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_context_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_purpose_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_category_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beneficiary_account_type: Option<String>,
    #[serde(
        default,
        deserialize_with = "json::optional_truth",
        skip_serializing_if = "Option::is_none"
    )]
    pub contract_present_indicator: Option<bool>,
    #[serde(
        default,
        deserialize_with = "json::optional_truth",
        skip_serializing_if = "Option::is_none"
    )]
    pub beneficiary_prepopulated_indicator: Option<bool>,
    #[serde(
        default,
        deserialize_with = "json::optional_object",
        skip_serializing_if = "Option::is_none"
    )]
    pub delivery_address: Option<DeliveryAddress>,
}

impl Risk {
    pub(super) fn into_domain(self) -> order::Risk {
        order::Risk {
            psu_id: self.psu_id,
            payment_context_code: self.payment_context_code,
            payment_purpose_code: self.payment_purpose_code,
            merchant_category_code: self.merchant_category_code,
            beneficiary_account_type: self.beneficiary_account_type,
            contract_present_indicator: self.contract_present_indicator,
            beneficiary_prepopulated_indicator: self.beneficiary_prepopulated_indicator,
            delivery_address: self.delivery_address.map(DeliveryAddress::into_domain),
        }
    }

    pub(super) fn of(risk: &order::Risk) -> Risk {
        Risk {
            psu_id: risk.psu_id.clone(),
            payment_context_code: risk.payment_context_code.clone(),
            payment_purpose_code: risk.payment_purpose_code.clone(),
            merchant_category_code: risk.merchant_category_code.clone(),
            beneficiary_account_type: risk.beneficiary_account_type.clone(),
            contract_present_indicator: risk.contract_present_indicator,
            beneficiary_prepopulated_indicator: risk.beneficiary_prepopulated_indicator,
            delivery_address: risk.delivery_address.as_ref().map(DeliveryAddress::of),
        }
    }
}
