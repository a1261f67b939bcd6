//! Templates: real banks whose facts are public, and whose addresses the operator supplies.
//!
//! A template is a profile `banks/<country>/<id>.toml` with `template = true`, and with
//! `"{operator}"` wherever only the operator knows the value: the addresses that a bank gives to
//! registered providers, and sometimes the BIC, where each bank of a group has its own. Templates
//! are embedded in the program. They are checked as strictly as banks, with stand-ins for what is
//! left open, and they are never in a [`Directory`](crate::Directory), so that no payer is offered
//! a bank that cannot be reached.
//!
//! An operator makes one a bank with a file in a folder of their own:
//!
//! ```toml
//! # banks/gb/barclays.toml
//! template = "barclays"
//! api_base_url = "https://…/open-banking/v3.1/pisp"
//!
//! [standard.uk-open-banking]
//! issuer = "https://…"
//! ```
//!
//! The file lies over the template: a key that it has replaces the template's, tables are joined
//! key by key, lists are replaced as a whole. With an `id` of its own, one template serves many
//! banks. A key that is still `"{operator}"` afterwards is an error; the error names every such key.
//!
//! `[[sources]]` of a template names the documents that publish its values: [`Source`].

mod built_in;
mod sources;

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::profile::{BankProfile, ProfileError, where_and_why};

pub use self::sources::{Publisher, Source};

/// Marks values in templates that only the operator knows.
pub const OPERATOR_PLACEHOLDER: &str = "{operator}";

/// Placeholder for an address while a template is checked: a name that never resolves (RFC 2606).
const STAND_IN: &str = "https://operator.invalid";
/// Placeholder for a BIC while a template is checked.
const STAND_IN_BIC: &str = "OPERATOR";
/// Placeholder for a secret while a template is checked.
const STAND_IN_SECRET: &str = "env:OPERATOR";
/// The key that makes a file a template, or names the template that the file completes.
const TEMPLATE_KEY: &str = "template";
/// The key of the documents that a template's values come from.
const SOURCES_KEY: &str = "sources";

/// A bank without the operator's part.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    facts: BankProfile,
    left_open: Vec<String>,
    sources: Vec<Source>,
    table: Table,
}

impl Template {
    /// Reads one template. `file` is only for messages.
    ///
    /// # Errors
    /// [`ProfileError`] names the first key that is missing, unknown or wrong; also where the file
    /// is no template.
    pub fn parse(file: &str, text: &str) -> Result<Template, ProfileError> {
        match ProfileFile::parse(file, text)? {
            ProfileFile::Template(template) => Ok(*template),
            ProfileFile::Bank(_) | ProfileFile::Completion { .. } => {
                Err(fail(file, "`template` must be true".to_owned()))
            }
        }
    }

    /// The facts of the bank. Keys that are left open have stand-ins of no meaning, see
    /// [`Template::left_open`].
    #[must_use]
    pub fn facts(&self) -> &BankProfile {
        &self.facts
    }

    /// The keys that the operator must set, e.g. `standard.stet.token_url`, in alphabetical
    /// order within each table; never empty.
    #[must_use]
    pub fn left_open(&self) -> &[String] {
        &self.left_open
    }

    /// The documents that the values come from, in the file's order.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The values that can be wrong of a bank, as TOML, by dotted key: all but what is left open,
    /// what lists the bank (its id, names, countries, logos), and what follows from other values
    /// (the currencies from the rails).
    #[must_use]
    pub fn values(&self) -> Vec<(String, String)> {
        sources::values(&self.table)
            .into_iter()
            .filter(|(key, _)| sources::needs_source(&self.table, key))
            .map(|(key, value)| (key, value.to_string()))
            .collect()
    }

    /// The keys of [`Template::values`] that no source names.
    #[must_use]
    pub fn unverified(&self) -> Vec<String> {
        let sourced = |key: &str| self.sources.iter().any(|source| source.covers(key));
        self.values().into_iter().map(|(key, _)| key).filter(|key| !sourced(key)).collect()
    }

    /// The unverified keys that `completion`, the operator's keys, does not set: the operator verifies
    /// its own values.
    #[must_use]
    pub fn unverified_after(&self, completion: &Table) -> Vec<String> {
        let written: Vec<String> =
            sources::values(completion).into_iter().map(|(key, _)| key).collect();
        let left = |key: &String| !written.contains(key);
        self.unverified().into_iter().filter(left).collect()
    }

    /// The operator's keys over those of the template.
    #[must_use]
    pub fn completed(&self, completion: Table) -> Table {
        let mut table = self.table.clone();
        lay_over(&mut table, completion);
        table
    }

    /// The bank that the template and `completion`, the operator's keys, make together. `file` is
    /// only for messages.
    ///
    /// # Errors
    /// All keys that are still left open, or the first that is unknown or wrong.
    pub fn complete(&self, file: &str, completion: Table) -> Result<BankProfile, ProfileError> {
        let table = self.completed(completion);
        let open = open_keys(&table);
        if !open.is_empty() {
            let (keys, id) = (open.join("`, `"), &self.facts.id);
            return Err(fail(file, format!("`{keys}`: the template `{id}` leaves this to you")));
        }
        BankProfile::of_table(file, table)
    }

