//! TLS to PostgreSQL as libpq has it: `sslmode` and `sslrootcert` of the connection string.
//!
//! | `sslmode` | encrypted | certificate |
//! |---|---|---|
//! | `disable` | no | |
//! | `prefer` (without the word) | where the server can | not looked at |
//! | `require` | yes | not looked at; with `sslrootcert` as `verify-ca` |
//! | `verify-ca` | yes | of a trusted authority |
//! | `verify-full` | yes | of a trusted authority, and for this host |
//!
//! Trusted are the authorities in the PEM file `sslrootcert`, or the system's if it is absent or
//! `system`. The library that opens connections knows the first three words only, so both parameters
//! are taken out of the string here.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The checks of the server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Checks {
    Nothing,
    Authority,
    AuthorityAndHost,
}

/// The connection string without the parameters for TLS, and the encryption of connections.
///
/// # Errors
/// Says which of the two parameters is wrong.
pub(crate) fn read(text: &str) -> Result<(String, MakeRustlsConnect), String> {
    let Parameters { mut rest, mode, roots } = parameters(text)?;
    let (word, checks) = match (mode.as_deref(), &roots) {
        (None | Some("prefer"), _) => ("prefer", Checks::Nothing),
        (Some("disable"), _) => ("disable", Checks::Nothing),
        (Some("require"), None) => ("require", Checks::Nothing),
        (Some("require" | "verify-ca"), _) => ("require", Checks::Authority),
        (Some("verify-full"), _) => ("require", Checks::AuthorityAndHost),
        (Some(other), _) => {
            return Err(format!(
                "sslmode `{other}` is unknown: use disable, prefer, require, verify-ca or verify-full"
            ));
        }
    };
    let separator = match rest.contains("://") {
        true if rest.contains('?') => "&",
        true => "?",
        false => " ",
    };
    rest.push_str(&format!("{separator}sslmode={word}"));
    Ok((rest, MakeRustlsConnect::new(config(checks, roots.as_deref())?)))
}

/// A connection string in parts.
#[derive(Debug, PartialEq, Eq)]
struct Parameters {
    rest: String,
    mode: Option<String>,
    roots: Option<String>,
}

/// Of two parameters with the same name the last one counts, as in libpq.
fn parameters(text: &str) -> Result<Parameters, String> {
    let (is_url, base, list) = match text.split_once('?') {
        Some((base, list)) if text.contains("://") => (true, base, list),
        None if text.contains("://") => (true, text, ""),
        _ => (false, "", text),
    };
    let mut found = Parameters { rest: base.to_owned(), mode: None, roots: None };
    let mut kept = vec![];
    let parts: Vec<&str> = if is_url {
        list.split('&').filter(|part| !part.is_empty()).collect()
    } else {
        list.split_ascii_whitespace().collect()
    };
    for part in parts {
        match part.split_once('=') {
            Some(("sslmode", value)) => found.mode = Some(plain("sslmode", value)?),
            Some(("sslrootcert", value)) => found.roots = Some(plain("sslrootcert", value)?),
            _ => kept.push(part),
        }
    }
    if is_url {
        if !kept.is_empty() {
            found.rest = format!("{base}?{}", kept.join("&"));
        }
    } else if found.mode.is_some() || found.roots.is_some() {
        found.rest = kept.join(" ");
    } else {
        // Untouched: values in quotes may hold spaces.
        found.rest = text.to_owned();
    }
    Ok(found)
}

/// A value without quotes and escapes.
fn plain(name: &str, value: &str) -> Result<String, String> {
    match value.contains(['\'', '\\', '%']) {
        false => Ok(value.to_owned()),
        true => Err(format!("{name} should be written without quotes and escapes")),
    }
}

fn config(checks: Checks, roots: Option<&str>) -> Result<ClientConfig, String> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match checks {
        Checks::Nothing => {
            Arc::new(Verifier { provider: Arc::clone(&provider), authorities: None })
        }
        Checks::Authority | Checks::AuthorityAndHost => {
            let trusted = Arc::new(trusted(roots)?);
            let building =
                WebPkiServerVerifier::builder_with_provider(trusted, Arc::clone(&provider));
            let authorities = building.build().map_err(|error| format!("sslrootcert: {error}"))?;
            if checks == Checks::AuthorityAndHost {
                authorities
            } else {
                let provider = Arc::clone(&provider);
                Arc::new(Verifier { provider, authorities: Some(authorities) })
            }
        }
    };
    let building =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let building = building.map_err(|error| format!("TLS: {error}"))?;
    Ok(building.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

fn trusted(roots: Option<&str>) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    match roots {
        Some(file) if file != "system" => {
            let unreadable = |error| format!("sslrootcert: {file} cannot be read: {error}");
            for certificate in CertificateDer::pem_file_iter(file).map_err(unreadable)? {
                let certificate = certificate.map_err(unreadable)?;
                store.add(certificate).map_err(|error| format!("sslrootcert: {file}: {error}"))?;
            }
            if store.is_empty() {
                return Err(format!("sslrootcert: {file} holds no certificate in PEM"));
            }
        }
        _ => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if store.is_empty() {
                return Err(
                    "the system trusts no authority: name a file with sslrootcert".to_owned()
                );
            }
        }
    }
    Ok(store)
}

/// Looks at less than the library does by default: at the authority but not at the host, or at
/// nothing but that the server holds the key of its certificate.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    authorities: Option<Arc<WebPkiServerVerifier>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(authorities) = &self.authorities else {
            return Ok(ServerCertVerified::assertion());
        };
        let verdict = authorities.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match verdict {
            // The name is looked at last: everything else was right.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameters_of_tls_are_taken_out_of_the_string() {
        for (text, rest, mode, roots) in [
            ("host=a user=b", "host=a user=b", None, None),
            ("host=a sslmode=require user=b", "host=a user=b", Some("require"), None),
            ("postgres://a/b", "postgres://a/b", None, None),
            ("postgres://a/b?sslmode=verify-ca", "postgres://a/b", Some("verify-ca"), None),
            (
                "postgres://a/b?x=1&sslrootcert=/r.pem&sslmode=verify-full&y=2",
                "postgres://a/b?x=1&y=2",
                Some("verify-full"),
                Some("/r.pem"),
            ),
            ("host='a b' password='x y'", "host='a b' password='x y'", None, None),
        ] {
            let expected = Parameters {
                rest: rest.to_owned(),
                mode: mode.map(str::to_owned),
                roots: roots.map(str::to_owned),
            };
            assert_eq!(parameters(text).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, words) in [
            ("host=a sslmode=allow", "sslmode `allow` is unknown"),
            ("host=a sslmode='require'", "without quotes"),
            ("host=a sslmode=verify-ca sslrootcert=/nowhere.pem", "/nowhere.pem cannot be read"),
        ] {
            let refused = read(text).err().unwrap();
            assert!(refused.contains(words), "{refused}");
        }
    }
}
