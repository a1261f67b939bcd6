//! What an address must be.

use super::Address;
use crate::country::is_country;
use crate::field::{AddressField, Fault};
use crate::text::{TEXT_CHARACTERS_MAX, within};

/// Free lines, and regions, of one address (ISO 20022, `AdrLine`).
const LINES_MAX: usize = 7;
/// Free lines beside a town and a country (SEPA, hybrid addresses).
const SEPA_LINES_MAX: usize = 2;

/// A part of an address, and what is wrong with it.
type PartError = (AddressField, Fault);

impl Address {
    /// Whether its texts are readable and have bounds, and its country is one.
    ///
    /// # Errors
    /// The first part that is wrong.
    pub fn check(&self) -> Result<(), PartError> {
        let lists = [
            (AddressField::Lines, &self.address_line),
            (AddressField::Region, &self.country_sub_division),
        ];
        for (field, lines) in lists {
            if lines.len() > LINES_MAX {
                return Err((field, Fault::TooManyLines { most: LINES_MAX }));
            }
            for line in lines {
                within(line, 0, TEXT_CHARACTERS_MAX).map_err(|fault| (field, fault))?;
            }
        }
        for (field, text) in [
            (AddressField::Street, &self.street_name),
            (AddressField::Building, &self.building_number),
            (AddressField::Department, &self.department),
            (AddressField::SubDepartment, &self.sub_department),
            (AddressField::PostCode, &self.post_code),
            (AddressField::Town, &self.town_name),
            (AddressField::State, &self.state),
            (AddressField::District, &self.district),
        ] {
            let text = text.as_deref().unwrap_or_default();
            within(text, 0, TEXT_CHARACTERS_MAX).map_err(|fault| (field, fault))?;
        }
        match self.country.as_deref().is_none_or(is_country) {
            true => Ok(()),
            false => Err((AddressField::Country, Fault::NotACountry)),
        }
    }

    /// Whether SEPA carries it. Since 15 November 2026 an address has to name town and country as
    /// parts of their own and may have two free lines beside them at most (EPC, SEPA rulebooks of
    /// 2025): a bank would reject the payment after the payer has approved.
    ///
    /// # Errors
    /// The part that is missing or too much.
    pub fn check_for_sepa(&self) -> Result<(), PartError> {
        let told = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let parts = [
            &self.street_name,
            &self.building_number,
            &self.post_code,
            &self.town_name,
            &self.state,
            &self.district,
            &self.country,
        ];
        if self.address_line.is_empty() && !parts.into_iter().any(told) {
            return Ok(());
        }
        for (field, text) in
            [(AddressField::Town, &self.town_name), (AddressField::Country, &self.country)]
        {
            if !told(text) {
                return Err((field, Fault::MissingForSepa));
            }
        }
        match self.address_line.len() > SEPA_LINES_MAX {
            true => Err((AddressField::Lines, Fault::TooManyLinesForSepa { most: SEPA_LINES_MAX })),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sepa_carries_a_town_and_a_country_and_two_lines_beside_them() {
        let text = |text: &str| Some(text.to_owned());
        let address = |town, country, lines: usize| Address {
            town_name: town,
            country,
            address_line: vec!["line".to_owned(); lines],
            ..Address::default()
        };
        let fault = |address: Address| address.check_for_sepa().err();
        assert_eq!(fault(Address::default()), None);
        assert_eq!(fault(address(text("Bonn"), text("DE"), 2)), None);
        let missing = |field| Some((field, Fault::MissingForSepa));
        assert_eq!(fault(address(None, None, 1)), missing(AddressField::Town));
        assert_eq!(fault(address(None, text("DE"), 0)), missing(AddressField::Town));
        assert_eq!(fault(address(text("Bonn"), text(""), 0)), missing(AddressField::Country));
        let most = Fault::TooManyLinesForSepa { most: 2 };
        let too_many = Some((AddressField::Lines, most));
        assert_eq!(fault(address(text("Bonn"), text("DE"), 3)), too_many);
    }
}
