//! Postal addresses on the wire: those of parties, and where goods are delivered (reference,
//! sections 2.6 and 3.2).

use domain::account;
use domain::country::is_country;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::text::{TEXT_CHARACTERS_MAX, invalid, known, length, optional};
use crate::api::ApiError;
use crate::api::error::FieldFault;

/// A postal address on the wire.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each is documented at the domain's field of the same name")]
pub struct Address {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_line: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub building_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub town_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Of token requests only: the published address of v2 has no such part.
    #[serde(skip)]
    pub department: Option<String>,
    #[serde(skip)]
    pub sub_department: Option<String>,
}

/// Free lines of one address (ISO 20022, `AdrLine`).
const ADDRESS_LINES_MAX: usize = 7;
/// Free lines beside a town and a country (SEPA, hybrid addresses).
const SEPA_ADDRESS_LINES_MAX: usize = 2;

fn check_lines(path: &str, name: &str, lines: &Option<Vec<String>>) -> Result<(), ApiError> {
    let path = format!("initiation.{path}.{name}");
    let lines = lines.as_deref().unwrap_or_default();
    if lines.len() > ADDRESS_LINES_MAX {
        let message = format!("`{name}` should not have more than {ADDRESS_LINES_MAX} lines.");
        return Err(ApiError::field(FieldFault::InvalidFormat, path, message));
    }
    lines.iter().try_for_each(|line| length(&path, line, 0, TEXT_CHARACTERS_MAX))
}

fn check_country(path: &str, country: &Option<String>) -> Result<(), ApiError> {
    if country.as_deref().is_none_or(is_country) {
        return Ok(());
    }
    let message = "`country` should be two capital letters of ISO 3166-1 such as GB.";
    Err(invalid(&format!("initiation.{path}.country"), message))
}

impl Address {
    /// Whether its texts have bounds; `path` is where it stands below `initiation`.
    pub(super) fn check(&self, path: &str) -> Result<(), ApiError> {
        check_lines(path, "addressLine", &self.address_line)?;
        for (name, text) in [
            ("streetName", &self.street_name),
            ("buildingNumber", &self.building_number),
            ("postCode", &self.post_code),
            ("townName", &self.town_name),
            ("state", &self.state),
            ("district", &self.district),
            ("houseName", &self.department),
            ("flats", &self.sub_department),
        ] {
            optional(&format!("{path}.{name}"), text, TEXT_CHARACTERS_MAX)?;
        }
        check_country(path, &self.country)
    }

    /// Whether SEPA carries it. Since 15 November 2026 an address has to name town and country as
    /// parts of their own and may have two free lines beside them at most (EPC, SEPA rulebooks of
    /// 2025): a bank would reject the payment after the payer has approved.
    pub(super) fn check_for_sepa(&self, path: &str) -> Result<(), ApiError> {
        let told = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let lines = self.address_line.as_deref().unwrap_or_default();
        if lines.is_empty() && !self.texts().any(|text| !text.is_empty()) && !told(&self.country) {
            return Ok(());
        }
        for (name, text) in [("townName", &self.town_name), ("country", &self.country)] {
            if !told(text) {
                let message = format!(
                    "`{name}` is required: since 15 November 2026 SEPA carries addresses with \
                     town and country only. Send both, or no address."
                );
                let path = format!("initiation.{path}.{name}");
                return Err(ApiError::field(FieldFault::Expected, path, message));
            }
        }
        if lines.len() > SEPA_ADDRESS_LINES_MAX {
            let message = format!(
                "`addressLine` should not have more than {SEPA_ADDRESS_LINES_MAX} lines: SEPA \
                 carries no more beside town and country."
            );
            return Err(invalid(&format!("initiation.{path}.addressLine"), message));
        }
        Ok(())
    }

    /// Its free texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = &String> {
        let parts = [
            &self.street_name,
            &self.building_number,
            &self.post_code,
            &self.town_name,
            &self.state,
            &self.district,
        ];
        self.address_line.iter().flatten().chain(parts.into_iter().flatten())
    }

    pub(super) fn into_domain(self) -> account::Address {
        account::Address {
            address_line: self.address_line.unwrap_or_default(),
            street_name: self.street_name,
            building_number: self.building_number,
            post_code: self.post_code,
            town_name: self.town_name,
            state: self.state,
            district: self.district,
            country: self.country,
            department: self.department,
            sub_department: self.sub_department,
            ..account::Address::default()
        }
    }

    pub(super) fn of(address: &account::Address) -> Address {
        Address {
            address_line: (!address.address_line.is_empty()).then(|| address.address_line.clone()),
            street_name: address.street_name.clone(),
            building_number: address.building_number.clone(),
            post_code: address.post_code.clone(),
            town_name: address.town_name.clone(),
            state: address.state.clone(),
            district: address.district.clone(),
            country: address.country.clone(),
            ..Address::default()
        }
    }
}

const ADDRESS_TYPES: [&str; 9] = [
    "INVALID_ADDRESS_TYPE",
    "BUSINESS",
    "CORRESPONDENCE",
    "DELIVERYTO",
    "MAILTO",
    "POBOX",
    "POSTAL",
    "RESIDENTIAL",
    "STATEMENT",
];

/// Where goods are delivered, on the wire. `state` and `district` are not published here, but
/// clients have one address type for all.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each is documented at the domain's field of the same name")]
pub struct DeliveryAddress {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_line: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub building_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_department: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub town_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_sub_division: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub district: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

impl DeliveryAddress {
    const PATH: &str = "risk.deliveryAddress";

    fn parts(&self) -> [(&'static str, &Option<String>); 8] {
        [
            ("streetName", &self.street_name),
            ("buildingNumber", &self.building_number),
            ("department", &self.department),
            ("subDepartment", &self.sub_department),
            ("postCode", &self.post_code),
            ("townName", &self.town_name),
            ("state", &self.state),
            ("district", &self.district),
        ]
    }

    /// Whether its texts have bounds and its words are published ones.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        let path = DeliveryAddress::PATH;
        known("risk.deliveryAddress.addressType", &self.address_type, &ADDRESS_TYPES)?;
        check_lines(path, "addressLine", &self.address_line)?;
        check_lines(path, "countrySubDivision", &self.country_sub_division)?;
        for (name, text) in self.parts() {
            optional(&format!("{path}.{name}"), text, TEXT_CHARACTERS_MAX)?;
        }
        check_country(path, &self.country)
    }

    pub(super) fn into_domain(self) -> account::Address {
        account::Address {
            address_line: self.address_line.unwrap_or_default(),
            address_type: self.address_type,
            street_name: self.street_name,
            building_number: self.building_number,
            department: self.department,
            sub_department: self.sub_department,
            post_code: self.post_code,
            town_name: self.town_name,
            country_sub_division: self.country_sub_division.unwrap_or_default(),
            state: self.state,
            district: self.district,
            country: self.country,
        }
    }

    pub(super) fn of(address: &account::Address) -> DeliveryAddress {
        let listed = |list: &Vec<String>| (!list.is_empty()).then(|| list.clone());
        DeliveryAddress {
            address_line: listed(&address.address_line),
            address_type: address.address_type.clone(),
            street_name: address.street_name.clone(),
            building_number: address.building_number.clone(),
            department: address.department.clone(),
            sub_department: address.sub_department.clone(),
            post_code: address.post_code.clone(),
            town_name: address.town_name.clone(),
            country_sub_division: listed(&address.country_sub_division),
            state: address.state.clone(),
            district: address.district.clone(),
            country: address.country.clone(),
        }
    }
}
