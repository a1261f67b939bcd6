//! The ways that whole payments take: one for each standard, and one where the payer answers
//! questions instead of visiting pages.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A standard and an approach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Route {
    /// UK Open Banking; banks of different ways back take turns.
    UkOpenBanking,
    /// NextGenPSD2, on the bank's pages.
    NextGenPsd2Redirect,
    /// NextGenPSD2, by answering the bank's questions.
    NextGenPsd2Embedded,
    /// STET.
    Stet,
    /// PolishAPI.
    PolishApi,
}

impl Route {
    /// All of them.
    pub const ALL: [Route; 5] = [
        Route::UkOpenBanking,
        Route::NextGenPsd2Redirect,
        Route::NextGenPsd2Embedded,
        Route::Stet,
        Route::PolishApi,
    ];

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Route::UkOpenBanking => "lifecycle, UK Open Banking",
            Route::NextGenPsd2Redirect => "lifecycle, NextGenPSD2",
            Route::NextGenPsd2Embedded => "lifecycle, NextGenPSD2 embedded",
            Route::Stet => "lifecycle, STET",
            Route::PolishApi => "lifecycle, PolishAPI",
        }
    }

    /// The bank of the payment with this number.
    pub fn bank(self, number: u32) -> &'static str {
        match (self, number % 2) {
            (Route::UkOpenBanking, 0) => "ob-modelo",
            (Route::UkOpenBanking, _) => "ob-iron",
            (Route::NextGenPsd2Redirect, _) => "bg-linden",
            (Route::NextGenPsd2Embedded, _) => "bg-eiche",
            (Route::Stet, _) => "stet-chene",
            (Route::PolishApi, _) => "pl-dab",
        }
    }

    /// The body of a payment at `bank`.
    pub fn order(self, bank: &str) -> Value {
        let (rail, currency, creditor, debtor) = match self {
            Route::UkOpenBanking => ("FASTER_PAYMENTS", "GBP", None, None),
            Route::NextGenPsd2Redirect => {
                ("SEPA", "EUR", Some("DE02120300000000202051"), Some("DE65700202700000001008"))
            }
            Route::NextGenPsd2Embedded => {
                ("SEPA", "EUR", Some("DE02120300000000202051"), Some("AT672011100000001092"))
            }
            Route::Stet => ("SEPA", "EUR", Some("DE02120300000000202051"), None),
            Route::PolishApi => ("ELIXIR", "PLN", Some("PL61109010140000071219812874"), None),
        };
        let creditor = match creditor {
            Some(iban) => json!({ "iban": iban, "name": "Customer Inc." }),
            None => json!({
                "sortCode": "123456", "accountNumber": "12345678", "name": "Customer Inc.",
            }),
        };
        let mut initiation = json!({
            "bankId": bank, "refId": "BENCH", "remittanceInformationPrimary": "BENCH",
            "amount": { "value": "1.00", "currency": currency },
            "localInstrument": rail, "creditor": creditor,
            "callbackUrl": "https://shop.example/", "flowType": "API_ONLY",
        });
        if let Some(iban) = debtor {
            initiation["debtor"] = json!({ "iban": iban, "name": "Payer" });
        }
        json!({ "initiation": initiation })
    }
}

/// The answer to a bank's question, for the one bank that asks.
pub fn answer(field_id: &str) -> &'static str {
    match field_id {
        "psuId" => "elfi",
        "password" => "elfi-pass",
        _ => "123456",
    }
}
