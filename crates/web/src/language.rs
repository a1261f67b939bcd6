//! The languages of the hosted pages and their texts.
//!
//! A language is a folder `locales/<tag>/` of [Fluent](https://projectfluent.org) files; the tag is that of
//! BCP 47 (`en`, `pt-BR`). The build embeds all of them, and the first use loads them. Tests hold that every
//! language has every message, with the same placeholders, and that the pages use each.
//!
//! A message is text and never markup: its caller escapes it, with the values in it.
//!
//! Fluent can put marks around values, so that a name in another direction of writing does not disturb the
//! sentence. They are left out where a language is written from left to right: there the values are names
//! of banks, dates and amounts, and names and texts of members are in a `<bdi>` of their own. They are
//! put in where a language is written from right to left, because Latin names are the usual case there.

use std::convert::Infallible;
use std::sync::LazyLock;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use domain::authorisation::{KnownQuestion, QuestionHint, QuestionLabel};
use domain::initiation::Frequency;
use domain::money::Amount;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_langneg::{NegotiationStrategy, negotiate_languages};
use jiff::civil::Date;
use unic_langid::LanguageIdentifier;

use crate::api::query::Query;
use crate::cookies;

/// A folder: its tag, and the texts of its files.
type Folder = (&'static str, &'static [&'static str]);

/// What `locales` holds.
const FOLDERS: &[Folder] = include!(concat!(env!("OUT_DIR"), "/locales.rs"));
/// The tag of the language for whoever reads none of the others.
const ENGLISH_TAG: &str = "en";
/// The name of the cookie with the language that an address named.
const COOKIE: &str = "bascule-lang";
/// How long a browser keeps the cookie, in seconds: longer than a payer has to approve.
const COOKIE_KEPT_S: u32 = 60 * 60;
/// The most languages of one `Accept-Language` that are read.
const RANGES_MAX: usize = 32;

static ENGLISH: LazyLock<Texts> = LazyLock::new(|| {
    let files = FOLDERS.iter().filter(|(tag, _)| *tag == ENGLISH_TAG).flat_map(|(_, files)| *files);
    Texts::read(ENGLISH_TAG, files)
});
static OTHERS: LazyLock<Vec<Texts>> = LazyLock::new(|| {
    let others = FOLDERS.iter().filter(|(tag, _)| *tag != ENGLISH_TAG);
    others.map(|(tag, files)| Texts::read(tag, *files)).collect()
});

/// The texts of one language.
struct Texts {
    tag: LanguageIdentifier,
    /// The tag as pages name it.
    name: String,
    bundle: FluentBundle<FluentResource>,
}

impl Texts {
    /// Reads the files of a language. An error in a file is logged, and the rest of the file is used.
    fn read<'a>(name: &str, files: impl IntoIterator<Item = &'a &'a str>) -> Texts {
        let tag: LanguageIdentifier = name.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![tag.clone()]);
        for text in files {
            let resource = match FluentResource::try_new((*text).to_owned()) {
                Ok(resource) => resource,
                Err((resource, errors)) => {
                    tracing::error!(language = name, ?errors, "texts of the pages are damaged");
                    resource
                }
            };
            if let Err(errors) = bundle.add_resource(resource) {
                tracing::error!(language = name, ?errors, "texts of the pages are there twice");
            }
        }
        let mut texts = Texts { tag, name: name.to_owned(), bundle };
        let isolating = texts.write("page-direction", None).as_deref() == Some("rtl");
        texts.bundle.set_use_isolating(isolating);
        texts
    }

    /// The message `id` with its values; `None` if the language lacks it.
    fn write(&self, id: &str, values: Option<&FluentArgs<'_>>) -> Option<String> {
        let message = self.bundle.get_message(id)?;
        let mut errors = vec![];
        let text = self.bundle.format_pattern(message.value()?, values, &mut errors);
        if !errors.is_empty() {
            tracing::error!(id, language = self.name, ?errors, "a text lacks a value");
        }
        Some(text.into_owned())
    }
}

