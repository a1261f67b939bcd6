//! Payment products and accounts at banks of NextGenPSD2: each rail's URL, each form of an account.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use banks::profile::{AccountForm, NextGenPsd2, Standard};
use banks::{Approvable, BankError, BankProfile, Credentials, PaymentOrder, Protocols};
use domain::account::AccountIdentifier;
use domain::money::{Amount, Currency};
use domain::rail::Rail;
use serde_json::{Value, json};
use support::bank::unsigned;
use support::{Scene, attempt, order, run};

fn own(profile: &mut BankProfile) -> &mut NextGenPsd2 {
    match &mut profile.standard {
        Standard::NextGenPsd2(own) => own,
        other => panic!("{} has no such settings", other.name()),
    }
}

/// A bank with that word for that rail.
fn bank(rail: Rail, product: &str) -> Scene {
    let mut scene = Scene::at("bg-linden");
    scene.identity.eidas = Scene::flint().identity.eidas;
    let created = json!({
        "transactionStatus": "RCVD", "paymentId": "p-1",
        "_links": { "scaRedirect": { "href": "/bg-linden/sca/p-1" } },
    });
    scene.bank.always("create-payment", Ok(unsigned(201, created.to_string())));
    scene.profile.rails = vec![rail];
    scene.profile.currencies = vec![currency(rail)];
    own(&mut scene.profile).payment_products.insert(rail, product.to_owned());
    scene
}

fn currency(rail: Rail) -> Currency {
    match rail {
        Rail::Sepa | Rail::SepaInstant => Currency::EUR,
        _ => "SEK".parse().unwrap(),
    }
}

fn payment(rail: Rail, creditor: AccountIdentifier) -> PaymentOrder {
    let mut order = order();
    order.rail = rail;
    order.content.local_instrument = rail.into();
    order.content.amount = Amount::parse("10.23", currency(rail)).unwrap();
    order.content.creditor.account = Some(creditor);
    order.content.debtor = None;
    order.content.return_refund_account = false;
    order
}

fn iban() -> AccountIdentifier {
    AccountIdentifier::Iban { iban: "SE4550000000058398257466".to_owned(), bic: None }
}

fn bban(clearing: Option<&str>) -> AccountIdentifier {
    let clearing_number = clearing.map(str::to_owned);
    AccountIdentifier::Bban { bban: "58398257466".to_owned(), clearing_number, bic: None }
}

fn bankgiro() -> AccountIdentifier {
    AccountIdentifier::Bankgiro { bankgiro_number: "50501055".to_owned(), bic: None }
}

fn plusgiro() -> AccountIdentifier {
    AccountIdentifier::Plusgiro { plusgiro_number: "42".to_owned(), bic: None }
}

/// Path and body of the payment at the bank.
fn created(scene: &Scene, order: &PaymentOrder) -> Result<(String, Value), BankError> {
    let banks = Protocols::new();
    let protocol = banks.protocol_for(&scene.profile);
    let attempt = attempt("state-1", "nonce-1", "0d3f0d6e-8a1b-4c5d-9e2f-1a2b3c4d5e6f");
    let what = Approvable::Payment(order);
    run(protocol.open(&scene.call(), what, &attempt, &Credentials::default()))?;
    let sent = scene.bank.last("create-payment");
    let path = sent.url.split_once("/v1/").unwrap().1.to_owned();
    Ok((path, serde_json::from_slice(&sent.body).unwrap()))
}

