//! Accounts, currencies and amounts by rail: accepted values, and refused values with their code and
//! place. `docs/payments-fields.md` has a line for each rule, with the name of its test.

use serde_json::{Value, json};

use crate::support::fields::{EXPECTED, FORMAT, INVALID, expect, order_on, rails};
use crate::support::{hosted_order, with, worlds};

/// Rail, currency, the payee's account, and the error's code and field; none where it is fine.
type AccountCase = (&'static str, &'static str, Value, &'static str, &'static str);

fn ibans_and_sort_codes() -> Vec<AccountCase> {
    let iban = |text: &str| json!({ "iban": text });
    let polish = "PL61109010140000071219812874";
    vec![
        ("SEPA", "EUR", iban("de89 3704-0044 0532 0130 00"), "", ""),
        ("SEPA", "EUR", iban("DE89370400440532013001"), INVALID, "iban"),
        ("SEPA", "EUR", iban("DE8937040044053201300"), INVALID, "iban"),
        ("SEPA", "EUR", iban(""), EXPECTED, "iban"),
        ("SEPA_INSTANT", "EUR", json!({}), EXPECTED, "iban"),
        ("SEPA", "EUR", with(&iban(polish), "bic", "BREXPLPW"), "", ""),
        ("SEPA", "EUR", with(&iban(polish), "bic", "BREXPLPWXXX"), "", ""),
        ("SEPA", "EUR", with(&iban(polish), "bic", "BREXXXPW"), INVALID, "bic"),
        ("SEPA", "EUR", with(&iban(polish), "bic", "BREXPLP"), INVALID, "bic"),
        (
            "FASTER_PAYMENTS",
            "GBP",
            json!({ "sortCode": "12-34-56", "accountNumber": "12345678" }),
            "",
            "",
        ),
        (
            "FASTER_PAYMENTS",
            "GBP",
            json!({ "sortCode": "12345", "accountNumber": "12345678" }),
            INVALID,
            "sortCode",
        ),
        (
            "FASTER_PAYMENTS",
            "GBP",
            json!({ "sortCode": "123456", "accountNumber": "1234567" }),
            INVALID,
            "accountNumber",
        ),
        ("FASTER_PAYMENTS", "GBP", json!({ "sortCode": "123456" }), EXPECTED, "accountNumber"),
    ]
}

fn domestic_accounts() -> Vec<AccountCase> {
    let number = |text: &str| json!({ "accountNumber": text });
    let bban = |text: &str| json!({ "bban": text });
    let domestic = "EU_DOMESTIC_NON_EURO";
    let both = json!({ "iban": "SE4550000000058398257466", "bban": "58398257466" });
    vec![
        ("ELIXIR", "PLN", number("61 1090 1014 0000 0712 1981 2874"), "", ""),
        ("ELIXIR", "PLN", with(&number("61109010140000071219812874"), "bic", "WBKPPLPP"), "", ""),
        ("ELIXIR", "PLN", number("61109010140000071219812875"), INVALID, "accountNumber"),
        ("ELIXIR", "PLN", number("6110901014000007121981287"), INVALID, "accountNumber"),
        ("ELIXIR", "PLN", json!({ "iban": "PL61109010140000071219812874" }), "", ""),
        ("ELIXIR", "PLN", json!({ "iban": "DE89370400440532013000" }), INVALID, "iban"),
        ("ELIXIR", "PLN", json!({}), EXPECTED, "accountNumber"),
        (domestic, "NOK", json!({ "iban": "NO9386011117947", "bic": "DNBANOKK" }), "", ""),
        (domestic, "NOK", with(&bban("86011117947"), "bic", "DNBANOKK"), "", ""),
        (domestic, "SEK", with(&bban("58398257466"), "clearingNumber", "8327-9"), "", ""),
        (
            domestic,
            "SEK",
            with(&bban("58398257466"), "clearingNumber", "abc"),
            INVALID,
            "clearingNumber",
        ),
        (domestic, "CZK", bban("19-2000145399/0800"), INVALID, "bban"),
        (domestic, "SEK", json!({}), EXPECTED, "iban"),
        // Sweden and Norway, the payer still chooses the bank.
        (domestic, "SEK", with(&both, "clearingNumber", "5000"), "", ""),
        (domestic, "NOK", json!({ "iban": "NO9386011117947", "bban": "86011117947" }), "", ""),
        (domestic, "DKK", both.clone(), INVALID, "bban"),
        ("BANKGIRO", "SEK", json!({ "bankgiroNumber": "5050-1055" }), "", ""),
        ("BANKGIRO", "SEK", json!({ "bankgiroNumber": "50501056" }), INVALID, "bankgiroNumber"),
        ("PLUSGIRO", "SEK", json!({ "plusgiroNumber": "90 19 50-6" }), "", ""),
        ("PLUSGIRO", "SEK", json!({ "plusgiroNumber": "48" }), INVALID, "plusgiroNumber"),
    ]
}