/// A language in which the pages are written.
#[derive(Clone, Copy)]
pub(crate) struct Language(&'static Texts);

impl Language {
    /// All of them, English first.
    pub(crate) fn all() -> impl Iterator<Item = Language> {
        std::iter::once(&*ENGLISH).chain(OTHERS.iter()).map(Language)
    }

    /// English, where nobody asks for a language: the API, and mails.
    pub(crate) fn english() -> Language {
        Language(&ENGLISH)
    }

    /// The language that a browser asks for: by `lang` of the URL, else by that of an earlier page, else
    /// by `Accept-Language`; English if it asks for no language that exists.
    pub(crate) fn asked_for(uri: &Uri, headers: &HeaderMap) -> Language {
        let wanted = wanted_languages(uri, headers);
        let all: Vec<&'static Texts> = Language::all().map(|language| language.0).collect();
        Language(best(&ENGLISH, &all, &wanted))
    }

    /// The cookie that carries `lang` of the URL to the payer's next pages, over the bank and back. It
    /// holds no secret, so it may travel without TLS.
    pub(crate) fn cookie_of(uri: &Uri) -> Option<HeaderValue> {
        let query = Query::read(uri.query()).ok()?;
        let tag: LanguageIdentifier = query.text("lang")?.parse().ok()?;
        let kept = format!("Path=/; Max-Age={COOKIE_KEPT_S}; HttpOnly; SameSite=Lax");
        HeaderValue::from_str(&format!("{COOKIE}={tag}; {kept}")).ok()
    }

    /// The language's tag, as BCP 47 writes it.
    pub(crate) fn tag(self) -> &'static str {
        &self.0.name
    }

    /// The message `id`, which has no placeholders.
    pub(crate) fn text(self, id: &str) -> String {
        self.write(id, None)
    }

    /// The message `id` with `values` in its placeholders.
    pub(crate) fn with(self, id: &str, values: &[(&str, &str)]) -> String {
        let values = values.iter().map(|(name, value)| (*name, FluentValue::from(*value)));
        self.write(id, Some(&values.collect()))
    }

    /// An amount.
    pub(crate) fn amount(self, amount: &Amount) -> String {
        let thousands = self.text("amount-thousands-separator");
        let decimal = self.text("amount-decimal-separator");
        let number = amount.grouped(&thousands, &decimal);
        self.with("amount", &[("number", &number), ("currency", amount.currency().code())])
    }

    /// A day.
    pub(crate) fn date(self, day: Date) -> String {
        let mut values = FluentArgs::new();
        values.set("day", day.day().to_string());
        values.set("month", i64::from(day.month()));
        values.set("year", day.year().to_string());
        self.write("date", Some(&values))
    }

    /// How often a standing order pays.
    pub(crate) fn frequency(self, frequency: Frequency) -> String {
        self.with("summary-frequency", &[("frequency", frequency.code())])
    }

    /// The last day on which a standing order may pay, and its `payments` until then.
    pub(crate) fn last_day(self, day: Date, payments: i64) -> String {
        let mut values = FluentArgs::new();
        values.set("day", self.date(day));
        values.set("count", payments);
        self.write("summary-ends-on", Some(&values))
    }

    /// The label of a bank's question.
    pub(crate) fn question(self, label: &QuestionLabel) -> String {
        let known = match label {
            QuestionLabel::Text(text) => return text.clone(),
            QuestionLabel::Known { known } => known,
        };
        self.text(match known {
            KnownQuestion::UserName => "question-user-name",
            KnownQuestion::Password => "question-password",
            KnownQuestion::Method => "question-method",
            KnownQuestion::OneTimePassword => "question-one-time-password",
            KnownQuestion::AppCode => "question-app-code",
        })
    }

    /// The explanation of a bank's question.
    pub(crate) fn hint(self, hint: &QuestionHint) -> String {
        match hint {
            QuestionHint::Text(text) => text.clone(),
            QuestionHint::OneTimePassword { characters_max, digits_only, format } => {
                let length = characters_max.map(|most| {
                    self.with("question-length", &[("count", most.to_string().as_str())])
                });
                let digits = digits_only.then(|| self.text("question-digits-only"));
                let parts: Vec<String> =
                    [length, digits, format.clone()].into_iter().flatten().collect();
                parts.join(", ")
            }
        }
    }

    /// The text for a payer whose bank waits for its app and sends no text itself.
    pub(crate) fn confirm_in_app(self, cancels: bool) -> String {
        self.text(match cancels {
            true => "app-confirm-cancellation",
            false => "app-confirm-payment",
        })
    }

    /// The message, in English if the language lacks it. A message that English lacks is its id;
    /// tests ensure that English has every message.
    fn write(self, id: &str, values: Option<&FluentArgs<'_>>) -> String {
        self.0.write(id, values).or_else(|| ENGLISH.write(id, values)).unwrap_or_else(|| {
            tracing::error!(id, "a text of the pages is missing");
            id.to_owned()
        })
    }
}

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Language, Infallible> {
        Ok(Language::asked_for(&parts.uri, &parts.headers))
    }
}

