//! The parties that hold accounts, and where they live.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::AccountIdentifier;

/// A postal address (API `Address`, `DeliveryAddress`); every part optional, as the banks'
/// standards have it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    /// Free lines.
    pub address_line: Vec<String>,
    /// The kind of address where goods are delivered, in the API's words (`BUSINESS`, …).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_type: Option<String>,
    /// Street without number.
    pub street_name: Option<String>,
    /// House number.
    pub building_number: Option<String>,
    /// Part of the building (OBIE `Department`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Part of that, such as a flat (OBIE `SubDepartment`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_department: Option<String>,
    /// Postal code.
    pub post_code: Option<String>,
    /// Town.
    pub town_name: Option<String>,
    /// Regions where goods are delivered, such as a county.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub country_sub_division: Vec<String>,
    /// State or province.
    pub state: Option<String>,
    /// District.
    pub district: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
}

/// Addresses stay out of logs, so `Debug` prints the country only.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("country", &self.country).finish_non_exhaustive()
    }
}

/// The debtor or creditor of a payment.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Party {
    /// The account, absent if a debtor is named without one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub account: Option<AccountIdentifier>,
    /// Name of the account's holder.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// The party on whose behalf the holder pays or is paid.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ultimate_name: Option<String>,
    /// Postal address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub address: Option<Address>,
    /// Name of the creditor's bank, as the client gave it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bank_name: Option<String>,
}

/// Names stay out of logs, so `Debug` prints the masked account only.
impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Party").field("account", &self.account).finish_non_exhaustive()
    }
}