#[test]
fn each_rail_has_the_products_word_of_the_bank() {
    for (rail, word) in [
        (Rail::Sepa, "sepa-credit-transfer"),
        (Rail::SepaInstant, "sepa-credit-transfer"),
        (Rail::EuDomesticNonEuro, "norwegian-domestic-credit-transfers"),
        (Rail::EuDomesticNonEuroInstant, "instant-domestic.v2_x"),
        (Rail::Bankgiro, "bankgiros"),
        (Rail::Plusgiro, "plusgiros"),
    ] {
        let mut scene = bank(rail, word);
        own(&mut scene.profile).creditor_account_forms =
            vec![AccountForm::Iban, AccountForm::Bankgiro, AccountForm::Plusgiro];
        let creditor = match rail {
            Rail::Bankgiro => bankgiro(),
            Rail::Plusgiro => plusgiro(),
            _ => iban(),
        };
        let (path, _) = created(&scene, &payment(rail, creditor)).unwrap();
        assert_eq!(path, format!("payments/{word}"), "{rail:?}");
    }
}

#[test]
fn accounts_have_the_first_form_that_the_bank_takes() {
    use AccountForm as F;
    let with_clearing = json!({ "bban": "500058398257466" });
    let both = AccountIdentifier::IbanWithBban {
        iban: "SE4550000000058398257466".to_owned(),
        bban: "58398257466".to_owned(),
        clearing_number: Some("5000".to_owned()),
        bic: None,
    };
    let norwegian = AccountIdentifier::Iban { iban: "NO2186011001000".to_owned(), bic: None };
    let table: [(&[F], AccountIdentifier, Value); 12] = [
        // The number in an IBAN of these countries names the same account.
        (&[F::Bban], norwegian.clone(), json!({ "bban": "86011001000" })),
        (&[F::Bban, F::Iban], norwegian, json!({ "iban": "NO2186011001000" })),
        (&[F::Iban, F::Bban], iban(), json!({ "iban": "SE4550000000058398257466" })),
        (&[F::Iban, F::Bban], bban(None), json!({ "bban": "58398257466" })),
        (&[F::Iban, F::Bban], bban(Some("5000")), with_clearing.clone()),
        (&[F::Iban], both.clone(), json!({ "iban": "SE4550000000058398257466" })),
        (&[F::Bban], both, with_clearing),
        (
            &[F::Bban, F::BbanAndClearingNumber],
            bban(Some("5000")),
            json!({ "bban": "58398257466", "clearingNumber": "5000" }),
        ),
        (
            &[F::Bankgiro],
            bankgiro(),
            json!({ "other": { "identification": "50501055", "schemeNameCode": "BGNR" } }),
        ),
        (
            &[F::Plusgiro],
            plusgiro(),
            json!({ "other": { "identification": "42", "schemeNameCode": "PGNR" } }),
        ),
        (&[F::GiroAsBban], bankgiro(), json!({ "bban": "50501055" })),
        (&[F::GiroAsBban], plusgiro(), json!({ "bban": "42" })),
    ];
    for (forms, account, expected) in table {
        let rail = match &account {
            AccountIdentifier::Bankgiro { .. } => Rail::Bankgiro,
            AccountIdentifier::Plusgiro { .. } => Rail::Plusgiro,
            _ => Rail::EuDomesticNonEuro,
        };
        let mut scene = bank(rail, "product");
        own(&mut scene.profile).creditor_account_forms = forms.to_vec();
        own(&mut scene.profile).debtor_account_forms = forms.to_vec();
        let mut order = payment(rail, account);
        order.content.debtor = Some(order.content.creditor.clone());
        let (_, body) = created(&scene, &order).unwrap();
        assert_eq!(body["creditorAccount"], expected, "{forms:?}");
        assert_eq!(body["debtorAccount"], expected, "{forms:?}");
    }
}

