//! The templates' texts, embedded in the program. A test compares this list with the folder.

/// One template: its path in the repository, and its text.
macro_rules! embedded {
    ($($country:literal: [$($id:literal),+ $(,)?]),+ $(,)?) => {
        &[$($((
            concat!("banks/", $country, "/", $id, ".toml"),
            include_str!(concat!("../../../../banks/", $country, "/", $id, ".toml")),
        )),+),+]
    };
}

/// All templates, by country and id.
pub(super) const TEMPLATES: &[(&str, &str)] = embedded![
    "gb": ["barclays"],
];
