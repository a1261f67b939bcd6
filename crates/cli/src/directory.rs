//! `bascule banks`: templates of real banks, the file that completes one, and the check of an
//! operator's folder.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use banks::profile::BankProfile;
use banks::template::{OPERATOR_PLACEHOLDER, Template, Templates};
use banks::{Directory, ProfileError};

use crate::args::{BanksCommand, BanksOptions};
use crate::terminal;

/// Lists templates, prints a file, or checks a folder.
///
/// # Errors
/// If there is no such template, no template of that country, or a file of the folder does not load.
pub fn run(options: BanksOptions) -> anyhow::Result<ExitCode> {
    let said = match options.command {
        BanksCommand::Templates { country } => templates(country.as_deref())?,
        BanksCommand::Show { id } => completion(&id)?,
        BanksCommand::Check { folder } => check(&folder)
            .with_context(|| format!("the folder {} cannot be used", folder.display()))?,
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

/// The operator's file for a template, before it is filled in.
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
    Ok(lines.join("\n"))
}

fn check(folder: &Path) -> Result<String, ProfileError> {
    let directory = Directory::load_dir(folder)?;
    let mut lines: Vec<String> = directory.iter().map(line).collect();
    lines.sort();
    lines.push(format!("{} loaded", lines.len()));
    Ok(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_file_completes_its_template_once_it_is_filled_in() {
        let printed = completion("lloyds").unwrap();
        assert_eq!(
            printed,
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
        assert!(said.contains("Lloyds Bank") && said.ends_with("1 loaded"), "{said}");
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
