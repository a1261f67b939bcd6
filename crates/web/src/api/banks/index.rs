//! The directory as lists need it: rendered once, in every order that can be asked for.

use std::sync::{Arc, PoisonError, RwLock};

use banks::directory::Directory;
use serde_json::value::RawValue;

use super::entry;
use super::flags::FLAGS;

/// One bank, ready to be filtered and sent.
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) id_lower: String,
    pub(super) name: String,
    pub(super) name_lower: String,
    pub(super) bank_code: String,
    pub(super) bic_lower: String,
    pub(super) countries: Vec<String>,
    pub(super) group_lower: String,
    pub(super) sub_group_lower: String,
    pub(super) standard: &'static str,
    pub(super) sca_methods: Vec<&'static str>,
    pub(super) rails: Vec<String>,
    /// By the place in [`FLAGS`].
    pub(super) flags: Vec<bool>,
    rank: u32,
    pub(super) v1: Box<RawValue>,
    pub(super) v2: Box<RawValue>,
}

/// The index of the newest directory.
pub struct BankLists {
    newest: RwLock<(Arc<Directory>, Arc<BankIndex>)>,
    /// Base URL of the logos that the gateway gives out.
    public_url: String,
}

impl BankLists {
    /// Renders the directory.
    #[must_use]
    pub fn of(directory: Arc<Directory>, public_url: &str) -> BankLists {
        let index = Arc::new(BankIndex::of(&directory, public_url));
        let public_url = public_url.to_owned();
        BankLists { newest: RwLock::new((directory, index)), public_url }
    }

    /// The index of that directory: rendered again if another one was rendered last.
    pub(super) fn newest(&self, directory: Arc<Directory>) -> Arc<BankIndex> {
        let (rendered, index) = self.newest.read().unwrap_or_else(PoisonError::into_inner).clone();
        if Arc::ptr_eq(&rendered, &directory) {
            return index;
        }
        let index = Arc::new(BankIndex::of(&directory, &self.public_url));
        let newest = (directory, Arc::clone(&index));
        *self.newest.write().unwrap_or_else(PoisonError::into_inner) = newest;
        index
    }
}

/// How a list is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Name,
    Country,
    Standard,
    Rank,
    Provider,
}

/// Every bank of a directory.
pub struct BankIndex {
    /// By name.
    entries: Vec<Entry>,
    by_country: Vec<usize>,
    by_standard: Vec<usize>,
    by_rank: Vec<usize>,
}

impl BankIndex {
    /// Renders the directory.
    #[must_use]
    pub fn of(directory: &Directory, public_url: &str) -> BankIndex {
        let raw = |value: serde_json::Value| serde_json::value::to_raw_value(&value).ok();
        let mut entries: Vec<Entry> = directory
            .iter()
            .filter_map(|bank| {
                let lower = |text: &Option<String>| text.clone().unwrap_or_default().to_lowercase();
                Some(Entry {
                    id: bank.id.clone(),
                    id_lower: bank.id.to_lowercase(),
                    name: bank.name.clone(),
                    name_lower: bank.name.to_lowercase(),
                    bank_code: bank.bank_code.clone().unwrap_or_default(),
                    bic_lower: bank.bic.to_lowercase(),
                    countries: bank.countries.clone(),
                    group_lower: lower(&bank.bank_group),
                    sub_group_lower: lower(&bank.bank_sub_group),
                    standard: entry::standard(bank),
                    sca_methods: entry::sca_methods(bank),
                    rails: entry::rails(bank),
                    flags: FLAGS.iter().map(|flag| (flag.of)(bank)).collect(),
                    rank: bank.rank,
                    v1: raw(entry::v1(bank, public_url))?,
                    v2: raw(entry::v2(bank, public_url))?,
                })
            })
            .collect();
        entries.sort_by(|a, b| (&a.name_lower, &a.id).cmp(&(&b.name_lower, &b.id)));
        let sorted = |compare: fn(&Entry, &Entry) -> std::cmp::Ordering| {
            let mut places: Vec<usize> = (0..entries.len()).collect();
            // A stable sort keeps the order of names among equals.
            places.sort_by(|a, b| match (entries.get(*a), entries.get(*b)) {
                (Some(a), Some(b)) => compare(a, b),
                _ => std::cmp::Ordering::Equal,
            });
            places
        };
        let by_country = sorted(|a, b| a.countries.cmp(&b.countries));
        let by_standard = sorted(|a, b| a.standard.cmp(b.standard));
        let by_rank = sorted(|a, b| a.rank.cmp(&b.rank));
        BankIndex { entries, by_country, by_standard, by_rank }
    }

    /// All banks in that order.
    pub(super) fn in_order(&self, order: Order) -> Box<dyn Iterator<Item = &Entry> + Send + '_> {
        let places = match order {
            // There is one provider, so its order is that of names.
            Order::Name | Order::Provider => return Box::new(self.entries.iter()),
            Order::Country => &self.by_country,
            Order::Standard => &self.by_standard,
            Order::Rank => &self.by_rank,
        };
        Box::new(places.iter().filter_map(|place| self.entries.get(*place)))
    }
}
