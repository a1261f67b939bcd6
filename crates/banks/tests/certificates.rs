//! Certificates that we issue hold what ETSI TS 119 495 wants, and are read back as such.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use banks::eidas::{Certificate, DevelopmentAuthority, Purpose, Role, Subject, request};
use jiff::Timestamp;

fn now() -> Timestamp {
    "2026-01-05T10:00:00Z".parse().unwrap()
}

fn subject() -> Subject {
    Subject {
        organisation_identifier: "PSDGB-FCA-123456".to_owned(),
        organisation_name: "Example, Payments & Co".to_owned(),
        common_name: "tpp.example".to_owned(),
        country: "GB".to_owned(),
        roles: vec![Role::PaymentInitiation, Role::AccountInformation],
        authority_name: "Financial Conduct Authority".to_owned(),
    }
}

#[test]
fn what_is_issued_is_read_back() {
    let authority = DevelopmentAuthority::create("Example CA", now(), [1; 16]).unwrap();
    for (purpose, serial) in [(Purpose::Qwac, [2; 16]), (Purpose::QSealC, [0; 16])] {
        let issued = authority.issue(&subject(), purpose, (now(), 90), serial).unwrap();
        let read = Certificate::parse(&issued.certificate_der).unwrap();
        assert_eq!(read, Certificate::parse_pem(&issued.certificate_pem).unwrap());
        assert_eq!(read.organisation_identifier.as_deref(), Some("PSDGB-FCA-123456"));
        let statement = read.psd2.unwrap();
        assert_eq!(statement.roles, subject().roles);
        assert_eq!(statement.authority_id, "GB-FCA");
        assert_eq!(statement.authority_name, "Financial Conduct Authority");
        assert_eq!(read.issuer, "O=Example CA,CN=Example CA");
        assert!(read.subject.contains("O=Example\\, Payments & Co"), "{}", read.subject);
        assert_eq!(read.not_after.duration_since(now()).as_hours(), 90 * 24);
        assert!(read.not_before < now());
        assert!(!format!("{issued:?}").contains("PRIVATE"));
    }
}

#[test]
fn an_authority_that_is_loaded_again_issues_under_the_same_name() {
    let made = DevelopmentAuthority::create("Example CA", now(), [1; 16]).unwrap();
    let pem = (&made.issued.certificate_pem, &made.issued.private_key_pem);
    let again = DevelopmentAuthority::load(pem.0, pem.1).unwrap();
    let issued = again.issue(&subject(), Purpose::Qwac, (now(), 1), [3; 16]).unwrap();
    assert_eq!(Certificate::parse(&issued.certificate_der).unwrap().issuer, {
        Certificate::parse(&made.issued.certificate_der).unwrap().subject
    });
}

#[test]
fn a_request_for_a_real_certificate_asks_for_the_statement() {
    for purpose in [Purpose::Qwac, Purpose::QSealC] {
        let requested = request::request(&subject(), purpose).unwrap();
        assert!(requested.request_pem.starts_with("-----BEGIN CERTIFICATE REQUEST-----"));
        assert!(requested.private_key_pem.contains("PRIVATE KEY"));
        let (_, block) =
            x509_parser::pem::parse_x509_pem(requested.request_pem.as_bytes()).unwrap();
        let wanted = b"PSP_PI";
        let found = block.contents.windows(wanted.len()).any(|window| window == wanted);
        assert!(found, "the role is in the request");
    }
}

#[test]
fn identifiers_that_do_not_fit_are_refused_with_what_is_expected() {
    for (identifier, country) in [
        ("GB-FCA-123456", "GB"),
        ("PSDGB-FCA", "GB"),
        ("PSDGB--1", "GB"),
        ("PSDgb-FCA-1", "GB"),
        ("PSDDE-BAFIN-1", "GB"),
        ("", "GB"),
    ] {
        let subject = Subject {
            organisation_identifier: identifier.to_owned(),
            country: country.to_owned(),
            ..subject()
        };
        let error = request::request(&subject, Purpose::Qwac).unwrap_err().to_string();
        assert!(error.starts_with("certificate: "), "{identifier}: {error}");
    }
}

#[test]
fn bytes_that_are_no_certificate_are_refused_and_do_not_panic() {
    let authority = DevelopmentAuthority::create("Example CA", now(), [1; 16]).unwrap();
    let der = authority.issue(&subject(), Purpose::Qwac, (now(), 1), [3; 16]).unwrap();
    let der = der.certificate_der;
    for length in 0..der.len() {
        assert!(Certificate::parse(&der[..length]).is_err(), "{length}");
    }
    for place in 0..der.len() {
        let mut damaged = der.clone();
        damaged[place] ^= 0x55;
        let _whatever = Certificate::parse(&damaged);
    }
    assert!(Certificate::parse_pem("nonsense").is_err());
}
