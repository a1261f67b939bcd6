//! Certificates of the gateway and of a member that is licensed itself.

use std::sync::{Arc, OnceLock};

use banks::call::EidasIdentity;
use banks::eidas::{Certificate, DevelopmentAuthority, Issued, Purpose, Role, Subject};
use banks::jose::SigningKey;
use banks::wire::ClientCertificate;
use jiff::Timestamp;

use super::{LICENSED, ORGANISATION, PUBLIC_URL};

/// QWAC and QSealC of a member that is licensed itself; the simulated banks know it.
pub fn licensed_member() -> &'static (Issued, Issued) {
    static ISSUED: OnceLock<(Issued, Issued)> = OnceLock::new();
    ISSUED.get_or_init(|| certificates_of(LICENSED, 3_650))
}

/// QWAC and QSealC of an organisation, for so many days from the beginning of 2026.
pub fn certificates_of(organisation_identifier: &str, days: i64) -> (Issued, Issued) {
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let authority = DevelopmentAuthority::create("Other CA", now, [4; 16]).unwrap();
    let subject = Subject {
        organisation_identifier: organisation_identifier.to_owned(),
        organisation_name: "Licensed member".to_owned(),
        common_name: "member.example".to_owned(),
        country: "GB".to_owned(),
        roles: vec![Role::PaymentInitiation],
        authority_name: "Financial Conduct Authority".to_owned(),
    };
    let issue =
        |purpose, serial| authority.issue(&subject, purpose, (now, days), [serial; 16]).unwrap();
    (issue(Purpose::Qwac, 5), issue(Purpose::QSealC, 6))
}

/// Where banks find the seal certificate of [`licensed_member`].
pub(super) fn licensed_seal_url() -> String {
    let der = &licensed_member().1.certificate_der;
    let fingerprint = Certificate::parse(der).unwrap().fingerprint;
    format!("{PUBLIC_URL}/.well-known/qseal/{fingerprint}")
}

/// Certificates of the gateway for the whole of the tests' time.
pub(super) fn eidas_identity() -> EidasIdentity {
    static IDENTITY: OnceLock<EidasIdentity> = OnceLock::new();
    let identity = IDENTITY.get_or_init(|| {
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let authority = DevelopmentAuthority::create("Test CA", now, [1; 16]).unwrap();
        let subject = Subject {
            organisation_identifier: ORGANISATION.to_owned(),
            organisation_name: "Bascule test".to_owned(),
            common_name: "bascule.example".to_owned(),
            country: "GB".to_owned(),
            roles: vec![Role::PaymentInitiation],
            authority_name: "Financial Conduct Authority".to_owned(),
        };
        let issue = |purpose, serial| {
            authority.issue(&subject, purpose, (now, 3_650), [serial; 16]).unwrap()
        };
        let (web, seal) = (issue(Purpose::Qwac, 2), issue(Purpose::QSealC, 3));
        EidasIdentity {
            organisation_identifier: ORGANISATION.to_owned(),
            organisation_name: "Bascule test".to_owned(),
            transport: Arc::new(ClientCertificate {
                fingerprint: Certificate::parse(&web.certificate_der).unwrap().fingerprint,
                chain_der: vec![web.certificate_der],
                private_key_pkcs8_der: web.private_key_pkcs8_der,
            }),
            seal_key: SigningKey::from_pkcs8_der("seal-1", &seal.private_key_pkcs8_der).unwrap(),
            seal_certificate_der: seal.certificate_der,
            seal_certificate_url: format!("{PUBLIC_URL}/.well-known/qseal.pem"),
        }
    });
    identity.clone()
}
