//! When banks execute: defaults, rules of their countries, and profiles.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use banks::BankProfile;
use domain::calendar::Calendar;
use domain::execution::RailTerms;
use domain::rail::Rail;
use jiff::Timestamp;

const BANK: &str = r#"
id = "bank"
name = "Bank"
bic = "BANKDEFF"
countries = ["DE"]
api_base_url = "https://bank.example"
executes_at_approval = true
rails = ["sepa", "sepa_instant"]
currencies = ["EUR"]
sca_methods = ["redirect"]
capabilities = ["single_payment"]
[standard.next-gen-psd2]
version = "1.3.12"
"#;

fn bank(more: &str) -> BankProfile {
    BankProfile::parse("de/bank.toml", &format!("{BANK}{more}")).unwrap()
}

fn terms(bank: &BankProfile, rail: Rail) -> RailTerms {
    *bank.rail_terms().iter().find(|terms| terms.rail == rail).unwrap()
}

#[test]
fn sepa_closes_at_three_and_instant_payments_never() {
    let bank = bank("");
    let (sepa, instant) = (terms(&bank, Rail::Sepa), terms(&bank, Rail::SepaInstant));
    assert_eq!((sepa.hours.calendar, sepa.hours.until_minute), (Calendar::Target2, 15 * 60));
    assert_eq!((instant.hours.calendar, instant.hours.until_minute), (Calendar::EveryDay, 24 * 60));
    assert_eq!((sepa.most, instant.most), (None, None));
    assert_eq!(bank.rail_terms().len(), 2);
}

#[test]
fn opening_hours_count_for_every_rail() {
    let bank = bank(
        "[opening_hours]\nzone = \"Europe/Rome\"\nfrom_day = \"MON\"\nto_day = \"FRI\"\n\
         from = \"08:00\"\nto = \"14:30\"\n",
    );
    for rail in [Rail::Sepa, Rail::SepaInstant] {
        let hours = terms(&bank, rail).hours;
        assert_eq!(hours.until_minute, 14 * 60 + 30, "{rail:?}");
        assert_eq!(hours.weekdays, [true, true, true, true, true, false, false], "{rail:?}");
    }
}

#[test]
fn a_bank_says_of_a_rail_what_is_not_as_usual() {
    let bank = bank(
        "[[rail_terms]]\nrail = \"sepa\"\nworking_days = \"weekdays\"\nuntil = \"16:45\"\n\
         [[rail_terms]]\nrail = \"sepa_instant\"\namount_max = \"100000.00\"\n",
    );
    let sepa = terms(&bank, Rail::Sepa).hours;
    assert_eq!((sepa.calendar, sepa.until_minute), (Calendar::Weekdays, 16 * 60 + 45));
    let instant = terms(&bank, Rail::SepaInstant);
    assert_eq!(instant.most, Some(1_000_000_000));
    assert_eq!(instant.hours.until_minute, 24 * 60, "what is absent is as usual");
}

#[test]
fn the_time_at_a_bank_is_that_of_its_country_unless_it_says_another() {
    let now: Timestamp = "2026-07-06T10:00:00Z".parse().unwrap();
    let hour = |bank: &BankProfile| bank.local_time(now).hour();
    assert_eq!(hour(&bank("")), 12, "Germany, in summer");
    let elsewhere = BANK.replace("rails =", "zone = \"Europe/London\"\nrails =");
    assert_eq!(hour(&BankProfile::parse("de/bank.toml", &elsewhere).unwrap()), 11);
    let rome = "[opening_hours]\nzone = \"Europe/Helsinki\"\nfrom_day = \"SUN\"\n\
                to_day = \"THU\"\nfrom = \"00:00\"\nto = \"24:00\"\n";
    let bank = bank(rome);
    assert_eq!(hour(&bank), 13);
    let weekdays = terms(&bank, Rail::Sepa).hours.weekdays;
    assert_eq!(weekdays, [true, true, true, true, false, false, true], "Sunday to Thursday");
}

#[test]
fn terms_that_make_no_sense_do_not_load_and_say_which() {
    let own = |line: &str| format!("[[rail_terms]]\nrail = \"sepa\"\n{line}\n");
    let weekend = "[opening_hours]\nzone = \"Europe/Berlin\"\nfrom_day = \"SAT\"\n\
                   to_day = \"SUN\"\nfrom = \"00:00\"\nto = \"24:00\"\n";
    let format = "[[field_formats]]\nfield = \"creditor_name\"\nconstraint = \"[\"\n";
    for (more, named) in [
        ("[[rail_terms]]\nrail = \"elixir\"\n".to_owned(), "rail_terms"),
        (own("") + &own(""), "rail_terms"),
        (own("until = \"0:00\""), "rail_terms.until"),
        (own("until = \"00:00\""), "rail_terms.until"),
        (own("until = \"24:01\""), "rail_terms.until"),
        (own("amount_max = \"much\""), "rail_terms.amount_max"),
        (own("working_days = \"lunar\""), "lunar"),
        (own("hours = \"none\""), "hours"),
        (weekend.to_owned(), "opening_hours"),
        (format.to_owned(), "field_formats.constraint"),
    ] {
        let error = BankProfile::parse("de/bank.toml", &format!("{BANK}{more}")).unwrap_err();
        assert!(error.to_string().contains(named), "{named}: {error}");
    }
    for (from, to) in [("rails =", "zone = \"Europe/Atlantis\"\nrails ="), ("\"DE\"", "\"US\"")] {
        let error = BankProfile::parse("de/bank.toml", &BANK.replace(from, to)).unwrap_err();
        assert!(error.to_string().contains("`zone`"), "{error}");
    }
}

/// Every country with banks in the repository has its zone; the check is part of loading a profile.
#[test]
fn every_country_of_the_directory_has_a_zone() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../banks");
    let now: Timestamp = "2026-07-06T10:00:00Z".parse().unwrap();
    for entry in std::fs::read_dir(root).unwrap() {
        let country = entry.unwrap().file_name().to_string_lossy().to_uppercase();
        if country.len() != 2 {
            continue;
        }
        let text = BANK.replace("[\"DE\"]", &format!("[\"{country}\"]"));
        let bank = BankProfile::parse("bank.toml", &text);
        let hour = bank.unwrap_or_else(|error| panic!("{error}")).local_time(now).hour();
        assert!((11..=13).contains(&hour), "{country}: {hour}");
    }
}
