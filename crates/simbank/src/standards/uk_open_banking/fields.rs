//! How the requests are checked: which fields there are, which must be there, and their limits.
//!
//! The tables are in `shapes.rs`. Fields that the standard does not have and nulls are refused, as
//! strict banks do.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::problem::{MAXIMUM_PROBLEMS, Problem};
use super::{dialect, international};
use crate::engine::order::{Product, minor_units};

/// A field of an object.
pub(crate) struct Field {
    name: &'static str,
    required: bool,
    kind: Kind,
}

/// The type of a field.
pub(super) enum Kind {
    /// Text of so many characters.
    Text(usize, usize),
    Word(&'static [&'static str]),
    Boolean,
    Amount,
    Currency,
    Country,
    DateTime,
    /// A list of at most so many texts of at most so many characters.
    Lines(usize, usize),
    /// How often a standing order of 3.1 is executed.
    Frequency,
    Integer,
    Number,
    /// A list of objects.
    Objects(&'static [Field]),
    Object(&'static [Field]),
    /// An object whose content the standard leaves open.
    Open,
}

pub(super) const fn must(name: &'static str, kind: Kind) -> Field {
    Field { name, required: true, kind }
}

pub(super) const fn may(name: &'static str, kind: Kind) -> Field {
    Field { name, required: false, kind }
}

/// Everything that is wrong with the shape of a request body, the first problems only.
pub(crate) fn check(fields: &[Field], body: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    match body {
        Value::Object(map) => check_object(fields, map, "", &mut problems),
        _ => problems.push(Problem::new("Resource.InvalidFormat", "the body is not an object")),
    }
    problems.truncate(MAXIMUM_PROBLEMS);
    problems
}

fn check_object(
    fields: &[Field],
    map: &Map<String, Value>,
    prefix: &str,
    problems: &mut Vec<Problem>,
) {
    let path_of = |name: &str| {
        if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
    };
    for field in fields {
        let path = path_of(field.name);
        match map.get(field.name) {
            Some(value) => check_value(&field.kind, value, &path, problems),
            None if field.required => {
                problems.push(Problem::at("Field.Missing", &path, "the field is missing"));
            }
            None => {}
        }
    }
    for name in map.keys().filter(|name| fields.iter().all(|field| field.name != name.as_str())) {
        let path = path_of(name);
        problems.push(Problem::at("Field.Unexpected", &path, "the standard has no such field"));
    }
}

fn check_value(kind: &Kind, value: &Value, path: &str, problems: &mut Vec<Problem>) {
    let text = value.as_str();
    let length = text.map_or(0, |text| text.chars().count());
    let expectation = match kind {
        Kind::Object(fields) => match value {
            Value::Object(map) => return check_object(fields, map, path, problems),
            _ => "must be an object".to_owned(),
        },
        Kind::Objects(fields) => match value {
            Value::Array(list) => {
                for (index, entry) in list.iter().enumerate() {
                    check_value(&Kind::Object(fields), entry, &format!("{path}.{index}"), problems);
                }
                return;
            }
            _ => "must be a list".to_owned(),
        },
        Kind::Integer if value.is_i64() => return,
        Kind::Integer => "must be a whole number".to_owned(),
        Kind::Number if value.is_number() => return,
        Kind::Number => "must be a number".to_owned(),
        Kind::Frequency if text.is_some_and(is_frequency) => return,
        Kind::Frequency => "must be a frequency of the standard".to_owned(),
        Kind::Open if value.is_object() => return,
        Kind::Open => "must be an object".to_owned(),
        Kind::Text(minimum, maximum)
            if text.is_some() && (minimum..=maximum).contains(&&length) =>
        {
            return;
        }
        Kind::Text(minimum, maximum) => {
            format!("must be text of {minimum} to {maximum} characters")
        }
        Kind::Word(words) if text.is_some_and(|text| words.contains(&text)) => return,
        Kind::Word(_) => "must be one of the words of the standard".to_owned(),
        Kind::Boolean if value.is_boolean() => return,
        Kind::Boolean => "must be true or false".to_owned(),
        Kind::Amount if text.is_some_and(is_amount) => return,
        Kind::Amount => "must have 1 to 13 digits and up to 5 decimals".to_owned(),
        Kind::Currency if text.is_some_and(|text| is_capitals(text, 3)) => return,
        Kind::Currency => "must be three capital letters".to_owned(),
        Kind::Country if text.is_some_and(|text| is_capitals(text, 2)) => return,
        Kind::Country => "must be two capital letters".to_owned(),
        Kind::DateTime if text.is_some_and(|text| text.parse::<Timestamp>().is_ok()) => return,
        Kind::DateTime => {
            let what = "must be an ISO 8601 date and time with an offset";
            problems.push(Problem::at("Field.InvalidDate", path, what));
            return;
        }
        Kind::Lines(count, width) if is_lines(value, *count, *width) => return,
        Kind::Lines(count, width) => {
            format!("must be at most {count} texts of 1 to {width} characters")
        }
    };
    problems.push(Problem::at("Field.Invalid", path, expectation));
}

fn is_amount(text: &str) -> bool {
    let digits = |part: &str, maximum: usize| {
        (1..=maximum).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    match text.split_once('.') {
        Some((whole, fraction)) => digits(whole, 13) && digits(fraction, 5),
        None => digits(text, 13),
    }
}

/// `EvryDay`, `EvryWorkgDay`, `IntrvlDay:02..31`, `IntrvlWkDay:01..09:01..07`,
/// `WkInMnthDay:01..05:01..07`, `IntrvlMnthDay:01..06,12,24:-05..-01,01..31`, `QtrDay:…`.
fn is_frequency(text: &str) -> bool {
    let number = |part: &str, from: u32, to: u32| {
        part.len() == 2 && part.parse().is_ok_and(|number: u32| (from..=to).contains(&number))
    };
    let parts: Vec<&str> = text.split(':').collect();
    match parts[..] {
        ["EvryDay" | "EvryWorkgDay"] => true,
        ["IntrvlDay", days] => number(days, 2, 31),
        ["IntrvlWkDay", weeks, day] => number(weeks, 1, 9) && number(day, 1, 7),
        ["WkInMnthDay", week, day] => number(week, 1, 5) && number(day, 1, 7),
        ["IntrvlMnthDay", months, day] => {
            let from_end = day.strip_prefix('-').is_some_and(|day| number(day, 1, 5));
            (number(months, 1, 6) || matches!(months, "12" | "24"))
                && (from_end || number(day, 1, 31))
        }
        ["QtrDay", quarter] => matches!(quarter, "ENGLISH" | "SCOTTISH" | "RECEIVED"),
        _ => false,
    }
}

fn is_capitals(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_lines(value: &Value, maximum_count: usize, maximum_width: usize) -> bool {
    let fits = |line: &Value| {
        line.as_str().is_some_and(|text| (1..=maximum_width).contains(&text.chars().count()))
    };
    value.as_array().is_some_and(|lines| lines.len() <= maximum_count && lines.iter().all(fits))
}

/// Checks that the shape cannot express: the features of these banks. Call after [`check`] found nothing.
pub(crate) fn check_meaning(product: Product, initiation: &Value, now: Timestamp) -> Vec<Problem> {
    let mut problems = Vec::new();
    let name = product.amount_field();
    let amount = &initiation[name];
    if product == Product::InternationalPayment {
        return international::problems(initiation);
    }
    if amount["Currency"] != "GBP" {
        let path = format!("Data.Initiation.{name}.Currency");
        problems.push(Problem::at("Unsupported.Currency", &path, "only GBP is supported"));
    } else if amount["Amount"].as_str().and_then(minor_units).is_none() {
        let path = format!("Data.Initiation.{name}.Amount");
        let what = "must be a whole number of pence above zero";
        problems.push(Problem::at("Field.Invalid", &path, what));
    }
    let later = matches!(product, Product::ScheduledPayment | Product::StandingOrder);
    if later && dialect::first_at(initiation).is_none_or(|at| at <= now) {
        let what = "the first payment must be in the future";
        problems.push(Problem::at("Field.InvalidDate", "Data.Initiation", what));
    }
    if product == Product::StandingOrder && dialect::interval(initiation).is_none() {
        let what = "the frequency is not offered";
        problems.push(Problem::at("Unsupported.Frequency", "Data.Initiation", what));
    }
    let instrument = initiation["LocalInstrument"].as_str();
    if !matches!(instrument, None | Some("UK.OBIE.FPS" | "UK.OBIE.BACS" | "UK.OBIE.CHAPS")) {
        let path = "Data.Initiation.LocalInstrument";
        problems.push(Problem::at("Unsupported.LocalInstrument", path, "it is not supported"));
    }
    for name in ["DebtorAccount", "CreditorAccount"] {
        check_account(&initiation[name], &format!("Data.Initiation.{name}"), &mut problems);
    }
    problems
}

pub(super) fn check_account(account: &Value, path: &str, problems: &mut Vec<Problem>) {
    let Some(scheme) = account["SchemeName"].as_str() else { return };
    let identification = account["Identification"].as_str().unwrap_or_default();
    let is = |length: std::ops::RangeInclusive<usize>, test: fn(&u8) -> bool| {
        length.contains(&identification.len()) && identification.as_bytes().iter().all(test)
    };
    let good = match scheme {
        "UK.OBIE.SortCodeAccountNumber" => is(14..=14, u8::is_ascii_digit),
        "UK.OBIE.IBAN" => is(15..=34, u8::is_ascii_alphanumeric),
        _ => {
            let what = "only sort code and account number, and IBAN, are supported";
            problems.push(Problem::at("Unsupported.AccountIdentifier", path, what));
            return;
        }
    };
    if !good {
        let path = format!("{path}.Identification");
        let what = format!("is not of the form that {scheme} has");
        problems.push(Problem::at("Field.Invalid", &path, what));
    }
}