/// The languages that a browser wants, the most wanted first: that of `lang` in the URL or of an earlier
/// page, then those of `Accept-Language`.
fn wanted_languages(uri: &Uri, headers: &HeaderMap) -> Vec<LanguageIdentifier> {
    let query = Query::read(uri.query()).unwrap_or_default();
    let earlier = || cookies::sent(headers).find(|(name, _)| *name == COOKIE);
    let named = query.text("lang").or_else(|| earlier().map(|(_, tag)| tag));
    let named = named.and_then(|tag| tag.parse().ok());
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    named.into_iter().chain(accepted.map(by_preference).unwrap_or_default()).collect()
}

/// The first language of `wanted` that is among `all`, be it in another region's form; else English.
fn best<'a>(english: &'a Texts, all: &[&'a Texts], wanted: &[LanguageIdentifier]) -> &'a Texts {
    let tags: Vec<&LanguageIdentifier> = all.iter().map(|texts| &texts.tag).collect();
    let found = negotiate_languages(wanted, &tags, None, NegotiationStrategy::Lookup);
    let found = found.first().and_then(|tag| all.iter().find(|texts| texts.tag == ***tag));
    found.copied().unwrap_or(english)
}

/// The languages of an `Accept-Language` (RFC 9110, section 12.5.4), the most wanted first. Unreadable
/// ones, `*` and unwanted ones (`q=0`) are left out.
fn by_preference(header: &str) -> Vec<LanguageIdentifier> {
    let mut ranges: Vec<(u32, LanguageIdentifier)> = header
        .split(',')
        .take(RANGES_MAX)
        .filter_map(|range| {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let weight = parameters.trim().strip_prefix("q=").map_or(Some(1_000), thousandths)?;
            Some((weight, tag.trim().parse().ok()?)).filter(|(weight, _)| *weight > 0)
        })
        .collect();
    // Stable: among equals the first one counts.
    ranges.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    ranges.into_iter().map(|(_, tag)| tag).collect()
}

/// A weight from `0` to `1` with at most three decimals, in thousandths.
fn thousandths(weight: &str) -> Option<u32> {
    let (whole, decimals) = weight.trim().split_once('.').unwrap_or((weight.trim(), ""));
    let readable = decimals.len() <= 3 && decimals.bytes().all(|digit| digit.is_ascii_digit());
    let decimals = format!("{decimals:0<3}").parse::<u32>().ok().filter(|_| readable)?;
    match whole {
        "0" => Some(decimals),
        "1" if decimals == 0 => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod catalogue;
#[cfg(test)]
mod tests;
