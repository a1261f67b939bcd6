//! The extension `qcStatements` with the PSD2 statement (ETSI TS 119 495, section 5.1; EN 319 412-5).
//!
//! Written strictly; read with tolerance for the shapes that published test certificates have:
//! one statement instead of a list of them, and roles without the list around each.

use super::{CertificateError, Role, Subject, der};

/// id-pe-qcStatements.
pub(super) const EXTENSION: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 1, 3];
const QC_COMPLIANCE: [u64; 6] = [0, 4, 0, 1862, 1, 1];
const QC_TYPE: [u64; 6] = [0, 4, 0, 1862, 1, 6];
const QC_TYPE_SEAL: [u64; 7] = [0, 4, 0, 1862, 1, 6, 2];
const QC_TYPE_WEB: [u64; 7] = [0, 4, 0, 1862, 1, 6, 3];
const PSD2: [u64; 5] = [0, 4, 0, 19_495, 2];

/// What a certificate says of its holder as a payment service provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Psd2Statement {
    /// What the holder may do; unknown roles are left out.
    pub roles: Vec<Role>,
    /// The authority's name.
    pub authority_name: String,
    /// The authority's id, e.g. `GB-FCA`.
    pub authority_id: String,
}

/// The extension's content for a QWAC (`web`) or a QSealC.
pub(super) fn encode(subject: &Subject, web: bool) -> Result<Vec<u8>, CertificateError> {
    let authority_id = subject.authority_id()?;
    let roles: Vec<Vec<u8>> = subject
        .roles
        .iter()
        .map(|role| {
            let identifier = der::object_identifier(&role.object_identifier());
            der::sequence(&[identifier, der::utf8(role.name())])
        })
        .collect();
    let psd2 = der::sequence(&[
        der::sequence(&roles),
        der::utf8(&subject.authority_name),
        der::utf8(&authority_id),
    ]);
    let kind = if web { QC_TYPE_WEB } else { QC_TYPE_SEAL };
    Ok(der::sequence(&[
        der::sequence(&[der::object_identifier(&QC_COMPLIANCE)]),
        der::sequence(&[
            der::object_identifier(&QC_TYPE),
            der::sequence(&[der::object_identifier(&kind)]),
        ]),
        der::sequence(&[der::object_identifier(&PSD2), psd2]),
    ]))
}

/// The PSD2 statement in the extension's content, where there is one.
pub(super) fn decode(content: &[u8]) -> Option<Psd2Statement> {
    let (tag, inner, _) = der::read(content)?;
    if !der::is_sequence(tag) {
        return None;
    }
    let elements = der::elements(inner)?;
    let single = elements.first().is_some_and(|(tag, _)| der::is_object_identifier(*tag));
    if single {
        return psd2_of(&elements);
    }
    elements.iter().find_map(|(_, statement)| psd2_of(&der::elements(statement)?))
}

fn psd2_of(statement: &[(u8, &[u8])]) -> Option<Psd2Statement> {
    let [(tag, identifier), (_, info), ..] = statement else {
        return None;
    };
    if !der::is_object_identifier(*tag) || *identifier != der::arcs_of(&PSD2).as_slice() {
        return None;
    }
    let parts = der::elements(info)?;
    let [(_, roles), (_, authority_name), (_, authority_id), ..] = parts.as_slice() else {
        return None;
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some(Psd2Statement {
        roles: roles_of(roles)?,
        authority_name: text(authority_name),
        authority_id: text(authority_id),
    })
}

/// Each role is a pair of identifier and name; some makers leave the pair's sequence out.
fn roles_of(content: &[u8]) -> Option<Vec<Role>> {
    let mut roles = vec![];
    for (tag, inner) in der::elements(content)? {
        let identifier = if der::is_sequence(tag) {
            der::elements(inner)?.into_iter().find(|(tag, _)| der::is_object_identifier(*tag))?.1
        } else if der::is_object_identifier(tag) {
            inner
        } else {
            continue;
        };
        let known = Role::ALL
            .into_iter()
            .find(|role| der::arcs_of(&role.object_identifier()).as_slice() == identifier);
        roles.extend(known);
    }
    Some(roles)
}
