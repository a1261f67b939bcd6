//! `docs/banks.md` and the loader know the same keys and words: the test takes the loader's keys from
//! its own errors about an unknown key or word.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use banks::profile::BankProfile;
use banks::template::Template;

const UNKNOWN: &str = "nobody-knows-this";
const DOCUMENT: &str = include_str!("../../../docs/banks.md");

/// The texts between backticks.
fn quoted(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The alternatives that the loader names for an unknown word.
fn expected_by_the_loader(toml: &str) -> BTreeSet<String> {
    let error = BankProfile::parse("test.toml", toml).unwrap_err().to_string();
    let (_, expected) = error
        .split_once(", expected ")
        .unwrap_or_else(|| panic!("{toml}: the loader names no alternatives: {error}"));
    assert!(error.contains("unknown field") || error.contains("unknown variant"), "{error}");
    quoted(expected)
}

/// The rows of a table of the document: keys and explanation.
fn rows(heading: &str) -> Vec<(BTreeSet<String>, String)> {
    let (_, rest) =
        DOCUMENT.split_once(&format!("{heading}\n")).unwrap_or_else(|| panic!("{heading}"));
    rest.lines()
        .skip_while(|line| !line.starts_with("| key |"))
        .skip(2)
        .take_while(|line| line.starts_with("| "))
        .map(|line| {
            let (keys, meaning) = line[2..].split_once(" | ").unwrap();
            (quoted(keys), meaning.to_owned())
        })
        .collect()
}

fn documented(heading: &str) -> BTreeSet<String> {
    rows(heading).into_iter().flat_map(|(keys, _)| keys).collect()
}

/// The words that the document explains a key with.
fn explained(heading: &str, key: &str) -> BTreeSet<String> {
    let row = rows(heading).into_iter().find(|(keys, _)| keys.contains(key));
    quoted(&row.unwrap_or_else(|| panic!("{heading} has no `{key}`")).1)
}

#[test]
fn the_keys_of_a_profile_are_documented_and_no_others() {
    // Tables of their own are written with their brackets.
    let plain = |key: &str| key.trim_matches(['[', ']']).to_owned();
    let written: BTreeSet<String> = documented("## Keys").iter().map(|key| plain(key)).collect();
    let loaded = expected_by_the_loader(&format!("{UNKNOWN} = 1"));
    assert_eq!(written, loaded);
}

#[test]
fn the_keys_of_tables_in_a_profile_are_documented() {
    for (table, key) in [
        ("[[credential_fields]]", "[[credential_fields]]"),
        ("[[field_formats]]", "[[field_formats]]"),
        ("[[conditional_fields]]", "[[conditional_fields]]"),
        ("[standing_orders]", "[standing_orders]"),
        ("[limits]", "[limits]"),
        ("[service_base_urls]", "[service_base_urls]"),
        ("[opening_hours]", "[opening_hours]"),
        ("[[rail_terms]]", "[[rail_terms]]"),
        ("[[maintenance_windows]]", "[[maintenance_windows]]"),
        ("[reasons]", "[reasons]"),
        ("[status]", "[status]"),
        ("[cancellation]", "[cancellation]"),
        ("[certificates]", "[certificates]"),
    ] {
        let loaded = expected_by_the_loader(&format!("{table}\n{UNKNOWN} = 1"));
        let written = explained("## Keys", key);
        let missing: Vec<_> = loaded.difference(&written).collect();
        assert!(missing.is_empty(), "{key}: {missing:?} are not explained");
    }
}

#[test]
fn the_keys_of_each_standard_are_documented_and_no_others() {
    for (name, tables) in [
        ("uk-open-banking", ["signing", "endpoints", "id_token", "request_object"].as_slice()),
        ("next-gen-psd2", &["app_start", "oauth"]),
        ("stet", &[]),
        ("polish-api", &["signature"]),
    ] {
        let table = format!("[standard.{name}]");
        let mut loaded = expected_by_the_loader(&format!("{table}\n{UNKNOWN} = 1"));
        for inner in tables {
            assert!(loaded.remove(*inner), "{name} has no table {inner}");
            let toml = format!("[standard.{name}.{inner}]\n{UNKNOWN} = 1");
            let keys = expected_by_the_loader(&toml);
            loaded.extend(keys.iter().map(|key| format!("{inner}.{key}")));
        }
        assert_eq!(documented(&format!("`{table}`")), loaded, "{name}");
    }
    let standards = expected_by_the_loader(&format!("[standard.{UNKNOWN}]"));
    assert_eq!(explained("## Keys", "[standard]"), standards);
}

/// The words that the loader accepts in `[[sources]]`.
fn expected_in_sources(line: &str) -> BTreeSet<String> {
    let text = format!("template = true\napi_base_url = \"{{operator}}\"\n[[sources]]\n{line}");
    let error = Template::parse("test.toml", &text).unwrap_err().to_string();
    quoted(error.split_once(", expected ").unwrap_or_else(|| panic!("{error}")).1)
}

#[test]
fn the_keys_of_sources_are_documented_and_no_others() {
    assert_eq!(documented("`[[sources]]`"), expected_in_sources(&format!("{UNKNOWN} = 1")));
    let words = expected_in_sources(&format!("publisher = \"{UNKNOWN}\""));
    assert_eq!(explained("`[[sources]]`", "publisher"), words);
}

/// Heading, key, and a file with an unknown word for it.
fn unknown_words() -> Vec<(&'static str, &'static str, String)> {
    let list = |key: &str| format!("{key} = [\"{UNKNOWN}\"]");
    let in_standard =
        |name: &str, line: &str| format!("[standard.{name}]\n{}", line.replace('?', UNKNOWN));
    let uk = |key, line: &str| {
        ("`[standard.uk-open-banking]`", key, in_standard("uk-open-banking", line))
    };
    let bg =
        |key, line: &str| ("`[standard.next-gen-psd2]`", key, in_standard("next-gen-psd2", line));
    let plain = |name: &'static str, heading: &'static str| {
        move |key, line: &str| (heading, key, in_standard(name, line))
    };
    let stet = plain("stet", "`[standard.stet]`");
    let polish = plain("polish-api", "`[standard.polish-api]`");
    vec![
        ("## Keys", "rails", list("rails")),
        ("## Keys", "sca_methods", list("sca_methods")),
        ("## Keys", "capabilities", list("capabilities")),
        ("## Keys", "mandatory_fields", list("mandatory_fields")),
        ("## Keys", "forbidden_fields", list("forbidden_fields")),
        ("## Keys", "remittance", format!("remittance = \"{UNKNOWN}\"")),
        uk("version", "version = \"?\""),
        uk("response_modes", "response_modes = [\"?\"]"),
        uk("token_endpoint_auth", "token_endpoint_auth = \"?\""),
        uk("flow", "flow = \"?\""),
        uk("contract_indicator", "contract_indicator = \"?\""),
        uk("payment_context_codes", "payment_context_codes = [\"?\"]"),
        uk("rejection_reasons", "rejection_reasons = [\"?\"]"),
        uk("extra_statuses", "extra_statuses.X = \"?\""),
        uk("signing.header_claims", "signing.header_claims = [\"?\"]"),
        uk("signing.issuer", "signing.issuer = \"?\""),
        uk("id_token.omits", "id_token.omits = [\"?\"]"),
        uk("request_object.omits", "request_object.omits = [\"?\"]"),
        uk("signing.form", "signing.form = \"?\""),
        bg("version", "version = \"?\""),
        bg("signature", "signature = \"?\""),
        bg("repeated_request_id", "repeated_request_id = \"?\""),
        bg("required_headers", "required_headers = [\"?\"]"),
        bg("debtor_account_forms", "debtor_account_forms = [\"?\"]"),
        bg("creditor_account_forms", "creditor_account_forms = [\"?\"]"),
        bg("oauth.link", "oauth.link = \"?\""),
        bg("oauth.token_endpoint_auth", "oauth.token_endpoint_auth = \"?\""),
        bg("oauth.renamed_parameters", "oauth.renamed_parameters.? = \"x\""),
        stet("version", "version = \"?\""),
        bg("rejection_reasons", "rejection_reasons = [\"?\"]"),
        bg("extra_statuses", "extra_statuses.X = \"?\""),
        bg("release_call", "release_call = \"?\""),
        bg("psu_id", "psu_id = \"?\""),
        bg("signed_headers", "signed_headers = [\"?\"]"),
        bg("key_id", "key_id = \"?\""),
        bg("key_id_serial", "key_id_serial = \"?\""),
        bg("key_id_issuer", "key_id_issuer = \"?\""),
        stet("signature", "signature = \"?\""),
        polish("version", "version = \"?\""),
        polish("signature.algorithm", "signature.algorithm = \"?\""),
    ]
}

#[test]
fn the_words_of_each_key_are_documented_and_no_others() {
    for (heading, key, toml) in unknown_words() {
        // Headers and other keys that an explanation names are no words of the key.
        let written: BTreeSet<String> = explained(heading, key)
            .into_iter()
            .filter(|word| {
                !word.contains(['-', ' ']) || word.starts_with(['r', 'x', 'd', 'p', 't', 'c', '('])
            })
            .collect();
        assert_eq!(written, expected_by_the_loader(&toml), "{heading} {key}");
    }
}
