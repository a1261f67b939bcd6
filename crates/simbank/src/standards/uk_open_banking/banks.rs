//! The simulated banks that speak UK Open Banking.

use serde_json::{Value, json};

use super::dialect::Version;
use crate::engine::banks::{Bank, Standard, account, customer, persona};

/// The deviations of a bank of UK Open Banking.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UkOpenBanking {
    /// International payments, in euro.
    pub(crate) pays_abroad: bool,
    pub(crate) version: Version,
    /// Organisation id in a directory: `iss` of the bank's message signatures.
    pub(crate) organisation_id: &'static str,
    /// How the answer of an authorisation can reach the TPP, the default first.
    pub(crate) response_modes: &'static [&'static str],
    /// The last status that a successful payment reaches, as 3.1 spells it.
    pub(crate) last_status: &'static str,
    /// How a client proves who it is.
    pub(crate) client_authentication: ClientAuthentication,
    /// The only audience that client assertions may have; the token endpoint or the issuer if empty.
    pub(crate) assertion_audience: &'static str,
    /// The end of the issuer, behind the bank's address: some issuers end with a slash.
    pub(crate) issuer_end: &'static str,
    /// The path of the discovery document below the bank's address; empty at a bank that has none.
    pub(crate) discovery_path: &'static str,
    /// The end of `iss` in tokens and of `aud` in request objects, where it is not the issuer's.
    pub(crate) token_issuer_end: Option<&'static str>,
    /// A header that every request of a client must have, and its value.
    pub(crate) client_header: Option<(&'static str, &'static str)>,
    /// Message signatures cover the body as it is and say `b64: false`, as before 3.1.4.
    pub(crate) signs_raw_bodies: bool,
    /// Authorisation requests must be pushed first (RFC 9126), with PKCE.
    pub(crate) wants_pushed_requests: bool,
    /// The code must come with the scope of the authorisation request again.
    pub(crate) wants_scope_with_code: bool,
    /// `nonce` must be beside the request object, too.
    pub(crate) wants_nonce_beside: bool,
    /// OAuth 2.0 without OpenID: no request object, the consent's id in `display`, PKCE.
    pub(crate) plain_oauth: bool,
    /// Request objects are valid for at most so many seconds and have neither `iat` nor `nbf`.
    pub(crate) short_request_objects: bool,
    /// Claims that its id tokens lack.
    pub(crate) id_token_omits: &'static [&'static str],
    /// `exp` of its id tokens is in milliseconds.
    pub(crate) id_token_exp_in_milliseconds: bool,
    /// Its key set has keys that cannot be read, and another key under the name of the right one.
    pub(crate) untidy_key_set: bool,
    /// How `Risk` names the contract.
    pub(crate) contract_indicator: ContractIndicator,
    /// The only context codes that it takes, one of which must be there; any if empty.
    pub(crate) context_codes: &'static [&'static str],
    /// It gives no account for refunds and refuses the question.
    pub(crate) refuses_refund_question: bool,
    /// Signatures name no trust anchor, and clients sign with their organisation identifier.
    pub(crate) signs_without_trust_anchor: bool,
    /// `x-fapi-financial-id` with the bank's organisation id must be in every request.
    pub(crate) wants_financial_id: bool,
    /// The reason of a rejection is in `SupplementaryData`, and there are no payment details.
    pub(crate) reasons_in_supplementary_data: bool,
    /// A word of its own for an order that waits.
    pub(crate) waiting_status: Option<&'static str>,
    /// Amounts in answers are JSON numbers.
    pub(crate) amounts_are_numbers: bool,
    /// Its answers are not signed.
    pub(crate) signs_no_answers: bool,
    /// The bank has no pages: it approves by itself and sends the PSU back in its first answer.
    pub(crate) approves_by_itself: bool,
    /// How long a token of an approval works, in seconds. For payments these banks give no refresh
    /// token: the order follows the approval, and a client's own token reads it.
    pub(crate) token_seconds: i64,
}

/// How a client proves who it is at the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientAuthentication {
    /// By an assertion that it signed (RFC 7523).
    Assertion,
    /// By the certificate on its connection (RFC 8705): its tokens work on such connections only.
    Certificate,
    /// By its secret in the header `Authorization` (RFC 6749, section 2.3.1).
    SecretInHeader,
    /// By its secret in the body.
    SecretInBody,
}

