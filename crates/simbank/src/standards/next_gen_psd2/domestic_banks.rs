//! The simulated banks of countries outside the euro, which pay in their own currency.

use super::domestic::{AccountForm, Domestic, Product, Reference, StandingOrders};
use super::habits::{Approach, CancellationRule, NextGenPsd2, OAuthHabits, USUAL, USUAL_OAUTH};
use crate::engine::banks::{Bank, Standard, account, customer};

/// A product with the usual last status.
const fn product(word: &'static str, creditor: AccountForm) -> Product {
    Product { word, creditor, last_status: "ACSC" }
}

const USUAL_DOMESTIC: Domestic = Domestic {
    products: &[product("domestic-credit-transfers", AccountForm::Iban)],
    debtor: AccountForm::Iban,
    reference: Reference::Text,
    forbidden: &[],
    standing_orders: None,
    creditor_name_min: 1,
    creditor_name_max: 70,
    text_max: 140,
};

/// The giros are for payees alone, and the payer chooses the account at the bank.
const SWEDISH: Domestic = Domestic {
    products: &[
        product("sek-credit-transfers", AccountForm::BbanAndClearingNumber),
        product("bankgiro-payments", AccountForm::Bankgiro),
        product("plusgiro-payments", AccountForm::Plusgiro),
    ],
    debtor: AccountForm::BbanAndClearingNumber,
    reference: Reference::NumberOrText,
    text_max: 35,
    ..USUAL_DOMESTIC
};

/// The bank never reports more of a payment that is not instant than that it executes it.
const DANISH: Domestic = Domestic {
    products: &[
        Product {
            word: "domestic-credit-transfer",
            creditor: AccountForm::IbanOrBban,
            last_status: "ACSP",
        },
        Product {
            word: "instant-domestic-credit-transfer",
            creditor: AccountForm::IbanOrBban,
            last_status: "ACCC",
        },
    ],
    debtor: AccountForm::IbanOrBban,
    creditor_name_max: 35,
    ..USUAL_DOMESTIC
};

const NORWEGIAN: Domestic = Domestic {
    products: &[
        product("norwegian-domestic-credit-transfers", AccountForm::Bban),
        product("instant-norwegian-domestic-credit-transfers-straks", AccountForm::Bban),
    ],
    debtor: AccountForm::Bban,
    reference: Reference::NumberOrText,
    ..USUAL_DOMESTIC
};

/// Every payment is instant: there is one product.
const HUNGARIAN: Domestic = Domestic {
    products: &[product("domestic-credit-transfers-huf", AccountForm::IbanOrBban)],
    debtor: AccountForm::IbanOrBban,
    ..USUAL_DOMESTIC
};

/// The bank knows the payee's bank by the account, and takes names of two characters at least.
const CZECH: Domestic =
    Domestic { forbidden: &["creditorAgent"], creditor_name_min: 2, ..USUAL_DOMESTIC };

const ROMANIAN: Domestic = Domestic {
    products: &[product("domestic", AccountForm::Iban)],
    standing_orders: Some(StandingOrders { frequencies: &["Monthly", "Quarterly", "Annual"] }),
    ..USUAL_DOMESTIC
};

