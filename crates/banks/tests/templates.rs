//! Templates: all templates of the repository load and are plausible, no template is offered before
//! its operator completes it, and the operator gets useful errors.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod folder;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::Path;

use banks::profile::{Capability, ScaMethod, Standard};
use banks::template::{Publisher, Source, Template, Templates};
use banks::{BankProfile, Directory};

use self::folder::Folder;

const SIMULATOR: (&str, &str) = ("http://localhost:8001", "https://localhost:8002");

/// `(country, id)` of all files of the repository's folder.
fn files() -> BTreeMap<(String, String), String> {
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let mut files = BTreeMap::new();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../banks");
    for country in std::fs::read_dir(own).unwrap().map(|entry| entry.unwrap().path()) {
        for file in std::fs::read_dir(&country).unwrap().map(|entry| entry.unwrap().path()) {
            assert_eq!(file.extension().unwrap(), "toml", "{} is a profile", file.display());
            let text = std::fs::read_to_string(&file).unwrap();
            files.insert((name(&country), name(&file)), text);
        }
    }
    files
}

fn simulated() -> Directory {
    Directory::simulated(SIMULATOR.0, SIMULATOR.1).unwrap()
}

/// All profiles of the repository.
fn all_profiles() -> Vec<BankProfile> {
    let templates = Templates::built_in().unwrap();
    let facts = templates.iter().map(|template| template.facts().clone());
    facts.chain(simulated().iter().cloned()).collect()
}

#[test]
fn every_file_of_the_repository_is_built_in_under_its_own_name() {
    let templates = Templates::built_in().unwrap();
    let mut listed: BTreeSet<String> = BTreeSet::new();
    for ((folder, id), text) in files() {
        assert!(listed.insert(id.clone()), "{id} is in two folders");
        if folder == "sim" {
            assert!(simulated().get(&id).is_some(), "{id} is not in the list of simulated banks");
            continue;
        }
        let template = Template::parse(&id, &text).unwrap();
        assert_eq!(template.facts().id, id);
        assert!(template.facts().countries.contains(&folder.to_uppercase()), "{folder}/{id}");
        assert_eq!(templates.get(&id), Some(&template), "{id} is not in the list of templates");
    }
    let built_in = all_profiles().into_iter().map(|bank| bank.id).collect();
    assert_eq!(listed, built_in);
}

/// How many of a template's values have a source, and how many there are.
fn sourced(template: &Template) -> (usize, usize) {
    let all = template.values().len();
    (all - template.unverified().len(), all)
}

/// How many have a source that is about the bank, and not about its standard alone.
fn sourced_for_this_bank(template: &Template) -> usize {
    let about_it = |source: &&Source| source.publisher != Publisher::Standard;
    let covered = |key: &str| template.sources().iter().filter(about_it).any(|it| it.covers(key));
    template.values().iter().filter(|(key, _)| covered(key)).count()
}

#[test]
fn every_template_has_a_sourced_value_and_most_have_five() {
    let templates = Templates::built_in().unwrap();
    for template in templates.iter() {
        let id = &template.facts().id;
        assert!(sourced_for_this_bank(template) > 0, "{id}: no source is about this bank");
    }
    let count = |wanted: &dyn Fn(&Template) -> bool| {
        templates.iter().filter(|template| wanted(template)).count()
    };
    let countries: BTreeSet<&String> =
        templates.iter().flat_map(|template| &template.facts().countries).collect();
    insta::assert_snapshot!(format!(
        "templates: {}\ncountries: {}\nfive or more values with a source: {}\n\
         five or more with a source about the bank: {}\nno unverified value: {}",
        count(&|_| true),
        countries.len(),
        count(&|template| sourced(template).0 >= 5),
        count(&|template| sourced_for_this_bank(template) >= 5),
        count(&|template| template.unverified().is_empty()),
    ));
}

#[test]
fn the_repositorys_own_folder_loads_and_offers_nobody() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../banks");
    assert_eq!(Directory::load_dir(&own).unwrap().iter().count(), 0);
}

