//! Every page in every situation that it can show, in every language: the text for a translator.
//!
//! Each page's module has its samples; here they are rendered. A page without samples fails the test.

use std::collections::BTreeSet;
use std::path::Path;

use askama::Template;
use testkit::text_of;

use super::{Problem, Says, approval, bank_choice, callback, result, session, token_request};
use crate::language::{Language, catalogue};

/// A page in one situation.
pub(super) struct Sample {
    /// The template, without its ending.
    page: &'static str,
    situation: String,
    html: String,
}

impl Sample {
    pub(super) fn of(page: &'static str, situation: &str, template: &impl Template) -> Sample {
        Sample { page, situation: situation.to_owned(), html: template.render().unwrap() }
    }
}

/// The ids of which there are a title and a text, and which begin with one of `families`.
pub(super) fn says(families: &[&str]) -> Vec<Says> {
    let messages = catalogue::messages("en");
    let ids = messages.keys().filter_map(|id| id.strip_suffix("-title"));
    ids.filter(|id| messages.contains_key(&format!("{id}-text")))
        .filter(|id| families.iter().any(|family| id.starts_with(family)))
        .map(|id| Says(id.to_owned().leak()))
        .collect()
}

fn problems(language: Language) -> Vec<Sample> {
    let url = || Some("/again".to_owned());
    let mut samples: Vec<Sample> = says(&["problem-"])
        .into_iter()
        .map(|says| Sample::of("problem", says.0, &Problem::of(language, says)))
        .collect();
    let both = Problem::of(language, Says("problem-shop-silent"));
    let both = Problem { again_url: url(), back_url: url(), ..both };
    samples.push(Sample::of("problem", "with ways on and back", &both));
    samples
}

fn samples(language: Language) -> Vec<Sample> {
    [
        bank_choice::samples(language),
        token_request::samples(language),
        approval::samples(language),
        session::samples(language),
        result::samples(language),
        callback::samples(language),
        problems(language),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn every_page_in_every_situation_in_every_language() {
    for language in Language::all() {
        let samples = samples(language);
        for Sample { page, situation, html } in &samples {
            assert!(!html.contains("{$"), "{page}, {situation}: a value is missing: {html}");
            assert!(!html.contains("<Inc.>"), "{page}, {situation}: not escaped: {html}");
            let tag = format!("<html lang=\"{}\"", language.tag());
            assert!(html.contains(&tag), "{page}, {situation}: {html}");
        }
        let texts: Vec<String> = samples
            .iter()
            .map(|sample| {
                let text = text_of(&sample.html);
                format!("## {}: {}\n{text}\n", sample.page, sample.situation)
            })
            .collect();
        insta::assert_snapshot!(format!("samples_{}", language.tag()), texts.join("\n"));
    }
}

#[test]
fn every_page_has_samples() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let templates = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let pages: BTreeSet<String> = templates
        .filter(|path| std::fs::read_to_string(path).unwrap().contains("{% extends"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let english = Language::all().next().unwrap();
    let sampled = samples(english).into_iter().map(|sample| sample.page.to_owned());
    assert_eq!(sampled.collect::<BTreeSet<_>>(), pages);
}