#[tokio::test]
async fn accounts_have_the_shape_and_the_check_digits_of_their_rail() {
    let cases = [ibans_and_sort_codes(), domestic_accounts()].concat();
    for world in worlds().await {
        for (rail, currency, account, code, field) in &cases {
            let body = order_on(rail, currency, account);
            let what = format!("{rail} {account}");
            expect(&world, &body, code, &format!("creditor.{field}"), &what).await;
        }
    }
}

#[tokio::test]
async fn auto_select_wants_the_account_that_its_currency_reaches() {
    let iban = json!({ "iban": "DE89370400440532013000" });
    let cases = [
        ("EUR", iban.clone(), "", ""),
        ("EUR", json!({ "sortCode": "123456", "accountNumber": "12345678" }), EXPECTED, "iban"),
        ("GBP", iban.clone(), EXPECTED, "sortCode"),
        ("PLN", json!({ "accountNumber": "61109010140000071219812874" }), "", ""),
        ("PLN", json!({ "iban": "PL61109010140000071219812874" }), "", ""),
        ("SEK", json!({ "bankgiroNumber": "50501055" }), "", ""),
        ("SEK", json!({ "plusgiroNumber": "42" }), "", ""),
        ("SEK", json!({ "bban": "58398257466", "clearingNumber": "5000" }), "", ""),
        ("HUF", iban.clone(), "", ""),
        ("DKK", json!({}), EXPECTED, "iban"),
    ];
    for world in worlds().await {
        for (currency, account, code, field) in &cases {
            let body = order_on("AUTO_SELECT", currency, account);
            let what = format!("{currency} {account}");
            expect(&world, &body, code, &format!("creditor.{field}"), &what).await;
        }
        let dollars = order_on("AUTO_SELECT", "USD", &iban);
        expect(&world, &dollars, INVALID, "amount.currency", "USD").await;
    }
}

/// A member that sends two accounts may mean the other one.
#[tokio::test]
async fn a_second_account_of_another_rail_is_refused_and_never_ignored() {
    let foreign = [
        ("iban", "DE89370400440532013000"),
        ("sortCode", "123456"),
        ("accountNumber", "12345678"),
        ("bban", "58398257466"),
        ("clearingNumber", "5000"),
        ("bankgiroNumber", "50501055"),
        ("plusgiroNumber", "42"),
    ];
    for world in worlds().await {
        for (rail, currency, account) in rails() {
            // The fields that each rail's own account may have.
            let own: &[&str] = match (rail, currency) {
                ("ELIXIR", _) => &["iban", "accountNumber"],
                ("EU_DOMESTIC_NON_EURO" | "EU_DOMESTIC_NON_EURO_INSTANT", _) => {
                    &["iban", "bban", "clearingNumber"]
                }
                _ => &[],
            };
            for (field, text) in foreign {
                if account.get(field).is_some() || own.contains(&field) {
                    continue;
                }
                let body = order_on(rail, currency, &with(&account, field, text));
                let path = format!("creditor.{field}");
                expect(&world, &body, INVALID, &path, &format!("{rail} with {field}")).await;
                let body = order_on(rail, currency, &with(&account, field, ""));
                let shown = expect(&world, &body, "", "", "an empty text is none").await;
                assert!(shown["creditor"][field].is_null());
            }
            let both = with(&account, "iban", "PL61109010140000071219812874");
            if rail == "ELIXIR" {
                let body = order_on(rail, currency, &both);
                expect(&world, &body, INVALID, "creditor.accountNumber", "two Polish ones").await;
            }
        }
        let british =
            json!({ "sortCode": "123456", "accountNumber": "12345678", "bic": "BARCGB22" });
        let shown = expect(&world, &order_on("FASTER_PAYMENTS", "GBP", &british), "", "", "").await;
        assert!(shown["creditor"]["bic"].is_null(), "it says nothing beside a sort code");
    }
}

#[tokio::test]
async fn iban_and_domestic_number_together_are_for_payees_whose_payer_chooses_the_bank() {
    let account = json!({
        "iban": "SE4550000000058398257466", "bban": "58398257466", "clearingNumber": "5000",
        "bic": "HANDSESS"
    });
    let hosted = order_on("EU_DOMESTIC_NON_EURO", "SEK", &account);
    for world in worlds().await {
        let shown = expect(&world, &hosted, "", "", "hosted").await;
        assert_eq!(shown["creditor"], with(&account, "name", "Customer Inc."));
        let with_bank = with(&hosted, "initiation.bankId", "ob-modelo");
        expect(&world, &with_bank, INVALID, "creditor.bban", "with a bank").await;
        let debtor = with(&account, "name", "Payer");
        let with_debtor = with(&hosted, "initiation.debtor", debtor);
        expect(&world, &with_debtor, INVALID, "debtor.bban", "a payer").await;
    }
}

