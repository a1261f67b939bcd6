//! The simulated banks that speak NextGenPSD2.

use super::habits::{
    Approach, CancellationRule, NextGenPsd2, OAuthHabits, ReasonsIn, USUAL, USUAL_OAUTH,
};
use super::signature;
use crate::engine::banks::{Bank, Standard, account, customer, persona};
use crate::engine::tokens::{RefreshTerms, TokenTerms};
use crate::standards::http_signature::{Habits, Hash, KeyName};

pub(crate) const BANKS: [Bank; 8] = [
    Bank {
        id: "bg-linden",
        name: "Lindenbank",
        country: "DE",
        currency: "EUR",
        standard: Standard::NextGenPsd2(NextGenPsd2 {
            cancellation: CancellationRule::StartedByProvider,
            replays_request_id: true,
            ..USUAL
        }),
        customers: &[
            customer(
                "lena",
                "lena-pass",
                &[
                    account("DE65700202700000001008", "Lena Lindner", 1_250_000),
                    account("DE70700202700000001015", "Lena Lindner Sparkonto", 5_000_000),
                ],
            ),
            customer(
                "lukas",
                "lukas-pass",
                &[account("DE75700202700000001022", "Lukas Lang", 430_050)],
            ),
            customer(
                "lotte",
                "lotte-pass",
                &[account("DE80700202700000001029", "Lotte Leer", 125)],
            ),
            persona(
                "linus",
                "linus-pass",
                &[account("DE58700202700000002007", "Linus Lorenz", 2_480_000)],
                "silent_after_effect",
            ),
            persona(
                "luise",
                "luise-pass",
                &[
                    account("DE63700202700000002014", "Luise Lohmann", 2_480_000),
                    account("DE68700202700000002021", "Luise Lohmann Sparkonto", 910_000),
                ],
                "missing_callback",
            ),
        ],
    },
    Bank {
        id: "bg-ahorn",
        name: "Ahornbank",
        country: "DE",
        currency: "EUR",
        standard: Standard::NextGenPsd2(NextGenPsd2 {
            approach: Approach::EmbeddedManyMethods,
            keeps_instant_payments: true,
            cancellation: CancellationRule::StartedByProvider,
            ..USUAL
        }),
        customers: &[
            customer(
                "anna",
                "anna-pass",
                &[
                    account("DE32370400440000001036", "Anna Ahrens", 1_250_000),
                    account("DE37370400440000001043", "Anna Ahrens Sparkonto", 5_000_000),
                ],
            ),
            customer(
                "anton",
                "anton-pass",
                &[account("DE42370400440000001050", "Anton Auer", 430_050)],
            ),
            customer("agnes", "agnes-pass", &[account("DE47370400440000001057", "Agnes Arm", 125)]),
            persona(
                "arno",
                "arno-pass",
                &[account("DE20370400440000002028", "Arno Adler", 2_480_000)],
                "error_after_effect",
            ),
        ],
    },
    Bank {
        id: "bg-eiche",
        name: "Eichensparkasse",
        country: "AT",
        currency: "EUR",
        standard: Standard::NextGenPsd2(NextGenPsd2 {
            approach: Approach::EmbeddedOneMethod,
            instant: false,
            ..USUAL
        }),
        customers: &[
            customer(
                "elfi",
                "elfi-pass",
                &[
                    account("AT672011100000001092", "Elfriede Eder", 1_250_000),
                    account("AT722011100000001099", "Elfriede Eder Sparbuch", 5_000_000),
                ],
            ),
            customer(
                "emil",
                "emil-pass",
                &[account("AT772011100000001106", "Emil Egger", 430_050)],
            ),
            customer("erna", "erna-pass", &[account("AT822011100000001113", "Erna Eng", 125)]),
            persona(
                "eduard",
                "eduard-pass",
                &[account("AT202011100000002035", "Eduard Ebner", 2_480_000)],
                "never_final",
            ),
        ],
    },
    Bank {
        id: "bg-birke",
        name: "Birkenbank",
        country: "DE",
        currency: "EUR",
        standard: Standard::NextGenPsd2(NextGenPsd2 {
            approach: Approach::Decoupled,
            starts_app: true,
            instant: false,
            cancellation: CancellationRule::StartedByBank,
            ..USUAL
        }),
        customers: &[
            customer(
                "bernd",
                "bernd-pass",
                &[
                    account("DE11500105170000001064", "Bernd Birk", 1_250_000),
                    account("DE16500105170000001071", "Bernd Birk Sparkonto", 5_000_000),
                ],
            ),
            customer(
                "birgit",
                "birgit-pass",
                &[account("DE21500105170000001078", "Birgit Busch", 430_050)],
            ),
            customer(
                "bruno",
                "bruno-pass",
                &[account("DE26500105170000001085", "Bruno Blank", 125)],
            ),
            persona(
                "beate",
                "beate-pass",
                &[account("DE86500105170000002042", "Beate Brandt", 2_480_000)],
                "rejected_after_accepted",
            ),
        ],
    },
    Bank {
        id: "bg-tulp",
        name: "Tulpenbank",
        country: "NL",
        currency: "EUR",
        standard: Standard::NextGenPsd2(NextGenPsd2 {
            approach: Approach::RedirectWhenIdentified,
            releases: true,
            oauth: OAuthHabits {
                client_token_scope: Some("payments"),
                by_secret: true,
                ..USUAL_OAUTH
            },
            wants_debtor_account: false,
            last_status: "ACCP",
            status_interval_s: 5,
            cancellation: CancellationRule::StartedByProvider,
            ..USUAL
        }),
        customers: &[
            customer(
                "tess",
                "tess-pass",
                &[
                    account("NL17TULP0000001120", "Tess Timmer", 1_250_000),
                    account("NL22TULP0000001127", "Tess Timmer Spaarrekening", 5_000_000),
                ],
            ),
            customer("tijn", "tijn-pass", &[account("NL27TULP0000001134", "Tijn Tol", 430_050)]),
            customer("toos", "toos-pass", &[account("NL32TULP0000001141", "Toos Tekort", 125)]),
            persona(
                "thijs",
                "thijs-pass",
                &[account("NL19TULP0000002054", "Thijs Terpstra", 2_480_000)],
                "late_execution",
            ),
        ],
    },
    Bank {
        id: "bg-pino",
        name: "Banca del Pino",
        country: "IT",
        currency: "EUR",
        standard: Standard::NextGenPsd2(NextGenPsd2 {
            confirms_by_code: true,
            forbids_psu_id: true,
            signing: Some(Habits { hash: Hash::Sha512, ..signature::USUAL }),
            instant: false,
            cancellation: CancellationRule::StartedByBank,
            ..USUAL
        }),
        customers: &[
            customer(
                "paola",
                "paola-pass",
                &[
                    account("IT11X0542811101000000001148", "Paola Pini", 1_250_000),
                    account("IT16X0542811101000000001155", "Paola Pini Risparmi", 5_000_000),
                ],
            ),
            customer(
                "pietro",
                "pietro-pass",
                &[account("IT21X0542811101000000001162", "Pietro Poli", 430_050)],
            ),
            customer(
                "pia",
                "pia-pass",
                &[account("IT26X0542811101000000001169", "Pia Poveri", 125)],
            ),
            persona(
                "pamela",
                "pamela-pass",
                &[account("IT08Q0542811101000000002056", "Pamela Piras", 2_480_000)],
                "duplicate_callback",
            ),
        ],
    },
    Bank {
        id: "bg-olmo",
        name: "Banco Olmo",
        country: "ES",
        currency: "EUR",
        standard: Standard::NextGenPsd2(NextGenPsd2 {
            approach: Approach::OAuth,
            oauth: OAuthHabits {
                payment_scope: "PIS: ",
                client_id_name: "clientId",
                response_type: ("responseType", "code"),
                ..USUAL_OAUTH
            },
            own_statuses: &[("ACSP", "OnHold"), ("RJCT", "Stopped")],
            reasons_in: ReasonsIn::TppMessages,
            amounts_are_numbers: true,
            signing: Some(Habits {
                headers: &["(request-target)", "date", "digest", "x-request-id"],
                key_name: KeyName::Client,
                digest_without_body: false,
                ..signature::USUAL
            }),
            replays_request_id: true,
            tokens: TokenTerms {
                access_seconds: 600,
                refresh: Some(RefreshTerms {
                    seconds: 90 * 24 * 3600,
                    rotates: true,
                    uses_max: None,
                }),
            },
            ..USUAL
        }),
        customers: &[
            customer(
                "olga",
                "olga-pass",
                &[
                    account("ES9521000418450000001176", "Olga Ortega", 1_250_000),
                    account("ES0321000418450000001183", "Olga Ortega Ahorro", 5_000_000),
                ],
            ),
            customer(
                "oscar",
                "oscar-pass",
                &[account("ES0821000418450000001190", "Oscar Ordoñez", 430_050)],
            ),
            customer(
                "oriol",
                "oriol-pass",
                &[account("ES1321000418450000001197", "Oriol Ojeda", 125)],
            ),
            persona(
                "ona",
                "ona-pass",
                &[account("ES6221000418410000002063", "Ona Olivé", 2_480_000)],
                "missing_callback",
            ),
        ],
    },
    Bank {
        id: "bg-encina",
        name: "Caja Encina",
        country: "ES",
        currency: "EUR",
        standard: Standard::NextGenPsd2(NextGenPsd2 {
            approach: Approach::SignInBefore,
            approval_seconds: 600,
            reasons_in: ReasonsIn::Return,
            signing: Some(Habits {
                headers: &[
                    "date",
                    "digest",
                    "x-request-id",
                    "psu-id",
                    "psu-corporate-id",
                    "tpp-redirect-uri",
                ],
                key_name: KeyName::DecimalAndReversedIssuer,
                ..signature::USUAL
            }),
            client_header: Some(("x-client-application", "encina-application-1")),
            required_headers: &["psu-ip-address", "psu-user-agent"],
            oauth: OAuthHabits {
                sign_in_scope: "DEDICATED_PISP",
                response_type: ("response_type", "CODE"),
                authorization_parameter: Some(("bic", "ENCIESMM")),
                token_query: Some(("role", "DEDICATED_PISP")),
                ..USUAL_OAUTH
            },
            instant: false,
            cancellation: CancellationRule::Never,
            one_token_per_payer: true,
            tokens: TokenTerms {
                access_seconds: 3600,
                refresh: Some(RefreshTerms {
                    seconds: 90 * 24 * 3600,
                    rotates: false,
                    // Then the payer has to sign in again.
                    uses_max: Some(3),
                }),
            },
            ..USUAL
        }),
        customers: &[
            customer(
                "elena",
                "elena-pass",
                &[
                    account("ES3420385778980000001204", "Elena Espino", 1_250_000),
                    account("ES3920385778980000001211", "Elena Espino Ahorro", 5_000_000),
                ],
            ),
            customer(
                "enrique",
                "enrique-pass",
                &[account("ES4420385778980000001218", "Enrique Esteve", 430_050)],
            ),
            customer("eva", "eva-pass", &[account("ES4920385778980000001225", "Eva Escasa", 125)]),
            persona(
                "eloy",
                "eloy-pass",
                &[account("ES2120385778950000002070", "Eloy Escribano", 2_480_000)],
                "too_many_requests",
            ),
        ],
    },
];
