//! Rules of single banks for parts of an order, whatever their standard: by table.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use banks::profile::{
    ConditionalField, ForbiddenField, LastDay, MandatoryField, NextGenPsd2, Remittance, Standard,
};
use banks::{Approvable, BankError, BankProfile, Credentials, PaymentOrder, Protocols};
use domain::account::{AccountIdentifier, Address};
use domain::initiation::{ChargeBearer, Frequency, Schedule};
use domain::money::{Amount, Currency};
use domain::rail::Rail;
use jiff::civil::date;
use serde_json::{Value, json};
use support::bank::{consent_with, unsigned};
use support::judge::Judge;
use support::{Scene, attempt, open_payment, order, run, settings_mut};

fn next_gen_psd2(profile: &mut BankProfile) -> &mut NextGenPsd2 {
    match &mut profile.standard {
        Standard::NextGenPsd2(own) => own,
        other => panic!("{} has no such settings", other.name()),
    }
}

/// A SEPA payment to an account with that IBAN.
fn euros(iban: &str) -> PaymentOrder {
    let mut order = order();
    order.rail = Rail::Sepa;
    order.content.local_instrument = Rail::Sepa.into();
    order.content.amount = Amount::parse("10.23", Currency::EUR).unwrap();
    order.content.creditor.account =
        Some(AccountIdentifier::Iban { iban: iban.to_owned(), bic: Some("TULPNL2A".to_owned()) });
    order.content.debtor = None;
    order.content.return_refund_account = false;
    order.content.confirm_funds = false;
    order
}

const GERMAN: &str = "DE02120300000000202051";
const DUTCH: &str = "NL17TULP0000001120";

/// Rails, whether the payee is abroad, the payee's IBAN, the payment's rail, whether the field is wanted.
type Conditions<'a> = (&'a [Rail], Option<bool>, &'a str, Rail, bool);

#[test]
fn a_field_is_mandatory_where_all_its_conditions_hold() {
    let mut bank = Scene::at("bg-linden").profile;
    bank.mandatory_fields.clear();
    let table: [Conditions<'_>; 8] = [
        (&[], None, GERMAN, Rail::Sepa, true),
        (&[Rail::SepaInstant], None, GERMAN, Rail::Sepa, false),
        (&[Rail::SepaInstant], None, GERMAN, Rail::SepaInstant, true),
        (&[], Some(true), GERMAN, Rail::Sepa, false),
        (&[], Some(true), DUTCH, Rail::Sepa, true),
        (&[], Some(false), GERMAN, Rail::Sepa, true),
        (&[], Some(false), DUTCH, Rail::Sepa, false),
        (&[Rail::SepaInstant], Some(true), DUTCH, Rail::Sepa, false),
    ];
    for (rails, payee_abroad, iban, rail, wanted) in table {
        let field = MandatoryField::CreditorAddress;
        let conditional = ConditionalField { field, rails: rails.to_vec(), payee_abroad };
        bank.conditional_fields = vec![conditional];
        let fields = bank.mandatory_fields_of(&euros(iban).content, rail);
        assert_eq!(fields == [field], wanted, "{rails:?} {payee_abroad:?} {iban} {rail:?}");
    }
    // Without an IBAN the payee's address names the country.
    bank.conditional_fields[0] = ConditionalField {
        field: MandatoryField::CreditorBic,
        rails: vec![],
        payee_abroad: Some(true),
    };
    let mut order = euros(GERMAN).content;
    order.creditor.account = None;
    for (country, wanted) in [("DE", 0), ("FR", 1)] {
        let country_of = Some(country.to_owned());
        order.creditor.address = Some(Address { country: country_of, ..Address::default() });
        assert_eq!(bank.mandatory_fields_of(&order, Rail::Sepa).len(), wanted, "{country}");
    }
}

