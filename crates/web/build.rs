//! Embeds the texts of the pages: every `.ftl` file of `locales/<language>/`. Adding a language is adding
//! a folder.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Error};
use std::path::{Path, PathBuf};

fn main() -> io::Result<()> {
    let root = folder_of("CARGO_MANIFEST_DIR")?.join("locales");
    let mut code = String::from("&[\n");
    for folder in entries(&root)? {
        let language = name(&folder);
        let _ = writeln!(code, "    ({language:?}, &[");
        for file in entries(&folder)? {
            let _ = writeln!(code, "        include_str!({file:?}),");
        }
        code.push_str("    ]),\n");
    }
    code.push_str("]\n");
    fs::write(folder_of("OUT_DIR")?.join("locales.rs"), code)?;
    println!("cargo::rerun-if-changed=locales");
    Ok(())
}

/// The folder that a variable of cargo's names.
fn folder_of(variable: &str) -> io::Result<PathBuf> {
    std::env::var_os(variable)
        .map(PathBuf::from)
        .ok_or_else(|| Error::other(format!("{variable} is not set: build with cargo")))
}

/// The contents of a folder, by name, so that every build embeds the same.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let found: io::Result<Vec<PathBuf>> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut found = found?;
    found.sort();
    Ok(found)
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
