//! A payment on each rail of the published API, to its end: by the public API, judged by the banks'
//! books.

use serde_json::{Value, json};

use crate::support::{Decision, World, id, order_of, with, worlds};

/// A payment: its rail, bank, currency, payee and payer, and the account in the books of the banks that
/// gets the money.
struct Row {
    rail: &'static str,
    bank: &'static str,
    currency: &'static str,
    creditor: Value,
    debtor: Option<Value>,
    payer: &'static str,
    payee: &'static str,
    /// Where the rail is chosen: the rail.
    selected: Option<&'static str>,
    /// The cost in the payer's account, in minor units of its currency.
    cost: i64,
}

fn row(
    (rail, bank, currency): (&'static str, &'static str, &'static str),
    creditor: Value,
    debtor: Option<Value>,
    (payer, payee): (&'static str, &'static str),
) -> Row {
    Row { rail, bank, currency, creditor, debtor, payer, payee, selected: None, cost: 1_023 }
}

const DOMESTIC: &str = "EU_DOMESTIC_NON_EURO";
const INSTANT: &str = "EU_DOMESTIC_NON_EURO_INSTANT";
const GERMAN: &str = "DE65700202700000001008";
const DUTCH: &str = "NL17TULP0000001120";
const SWEDISH: &str = "SE5699900000099901001007";
const DANISH: (&str, &str) = ("DK7779990000001001", "DK8779990000001015");
const NORWEGIAN: (&str, &str) = ("NO2186011001000", "NO2486011001140");
const CZECH: (&str, &str) = ("CZ8699900000000000001003", "CZ1499900000000000001038");
const HUNGARIAN: (&str, &str) = ("HU48999000091000100200000000", "HU44999000091000114300000000");
const ROMANIAN: (&str, &str) = ("RO29STEJ0000000000001001", "RO39STEJ0000000000001015");

fn iban(iban: &str) -> Value {
    json!({ "iban": iban })
}

fn of_euro_and_pound_and_zloty() -> Vec<Row> {
    let polish = ("PL61101000000000000000001001", "PL31102000000000000000001005");
    let british = json!({ "sortCode": "800001", "accountNumber": "12345601" });
    let number = json!({ "accountNumber": &polish.1[2..] });
    let abroad = json!({
        "iban": DUTCH, "bic": "TULPNL2A",
        "address": { "townName": "Utrecht", "country": "NL" },
    });
    vec![
        row(("SEPA", "bg-linden", "EUR"), iban(DUTCH), Some(iban(GERMAN)), (GERMAN, DUTCH)),
        row(("SEPA_INSTANT", "bg-linden", "EUR"), iban(DUTCH), Some(iban(GERMAN)), (GERMAN, DUTCH)),
        // An international payment: 1.15 euro for a pound.
        Row {
            cost: 890,
            ..row(("SEPA", "ob-chalk", "EUR"), abroad, None, ("60100112345601", DUTCH))
        },
        row(
            ("FASTER_PAYMENTS", "ob-modelo", "GBP"),
            british,
            None,
            ("70000112345601", "80000112345601"),
        ),
        row(("ELIXIR", "pl-dab", "PLN"), iban(polish.1), None, polish),
        row(("ELIXIR", "pl-dab", "PLN"), number, None, polish),
    ]
}

fn of_the_nordic_currencies() -> Vec<Row> {
    let swede = json!({ "bban": "1001021", "clearingNumber": "9990" });
    let bankgiro = || json!({ "bankgiroNumber": "5050-1055" });
    let dane = json!({ "bban": "0000001015", "clearingNumber": "7999" });
    let bban = |account: &str| json!({ "bban": account[4..] });
    let kroner = |rail| (rail, "bg-gran", "NOK");
    let at_gran = |rail| row(kroner(rail), bban(NORWEGIAN.1), Some(bban(NORWEGIAN.0)), NORWEGIAN);
    vec![
        row((DOMESTIC, "bg-bjork", "SEK"), swede, None, (SWEDISH, "SE6699900000099901001021")),
        row(("BANKGIRO", "bg-bjork", "SEK"), bankgiro(), None, (SWEDISH, "outside-SEK")),
        row(
            ("PLUSGIRO", "bg-bjork", "SEK"),
            json!({ "plusgiroNumber": "4-2" }),
            None,
            (SWEDISH, "outside-SEK"),
        ),
        Row {
            selected: Some("BANKGIRO"),
            ..row(("AUTO_SELECT", "bg-bjork", "SEK"), bankgiro(), None, (SWEDISH, "outside-SEK"))
        },
        row((DOMESTIC, "bg-boeg", "DKK"), iban(DANISH.1), Some(iban(DANISH.0)), DANISH),
        row((INSTANT, "bg-boeg", "DKK"), dane, Some(bban(DANISH.0)), DANISH),
        at_gran(DOMESTIC),
        at_gran(INSTANT),
        Row { selected: Some(INSTANT), ..at_gran("AUTO_SELECT") },
    ]
}

fn of_the_eastern_currencies() -> Vec<Row> {
    let ibans = |rail, bank, currency, (payer, payee): (&'static str, &'static str)| {
        row((rail, bank, currency), iban(payee), Some(iban(payer)), (payer, payee))
    };
    let number = json!({ "bban": "99900009-10001143" });
    vec![
        ibans(DOMESTIC, "bg-lipa", "CZK", CZECH),
        ibans(DOMESTIC, "bg-fuz", "HUF", HUNGARIAN),
        row((INSTANT, "bg-fuz", "HUF"), number, Some(iban(HUNGARIAN.0)), HUNGARIAN),
        ibans(DOMESTIC, "bg-stejar", "RON", ROMANIAN),
    ]
}

fn rows() -> Vec<Row> {
    [of_euro_and_pound_and_zloty(), of_the_nordic_currencies(), of_the_eastern_currencies()]
        .into_iter()
        .flatten()
        .collect()
}

fn order(row: &Row) -> Value {
    let named = |party: &Value, name: &str| with(party, "name", name);
    let order = order_of(row.bank, "10.23");
    let order = with(&order, "initiation.localInstrument", row.rail);
    let order = with(&order, "initiation.amount.currency", row.currency);
    let order = with(&order, "initiation.creditor", named(&row.creditor, "Customer Inc."));
    match &row.debtor {
        Some(debtor) => with(&order, "initiation.debtor", named(debtor, "Payer")),
        None => order,
    }
}

impl World {
    async fn balances(&self, row: &Row) -> (i64, i64) {
        (self.balance_of(row.payer).await, self.balance_of(row.payee).await)
    }
}

/// The words of the published enum, as our own document has them.
fn published_rails() -> Vec<String> {
    let document = serde_json::to_value(web::openapi()).unwrap();
    let words = document["components"]["schemas"]["LocalInstrument"]["enum"].clone();
    serde_json::from_value(words).unwrap()
}

#[test]
fn every_rail_of_the_published_api_is_in_the_table() {
    let rows = rows();
    for rail in published_rails() {
        assert!(rows.iter().any(|row| row.rail == rail), "{rail}");
    }
}

#[tokio::test]
async fn a_payment_on_each_rail_ends_with_the_money_at_the_payee() {
    for world in worlds().await {
        for row in rows() {
            let what = format!("{}: {} at {} to {}", world.name, row.rail, row.bank, row.creditor);
            let before = world.balances(&row).await;
            let payment = world.create(&order(&row)).await;
            assert_eq!(payment["selectedLocalInstrument"].as_str(), row.selected, "{what}");
            world.play_payer(&payment, Decision::Approve).await;
            world.half_a_minute().await;
            assert_eq!(world.status(&id(&payment)).await, "INITIATION_COMPLETED", "{what}");
            let after = world.balances(&row).await;
            assert_eq!((before.0 - after.0, after.1 - before.1), (row.cost, 1_023), "{what}");
            assert_eq!(world.posted_and_executed(&id(&payment)).await.1, 1, "{what}");
        }
    }
}
