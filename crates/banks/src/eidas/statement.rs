//! The extension `qcStatements` with the PSD2 statement (ETSI TS 119 495, section 5.1; EN 319 412-5).
//!
//! Written strictly; read with tolerance for the shapes that published test certificates have:
//! one statement instead of a list of them, and roles without the list around each.

use std::borrow::Cow;

use asn1_rs::{Any, FromBer, Oid, Sequence, Tag, ToDer, Utf8String};

use super::{CertificateError, Role, Subject};

/// id-pe-qcStatements.
pub(super) const EXTENSION: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 1, 3];
const QC_COMPLIANCE: [u64; 6] = [0, 4, 0, 1862, 1, 1];
const QC_TYPE: [u64; 6] = [0, 4, 0, 1862, 1, 6];
const QC_TYPE_SEAL: [u64; 7] = [0, 4, 0, 1862, 1, 6, 2];
const QC_TYPE_WEB: [u64; 7] = [0, 4, 0, 1862, 1, 6, 3];
const PSD2: [u64; 5] = [0, 4, 0, 19_495, 2];
/// Elements of one SEQUENCE that are read.
const ELEMENTS_MAX: usize = 64;

/// A certificate's statement about its holder as a payment service provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Psd2Statement {
    /// The holder's roles; unknown roles are left out.
    pub roles: Vec<Role>,
    /// The authority's name.
    pub authority_name: String,
    /// The authority's id, e.g. `GB-FCA`.
    pub authority_id: String,
}

/// The extension's content for a QWAC (`web`) or a QSealC.
pub(super) fn encode(subject: &Subject, web: bool) -> Result<Vec<u8>, CertificateError> {
    let authority_id = subject.authority_id()?;
    let roles: Result<Vec<Vec<u8>>, CertificateError> = subject
        .roles
        .iter()
        .map(|role| {
            sequence(&[
                identifier(&role.object_identifier())?,
                der(&Utf8String::from(role.name()))?,
            ])
        })
        .collect();
    let psd2 = sequence(&[
        sequence(&roles?)?,
        der(&Utf8String::from(subject.authority_name.as_str()))?,
        der(&Utf8String::from(authority_id.as_str()))?,
    ])?;
    let kind = if web { QC_TYPE_WEB } else { QC_TYPE_SEAL };
    sequence(&[
        sequence(&[identifier(&QC_COMPLIANCE)?])?,
        sequence(&[identifier(&QC_TYPE)?, sequence(&[identifier(&kind)?])?])?,
        sequence(&[identifier(&PSD2)?, psd2])?,
    ])
}

fn der(value: &impl ToDer) -> Result<Vec<u8>, CertificateError> {
    value.to_der_vec().map_err(|error| CertificateError(format!("its statement: {error}")))
}

/// A SEQUENCE of encoded elements.
fn sequence(elements: &[Vec<u8>]) -> Result<Vec<u8>, CertificateError> {
    der(&Sequence::new(Cow::Owned(elements.concat())))
}

/// An OBJECT IDENTIFIER.
fn identifier(arcs: &[u64]) -> Result<Vec<u8>, CertificateError> {
    der(&known(arcs).ok_or_else(|| CertificateError("no object identifier".to_owned()))?)
}

fn known(arcs: &[u64]) -> Option<Oid<'static>> {
    Oid::from(arcs).ok()
}

/// The PSD2 statement in the extension's content, if there is one.
pub(super) fn decode(content: &[u8]) -> Option<Psd2Statement> {
    let (_, all) = Any::from_ber(content).ok()?;
    if all.tag() != Tag::Sequence {
        return None;
    }
    let elements = elements(all.data)?;
    if elements.first().is_some_and(|first| first.tag() == Tag::Oid) {
        return psd2_of(&elements);
    }
    elements.iter().find_map(|statement| psd2_of(&self::elements(statement.data)?))
}

fn psd2_of(statement: &[Any<'_>]) -> Option<Psd2Statement> {
    let [identifier, info, ..] = statement else {
        return None;
    };
    if !is(identifier, &PSD2) {
        return None;
    }
    let parts = elements(info.data)?;
    let [roles, authority_name, authority_id, ..] = parts.as_slice() else {
        return None;
    };
    let text = |element: &Any<'_>| String::from_utf8_lossy(element.data).into_owned();
    Some(Psd2Statement {
        roles: roles_of(roles.data)?,
        authority_name: text(authority_name),
        authority_id: text(authority_id),
    })
}

/// Each role is a pair of identifier and name; some makers leave the pair's sequence out.
fn roles_of(content: &[u8]) -> Option<Vec<Role>> {
    let mut roles = vec![];
    for element in elements(content)? {
        let identifier = match element.tag() {
            Tag::Sequence => {
                elements(element.data)?.into_iter().find(|inner| inner.tag() == Tag::Oid)?
            }
            Tag::Oid => element,
            _ => continue,
        };
        roles.extend(Role::ALL.into_iter().find(|role| is(&identifier, &role.object_identifier())));
    }
    Some(roles)
}

/// The elements inside a SEQUENCE's content.
fn elements(content: &[u8]) -> Option<Vec<Any<'_>>> {
    let mut found = vec![];
    let mut rest = content;
    while !rest.is_empty() {
        let (after, element) = Any::from_ber(rest).ok()?;
        found.push(element);
        if found.len() > ELEMENTS_MAX {
            return None;
        }
        rest = after;
    }
    Some(found)
}

/// Whether the element is that object identifier.
fn is(element: &Any<'_>, arcs: &[u64]) -> bool {
    element.tag() == Tag::Oid && known(arcs).is_some_and(|oid| oid.as_bytes() == element.data)
}