#[tokio::test]
async fn a_payer_has_an_account_of_the_rail_and_a_name() {
    let polish = json!({ "accountNumber": "61109010140000071219812874" });
    for world in worlds().await {
        for (rail, currency, account) in rails() {
            let body = order_on(rail, currency, &account);
            if rail != "ELIXIR" {
                let debtor = with(&account, "name", "Payer");
                let shown =
                    expect(&world, &with(&body, "initiation.debtor", debtor), "", "", rail).await;
                assert_eq!(shown["debtor"], with(&account, "name", "Payer"), "{rail}");
            }
            let nameless = with(&body, "initiation.debtor", account.clone());
            let field = if rail == "ELIXIR" { "debtor.iban" } else { "debtor.name" };
            expect(&world, &nameless, EXPECTED, field, rail).await;
        }
        let body = order_on("ELIXIR", "PLN", &polish);
        let debtor = json!({ "iban": "PL61109010140000071219812874", "name": "Payer" });
        expect(&world, &with(&body, "initiation.debtor", debtor), "", "", "a Polish payer").await;
        let wrong = json!({ "iban": "DE89370400440532013001", "name": "Payer" });
        let body = with(&hosted_order(), "initiation.debtor", wrong);
        expect(&world, &body, EXPECTED, "debtor.sortCode", "another rail's").await;
    }
}

#[tokio::test]
async fn currencies_travel_on_their_rails_only() {
    let currencies =
        ["EUR", "GBP", "PLN", "SEK", "NOK", "DKK", "CZK", "HUF", "RON", "CHF", "ISK", "USD", "BGN"];
    for world in worlds().await {
        for (rail, own, account) in rails() {
            if rail == "AUTO_SELECT" {
                continue;
            }
            for currency in currencies {
                let fits = match rail {
                    "EU_DOMESTIC_NON_EURO" | "EU_DOMESTIC_NON_EURO_INSTANT" => {
                        !["EUR", "GBP", "USD", "BGN"].contains(&currency)
                    }
                    _ => currency == own,
                };
                let body = order_on(rail, currency, &account);
                let body = with(&body, "initiation.amount.value", "10");
                let code = if fits { "" } else { INVALID };
                let what = format!("{currency} on {rail}");
                let told = expect(&world, &body, code, "amount.currency", &what).await;
                let message = told["message"].as_str().unwrap_or(own);
                assert!(message.contains(own), "{what}: what it should be: {message}");
            }
        }
    }
}

#[tokio::test]
async fn amounts_are_whole_numbers_of_the_smallest_unit() {
    let cases = [
        ("GBP", "10.23", ""),
        ("GBP", "10.2300", ""),
        ("GBP", "10.234", INVALID),
        ("GBP", "0.0001", INVALID),
        ("GBP", "0.0000", INVALID),
        ("GBP", "10.00000", FORMAT),
        ("GBP", "-10.23", FORMAT),
        ("GBP", "+10.23", FORMAT),
        ("GBP", "9999999999999.99", ""),
        ("GBP", "99999999999999", FORMAT),
        ("EUR", "0.01", ""),
        ("EUR", "0.005", INVALID),
        ("PLN", "1.999", INVALID),
        ("ISK", "100", ""),
        ("ISK", "100.0", ""),
        ("ISK", "100.5", INVALID),
    ];
    for world in worlds().await {
        for (currency, value, code) in cases {
            let account = match currency {
                "GBP" => json!({ "sortCode": "123456", "accountNumber": "12345678" }),
                "PLN" => json!({ "accountNumber": "61109010140000071219812874" }),
                _ => json!({ "iban": "DE89370400440532013000" }),
            };
            let rail = match currency {
                "GBP" => "FASTER_PAYMENTS",
                "PLN" => "ELIXIR",
                "EUR" => "SEPA",
                _ => "EU_DOMESTIC_NON_EURO",
            };
            let body = order_on(rail, currency, &account);
            let body = with(&body, "initiation.amount.value", value);
            let what = format!("{value} {currency}");
            let shown = expect(&world, &body, code, "amount.value", &what).await;
            if code.is_empty() {
                assert_eq!(shown["amount"]["value"], value, "as it was written");
            }
        }
    }
}
