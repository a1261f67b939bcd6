//! Certificates that are refused, each wrong in one thing.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256,
};

use super::*;

const OURS: &str = "PSDGB-FCA-1";
/// The role PSP_AI differs from PSP_PI in its last arc.
const PAYMENTS: u8 = 2;
const ACCOUNTS: u8 = 3;

struct Authority {
    der: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap()
}

/// Two authorities of one name: the name alone proves nothing.
fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = key();
    let der = params.self_signed(&key).unwrap().der().to_vec();
    Authority { der, issuer: Issuer::new(params, key) }
}

/// The last arc of QcType for seals and for websites.
const SEAL: u8 = 2;
const WEBSITE: u8 = 3;

fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(content.len()).unwrap()], content].concat()
}

/// qcStatements with one role.
fn statements(role: u8) -> CustomExtension {
    qualified_statements(role, None)
}

/// The same, and what the certificate is qualified for.
fn qualified_statements(role: u8, kind: Option<u8>) -> CustomExtension {
    let role = wrap(0x06, &[4, 0, 0x81, 0x98, 0x27, 1, role]);
    let role = wrap(0x30, &[role, wrap(0x0c, b"PSP")].concat());
    let about = [wrap(0x30, &role), wrap(0x0c, b"Authority"), wrap(0x0c, b"GB-FCA")].concat();
    let psd2 = [wrap(0x06, &[4, 0, 0x81, 0x98, 0x27, 2]), wrap(0x30, &about)].concat();
    let of_kind = kind.map(|kind| {
        let said = wrap(0x30, &wrap(0x06, &[4, 0, 0x8e, 0x46, 1, 6, kind]));
        wrap(0x30, &[wrap(0x06, &[4, 0, 0x8e, 0x46, 1, 6]), said].concat())
    });
    let content = wrap(0x30, &[of_kind.unwrap_or_default(), wrap(0x30, &psd2)].concat());
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 3], content)
}

/// A QSealC of [`OURS`] for 2026.
fn seal() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    let identifier = DnValue::Utf8String(OURS.to_owned());
    params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 97]), identifier);
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(2027, 1, 1);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    params.custom_extensions = vec![statements(PAYMENTS)];
    params
}

fn issue(authority: &Authority, change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    let mut params = seal();
    change(&mut params);
    params.signed_by(&key(), &authority.issuer).unwrap().der().to_vec()
}

fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

#[test]
fn a_seal_certificate_has_an_issuer_dates_a_key_usage_an_organisation_and_a_role() {
    let (trusted, other) = (authority(), authority());
    let judge = |der: &[u8]| {
        let provider =
            Provider { organisation_identifier: OURS.to_owned(), initiates_payments: true };
        check_seal(der, &provider, std::slice::from_ref(&trusted.der), now())
    };
    assert_eq!(judge(&issue(&trusted, |_| ())), Ok(()));
    let qualified = issue(&trusted, |one| {
        one.custom_extensions = vec![qualified_statements(PAYMENTS, Some(SEAL))];
    });
    assert_eq!(judge(&qualified), Ok(()));
    let of_other = "PSDGB-FCA-2".to_owned();
    for (der, what) in [
        (b"nonsense".to_vec(), "X.509"),
        (issue(&other, |_| ()), "no authority"),
        (issue(&trusted, |one| one.not_after = rcgen::date_time_ymd(2026, 2, 1)), "expired"),
        (issue(&trusted, |one| one.not_before = rcgen::date_time_ymd(2026, 7, 1)), "no QSealC"),
        (issue(&trusted, |one| one.key_usages = vec![KeyUsagePurpose::KeyCertSign]), "key usage"),
        (
            issue(&trusted, |one| {
                one.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            }),
            "for connections",
        ),
        (issue(&trusted, |one| one.custom_extensions = vec![statements(ACCOUNTS)]), "PSP_PI"),
        (
            issue(&trusted, |one| {
                one.custom_extensions = vec![qualified_statements(PAYMENTS, Some(WEBSITE))];
            }),
            "not qualified for seals",
        ),
        (issue(&trusted, |one| one.custom_extensions = vec![]), "no QSealC"),
        (
            issue(&trusted, |one| {
                let identifier = DnValue::Utf8String(of_other);
                one.distinguished_name = DistinguishedName::new();
                one.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 97]), identifier);
            }),
            "another organisation",
        ),
    ] {
        let refused = judge(&der).unwrap_err();
        assert!(refused.contains(what), "{what}: {refused}");
    }
}

#[test]
fn a_certificate_on_a_connection_may_be_shown_there() {
    let trusted = authority();
    let read_at = |der: &[u8]| read(Some(der), now()).map(|provider| provider.initiates_payments);
    let client = |role: u8| {
        issue(&trusted, |one| {
            one.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            one.custom_extensions = vec![statements(role)];
        })
    };
    assert_eq!(read_at(&client(PAYMENTS)), Ok(true));
    assert_eq!(read_at(&client(ACCOUNTS)), Ok(false));
    let of_kind = |kind: u8| {
        issue(&trusted, |one| {
            one.custom_extensions = vec![qualified_statements(PAYMENTS, Some(kind))];
        })
    };
    assert_eq!(read_at(&of_kind(WEBSITE)), Ok(true));
    assert_eq!(read_at(&of_kind(SEAL)), Err(Refused::Invalid));
    let of_server = issue(&trusted, |one| {
        one.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    assert_eq!(read_at(&of_server), Err(Refused::Invalid));
    let of_authority = issue(&trusted, |one| one.key_usages = vec![KeyUsagePurpose::KeyCertSign]);
    assert_eq!(read_at(&of_authority), Err(Refused::Invalid));
}