#[test]
fn what_a_bank_refuses_to_get_is_left_out() {
    use ForbiddenField as F;
    let mut bank = Scene::at("bg-linden").profile;
    let mut whole = euros(GERMAN).content;
    whole.charge_bearer = Some(ChargeBearer::Slev);
    whole.creditor.ultimate_name = Some("Group".to_owned());
    whole.debtor = Some(whole.creditor.clone());
    let mut without = whole.clone();
    bank.leave_out_forbidden(&mut without);
    assert_eq!(without, whole, "a bank without such fields gets everything");
    bank.forbidden_fields = vec![
        F::CreditorBic,
        F::CreditorAddress,
        F::UltimateCreditor,
        F::UltimateDebtor,
        F::ChargeBearer,
    ];
    bank.leave_out_forbidden(&mut without);
    assert_eq!(without.creditor.account.as_ref().unwrap().bic(), None);
    assert_eq!((&without.creditor.address, &without.creditor.ultimate_name), (&None, &None));
    assert_eq!(without.debtor.as_ref().unwrap().ultimate_name, None);
    assert_eq!(without.charge_bearer, None);
    assert_eq!(without.debtor.unwrap().account, whole.debtor.unwrap().account);
}

#[test]
fn standing_orders_have_the_frequency_and_the_end_that_the_bank_takes() {
    let mut bank = Scene::at("bg-linden").profile;
    let first = date(2026, 3, 2);
    let last = Some(date(2026, 12, 2));
    let (some, all) = (Some(vec![Frequency::Mnth, Frequency::Year]), None);
    let table = [
        (&all, LastDay::Optional, Frequency::Dail, None, ""),
        (&all, LastDay::Optional, Frequency::Dail, last, ""),
        (&some, LastDay::Optional, Frequency::Mnth, None, ""),
        (&some, LastDay::Optional, Frequency::Week, None, "the frequency should be MNTH or YEAR"),
        (&all, LastDay::Mandatory, Frequency::Week, None, "should have a last day"),
        (&all, LastDay::Mandatory, Frequency::Week, last, ""),
        (&all, LastDay::Forbidden, Frequency::Week, last, "should have no last day"),
        (&all, LastDay::Forbidden, Frequency::Week, None, ""),
    ];
    let mut order = euros(GERMAN).content;
    for (frequencies, last_day, frequency, last, error) in table {
        bank.standing_orders.frequencies.clone_from(frequencies);
        bank.standing_orders.last_day = last_day;
        order.schedule = Schedule::StandingOrder { first, frequency, last };
        let checked = bank.check_standing_order(&order);
        let text = checked.err().map_or_else(String::new, |misfit| misfit.to_string());
        assert_eq!(text.is_empty(), error.is_empty(), "{frequency:?} {last:?}: {text}");
        assert!(text.contains(error), "{text}");
    }
    order.schedule = Schedule::Immediate;
    bank.check_standing_order(&order).unwrap();
}