#[test]
fn facts_of_templates_agree_with_each_other() {
    for template in Templates::built_in().unwrap().iter() {
        let bank = template.facts();
        let id = &bank.id;
        let currencies: Vec<String> = bank.currencies.iter().map(ToString::to_string).collect();
        if !template.left_open().iter().any(|key| key == "bic") {
            let country = bank.bic.get(4..6).unwrap();
            assert!(bank.countries.iter().any(|own| own == country), "{id}: {}", bank.bic);
        }
        for rail in &bank.rails {
            let carried = |own: &String| rail.currencies().contains(&own.as_str());
            assert!(currencies.iter().any(carried), "{id}: {rail:?}");
        }
        // The connector sends only immediate payments.
        if matches!(bank.standard, Standard::UkOpenBanking(_)) {
            assert!(!bank.can(Capability::StandingOrder), "{id}");
            assert!(!bank.can(Capability::FutureDatedPayment), "{id}");
        }
        if bank.sca_methods.iter().any(|method| {
            matches!(method, ScaMethod::EmbeddedSingleStep | ScaMethod::EmbeddedMultiStep)
        }) {
            assert!(!bank.credential_fields.is_empty(), "{id}: who is the payer?");
        }
    }
}

/// The words of a list as the profile has them.
fn words<T: Debug>(values: &[T]) -> String {
    let mut text = String::new();
    for (place, letter) in
        values.iter().map(|value| format!("{value:?} ")).collect::<String>().chars().enumerate()
    {
        if letter.is_uppercase() && place > 0 && !text.ends_with(' ') {
            text.push('-');
        }
        text.extend(letter.to_lowercase());
    }
    text.trim_end().to_owned()
}

fn version(standard: &Standard) -> String {
    let version = match standard {
        Standard::UkOpenBanking(bank) => format!("{:?}", bank.version),
        Standard::NextGenPsd2(bank) => format!("{:?}", bank.version),
        Standard::Stet(bank) => format!("{:?}", bank.version),
        Standard::PolishApi(bank) => format!("{:?}", bank.version),
    };
    version.trim_start_matches('V').replace('_', ".")
}

#[test]
fn all_profiles_at_a_glance() {
    let templates = Templates::built_in().unwrap();
    let sources = |id: &str| match templates.get(id) {
        Some(template) => {
            let (sourced, all) = sourced(template);
            format!(" | {sourced} of {all} sourced")
        }
        None => String::new(),
    };
    let mut table: Vec<String> = all_profiles()
        .iter()
        .map(|bank| {
            format!(
                "{:9} {:28} {:16} {:7} | {} | {} | {}{}",
                bank.countries.join(","),
                bank.id,
                bank.standard.name(),
                version(&bank.standard),
                words(&bank.sca_methods),
                words(&bank.rails),
                words(&bank.capabilities),
                sources(&bank.id),
            )
        })
        .collect();
    table.sort();
    insta::assert_snapshot!(table.join("\n"));
}

#[test]
fn what_the_operator_must_bring_is_named() {
    let mut table: Vec<String> = Templates::built_in()
        .unwrap()
        .iter()
        .map(|template| format!("{:28} {}", template.facts().id, template.left_open().join(", ")))
        .collect();
    table.sort();
    insta::assert_snapshot!(table.join("\n"));
}

/// Values for what templates leave open.
fn addresses(template: &Template) -> String {
    let mut text = format!("template = \"{}\"\n", template.facts().id);
    for key in template.left_open() {
        let value = match key.as_str() {
            "bic" => "BANKDEFF",
            "standard.uk-open-banking.client_secret" => "env:CARGO_PKG_NAME",
            _ => "https://bank.test/own",
        };
        text.push_str(&format!("{key} = \"{value}\"\n"));
    }
    text
}

#[test]
fn every_template_becomes_a_bank_with_what_it_names_and_with_nothing_less() {
    let folder = Folder::new("all-templates");
    let templates = Templates::built_in().unwrap();
    for template in templates.iter() {
        let id = &template.facts().id;
        folder.write(&format!("own/{id}.toml"), &addresses(template));
        let error = template.complete("own.toml", toml::Table::new()).unwrap_err().to_string();
        for key in template.left_open() {
            assert!(
                error.contains("own.toml") && error.contains(key) && error.contains(id),
                "{error}"
            );
        }
    }
    let directory = Directory::load_dir(&folder.0).unwrap();
    assert_eq!(directory.iter().count(), templates.iter().count());
    for bank in directory.iter() {
        assert_eq!(bank.api_base_url, "https://bank.test/own");
        assert!(!format!("{bank:?}").contains("operator.invalid"), "{bank:?}");
    }
}

