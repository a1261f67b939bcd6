//! Postal addresses of token requests, and the parts of an order's address that they are: named as the
//! guide does for UK Open Banking; what has no part is a line.

use domain::account::Address;
use domain::field::AddressField;

use super::instructions::AddressInfo;

/// The published fields that may be a part, the most exact one first, with their names.
fn sources(of: &AddressInfo, field: AddressField) -> Vec<(&'static str, &Option<String>)> {
    match field {
        AddressField::Lines => vec![("full", &of.full)],
        AddressField::SubDepartment => vec![("flats", &of.flats)],
        AddressField::Department => vec![("houseName", &of.house_name)],
        AddressField::Street => vec![("street", &of.street)],
        AddressField::Building => {
            vec![("houseNumber", &of.house_number), ("conscriptionNumber", &of.conscription_number)]
        }
        AddressField::PostCode => vec![("postCode", &of.post_code)],
        AddressField::Town => {
            vec![("city", &of.city), ("place", &of.place), ("hamlet", &of.hamlet)]
        }
        AddressField::State => vec![("state", &of.state), ("province", &of.province)],
        AddressField::District => vec![
            ("district", &of.district),
            ("subdistrict", &of.subdistrict),
            ("suburb", &of.suburb),
        ],
        AddressField::Country => vec![("country", &of.country)],
        // Of addresses where goods are delivered.
        AddressField::Kind | AddressField::Region => vec![],
    }
}

/// The part, from the first of its fields that is there.
fn part(of: &AddressInfo, field: AddressField) -> Option<String> {
    let mut there = sources(of, field).into_iter().filter_map(|(_, text)| text.clone());
    there.find(|text| !text.is_empty())
}

/// The name of the field that the part comes from; of the usual one where none is there, and none where no
/// field is that part.
pub(super) fn name(of: &AddressInfo, field: AddressField) -> Option<&'static str> {
    let sources = sources(of, field);
    let is_there = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    let there = sources.iter().find(|(_, text)| is_there(text));
    there.or(sources.first()).map(|(name, _)| *name)
}

/// The address in its parts.
pub(super) fn in_domain(of: &AddressInfo) -> Address {
    Address {
        address_line: part(of, AddressField::Lines).into_iter().collect(),
        sub_department: part(of, AddressField::SubDepartment),
        department: part(of, AddressField::Department),
        street_name: part(of, AddressField::Street),
        building_number: part(of, AddressField::Building),
        post_code: part(of, AddressField::PostCode),
        town_name: part(of, AddressField::Town),
        state: part(of, AddressField::State),
        district: part(of, AddressField::District),
        country: part(of, AddressField::Country),
        ..Address::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The guide's table "OBIE information maps to its Token counterpart".
    #[test]
    fn an_address_has_the_parts_of_the_guide() {
        let some = |text: &str| Some(text.to_owned());
        let of = AddressInfo {
            flats: some("Flat 2"),
            house_name: some("The Red Lodge"),
            house_number: some("1"),
            street: some("High Street"),
            post_code: some("YO62 5JB"),
            city: some("York"),
            district: some("North Yorkshire"),
            country: some("GB"),
            full: some("Behind the oak"),
            ..AddressInfo::default()
        };
        let parts = in_domain(&of);
        assert_eq!(parts.sub_department, of.flats);
        assert_eq!(parts.department, of.house_name);
        assert_eq!(parts.building_number, of.house_number);
        assert_eq!(parts.street_name, of.street);
        assert_eq!(parts.post_code, of.post_code);
        assert_eq!(parts.town_name, of.city);
        assert_eq!(parts.district, of.district);
        assert_eq!(parts.country, of.country);
        assert_eq!(parts.address_line, ["Behind the oak"]);
        assert_eq!(name(&of, AddressField::Town), Some("city"));
        let hamlet = AddressInfo { hamlet: some("Gillamoor"), ..AddressInfo::default() };
        assert_eq!(in_domain(&hamlet).town_name, hamlet.hamlet);
        assert_eq!(name(&hamlet, AddressField::Town), Some("hamlet"));
    }
}