/// The texts of a consent or a payment at a bank that takes them in that way.
fn texts(
    bank: &str,
    form: Option<Remittance>,
    texts: (&str, Option<&str>),
) -> Result<Value, BankError> {
    let mut scene = Scene::at(bank);
    scene.identity.eidas = Scene::flint().identity.eidas;
    scene.profile.remittance = form;
    let mut order = order();
    order.content.remittance_primary = texts.0.to_owned();
    order.content.remittance_secondary = texts.1.map(str::to_owned);
    if let Standard::UkOpenBanking(_) = &scene.profile.standard {
        settings_mut(&mut scene.profile).signing.bank_signs = false;
        let banks = Protocols::new();
        let protocol = banks.protocol_for(&scene.profile);
        scene.bank.on("create-domestic-payment-consent", |request| {
            let version = request.url.contains("/v4.0/");
            let word = if version { "AWAU" } else { "AwaitingAuthorisation" };
            Ok(unsigned(201, consent_with(word, &request.body).to_string()))
        });
        run(open_payment(protocol, &scene.call(), &order, "s", "n", "key-1"))?;
        let sent = scene.bank.last("create-domestic-payment-consent");
        let body: Value = serde_json::from_slice(&sent.body).unwrap();
        return Ok(body["Data"]["Initiation"]["RemittanceInformation"].clone());
    }
    let order = PaymentOrder {
        content: domain::initiation::Order {
            remittance_primary: texts.0.to_owned(),
            remittance_secondary: texts.1.map(str::to_owned),
            ..euros(GERMAN).content
        },
        ..euros(GERMAN)
    };
    let created = json!({
        "transactionStatus": "RCVD", "paymentId": "p-1",
        "_links": { "scaRedirect": { "href": "/bg-linden/sca/p-1" } },
    });
    scene.bank.always("create-payment", Ok(unsigned(201, created.to_string())));
    let banks = Protocols::new();
    let protocol = banks.protocol_for(&scene.profile);
    let attempt = attempt("s", "n", "0d3f0d6e-8a1b-4c5d-9e2f-1a2b3c4d5e6f");
    let what = Approvable::Payment(&order);
    run(protocol.open(&scene.call(), what, &attempt, &Credentials::default()))?;
    let body: Value = serde_json::from_slice(&scene.bank.last("create-payment").body).unwrap();
    Ok(json!([body["remittanceInformationStructured"], body["remittanceInformationUnstructured"],]))
}

#[test]
fn texts_go_out_as_the_bank_takes_them() {
    use Remittance as R;
    let structured =
        |reference: &str| json!([{ "CreditorReferenceInformation": { "Reference": reference } }]);
    let two = Some("thank you");
    let refused = Value::Null;
    let table = [
        ("ob-iron", None, ("R 1", two), json!({ "Reference": "R 1", "Unstructured": "thank you" })),
        ("ob-iron", Some(R::ReferenceOnly), ("R 1", None), json!({ "Reference": "R 1" })),
        ("ob-iron", Some(R::ReferenceOnly), ("R 1", two), refused.clone()),
        (
            "ob-iron",
            Some(R::UnstructuredOnly),
            ("R 1", two),
            json!({ "Unstructured": "R 1 thank you" }),
        ),
        (
            "ob-quartz",
            None,
            ("R 1", two),
            json!({ "Structured": structured("R 1"), "Unstructured": ["thank you"] }),
        ),
        (
            "ob-quartz",
            Some(R::ReferenceOnly),
            ("R 1", None),
            json!({ "Structured": structured("R 1") }),
        ),
        ("ob-quartz", Some(R::UnstructuredOnly), ("R 1", None), json!({ "Unstructured": ["R 1"] })),
        ("bg-linden", None, ("1234566", two), json!([null, "1234566 thank you"])),
        ("bg-linden", Some(R::UnstructuredOnly), ("1234566", None), json!([null, "1234566"])),
        ("bg-linden", Some(R::ReferenceOnly), ("R 1", None), json!([{ "reference": "R 1" }, null])),
        ("bg-linden", Some(R::ReferenceOnly), ("R 1", two), refused.clone()),
        (
            "bg-linden",
            Some(R::Either),
            ("1234566", None),
            json!([{ "reference": "1234566" }, null]),
        ),
        ("bg-linden", Some(R::Either), ("1234567", two), json!([null, "1234567 thank you"])),
        ("bg-linden", Some(R::Either), ("1234566", two), refused),
    ];
    for (bank, form, given, expected) in table {
        match texts(bank, form, given) {
            Ok(sent) => assert_eq!(sent, expected, "{bank} {form:?} {given:?}"),
            Err(error) => {
                assert_eq!(expected, Value::Null, "{bank} {form:?} {given:?}: {error}");
                let words = "should be absent: this bank takes a reference alone";
                assert!(error.to_string().contains(words), "{error}");
            }
        }
    }
}

