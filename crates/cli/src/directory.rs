//! `bascule banks`: templates of real banks, the file that completes one, and the check of an
//! operator's folder.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use banks::profile::{BankProfile, Certificates};
use banks::template::{OPERATOR_PLACEHOLDER, Source, Template, Templates};
use banks::{Directory, ProfileErrors};
use domain::seams::Clock;
use gateway::certificates::WARN_BEFORE;
use jiff::Timestamp;

use crate::args::banks::{BanksCommand, BanksOptions};
use crate::seams::SystemClock;
use crate::{registrations, terminal, try_banks};

/// Title of the values that no source is named for.
const UNVERIFIED: &str = "unverified: no source; compare with the bank's documentation";

/// Lists templates, prints a file, checks a folder, or calls its banks.
///
/// # Errors
/// If there is no such template, no template of that country, a file of the folder does not load, or a
/// call fails.
pub async fn run(options: BanksOptions) -> anyhow::Result<ExitCode> {
    let said = match options.command {
        BanksCommand::Templates { country } => templates(country.as_deref())?,
        BanksCommand::Template { id } => completion(&id)?,
        BanksCommand::Show { folder, id } => shown(&folder, &id)?,
        BanksCommand::Check { folder } => check(&folder)?,
        BanksCommand::Try(options) => return try_banks::run(options).await,
        BanksCommand::Register(options) => return registrations::register(options).await,
        BanksCommand::Registrations { database } => registrations::list(&database).await?,
    };
    terminal::say(&said);
    Ok(ExitCode::SUCCESS)
}

/// The templates of a country (upper case), or all.
fn templates(country: Option<&str>) -> anyhow::Result<String> {
    let wanted = |bank: &BankProfile| {
        country.is_none_or(|code| bank.countries.iter().any(|own| own == code))
    };
    let templates = Templates::built_in()?;
    let facts: Vec<&BankProfile> = templates.iter().map(Template::facts).collect();
    let mut lines: Vec<String> =
        facts.iter().copied().filter(|bank| wanted(bank)).map(line).collect();
    if lines.is_empty() {
        let known: BTreeSet<&str> =
            facts.iter().flat_map(|bank| &bank.countries).map(String::as_str).collect();
        let known = known.into_iter().collect::<Vec<_>>().join(" ");
        bail!(
            "--country {}: no template is of this country; there are templates of {known}",
            country.unwrap_or_default()
        );
    }
    lines.sort();
    Ok(lines.join("\n"))
}

fn line(bank: &BankProfile) -> String {
    let (countries, standard) = (bank.countries.join(","), bank.standard.name());
    format!("{countries:5} {:28} {standard:16} {}", bank.id, bank.name)
}

/// The operator's file for a template, before it is filled in, with the template's values and their
/// sources as comments.
fn completion(id: &str) -> anyhow::Result<String> {
    let templates = Templates::built_in()?;
    let template = templates
        .get(id)
        .with_context(|| format!("there is no template `{id}`: see `bascule banks templates`"))?;
    let folder = template.facts().countries.first().map(|code| code.to_lowercase());
    let mut lines =
        vec![format!("# {}/{id}.toml", folder.unwrap_or_default()), format!("template = \"{id}\"")];
    lines.extend(
        template.left_open().iter().map(|key| format!("{key} = \"{OPERATOR_PLACEHOLDER}\"")),
    );
    lines.extend(values(template).iter().flat_map(|text| text.split('\n')).map(comment));
    Ok(lines.join("\n"))
}

/// A bank of a folder as the gateway uses it.
fn shown(folder: &Path, id: &str) -> anyhow::Result<String> {
    let directory = Directory::load_dir(folder)?;
    let (bank, keys) =
        directory.get(id).zip(directory.keys(id)).with_context(|| no_such_bank(folder, id))?;
    let mut lines = vec![format!("# {}, {}", bank.name, bank.standard.name())];
    let certificates = bank.certificates.iter().flat_map(Certificates::pairs);
    lines.extend(certificates.map(|pair| format!("# certificates until {}", pair.not_after)));
    lines.extend(warning(id, &directory).map(|warning| comment(&warning)));
    lines.push(keys.trim_end().to_owned());
    Ok(lines.join("\n"))
}

