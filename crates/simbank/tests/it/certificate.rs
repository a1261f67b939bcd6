//! A certificate as a payment initiation provider shows it, written by hand: DER, with the statement
//! of ETSI TS 119 495. The banks read it; whether its signature is good is for the connection to say.

use crate::keys::keys;

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut length = match content.len() {
        short @ 0..=127 => vec![short as u8],
        long => vec![0x82, (long >> 8) as u8, long as u8],
    };
    let mut out = vec![tag];
    out.append(&mut length);
    out.extend_from_slice(content);
    out
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    der(0x30, &parts.concat())
}

fn oid(arcs: &[u64]) -> Vec<u8> {
    let mut content = vec![(arcs[0] * 40 + arcs[1]) as u8];
    for arc in &arcs[2..] {
        let mut groups = vec![(arc & 0x7f) as u8];
        let mut rest = arc >> 7;
        while rest > 0 {
            groups.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        groups.reverse();
        content.extend(groups);
    }
    der(0x06, &content)
}

fn text(words: &str) -> Vec<u8> {
    der(0x0c, words.as_bytes())
}

fn name(organisation_identifier: &str) -> Vec<u8> {
    let attribute = sequence(&[oid(&[2, 5, 4, 97]), text(organisation_identifier)]);
    sequence(&[der(0x31, &attribute)])
}

/// A certificate of that organisation, valid from 2020 up to a year of this century.
pub fn qwac(organisation_identifier: &str, until_year: u8) -> Vec<u8> {
    qwac_with_role(organisation_identifier, until_year, (2, "PSP_PI"))
}

/// The same with one role: the last arc of its identifier and its name.
pub fn qwac_with_role(organisation_identifier: &str, until_year: u8, role: (u64, &str)) -> Vec<u8> {
    let key = sequence(&[der(0x02, &[5]), der(0x02, &[3])]);
    certificate(organisation_identifier, until_year, role, &key)
}

/// The certificate of the key with which the test TPP seals messages.
pub fn qseal(organisation_identifier: &str) -> Vec<u8> {
    certificate(organisation_identifier, 49, (2, "PSP_PI"), keys().rsa_public_der())
}

/// Where the test TPP gives its seal certificate out.
pub const SEAL_URL: &str = "https://tpp.example/certificates/seal";
/// The serial number of all of them, as NextGenPSD2 writes it.
pub const SERIAL: &str = "1";
/// Who issued all of them.
pub const ISSUER: &str = "PSDGB-FCA-000001";

fn certificate(
    organisation_identifier: &str,
    until_year: u8,
    (arc, role): (u64, &str),
    public_key: &[u8],
) -> Vec<u8> {
    let rsa = |last: u64| sequence(&[oid(&[1, 2, 840, 113_549, 1, 1, last]), der(0x05, &[])]);
    let validity = sequence(&[
        der(0x17, b"200101000000Z"),
        der(0x17, format!("{until_year:02}0101000000Z").as_bytes()),
    ]);
    let bits = |content: &[u8]| der(0x03, &[&[0], content].concat());
    let key = sequence(&[rsa(1), bits(public_key)]);
    let role = sequence(&[oid(&[0, 4, 0, 19_495, 1, arc]), text(role)]);
    let information = sequence(&[sequence(&[role]), text("Authority"), text("GB-FCA")]);
    let statements = sequence(&[sequence(&[oid(&[0, 4, 0, 19_495, 2]), information])]);
    let extension = sequence(&[oid(&[1, 3, 6, 1, 5, 5, 7, 1, 3]), der(0x04, &statements)]);
    let content = sequence(&[
        der(0xa0, &der(0x02, &[2])),
        der(0x02, &[1]),
        rsa(11),
        name(ISSUER),
        validity,
        name(organisation_identifier),
        key,
        der(0xa3, &sequence(&[extension])),
    ]);
    sequence(&[content, rsa(11), bits(&[1])])
}