const BARCLAYS: &str = "template = \"barclays\"
api_base_url = \"https://api.bank.test/pisp\"
[standard.uk-open-banking]
issuer = \"https://bank.test\"
";

#[test]
fn the_operators_keys_lie_over_the_templates() {
    let folder = Folder::new("completed");
    let business = BARCLAYS.replace(
        "template = ",
        "id = \"barclays-business\"\nname = \"Barclays Business\"\ncurrencies = [\"GBP\", \"EUR\"]\ntemplate = ",
    ) + "[limits]\nreference = 10\n";
    folder.write("gb/barclays.toml", BARCLAYS);
    folder.write("gb/barclays-business.toml", &business);
    let directory = Directory::load_dir(&folder.0).unwrap();
    let template = Templates::built_in().unwrap().get("barclays").unwrap().facts().clone();
    let plain = directory.get("barclays").unwrap();
    let expected = BankProfile {
        api_base_url: "https://api.bank.test/pisp".to_owned(),
        standard: plain.standard.clone(),
        ..template
    };
    assert_eq!(plain, &expected);
    let Standard::UkOpenBanking(settings) = &plain.standard else { panic!("another standard") };
    assert_eq!(settings.issuer, "https://bank.test");
    assert_eq!(settings.signing.trust_anchor.as_deref(), Some("openbanking.org.uk"));
    let business = directory.get("barclays-business").unwrap();
    assert_eq!((business.limits.reference, business.limits.creditor_name), (10, 18));
    assert_eq!(business.currencies.len(), 2);
}

#[test]
fn a_template_of_the_folder_counts_before_the_built_in_one() {
    let folder = Folder::new("own-template");
    let ((_, _), text) = files().into_iter().find(|((_, id), _)| id == "barclays").unwrap();
    folder.write(
        "corrected/barclays.toml",
        &text.replace("creditor_name = 18", "creditor_name = 20"),
    );
    folder.write("a/barclays.toml", BARCLAYS);
    let directory = Directory::load_dir(&folder.0).unwrap();
    assert_eq!(directory.iter().count(), 1, "the template itself is no bank");
    assert_eq!(directory.get("barclays").unwrap().limits.creditor_name, 20);
}

#[test]
fn files_that_do_not_complete_a_template_are_named_with_the_key() {
    let fails = |name: &str, (file, text): (&str, &str), expected: &[&str]| {
        let folder = Folder::new(&format!("incomplete-{name}"));
        folder.write(file, text);
        let error = Directory::load_dir(&folder.0).unwrap_err().to_string();
        assert!(error.contains(file), "{error}");
        expected.iter().for_each(|part| assert!(error.contains(part), "{part}: {error}"));
    };
    let file = "gb/barclays.toml";
    let with = |from: &str, to: &str| {
        assert!(BARCLAYS.contains(from), "{from} is in the file");
        BARCLAYS.replacen(from, to, 1)
    };
    let no_issuer = with("issuer = \"https://bank.test\"\n", "");
    fails(
        "nested",
        (file, &no_issuer),
        &["`standard.uk-open-banking.issuer`", "leaves this to you"],
    );
    let only = "template = \"barclays\"\n";
    fails("all", (file, only), &["api_base_url", "standard.uk-open-banking.issuer"]);
    let copied = with("https://bank.test", "{operator}");
    fails("copied", (file, &copied), &["standard.uk-open-banking.issuer"]);
    fails("unknown", (file, &with("\"barclays\"", "\"barclay\"")), &["`template`", "barclay"]);
    fails("number", (file, &with("\"barclays\"", "1")), &["`template` must be"]);
    fails("false", (file, &with("\"barclays\"", "false")), &["`template` must be"]);
    fails("http", (file, &with("https://bank", "http://bank")), &["`issuer` must be https"]);
    fails(
        "key",
        (file, &with("issuer", "isuer = 1\nissuer")),
        &["standard.uk-open-banking", "isuer"],
    );
    fails(
        "type",
        (file, &with("\"https://bank.test\"", "1")),
        &["standard.uk-open-banking.issuer"],
    );
    let other = with("uk-open-banking", "stet");
    fails("standard", (file, &other), &["standard.uk-open-banking.issuer"]);
    let simulated = with("api_base_url", "simulated = true\napi_base_url");
    fails("simulated", (file, &simulated), &["simulated"]);
    fails("name", ("gb/barclay.toml", BARCLAYS), &["named after"]);
    let whole = "template = true\nid = \"x\"\napi_base_url = \"https://bank.test\"\n";
    fails("whole", ("gb/x.toml", whole), &["`api_base_url` must be \"{operator}\""]);
    let poor = "template = true\nid = \"x\"\napi_base_url = \"{operator}\"\n";
    fails("poor", ("gb/x.toml", poor), &["missing field `name`"]);
}

