//! Bank profiles: the files that load, and that an error names the file and the key.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod folder;

use std::path::Path;

use banks::profile::{
    AcceptedStatus, Capability, ProfileError, ResponseMode, Standard, UkOpenBanking,
};
use banks::{BankProfile, Directory};

use self::folder::Folder;

fn simulated(base_url: &str) -> Result<Directory, ProfileError> {
    Directory::simulated(base_url, "https://localhost:8002")
}

fn settings(profile: &BankProfile) -> &UkOpenBanking {
    let Standard::UkOpenBanking(settings) = &profile.standard else { panic!("another standard") };
    settings
}

const IRON: &str = include_str!("../../../banks/sim/ob-iron.toml");

/// A real bank's profile: the simulated one's with real addresses.
fn real() -> String {
    IRON.replace("{simbank}", "https://bank.test").replace("simulated = true\n", "")
}

#[test]
fn the_simulated_banks_are_built_in() {
    let directory = simulated("http://localhost:8001").unwrap();
    assert!(directory.iter().count() >= 11 && directory.iter().all(|bank| bank.simulated));
    let modelo = directory.get("ob-modelo").unwrap();
    assert_eq!(settings(modelo).issuer, "http://localhost:8001/ob-modelo");
    assert_eq!(modelo.api_base_url, "http://localhost:8001/ob-modelo/open-banking/v3.1/pisp");
    assert_eq!(settings(modelo).response_modes, [ResponseMode::Fragment]);
    assert_eq!(settings(modelo).final_status, AcceptedStatus::Acsc);
    assert!(modelo.simulated && modelo.can(Capability::FundsConfirmation));
    let iron = directory.get("ob-iron").unwrap();
    assert_eq!(settings(iron).response_modes[0], ResponseMode::FormPost);
    assert_eq!(settings(iron).final_status, AcceptedStatus::Accc);
    assert_eq!(iron.limits.reference, 18);
    assert!(directory.get("unknown").is_none());
    assert!(simulated("not a url").is_err());
    assert!(simulated("http://localhost:8001/?x=").is_err());
}

#[test]
fn a_profile_with_a_wrong_key_does_not_load_and_says_which() {
    BankProfile::parse("gb/ob-iron.toml", &real()).unwrap();
    for (from, to, named) in [
        ("bic =", "bicc =", "bicc"),
        ("name = ", "# name = ", "name"),
        ("IRONGB21", "IRON", "bic"),
        ("id = \"ob-iron\"", "id = \"OB Iron\"", "id"),
        ("[\"GB\"]", "[\"gb\"]", "countries"),
        ("[\"GBP\"]", "[\"GBX\"]", "currencies"),
        ("[\"GBP\"]", "[]", "currencies"),
        ("\"faster_payments\"", "\"faster\"", "rails"),
        ("\"3.1.11\"", "\"3.1.12\"", "version"),
        ("[standard.uk-open-banking]", "[standard.berlin]", "berlin"),
        ("https://bank.test/ob-iron\"", "http://bank.test/ob-iron\"", "issuer"),
        ("https://bank.test/ob-iron\"", "https://bank.test/ob-iron//\"", "issuer"),
        ("https://bank.test/ob-iron\"", "{simbank}/ob-iron\"", "issuer"),
        ("v3.1/pisp", "v3.1/pisp#x", "api_base_url"),
        ("rails =", "allowed_hosts = [\"https://x.test/\"]\nrails =", "allowed_hosts"),
        ("\"form_post\"", "\"web_message\"", "response_modes"),
        ("AcceptedCreditSettlementCompleted", "Rejected", "final_status"),
        ("reference = 18", "reference = 36", "limits.reference"),
        ("reference = 18", "reference = 0", "limits.reference"),
        ("reference = 18", "references = 18", "references"),
        ("\"openbanking.org.uk\"", "\"\"", "trust_anchor"),
        ("bank_signs = true", "bank_signs = \"yes\"", "bank_signs"),
    ] {
        let text = real().replacen(from, to, 1);
        assert_ne!(text, real(), "{from} is in the file");
        let error = BankProfile::parse("gb/ob-iron.toml", &text).unwrap_err().to_string();
        assert!(error.contains("gb/ob-iron.toml"), "{error}");
        assert!(error.contains(named), "{named} is not named in: {error}");
    }
}

#[test]
fn a_folder_is_loaded_without_the_simulated_banks() {
    let folder = Folder::new("loaded");
    folder.write("gb/ob-iron.toml", &real());
    folder.write("gb/notes.md", "not a profile");
    folder.write("sim/ob-modelo.toml", IRON);
    folder.write("README.md", "not a folder");
    let mut directory = Directory::load_dir(&folder.0).unwrap();
    assert_eq!(directory.iter().count(), 1);
    assert!(!directory.get("ob-iron").unwrap().simulated);
    let simulated = simulated("http://localhost:8001").unwrap();
    let error = directory.extend(simulated).unwrap_err().to_string();
    assert!(error.contains("ob-iron") && error.contains("id"), "{error}");
}

#[test]
fn every_file_of_folders_that_does_not_load_is_one_line() {
    let (one, two) = (Folder::new("one-line"), Folder::new("one-line-too"));
    one.write("gb/broken.toml", "id = \nname = ");
    one.write("gb/ob-iron.toml", &real());
    one.write("ie/misnamed.toml", &real());
    two.write("gb/ob-iron.toml", &real());
    two.write("gb/ob-wrong.toml", &real().replace("\"3.1.11\"", "\"3.1.12\""));
    let folders = [one.0.clone(), two.0.clone()];
    let errors = Directory::load_folders(&folders).unwrap_err().to_string();
    let lines: Vec<&str> = errors.lines().collect();
    let [broken, misnamed, twice, wrong] = lines.as_slice() else { panic!("{errors}") };
    assert!(broken.contains("gb/broken.toml: TOML, line 1 `id =`: "), "{broken}");
    assert!(misnamed.contains("ie/misnamed.toml: `id`"), "{misnamed}");
    let both = twice.contains("one-line-too/gb/ob-iron.toml: `id`")
        && twice.ends_with("one-line/gb/ob-iron.toml");
    assert!(both, "{twice}");
    let key = "gb/ob-wrong.toml: `standard.uk-open-banking.version`: TOML, line ";
    assert!(wrong.contains(key), "{wrong}");
}

#[test]
fn files_that_do_not_fit_are_named() {
    let fails = |name: &str, files: &[(&str, &str)], expected: &str| {
        let folder = Folder::new(name);
        files.iter().for_each(|(file, text)| folder.write(file, text));
        let error = Directory::load_dir(&folder.0).unwrap_err().to_string();
        assert!(error.contains(files[0].0) && error.contains(expected), "{error}");
    };
    let simulated = IRON.replace("{simbank}", "http://bank.test");
    fails("misnamed", &[("gb/other.toml", &real())], "named after");
    fails("simulated", &[("gb/ob-iron.toml", &simulated)], "simulated");
    fails("misplaced", &[("ob-iron.toml", &real())], "in the folder of its country");
    fails("broken", &[("gb/ob-iron.toml", "id = ")], "TOML");
    fails("long", &[("gb/ob-iron.toml", &"#".repeat(70_000))], "longer");
    fails("twice", &[("ie/ob-iron.toml", &real()), ("gb/ob-iron.toml", &real())], "taken");
    assert!(Directory::load_dir(Path::new("/nonexistent")).is_err());
}