/// The message for a bank that a folder does not have.
pub(crate) fn no_such_bank(folder: &Path, id: &str) -> String {
    let folder = folder.display();
    format!("{folder} has no bank `{id}`: `bascule banks check {folder}` lists its banks")
}

fn comment(line: &str) -> String {
    format!("# {line}").trim_end().to_owned()
}

/// The template's values by source, and those that have none.
fn values(template: &Template) -> Vec<String> {
    let values = template.values();
    let mut lines = Vec::new();
    let mut block = |title: String, wanted: &dyn Fn(&str) -> bool| {
        let mut own = values.iter().filter(|(key, _)| wanted(key)).peekable();
        if own.peek().is_some() {
            lines.extend([String::new(), title]);
            lines.extend(own.map(|(key, value)| format!("  {key} = {value}")));
        }
    };
    for source in template.sources() {
        block(title(source), &|key| source.covers(key));
    }
    let unverified = template.unverified();
    block(UNVERIFIED.to_owned(), &|key| unverified.iter().any(|own| own == key));
    lines
}

fn title(source: &Source) -> String {
    let Source { document, date, .. } = source;
    let address = source.address.as_ref().map_or_else(String::new, |address| format!(" {address}"));
    format!("{}: {document}, {date}{address}", source.publisher.word())
}

fn check(folder: &Path) -> Result<String, ProfileErrors> {
    let directory = Directory::load_dir(folder)?;
    let mut lines: Vec<String> = directory.iter().map(line).collect();
    lines.sort();
    let loaded = lines.len();
    lines.extend(directory.iter().filter_map(|bank| warning(&bank.id, &directory)));
    lines.extend(directory.iter().flat_map(|bank| open_files(bank, directory.file(&bank.id))));
    lines.extend(directory.iter().filter_map(|bank| end_of_certificates(bank, SystemClock.now())));
    lines.push(match lines.len() - loaded {
        0 => format!("{loaded} loaded"),
        warned => format!("{loaded} loaded, {warned} with a warning"),
    });
    Ok(lines.join("\n"))
}

/// The values that an operator must look up before real payers use the bank.
fn warning(id: &str, directory: &Directory) -> Option<String> {
    let unverified = directory.unverified(id);
    (!unverified.is_empty()).then(|| {
        format!(
            "warning: {id}: no source says `{}`; before production, compare with the bank's \
             documentation and write what is right into your file",
            unverified.join("`, `")
        )
    })
}

/// Warnings of files with secrets that other users of the machine can read.
fn open_files(bank: &BankProfile, file: Option<&str>) -> Vec<String> {
    let open = bank.files_open_to_others(Path::new(file.unwrap_or_default()));
    let line = |path: std::path::PathBuf| {
        let shown = path.display();
        format!("warning: {}: other users can read {shown}: chmod 600 {shown}", bank.id)
    };
    open.into_iter().map(line).collect()
}