impl ClientAuthentication {
    /// The word of OpenID Connect Discovery.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Assertion => "private_key_jwt",
            Self::Certificate => "tls_client_auth",
            Self::SecretInHeader => "client_secret_basic",
            Self::SecretInBody => "client_secret_post",
        }
    }
}

/// How `Risk` names whether there is a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContractIndicator {
    /// As the version's schema has it.
    Schema,
    /// As it is spelt in English, in 3.1 too.
    Spelt,
    /// A request that has it is refused.
    Never,
}

/// Where a discovery document is as a rule.
pub(crate) const USUAL_DISCOVERY_PATH: &str = ".well-known/openid-configuration";

/// A bank without deviations.
pub(crate) const USUAL: UkOpenBanking = UkOpenBanking {
    pays_abroad: false,
    version: Version::V3_1,
    organisation_id: "",
    response_modes: &["fragment"],
    last_status: "AcceptedSettlementCompleted",
    client_authentication: ClientAuthentication::Assertion,
    assertion_audience: "",
    issuer_end: "",
    discovery_path: USUAL_DISCOVERY_PATH,
    token_issuer_end: None,
    client_header: None,
    signs_raw_bodies: false,
    wants_pushed_requests: false,
    wants_scope_with_code: false,
    wants_nonce_beside: false,
    plain_oauth: false,
    short_request_objects: false,
    id_token_omits: &[],
    id_token_exp_in_milliseconds: false,
    untidy_key_set: false,
    contract_indicator: ContractIndicator::Schema,
    context_codes: &[],
    refuses_refund_question: false,
    signs_without_trust_anchor: false,
    wants_financial_id: false,
    reasons_in_supplementary_data: false,
    waiting_status: None,
    amounts_are_numbers: false,
    signs_no_answers: false,
    approves_by_itself: false,
    token_seconds: 3600,
};

impl UkOpenBanking {
    /// Whether its answers to the browser are signed as a whole (JARM).
    pub(crate) fn signs_responses(&self) -> bool {
        self.response_modes.iter().all(|mode| mode.ends_with("jwt"))
    }

    /// Whether a client is known by the certificate on its connection.
    pub(crate) fn knows_clients_by_certificate(&self) -> bool {
        self.client_authentication == ClientAuthentication::Certificate
    }

    /// Whether a client is known by a secret.
    pub(crate) fn has_client_secrets(&self) -> bool {
        use ClientAuthentication::{SecretInBody, SecretInHeader};
        matches!(self.client_authentication, SecretInHeader | SecretInBody)
    }

    /// The claims of an id token as this bank has them.
    pub(crate) fn id_token(&self, mut claims: Value) -> Value {
        if let Some(object) = claims.as_object_mut() {
            object.retain(|name, _| !self.id_token_omits.contains(&name.as_str()));
        }
        if self.id_token_exp_in_milliseconds {
            let seconds = claims["exp"].as_i64().unwrap_or_default();
            claims["exp"] = json!(seconds.saturating_mul(1000));
        }
        claims
    }

    /// The required `response_type` of an authorisation request.
    pub(crate) fn response_type(&self) -> &'static str {
        if self.signs_responses() || self.plain_oauth { "code" } else { "code id_token" }
    }
}