pub(crate) const BANKS: [Bank; 6] = [
    Bank {
        id: "bg-bjork",
        name: "Björkbanken",
        country: "SE",
        currency: "SEK",
        standard: Standard::NextGenPsd2(NextGenPsd2 {
            wants_debtor_account: false,
            domestic: Some(&SWEDISH),
            ..USUAL
        }),
        customers: &[
            customer(
                "birgitta",
                "birgitta-pass",
                &[
                    account("SE5699900000099901001007", "Birgitta Berg", 12_500_000),
                    account("SE6199900000099901001014", "Birgitta Berg Sparkonto", 50_000_000),
                ],
            ),
            customer(
                "bengt",
                "bengt-pass",
                &[account("SE6699900000099901001021", "Bengt Blom", 4_300_500)],
            ),
            customer(
                "britt",
                "britt-pass",
                &[account("SE7199900000099901001028", "Britt Brist", 125)],
            ),
        ],
    },
    Bank {
        id: "bg-boeg",
        name: "Bøgebanken",
        country: "DK",
        currency: "DKK",
        standard: Standard::NextGenPsd2(NextGenPsd2 {
            approach: Approach::RedirectWhenAsked,
            oauth: OAuthHabits { client_token_scope: Some("payments"), ..USUAL_OAUTH },
            domestic: Some(&DANISH),
            ..USUAL
        }),
        customers: &[
            customer(
                "karen",
                "karen-pass",
                &[
                    account("DK7779990000001001", "Karen Kjær", 12_500_000),
                    account("DK8279990000001008", "Karen Kjær Opsparing", 50_000_000),
                ],
            ),
            customer(
                "kasper",
                "kasper-pass",
                &[account("DK8779990000001015", "Kasper Krogh", 4_300_500)],
            ),
            customer(
                "kirsten",
                "kirsten-pass",
                &[account("DK9279990000001022", "Kirsten Knap", 125)],
            ),
        ],
    },
    Bank {
        id: "bg-gran",
        name: "Granbanken",
        country: "NO",
        currency: "NOK",
        standard: Standard::NextGenPsd2(NextGenPsd2 {
            cancellation: CancellationRule::StartedByProvider,
            domestic: Some(&NORWEGIAN),
            ..USUAL
        }),
        customers: &[
            customer(
                "guro",
                "guro-pass",
                &[
                    account("NO2186011001000", "Guro Granli", 12_500_000),
                    account("NO4986011001078", "Guro Granli Sparekonto", 50_000_000),
                ],
            ),
            customer("geir", "geir-pass", &[account("NO2486011001140", "Geir Gjerde", 4_300_500)]),
            customer("gerd", "gerd-pass", &[account("NO9086011001213", "Gerd Gjeld", 125)]),
        ],
    },
    Bank {
        id: "bg-lipa",
        name: "Lipová banka",
        country: "CZ",
        currency: "CZK",
        standard: Standard::NextGenPsd2(NextGenPsd2 { domestic: Some(&CZECH), ..USUAL }),
        customers: &[
            customer(
                "ludmila",
                "ludmila-pass",
                &[
                    account("CZ8699900000000000001003", "Ludmila Lípová", 12_500_000),
                    account("CZ6499900000000000001011", "Ludmila Lípová Spoření", 50_000_000),
                ],
            ),
            customer(
                "libor",
                "libor-pass",
                &[account("CZ1499900000000000001038", "Libor Louka", 4_300_500)],
            ),
            customer(
                "lada",
                "lada-pass",
                &[account("CZ8999900000000000001046", "Lada Lehká", 125)],
            ),
        ],
    },
    Bank {
        id: "bg-fuz",
        name: "Fűz Bank",
        country: "HU",
        currency: "HUF",
        standard: Standard::NextGenPsd2(NextGenPsd2 { domestic: Some(&HUNGARIAN), ..USUAL }),
        customers: &[
            customer(
                "flora",
                "flora-pass",
                &[
                    account("HU48999000091000100200000000", "Fekete Flóra", 125_000_000),
                    account(
                        "HU77999000091000107100000000",
                        "Fekete Flóra Megtakarítás",
                        500_000_000,
                    ),
                ],
            ),
            customer(
                "ferenc",
                "ferenc-pass",
                &[account("HU44999000091000114300000000", "Farkas Ferenc", 43_005_000)],
            ),
            customer(
                "fanni",
                "fanni-pass",
                &[account("HU11999000091000121500000000", "Fogyó Fanni", 125)],
            ),
        ],
    },
    Bank {
        id: "bg-stejar",
        name: "Banca Stejar",
        country: "RO",
        currency: "RON",
        standard: Standard::NextGenPsd2(NextGenPsd2 { domestic: Some(&ROMANIAN), ..USUAL }),
        customers: &[
            customer(
                "stela",
                "stela-pass",
                &[
                    account("RO29STEJ0000000000001001", "Stela Stan", 1_250_000),
                    account("RO34STEJ0000000000001008", "Stela Stan Economii", 5_000_000),
                ],
            ),
            customer(
                "sorin",
                "sorin-pass",
                &[account("RO39STEJ0000000000001015", "Sorin Stoica", 430_050)],
            ),
            customer(
                "sanda",
                "sanda-pass",
                &[account("RO44STEJ0000000000001022", "Sanda Sărac", 125)],
            ),
        ],
    },
];