#[test]
fn a_rail_can_have_a_last_status_of_its_own() {
    use banks::profile::AcceptedStatus as S;
    let mut bank = Scene::at("bg-linden").profile;
    let own = next_gen_psd2(&mut bank);
    own.final_status = S::Acsc;
    own.final_status_of_rails.insert(Rail::SepaInstant, S::Accc);
    assert_eq!(own.final_status_on(Rail::Sepa), S::Acsc);
    assert_eq!(own.final_status_on(Rail::SepaInstant), S::Accc);
}

/// Both versions' documents accept the international consent.
#[test]
fn an_international_consent_is_the_published_one() {
    for (bank, document, status) in
        [("ob-iron", "v3.1.11", "AwaitingAuthorisation"), ("ob-chalk", "v4.0-update4", "AWAU")]
    {
        let mut scene = Scene::at(bank);
        scene.profile.rails.push(Rail::Sepa);
        scene.profile.currencies.push(Currency::EUR);
        let own = settings_mut(&mut scene.profile);
        own.international_rails = vec![Rail::Sepa];
        own.signing.bank_signs = false;
        scene.bank.on("create-international-payment-consent", move |request| {
            Ok(unsigned(201, consent_with(status, &request.body).to_string()))
        });
        let mut order = euros(DUTCH);
        order.content.charge_bearer = Some(ChargeBearer::Shar);
        order.content.remittance_secondary = None;
        let banks = Protocols::new();
        let protocol = banks.protocol_for(&scene.profile);
        run(open_payment(protocol, &scene.call(), &order, "s", "n", "key-1")).unwrap();
        let sent = scene.bank.last("create-international-payment-consent");
        assert!(sent.url.ends_with("/international-payment-consents"), "{}", sent.url);
        let body: Value = serde_json::from_slice(&sent.body).unwrap();
        assert_eq!(body["Data"]["Initiation"]["ChargeBearer"], "Shared");
        assert_eq!(body["Data"]["Initiation"]["CreditorAgent"]["Identification"], "TULPNL2A");
        let Some(judge) = Judge::of(document) else { continue };
        judge.accept("OBWriteInternationalConsent5", &body);
        order.content.schedule = Schedule::FutureDated { date: date(2026, 3, 2) };
        let error = protocol.fits(&scene.profile, &order).unwrap_err();
        assert!(error.to_string().contains("at once only"), "{error}");
    }
}

const BANK: &str = r#"
id = "own"
name = "Own"
bic = "OWNBSESS"
countries = ["SE"]
executes_at_approval = true
api_base_url = "https://bank.test"
rails = ["sepa"]
currencies = ["EUR"]
sca_methods = ["redirect"]
capabilities = ["single_payment"]
mandatory_fields = ["creditor_bic"]
"#;

#[test]
fn rules_that_contradict_each_other_do_not_load() {
    let standard = "[standard.next-gen-psd2]\nversion = \"1.3.12\"\n";
    let polish = "[standard.polish-api]\n";
    for (lines, standard, words) in [
        ("forbidden_fields = [\"creditor_bic\"]\n", standard, "`forbidden_fields` must not have"),
        (
            "[[conditional_fields]]\nfield = \"creditor_bic\"\nrails = [\"elixir\"]\n",
            standard,
            "`conditional_fields.rails` must be rails of the bank",
        ),
        (
            "[standing_orders]\nfrequencies = []\n",
            standard,
            "`standing_orders.frequencies` must not be empty",
        ),
        (
            "[limits]\ncreditor_name = 10\ncreditor_name_min = 11\n",
            standard,
            "`limits.creditor_name_min` must be 1 to 10",
        ),
        ("remittance = \"either\"\n", polish, "`remittance` must be absent"),
    ] {
        let error = BankProfile::parse("own.toml", &format!("{BANK}{lines}{standard}"));
        let error = error.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    BankProfile::parse("own.toml", &format!("{BANK}remittance = \"either\"\n{standard}")).unwrap();
}
