//! Postal addresses on the wire: those of parties, and where goods are delivered (reference,
//! sections 2.6 and 3.2).

use domain::account;
use domain::field::AddressField;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
}

impl Address {
    pub(crate) fn into_domain(self) -> account::Address {
        account::Address {
            address_line: self.address_line.unwrap_or_default(),
            street_name: self.street_name,
            building_number: self.building_number,
            post_code: self.post_code,
            town_name: self.town_name,
            state: self.state,
            district: self.district,
            country: self.country,
            ..account::Address::default()
        }
    }

    pub(crate) fn of(address: &account::Address) -> Address {
        Address {
            address_line: (!address.address_line.is_empty()).then(|| address.address_line.clone()),
            street_name: address.street_name.clone(),
            building_number: address.building_number.clone(),
            post_code: address.post_code.clone(),
            town_name: address.town_name.clone(),
            state: address.state.clone(),
            district: address.district.clone(),
            country: address.country.clone(),
        }
    }
}

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
    pub(crate) fn into_domain(self) -> account::Address {
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

    pub(crate) fn of(address: &account::Address) -> DeliveryAddress {
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

/// The name of a part of an address.
pub(crate) fn name(field: AddressField) -> &'static str {
    match field {
        AddressField::Lines => "addressLine",
        AddressField::Kind => "addressType",
        AddressField::Street => "streetName",
        AddressField::Building => "buildingNumber",
        AddressField::Department => "department",
        AddressField::SubDepartment => "subDepartment",
        AddressField::PostCode => "postCode",
        AddressField::Town => "townName",
        AddressField::Region => "countrySubDivision",
        AddressField::State => "state",
        AddressField::District => "district",
        AddressField::Country => "country",
    }
}
