//! Names and addresses in the lines that PolishAPI has for them (2.1, `NameAddress`).

use domain::account::Address;
use domain::field::{Field, PartyField};
use serde::Serialize;

use crate::misfit::{Misfit, MisfitKind};

/// A name or an address has at most this many lines.
pub(super) const LINES_MAX: usize = 4;
/// Of at most this many characters.
pub(super) const LINE_CHARACTERS_MAX: usize = 35;

#[derive(Debug, Clone, Serialize)]
pub(super) struct NameAddress {
    value: Vec<String>,
}

/// A name in lines, broken between words where that is possible.
pub(super) fn lines(part: Field, text: &str) -> Result<NameAddress, Misfit> {
    let mut value: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        for piece in pieces(word) {
            let line = value.last().map_or(0, |line| line.chars().count());
            let length = piece.chars().count();
            if line > 0 && line + 1 + length > LINE_CHARACTERS_MAX {
                value.push(String::new());
            }
            if let Some(line) = value.last_mut() {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(&piece);
            }
        }
    }
    if value.len() > LINES_MAX {
        let text = format!(
            "the {} does not fit {LINES_MAX} lines of {LINE_CHARACTERS_MAX} characters",
            part
        );
        return Err(Misfit { kind: MisfitKind::TooLong, field: Some(part), text });
    }
    Ok(NameAddress { value })
}

/// The payee's name with the address in the lines below it, as far as there is one: street and
/// house, postal code and town, free lines. Nothing of it is left out.
pub(super) fn lines_with_address(
    mut name: NameAddress,
    address: Option<&Address>,
) -> Result<NameAddress, Misfit> {
    let Some(address) = address else { return Ok(name) };
    let joined = |parts: [&Option<String>; 2]| {
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        parts.join(" ")
    };
    let composed = [
        joined([&address.street_name, &address.building_number]),
        joined([&address.post_code, &address.town_name]),
    ];
    for text in composed.iter().chain(&address.address_line).filter(|text| !text.is_empty()) {
        name.value.extend(lines(Field::Creditor(PartyField::Address), text)?.value);
    }
    if name.value.len() > LINES_MAX {
        let text = format!(
            "the creditor address does not fit beside the name: together they have {LINES_MAX} \
             lines of {LINE_CHARACTERS_MAX} characters"
        );
        let field = Some(Field::Creditor(PartyField::Address));
        return Err(Misfit { kind: MisfitKind::TooLong, field, text });
    }
    Ok(name)
}

/// A word that is longer than a line, in parts.
fn pieces(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    letters.chunks(LINE_CHARACTERS_MAX).map(|part| part.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_break_between_words_and_never_get_longer_than_a_line() {
        let name = "Przedsiębiorstwo Handlowo-Usługowe Brzęczyszczykiewicz i Synowie Sp. z o.o.";
        let broken = lines(Field::Creditor(PartyField::Name), name).unwrap().value;
        assert_eq!(broken.join(" "), name);
        assert!(broken.len() > 1);
        let long = "x".repeat(LINES_MAX * LINE_CHARACTERS_MAX);
        for text in [name, long.as_str()] {
            let value = lines(Field::Creditor(PartyField::Name), text).unwrap().value;
            assert!(value.len() <= LINES_MAX);
            assert!(value.iter().all(|line| line.chars().count() <= LINE_CHARACTERS_MAX));
        }
        let longer = format!("{long}x");
        let misfit = lines(Field::Creditor(PartyField::Name), &longer).unwrap_err();
        assert_eq!(misfit.kind, MisfitKind::TooLong, "never cut");
    }

    #[test]
    fn an_address_stands_below_the_name_whole_or_not_at_all() {
        let some = |text: &str| Some(text.to_owned());
        let name = || lines(Field::Creditor(PartyField::Name), "Sklep Sp. z o.o.").unwrap();
        let address = Address {
            street_name: some("Marszałkowska"),
            building_number: some("1"),
            post_code: some("00-001"),
            town_name: some("Warszawa"),
            ..Address::default()
        };
        let value = lines_with_address(name(), Some(&address)).unwrap().value;
        assert_eq!(value, ["Sklep Sp. z o.o.", "Marszałkowska 1", "00-001 Warszawa"]);
        assert_eq!(lines_with_address(name(), None).unwrap().value, ["Sklep Sp. z o.o."]);
        let longer = Address { address_line: vec!["za dębem".to_owned(); 2], ..address };
        let misfit = lines_with_address(name(), Some(&longer)).unwrap_err();
        assert_eq!(
            (misfit.kind, misfit.field),
            (MisfitKind::TooLong, Some(Field::Creditor(PartyField::Address)))
        );
    }
}
