//! The simulated banks that speak PolishAPI.

use crate::engine::banks::{Bank, Standard, account, customer, persona};
use crate::engine::tokens::{RefreshTerms, TokenTerms};

/// The deviations of a PolishAPI bank.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PolishApi {
    /// As paths have it.
    pub(crate) version: &'static str,
    /// The payer gives the provider a code from the app, and the bank calls the provider back.
    pub(crate) by_code: bool,
    /// The bank signs its answers.
    pub(crate) signs: bool,
    /// Bodies are signed as they are.
    pub(crate) unencoded: bool,
    pub(crate) tokens: TokenTerms,
}

/// A token for an hour that can be refreshed for three months.
const USUAL_TOKENS: TokenTerms = TokenTerms {
    access_seconds: 3600,
    refresh: Some(RefreshTerms { seconds: 90 * 24 * 3600, rotates: false, uses_max: None }),
};

pub(crate) const BANKS: [Bank; 3] = [
    Bank {
        id: "pl-dab",
        name: "Bank Dąb",
        country: "PL",
        currency: "PLN",
        standard: Standard::PolishApi(PolishApi {
            version: "v2_1_2.1",
            by_code: false,
            signs: true,
            unencoded: false,
            tokens: USUAL_TOKENS,
        }),
        customers: &[
            customer(
                "dorota",
                "dorota-pass",
                &[
                    account("PL61101000000000000000001001", "Dorota Dębska", 1250000),
                    account("PL34101000000000000000001002", "Dorota Dębska oszczędności", 5000000),
                ],
            ),
            customer(
                "damian",
                "damian-pass",
                &[account("PL07101000000000000000001003", "Damian Dudek", 430050)],
            ),
            customer(
                "danuta",
                "danuta-pass",
                &[account("PL77101000000000000000001004", "Danuta Drobna", 125)],
            ),
            persona(
                "daria",
                "daria-pass",
                &[account("PL37101000000000000000002112", "Daria Dziuba", 2_480_000)],
                "wrong_signature",
            ),
        ],
    },
    Bank {
        id: "pl-brzoza",
        name: "Bank Brzoza",
        country: "PL",
        currency: "PLN",
        standard: Standard::PolishApi(PolishApi {
            version: "v2_1_1.1",
            by_code: false,
            signs: false,
            unencoded: true,
            tokens: TokenTerms { access_seconds: 900, ..USUAL_TOKENS },
        }),
        customers: &[
            customer(
                "beata",
                "beata-pass",
                &[
                    account("PL31102000000000000000001005", "Beata Brzozowska", 1250000),
                    account(
                        "PL04102000000000000000001006",
                        "Beata Brzozowska oszczędności",
                        5000000,
                    ),
                ],
            ),
            customer(
                "bartek",
                "bartek-pass",
                &[account("PL74102000000000000000001007", "Bartek Bąk", 430050)],
            ),
            customer(
                "bozena",
                "bozena-pass",
                &[account("PL47102000000000000000001008", "Bożena Biedna", 125)],
            ),
            persona(
                "bogdan",
                "bogdan-pass",
                &[account("PL23102000000000000000002119", "Bogdan Baran", 2_480_000)],
                "silent_before_effect",
            ),
        ],
    },
    Bank {
        id: "pl-sosna",
        name: "Bank Sosna",
        country: "PL",
        currency: "PLN",
        standard: Standard::PolishApi(PolishApi {
            version: "v2_1_2.1",
            by_code: true,
            signs: true,
            unencoded: false,
            tokens: TokenTerms {
                refresh: Some(RefreshTerms {
                    seconds: 90 * 24 * 3600,
                    rotates: true,
                    uses_max: None,
                }),
                ..USUAL_TOKENS
            },
        }),
        customers: &[
            customer(
                "sylwia",
                "sylwia-pass",
                &[
                    account("PL98103000000000000000001009", "Sylwia Sosnowska", 1250000),
                    account(
                        "PL71103000000000000000001010",
                        "Sylwia Sosnowska oszczędności",
                        5000000,
                    ),
                ],
            ),
            customer(
                "stefan",
                "stefan-pass",
                &[account("PL44103000000000000000001011", "Stefan Sroka", 430050)],
            ),
            customer(
                "stasia",
                "stasia-pass",
                &[account("PL17103000000000000000001012", "Stasia Skromna", 125)],
            ),
            persona(
                "szymon",
                "szymon-pass",
                &[account("PL09103000000000000000002126", "Szymon Socha", 2_480_000)],
                "missing_callback",
            ),
            persona(
                "sabina",
                "sabina-pass",
                &[account("PL14103000000000000000002133", "Sabina Sikora", 2_480_000)],
                "duplicate_callback",
            ),
        ],
    },
];