#[test]
fn an_account_that_the_bank_does_not_take_is_refused_with_the_forms_that_it_takes() {
    use AccountForm as F;
    let no_domestic = "the creditor account should be an IBAN at this bank";
    let giro = "the creditor account should be a Bankgiro number at this bank";
    let table: [(&[F], AccountIdentifier, &str); 6] = [
        (&[F::Bankgiro, F::Iban], bban(Some("5000")), no_domestic),
        (&[F::Iban], plusgiro(), "the creditor account is of a kind that this bank does not"),
        (&[F::Bankgiro, F::Iban], plusgiro(), giro),
        (&[F::Bban], iban(), "the creditor account should be a domestic number at this bank"),
        (&[F::BbanAndClearingNumber], bban(None), "the creditor clearing number is missing"),
        (
            &[F::BbanAndClearingNumber],
            iban(),
            "the creditor account should be a domestic number with its clearing number at this bank",
        ),
    ];
    for (forms, account, words) in table {
        let mut scene = bank(Rail::EuDomesticNonEuro, "product");
        own(&mut scene.profile).creditor_account_forms = forms.to_vec();
        let error = created(&scene, &payment(Rail::EuDomesticNonEuro, account)).unwrap_err();
        assert!(error.to_string().contains(words), "{forms:?}: {error}");
        assert_eq!(scene.bank.count("create-payment"), 0);
    }
    // SEPA has IBANs whatever the bank takes elsewhere.
    let mut scene = bank(Rail::Sepa, "sepa-credit-transfers");
    own(&mut scene.profile).creditor_account_forms = vec![F::Bban];
    let (_, body) = created(&scene, &payment(Rail::Sepa, iban())).unwrap();
    assert_eq!(body["creditorAccount"], json!({ "iban": "SE4550000000058398257466" }));
}

#[test]
fn a_domestic_number_with_wrong_check_digits_is_refused_before_anything_is_sent() {
    for (currency, number, fits) in [
        ("NOK", "86011001140", true),
        ("NOK", "86011001141", false),
        ("HUF", "9990000910001143", true),
        ("HUF", "9990000910001144", false),
    ] {
        let mut scene = bank(Rail::EuDomesticNonEuro, "product");
        let currency: Currency = currency.parse().unwrap();
        scene.profile.currencies = vec![currency];
        let bban = number.to_owned();
        let account = AccountIdentifier::Bban { bban, clearing_number: None, bic: None };
        let mut order = payment(Rail::EuDomesticNonEuro, account);
        order.content.amount = Amount::parse("10.23", currency).unwrap();
        match created(&scene, &order) {
            Ok((_, body)) => {
                assert_eq!((fits, &body["creditorAccount"]["bban"]), (true, &json!(number)))
            }
            Err(error) => {
                assert!(!fits, "{number}: {error}");
                assert!(error.to_string().contains("with correct check digits"), "{error}");
                assert_eq!(scene.bank.count("create-payment"), 0);
            }
        }
    }
}

const BANK: &str = r#"
id = "own"
name = "Own"
bic = "OWNBSESS"
countries = ["SE"]
executes_at_approval = true
api_base_url = "https://bank.test"
rails = ["sepa", "bankgiro"]
currencies = ["EUR", "SEK"]
sca_methods = ["redirect"]
capabilities = ["single_payment"]

[standard.next-gen-psd2]
version = "1.3.12"
"#;

#[test]
fn a_rail_without_a_product_does_not_load() {
    let error = BankProfile::parse("own.toml", BANK).unwrap_err().to_string();
    assert!(error.contains("`rails` must have only rails with a word in"), "{error}");
    let with = |line: &str| BankProfile::parse("own.toml", &format!("{BANK}{line}\n"));
    with("payment_products = { bankgiro = \"bankgiros\" }").unwrap();
    for word in ["", "a/b", "..", "a b", "ä", "a?b", &"a".repeat(101)] {
        let error = with(&format!("payment_products = {{ bankgiro = \"{word}\" }}")).unwrap_err();
        assert!(error.to_string().contains("`payment_products` must have words"), "{error}");
    }
    for key in ["debtor_account_forms", "creditor_account_forms"] {
        let lines = format!("payment_products = {{ bankgiro = \"b\" }}\n{key} = []");
        let error = with(&lines).unwrap_err().to_string();
        assert!(error.contains(&format!("`{key}` must not be empty")), "{error}");
    }
}