/// A warning where the last certificates of the bank's own end within 30 days.
fn end_of_certificates(bank: &BankProfile, now: Timestamp) -> Option<String> {
    let end = bank.certificates.as_ref()?.pairs().map(|pair| pair.not_after).max()?;
    (end.duration_since(now) < WARN_BEFORE).then(|| {
        format!(
            "warning: {}: its certificates end at {end}; name the next ones in \
             `certificates.next`",
            bank.id
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_file_completes_its_template_once_it_is_filled_in() {
        let printed = completion("lloyds").unwrap();
        let (to_fill_in, _) = printed.split_once("\n#\n").unwrap();
        assert_eq!(
            to_fill_in,
            "# gb/lloyds.toml\ntemplate = \"lloyds\"\napi_base_url = \"{operator}\"\n\
             standard.uk-open-banking.issuer = \"{operator}\""
        );
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gb/lloyds.toml");
        std::fs::create_dir(folder.path().join("gb")).unwrap();
        std::fs::write(&file, &printed).unwrap();
        let error = check(folder.path()).unwrap_err().to_string();
        assert!(error.contains("lloyds.toml") && error.contains("api_base_url"), "{error}");
        std::fs::write(&file, printed.replace("{operator}", "https://bank.test")).unwrap();
        let said = check(folder.path()).unwrap();
        assert!(said.contains("Lloyds Bank") && said.contains("\n1 loaded"), "{said}");
    }

    /// A template of an operator's folder: some of its values have sources.
    const TEMPLATE: &str = r#"template = true
id = "some-bank"
name = "Some Bank"
bic = "SOMEDEFF"
countries = ["DE"]
executes_at_approval = true
api_base_url = "{operator}"
rails = ["sepa"]
currencies = ["EUR"]
sca_methods = ["redirect"]
capabilities = ["single_payment"]
mandatory_fields = ["debtor_account"]

[standard.next-gen-psd2]
version = "1.3.12"
psu_id_type = "SOME"

[[sources]]
document = "Some Bank, XS2A handbook 2.1"
publisher = "bank"
date = "2026-08-21"
address = "https://bank.test/handbook"
keys = ["standard.next-gen-psd2", "rails"]

[[sources]]
document = "Register of banks"
publisher = "register"
date = "2026"
keys = ["bic"]
"#;

    #[test]
    fn values_of_a_template_are_printed_with_their_sources() {
        let template = Template::parse("de/some-bank.toml", TEMPLATE).unwrap();
        assert_eq!(
            values(&template).join("\n"),
            r#"
bank: Some Bank, XS2A handbook 2.1, 2026-08-21 https://bank.test/handbook
  rails = ["sepa"]
  standard.next-gen-psd2.psu_id_type = "SOME"
  standard.next-gen-psd2.version = "1.3.12"

register: Register of banks, 2026
  bic = "SOMEDEFF"

unverified: no source; compare with the bank's documentation
  capabilities = ["single_payment"]
  mandatory_fields = ["debtor_account"]
  sca_methods = ["redirect"]"#
        );
    }

    #[test]
    fn a_check_warns_of_values_without_a_source_until_the_operator_writes_them() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            std::fs::create_dir_all(folder.path().join("de")).unwrap();
            std::fs::write(folder.path().join("de").join(name), text).unwrap();
        };
        let mut own = "template = \"some-bank\"\nid = \"own\"\n\
                       api_base_url = \"https://bank.test/v1\"\n"
            .to_owned();
        write("some-bank.toml", TEMPLATE);
        write("own.toml", &own);
        let said = check(folder.path()).unwrap();
        let warning = "warning: own: no source says `capabilities`, `mandatory_fields`, \
                       `sca_methods`; before production, compare with the bank's documentation \
                       and write what is right into your file\n1 loaded, 1 with a warning";
        assert!(said.ends_with(warning), "{said}");
        own.push_str("sca_methods = [\"redirect\"]\nmandatory_fields = []\n");
        write("own.toml", &own);
        let said = check(folder.path()).unwrap();
        assert!(said.contains("no source says `capabilities`;"), "{said}");
        own.push_str("capabilities = [\"single_payment\"]\n");
        write("own.toml", &own);
        let said = check(folder.path()).unwrap();
        assert!(!said.contains("warning") && said.ends_with("\n1 loaded"), "{said}");
    }

    #[test]
    fn templates_are_listed_by_country_and_unknown_ones_are_refused() {
        let polish = templates(Some("PL")).unwrap();
        assert!(polish.contains("mbank-pl") && !polish.contains("lloyds"), "{polish}");
        assert!(templates(None).unwrap().contains("lloyds"));
        let error = templates(Some("JP")).unwrap_err().to_string();
        assert!(error.contains("JP") && error.contains("GB"), "{error}");
        let error = completion("nobody").unwrap_err().to_string();
        assert!(error.contains("nobody") && error.contains("bascule banks templates"), "{error}");
    }
}