    fn of_table(file: &str, mut table: Table) -> Result<Template, ProfileError> {
        let sources = take_sources(file, &mut table)?;
        let left_open = open_keys(&table);
        if !left_open.iter().any(|key| key == "api_base_url") {
            return Err(fail(file, format!("`api_base_url` must be \"{OPERATOR_PLACEHOLDER}\"")));
        }
        let mut stand_ins = table.clone();
        fill(&mut stand_ins);
        let facts = BankProfile::of_table(file, stand_ins)?;
        if facts.simulated {
            return Err(fail(file, "`simulated` has no place in a template".to_owned()));
        }
        Ok(Template { facts, left_open, sources, table })
    }
}

/// Templates by id.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Templates {
    by_id: BTreeMap<String, Template>,
}

impl Templates {
    /// The templates that are embedded in the program.
    ///
    /// # Errors
    /// The first that does not load; none does in a tested build.
    pub fn built_in() -> Result<Templates, ProfileError> {
        let mut templates = Templates::default();
        for (file, text) in built_in::TEMPLATES {
            templates.add(file, Template::parse(file, text)?)?;
        }
        Ok(templates)
    }

    /// The template with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Template> {
        self.by_id.get(id)
    }

    /// All templates, ordered by id.
    pub fn iter(&self) -> impl Iterator<Item = &Template> {
        self.by_id.values()
    }

    pub(crate) fn add(&mut self, file: &str, template: Template) -> Result<(), ProfileError> {
        let id = template.facts.id.clone();
        match self.by_id.insert(id, template) {
            None => Ok(()),
            Some(_) => Err(fail(file, "`id` is already taken by another template".to_owned())),
        }
    }
}

/// The possible kinds of a file in a banks folder.
pub(crate) enum ProfileFile {
    /// A whole bank.
    Bank(Box<BankProfile>),
    /// A bank without the operator's part.
    Template(Box<Template>),
    /// The operator's part.
    Completion {
        /// Id of the template that it completes.
        template: String,
        /// The operator's keys.
        table: Table,
    },
}

impl ProfileFile {
    /// Reads one file, which its key `template` sorts.
    pub(crate) fn parse(file: &str, text: &str) -> Result<ProfileFile, ProfileError> {
        let mut table: Table =
            toml::from_str(text).map_err(|error| fail(file, where_and_why(text, &error)))?;
        match table.remove(TEMPLATE_KEY) {
            // From the text, so that a complaint shows the line.
            None => Ok(ProfileFile::Bank(Box::new(BankProfile::parse(file, text)?))),
            Some(Value::Boolean(true)) => {
                Ok(ProfileFile::Template(Box::new(Template::of_table(file, table)?)))
            }
            Some(Value::String(template)) => Ok(ProfileFile::Completion { template, table }),
            Some(_) => Err(fail(file, "`template` must be true or a template's id".to_owned())),
        }
    }
}

/// Takes `[[sources]]` out of a template's table.
fn take_sources(file: &str, table: &mut Table) -> Result<Vec<Source>, ProfileError> {
    let Some(value) = table.remove(SOURCES_KEY) else {
        return Ok(Vec::new());
    };
    let sources: Vec<Source> = serde_path_to_error::deserialize(value).map_err(|error| {
        fail(file, format!("`{SOURCES_KEY}{}`: {}", error.path(), error.inner().message()))
    })?;
    let keys: Vec<String> = sources::values(table).into_iter().map(|(key, _)| key).collect();
    match sources.iter().find_map(|source| source.complaint(&keys)) {
        None => Ok(sources),
        Some(complaint) => Err(fail(file, complaint)),
    }
}

fn fail(file: &str, problem: String) -> ProfileError {
    ProfileError { file: file.to_owned(), problem }
}

/// Puts `upper` on `lower`: tables are joined, everything else is replaced. Nesting is bounded by
/// the parser's own limit.
fn lay_over(lower: &mut Table, upper: Table) {
    for (key, value) in upper {
        match (lower.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => lay_over(below, above),
            (_, value) => {
                lower.insert(key, value);
            }
        }
    }
}

fn is_open(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains(OPERATOR_PLACEHOLDER))
        || value.as_array().is_some_and(|values| values.iter().any(is_open))
}

/// The keys whose values are left open, with the tables that they are in.
fn open_keys(table: &Table) -> Vec<String> {
    let mut open = Vec::new();
    for (key, value) in table {
        match value {
            Value::Table(inner) => {
                open.extend(open_keys(inner).into_iter().map(|inner| format!("{key}.{inner}")));
            }
            value if is_open(value) => open.push(key.clone()),
            _ => {}
        }
    }
    open
}

/// Puts stand-ins where values are left open.
fn fill(table: &mut Table) {
    for (key, value) in table.iter_mut() {
        if let Value::Table(inner) = value {
            fill(inner);
        } else if is_open(value) {
            let text = match key.as_str() {
                "bic" => STAND_IN_BIC,
                "client_secret" => STAND_IN_SECRET,
                _ => STAND_IN,
            };
            *value = Value::String(text.to_owned());
        }
    }
}