pub(crate) const BANKS: [Bank; 10] = [
    Bank {
        id: "ob-modelo",
        name: "Modelo Bank",
        country: "GB",
        currency: "GBP",
        standard: Standard::UkOpenBanking(UkOpenBanking {
            version: Version::V3_1,
            organisation_id: "0015800001MODELO00",
            ..USUAL
        }),
        customers: &[
            customer(
                "alice",
                "alice-pass",
                &[
                    account("70000112345601", "Alice Archer", 1_250_000),
                    account("70000112345602", "Alice Archer Savings", 5_000_000),
                ],
            ),
            customer("bob", "bob-pass", &[account("70000123456701", "Bob Baker", 430_050)]),
            customer("carol", "carol-pass", &[account("70000134567801", "Carol Cooper", 125)]),
            customer(
                "merchant",
                "merchant-pass",
                &[
                    account("12345612345678", "Customer Inc.", 100_000),
                    account("70000170000005", "Customer Inc. Settlement", 100_000),
                ],
            ),
            persona(
                "nora",
                "nora-pass",
                &[account("70000145678901", "Nora Nash", 2_480_000)],
                "silent_after_effect",
            ),
            persona(
                "oliver",
                "oliver-pass",
                &[account("70000156789001", "Oliver Oakes", 2_480_000)],
                "rejected_after_accepted",
            ),
        ],
    },
    Bank {
        id: "ob-iron",
        name: "Iron Bank",
        country: "GB",
        currency: "GBP",
        standard: Standard::UkOpenBanking(UkOpenBanking {
            version: Version::V3_1,
            organisation_id: "0015800001IRON0000",
            token_seconds: 300,
            response_modes: &["fragment", "form_post"],
            last_status: "AcceptedCreditSettlementCompleted",
            ..USUAL
        }),
        customers: &[
            customer(
                "dave",
                "dave-pass",
                &[
                    account("80000112345601", "Dave Draper", 990_000),
                    account("80000112345602", "Dave Draper Bills", 75_000),
                    account("80000112345603", "D and E Draper Joint", 2_400_000),
                ],
            ),
            customer("erin", "erin-pass", &[account("80000123456701", "Erin Engel", 310_000)]),
            customer("frank", "frank-pass", &[account("80000134567801", "Frank Fisher", 99)]),
            persona(
                "gwen",
                "gwen-pass",
                &[account("80000145678901", "Gwen Gale", 2_480_000)],
                "late_execution",
            ),
            persona(
                "hugh",
                "hugh-pass",
                &[account("80000156789001", "Hugh Holt", 2_480_000)],
                "error_before_effect",
            ),
        ],
    },
    Bank {
        id: "mock-redirect",
        name: "Mock redirect",
        country: "GB",
        currency: "GBP",
        standard: Standard::UkOpenBanking(UkOpenBanking {
            version: Version::V3_1,
            organisation_id: "0015800001MOCK0000",
            response_modes: &["fragment", "form_post"],
            approves_by_itself: true,
            ..USUAL
        }),
        customers: &[
            customer(
                "grace",
                "grace-pass",
                &[
                    account("90000112345601", "Grace Gardner", 1_000_000),
                    account("90000112345602", "Grace Gardner Savings", 3_000_000),
                ],
            ),
            customer("henry", "henry-pass", &[account("90000123456701", "Henry Hunter", 500_000)]),
            customer("ivy", "ivy-pass", &[account("90000134567801", "Ivy Ingram", 50)]),
            persona(
                "jack",
                "jack-pass",
                &[account("90000145678901", "Jack Jarvis", 2_480_000)],
                "missing_callback",
            ),
        ],
    },
    Bank {
        id: "ob-quartz",
        name: "Quartz Bank",
        country: "GB",
        currency: "GBP",
        standard: Standard::UkOpenBanking(UkOpenBanking {
            version: Version::V4_0,
            organisation_id: "0015800001QUARTZ00",
            response_modes: &["fragment", "form_post"],
            last_status: "AcceptedCreditSettlementCompleted",
            ..USUAL
        }),
        customers: &[
            customer(
                "nora",
                "nora-pass",
                &[
                    account("60000112345601", "Nora Norris", 1_100_000),
                    account("60000112345602", "Nora Norris Savings", 2_600_000),
                ],
            ),
            customer("oscar", "oscar-pass", &[account("60000123456701", "Oscar Owen", 270_000)]),
            customer("petra", "petra-pass", &[account("60000134567801", "Petra Pike", 75)]),
            persona(
                "rhys",
                "rhys-pass",
                &[account("60000145678901", "Rhys Rowe", 2_480_000)],
                "rejected_after_accepted",
            ),
        ],
    },
    Bank {
        id: "ob-slate",
        name: "Slate Bank",
        country: "GB",
        currency: "GBP",
        standard: Standard::UkOpenBanking(UkOpenBanking {
            version: Version::V3_1,
            organisation_id: "0015800001SLATE000",
            response_modes: &["fragment", "form_post"],
            client_authentication: ClientAuthentication::Certificate,
            signs_raw_bodies: true,
            ..USUAL
        }),
        customers: &[
            customer(
                "quinn",
                "quinn-pass",
                &[account("50000112345601", "Quinn Quaile", 1_300_000)],
            ),
            customer("ruth", "ruth-pass", &[account("50000123456701", "Ruth Reeve", 80)]),
            persona(
                "stella",
                "stella-pass",
                &[account("50000145678901", "Stella Stone", 2_480_000)],
                "malformed_answer",
            ),
        ],
    },
    Bank {
        id: "ob-onyx",
        name: "Onyx Bank",
        country: "GB",
        currency: "GBP",
        standard: Standard::UkOpenBanking(UkOpenBanking {
            version: Version::V4_0,
            organisation_id: "0015800001ONYX0000",
            response_modes: &["jwt", "query.jwt", "fragment.jwt", "form_post.jwt"],
            wants_pushed_requests: true,
            ..USUAL
        }),
        customers: &[
            customer("sara", "sara-pass", &[account("40000112345601", "Sara Short", 1_400_000)]),
            customer("tom", "tom-pass", &[account("40000123456701", "Tom Tate", 60)]),
        ],
    },
    Bank {
        id: "ob-agate",
        name: "Agate Bank",
        country: "GB",
        currency: "GBP",
        standard: Standard::UkOpenBanking(UkOpenBanking {
            version: Version::V4_0,
            organisation_id: "0015800001AGATE000",
            response_modes: &["jwt", "query.jwt"],
            assertion_audience: "https://agate.example/clients",
            short_request_objects: true,
            id_token_omits: &["nonce", "openbanking_intent_id", "acr"],
            id_token_exp_in_milliseconds: true,
            ..USUAL
        }),
        customers: &[
            customer("uma", "uma-pass", &[account("10000112345601", "Uma Upton", 1_200_000)]),
            customer("vera", "vera-pass", &[account("10000123456701", "Vera Vance", 70)]),
        ],
    },
    Bank {
        id: "ob-basalt",
        name: "Basalt Bank",
        country: "GB",
        currency: "GBP",
        standard: Standard::UkOpenBanking(UkOpenBanking {
            version: Version::V3_1,
            organisation_id: "0015800001BASALT00",
            client_authentication: ClientAuthentication::SecretInHeader,
            issuer_end: "/",
            discovery_path: "openid-configuration",
            token_issuer_end: Some("/tokens"),
            response_modes: &["query"],
            wants_scope_with_code: true,
            wants_nonce_beside: true,
            id_token_omits: &["s_hash", "acr"],
            untidy_key_set: true,
            contract_indicator: ContractIndicator::Never,
            context_codes: &["PartyToParty"],
            refuses_refund_question: true,
            signs_no_answers: true,
            ..USUAL
        }),
        customers: &[
            customer("wes", "wes-pass", &[account("20000112345601", "Wes Wilde", 1_500_000)]),
            customer("xena", "xena-pass", &[account("20000123456701", "Xena Xu", 90)]),
        ],
    },
    Bank {
        id: "ob-flint",
        name: "Flint Bank",
        country: "GB",
        currency: "GBP",
        standard: Standard::UkOpenBanking(UkOpenBanking {
            version: Version::V3_1,
            organisation_id: "0015800001FLINT000",
            client_authentication: ClientAuthentication::SecretInBody,
            discovery_path: "",
            response_modes: &["query"],
            plain_oauth: true,
            contract_indicator: ContractIndicator::Spelt,
            signs_without_trust_anchor: true,
            wants_financial_id: true,
            reasons_in_supplementary_data: true,
            waiting_status: Some("OnHold"),
            amounts_are_numbers: true,
            client_header: Some(("x-client-application", "flint-application-1")),
            ..USUAL
        }),
        customers: &[
            customer("yara", "yara-pass", &[account("30000112345601", "Yara Yates", 1_600_000)]),
            customer("zoe", "zoe-pass", &[account("30000123456701", "Zoe Zeller", 85)]),
        ],
    },
    Bank {
        id: "ob-chalk",
        name: "Chalk Bank",
        country: "GB",
        currency: "GBP",
        standard: Standard::UkOpenBanking(UkOpenBanking {
            version: Version::V4_0,
            organisation_id: "0015800001CHALK000",
            response_modes: &["fragment"],
            pays_abroad: true,
            ..USUAL
        }),
        customers: &[
            customer("chloe", "chloe-pass", &[account("60100112345601", "Chloe Chase", 1_700_000)]),
            customer("clive", "clive-pass", &[account("60100123456701", "Clive Cole", 95)]),
        ],
    },
];