#[test]
fn a_source_that_is_not_sound_is_one_line_with_file_and_key() {
    let ((_, _), text) = files().into_iter().find(|((_, id), _)| id == "barclays").unwrap();
    let (facts, _) = text.split_once("[[sources]]").unwrap_or((&text, ""));
    let sound = "document = \"Handbook\"\npublisher = \"bank\"\ndate = \"2026-08\"\n\
                 address = \"https://bank.test\"\nkeys = [\"rails\", \"limits\"]\n";
    let parsed = |source: &str| {
        Template::parse("gb/barclays.toml", &format!("{facts}\n[[sources]]\n{source}"))
    };
    let template = parsed(sound).unwrap();
    let unverified = template.unverified();
    assert!(unverified.contains(&"bic".to_owned()), "{unverified:?}");
    assert!(!unverified.contains(&"rails".to_owned()), "{unverified:?}");
    assert!(!unverified.iter().any(|key| key.starts_with("limits")), "{unverified:?}");
    for (from, to, expected) in [
        ("\"rails\"", "\"rials\"", "`sources.keys` names `rials`"),
        ("\"rails\"", "\"rail\"", "`sources.keys` names `rail`"),
        ("\"rails\"", "\"api_base_url\"", "names `api_base_url`: this template has no value"),
        ("keys = [\"rails\", \"limits\"]", "keys = []", "`sources.keys` of `Handbook`"),
        ("\"Handbook\"", "\" \"", "`sources.document`"),
        ("2026-08", "2026-13", "`sources.date` is `2026-13`"),
        ("2026-08", "August 2026", "`sources.date` is `August 2026`"),
        ("https://", "http://", "`sources.address` is `http://bank.test`"),
        ("\"bank\"", "\"bnak\"", "`sources[0].publisher`: unknown variant `bnak`"),
        ("date =", "dated =", "`sources[0].dated`: unknown field"),
        ("document = \"Handbook\"\n", "", "missing field `document`"),
    ] {
        assert!(sound.contains(from), "{from}");
        let error = parsed(&sound.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(error.contains("gb/barclays.toml") && error.contains(expected), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    let error = Template::parse("a.toml", &format!("sources = 1\n{facts}")).unwrap_err();
    assert!(error.to_string().contains("sources"), "{error}");
}

#[test]
fn a_bank_or_a_completion_is_not_a_template() {
    let error = Template::parse("gb/barclays.toml", BARCLAYS).unwrap_err().to_string();
    assert!(error.contains("gb/barclays.toml") && error.contains("`template`"), "{error}");
}

#[test]
fn two_templates_with_one_id_are_refused() {
    let folder = Folder::new("two-templates");
    let ((_, _), text) = files().into_iter().find(|((_, id), _)| id == "barclays").unwrap();
    folder.write("a/barclays.toml", &text);
    folder.write("b/barclays.toml", &text);
    let error = Directory::load_dir(&folder.0).unwrap_err().to_string();
    assert!(error.contains("b/barclays.toml") && error.contains("taken"), "{error}");
}

#[test]
fn ten_thousand_banks_load_and_one_more_does_not() {
    let folder = Folder::new("ten-thousand");
    let completion = |number: usize| format!("id = \"bank-{number}\"\n{BARCLAYS}");
    for number in 0..10_000 {
        folder.write(&format!("c{}/bank-{number}.toml", number % 20), &completion(number));
    }
    let directory = Directory::load_dir(&folder.0).unwrap();
    assert_eq!(directory.iter().count(), 10_000);
    assert!(directory.get("bank-9999").is_some());
    folder.write("zz/bank-10000.toml", &completion(10_000));
    let error = Directory::load_dir(&folder.0).unwrap_err().to_string();
    assert!(error.contains("bank-10000") && error.contains("more banks"), "{error}");
}
