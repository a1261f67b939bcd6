//! The files of all languages against each other, and against the pages that use them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use fluent_syntax::ast::{Entry, Resource};
use fluent_syntax::parser::parse;
use fluent_syntax::serializer::serialize;
use regex::Regex;

use super::{ENGLISH_TAG, FOLDERS};

/// The messages of a language: their ids, and the names of their placeholders.
pub(crate) type Messages = BTreeMap<String, BTreeSet<String>>;

/// The contents of the files of a language.
///
/// # Panics
/// If a file does not parse, or has something that pages do not read.
pub(crate) fn messages(tag: &str) -> Messages {
    let (_, files) = FOLDERS.iter().find(|(found, _)| *found == tag).unwrap();
    let placeholder = Regex::new(r"\$([a-z-]+)").unwrap();
    let mut messages = Messages::new();
    for text in *files {
        let resource = parse(*text).unwrap_or_else(|(_, errors)| panic!("{tag}: {errors:?}"));
        for entry in resource.body {
            let message = match &entry {
                Entry::Message(message) => message,
                Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => continue,
                Entry::Term(_) | Entry::Junk { .. } => panic!("{tag}: {entry:?}"),
            };
            let id = message.id.name.to_owned();
            assert!(message.value.is_some(), "{tag}: {id} has no text");
            assert!(message.attributes.is_empty(), "{tag}: {id}: pages read no attributes");
            let written = serialize(&Resource { body: vec![entry.clone()] });
            let code = written.lines().filter(|line| !line.starts_with('#'));
            let placeholders = found_in(&code.collect::<String>(), &placeholder);
            assert_eq!(
                messages.insert(id.clone(), placeholders),
                None,
                "{tag}: {id} is there twice"
            );
        }
    }
    messages
}

/// The matches of the first group of `pattern` in `text`.
fn found_in(text: &str, pattern: &Regex) -> BTreeSet<String> {
    pattern.captures_iter(text).map(|found| found[1].to_owned()).collect()
}

/// Sources of pages and their templates, without tests: paths and texts.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = vec![];
    for folder in ["src/pages", "templates"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() || path.ends_with("samples.rs") {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
            sources.push((path.display().to_string(), code));
        }
    }
    for file in ["src/language.rs", "src/receipt.rs"] {
        let path = root.join(file);
        sources.push((path.display().to_string(), fs::read_to_string(path).unwrap()));
    }
    sources
}

/// How a page asks for a message by its id.
const CALL: &str = r#"\b(?:language|self|texts)\s*\.(?:text|with|write)\(\s*"([^"]*)""#;
/// How Rust names an id, wherever it does, or the half that the ids of a title and a text have in common.
const QUOTED: &str = r#""([a-z]+(?:-[a-z]+)*)""#;

#[test]
fn every_language_has_every_message_with_the_same_placeholders() {
    let english = messages(ENGLISH_TAG);
    for (tag, _) in FOLDERS {
        assert!(tag.parse::<unic_langid::LanguageIdentifier>().is_ok(), "locales/{tag}: no tag");
        for (id, placeholders) in messages(tag) {
            let expected = english.get(&id);
            assert_eq!(expected, Some(&placeholders), "{tag}: {id}: not as in English");
        }
        let missing: Vec<_> =
            english.keys().filter(|id| !messages(tag).contains_key(*id)).collect();
        assert!(missing.is_empty(), "{tag} lacks {missing:?}");
    }
}

#[test]
fn ids_say_in_kebab_case_what_a_text_is_for() {
    let kebab = Regex::new("^[a-z]+(-[a-z]+)*$").unwrap();
    for id in messages(ENGLISH_TAG).keys() {
        assert!(kebab.is_match(id), "{id}");
    }
}

#[test]
fn every_message_is_used_and_every_message_that_is_used_is_there() {
    let messages = messages(ENGLISH_TAG);
    let mut unused: BTreeSet<&str> = messages.keys().map(String::as_str).collect();
    // Other names in the form of an id, with the same beginning.
    let others = ["bank-id", "standing-order"];
    let families: BTreeSet<&str> = messages.keys().filter_map(|id| id.split('-').next()).collect();
    let (call, quoted) = (Regex::new(CALL).unwrap(), Regex::new(QUOTED).unwrap());
    for (path, code) in sources() {
        let ids = found_in(&code, if path.ends_with(".rs") { &quoted } else { &call });
        for id in ids {
            let halves = [format!("{id}-title"), format!("{id}-text")];
            let both = halves.iter().filter(|half| messages.contains_key(*half)).count();
            let known = messages.contains_key(&id) || both == 2 || others.contains(&id.as_str());
            let is_id = id.contains('-') && families.contains(id.split('-').next().unwrap());
            assert!(known || !is_id, "{path}: {id} is no message");
            unused.remove(id.as_str());
            if both == 2 {
                unused.retain(|message| !halves.iter().any(|half| half == message));
            }
        }
        for id in found_in(&code, &call) {
            assert!(messages.contains_key(&id), "{path}: {id} is no message");
        }
    }
    assert_eq!(unused, BTreeSet::new(), "delete them, or use them");
}

#[test]
fn the_pages_give_each_message_the_values_that_it_takes() {
    let messages = messages(ENGLISH_TAG);
    let with =
        Regex::new(r#"\b(?:language|self)\s*\.with\(\s*"([a-z-]+)",\s*&?\[([^\]]*)\]"#).unwrap();
    let plain = Regex::new(r#"\b(?:language|self)\s*\.text\(\s*"([a-z-]+)"\)"#).unwrap();
    let name = Regex::new(r#"\("([a-z]+)","#).unwrap();
    let mut calls = 0;
    for (path, code) in sources() {
        for call in with.captures_iter(&code) {
            let given = found_in(&call[2], &name);
            assert_eq!(messages.get(&call[1]), Some(&given), "{path}: {}", &call[1]);
            calls += 1;
        }
        for call in plain.captures_iter(&code) {
            let taken = messages.get(&call[1]);
            assert_eq!(taken, Some(&BTreeSet::new()), "{path}: {}", &call[1]);
            calls += 1;
        }
    }
    assert!(calls > 80, "the pages are read: {calls}");
}
