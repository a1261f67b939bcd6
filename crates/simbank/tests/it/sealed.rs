//! Messages that a bank wants sealed with the provider's QSealC: at STET, at PolishAPI and at some banks
//! of NextGenPSD2.

use aws_lc_rs::digest::{Algorithm, SHA256, SHA512, digest};
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaSignatureEncoding};
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use serde_json::{Value, json};
use simbank::PeerCertificate;

use crate::certificate::{ISSUER, SEAL_URL, SERIAL, qseal, qwac};
use crate::next_gen_psd2::BACK;
use crate::support::*;

fn digest_header(name: &str, algorithm: &'static Algorithm, body: &str) -> String {
    format!("{name}={}", STANDARD.encode(digest(algorithm, body.as_bytes()).as_ref()))
}

/// The header `Date`.
fn date(now_s: i64) -> String {
    let now = jiff::Timestamp::from_second(now_s).unwrap();
    now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn seal(padding: &'static RsaSignatureEncoding, lines: &[String]) -> String {
    STANDARD.encode(keys().rsa_pkcs1(padding, &lines.join("\n")))
}

impl World {
    /// A number that no other call gives, as the end of a UUID.
    fn unique_end(&self) -> String {
        let text = self.unique("");
        let number = text
            .bytes()
            .fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        format!("{:012x}", number & 0xffff_ffff_ffff)
    }

    /// A sealed message to a bank of NextGenPSD2, with the payer's token if there is one.
    pub async fn sealed(
        &self,
        sha512: bool,
        (method, path): (&str, &str),
        token: Option<&str>,
        body: &Value,
    ) -> Reply {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let id = format!("00000000-0000-4000-8000-{}", self.unique_end());
        let (algorithm, digest, padding) = match sha512 {
            true => ("rsa-sha512", digest_header("SHA-512", &SHA512, &body), &RSA_PKCS1_SHA512),
            false => ("rsa-sha256", digest_header("SHA-256", &SHA256, &body), &RSA_PKCS1_SHA256),
        };
        let date = date(self.now());
        let target = format!("{} {path}", method.to_lowercase());
        let pino = sha512;
        let mut signed = match pino {
            true => vec![("digest", &digest), ("x-request-id", &id)],
            false => vec![("(request-target)", &target), ("date", &date)],
        };
        let back = BACK.to_owned();
        if pino {
            signed.push(("tpp-redirect-uri", &back));
        } else if !body.is_empty() {
            signed.push(("digest", &digest));
        }
        if !pino {
            signed.push(("x-request-id", &id));
        }
        let names: Vec<&str> = signed.iter().map(|(name, _)| *name).collect();
        let lines: Vec<String> =
            signed.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let key_id = match pino {
            true => format!("SN={SERIAL},CA=organizationIdentifier={ISSUER}"),
            false => ORGANISATION.to_owned(),
        };
        let signature = format!(
            "keyId=\"{key_id}\",algorithm=\"{algorithm}\",headers=\"{}\",signature=\"{}\"",
            names.join(" "),
            seal(padding, &lines)
        );
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .extension(PeerCertificate(qwac(ORGANISATION, 49)))
            .header("content-type", "application/json")
            .header("x-request-id", id)
            .header("psu-ip-address", "192.0.2.1")
            .header("tpp-redirect-uri", BACK)
            .header("date", &date)
            .header("signature", signature)
            .header("tpp-signature-certificate", STANDARD.encode(qseal(ORGANISATION)));
        if pino || !body.is_empty() {
            request = request.header("digest", &digest);
        }
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// A client's own token at a bank of STET.
    pub async fn stet_token(&self, bank: &str) -> String {
        let form = format!("grant_type=client_credentials&client_id={ORGANISATION}&scope=pisp");
        let request = Request::post(format!("/{bank}/psd2/token"))
            .extension(PeerCertificate(qwac(ORGANISATION, 49)))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form))
            .unwrap();
        self.send(request).await.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// A sealed message to a bank of STET; `resource` follows `/psd2`.
    pub async fn stet(&self, bank: &str, method: &str, resource: &str, body: &Value) -> Reply {
        let token = self.stet_token(bank).await;
        self.stet_with(&token, bank, (method, resource), body).await
    }

    /// The same with a token that one has.
    pub async fn stet_with(
        &self,
        token: &str,
        bank: &str,
        (method, resource): (&str, &str),
        body: &Value,
    ) -> Reply {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let path = format!("/{bank}/psd2{resource}");
        let id = self.unique_end();
        let sha512 = bank == "stet-saule";
        let (algorithm, digest, padding) = match sha512 {
            true => ("rsa-sha512", digest_header("SHA-512", &SHA512, &body), &RSA_PKCS1_SHA512),
            false => ("rsa-sha256", digest_header("SHA-256", &SHA256, &body), &RSA_PKCS1_SHA256),
        };
        let has_digest = sha512 || !body.is_empty();
        let date = date(self.now());
        let (headers, key_id) = match bank {
            "stet-hetre" => (&["(request-target)", "digest", "date"] as &[&str], SERIAL),
            "stet-saule" => (
                &["(request-target)", "host", "date", "digest", "x-request-id", "content-type"]
                    as &[&str],
                ORGANISATION,
            ),
            _ => (&["(request-target)", "digest", "x-request-id"] as &[&str], SEAL_URL),
        };
        let value_of = |name: &str| match name {
            "(request-target)" => format!("{} {path}", method.to_lowercase()),
            "host" => "banks.example".to_owned(),
            "date" => date.clone(),
            "digest" => digest.clone(),
            "content-type" => "application/json".to_owned(),
            _ => id.clone(),
        };
        let names: Vec<&str> =
            headers.iter().copied().filter(|name| has_digest || *name != "digest").collect();
        let lines: Vec<String> =
            names.iter().map(|name| format!("{name}: {}", value_of(name))).collect();
        let signature = format!(
            "keyId=\"{key_id}\",algorithm=\"{algorithm}\",headers=\"{}\",signature=\"{}\"",
            names.join(" "),
            seal(padding, &lines)
        );
        let mut request = Request::builder()
            .method(method)
            .uri(&path)
            .extension(PeerCertificate(qwac(ORGANISATION, 49)))
            .header("host", "banks.example")
            .header("date", &date)
            .header("content-type", "application/json")
            .header("x-request-id", &id)
            .header("authorization", format!("Bearer {token}"))
            .header("signature", signature);
        if has_digest {
            request = request.header("digest", &digest);
        }
        let request = request.body(Body::from(body)).unwrap();
        self.send(request).await
    }

    /// A sealed message to a bank of PolishAPI; the head of the request is put in.
    pub async fn polish_api(
        &self,
        bank: &str,
        (service, operation): (&str, &str),
        token: Option<&str>,
        mut body: Value,
    ) -> Reply {
        let version = if bank == "pl-brzoza" { "v2_1_1.1" } else { "v2_1_2.1" };
        let id = format!("00000000-0000-1000-8000-{}", self.unique_end());
        body["requestHeader"] = json!({ "requestId": id, "tppId": ORGANISATION, "token": token });
        let body = body.to_string();
        let fingerprint = base64url(digest(&SHA256, &qseal(ORGANISATION)));
        let unencoded = bank == "pl-brzoza";
        let mut header = json!({ "alg": "PS256", "x5t#S256": fingerprint });
        if unencoded {
            header["b64"] = json!(false);
            header["crit"] = json!(["b64"]);
        }
        let header64 = base64url(header.to_string());
        let signed = if unencoded { body.clone() } else { base64url(&body) };
        let signature = keys().ps256(&format!("{header64}.{signed}"));
        let mut request =
            Request::post(format!("/{bank}/{version}/{service}/{version}/{operation}"))
                .extension(PeerCertificate(qwac(ORGANISATION, 49)))
                .header("content-type", "application/json")
                .header("accept-encoding", "gzip")
                .header("accept-charset", "utf-8")
                .header("accept-language", "pl")
                .header("x-request-id", id)
                .header("x-jws-signature", format!("{header64}..{signature}"));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// A payer signs in on the bank's pages and decides.
    pub async fn decide(&self, visit: &str, username: &str, decision: &str) -> Reply {
        let visit = visit.strip_prefix(BASE).unwrap_or(visit);
        let password = format!("{username}-pass");
        let fields = [("username", username), ("password", password.as_str())];
        let signed_in = self.post_form(&format!("{visit}/sign-in"), &fields).await;
        assert_eq!(signed_in.header("location"), format!("{visit}/consent"), "{visit}");
        let page = self.get(&format!("{visit}/consent")).await.text();
        let account = page.split("name=\"account\" value=\"").nth(1).unwrap_or("\"");
        let account = account.split('"').next().unwrap();
        let fields = [("account", account), ("decision", decision)];
        self.post_form(&format!("{visit}/consent"), &fields).await
    }

    /// A day so many days from now.
    pub fn day(&self, days: i64) -> String {
        let at = jiff::Timestamp::from_second(self.now() + days * 24 * 3600).unwrap();
        at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
    }

    /// So many days go by.
    pub fn wait_days(&self, days: i64) {
        self.environment.advance(days * 24 * 3_600_000);
    }

    /// The order in the books of a bank: status, whether cancelled, how often executed.
    pub async fn kept(&self, id: &str) -> (String, bool, i64) {
        let orders = self.get("/sim/orders").await.json();
        let orders = orders.as_array().unwrap();
        let order = orders.iter().find(|order| order["order_id"] == id).unwrap();
        (
            order["order_status"].as_str().unwrap().to_owned(),
            order["cancelled"].as_bool().unwrap(),
            order["executed"].as_i64().unwrap(),
        )
    }
}
