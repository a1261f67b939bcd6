//! Reading JSON bodies: unknown fields are ignored, everything else that does not fit is refused
//! with the path of the field.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{
    DeserializeOwned, Deserializer, Error, IntoDeserializer, MapAccess, Unexpected, Visitor,
};

use serde_json::Value;

use super::error::{ApiError, FieldFault};

/// Reads `body` as a `T`.
///
/// # Errors
/// [`ApiError::Field`] with the dotted path of the first field that does not fit.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(ApiError::field(FieldFault::Expected, "", "A JSON body is required."));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let Object(value) = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        let path = if path == "." { "" } else { &path };
        explain(&inner, path)
    })?;
    deserializer
        .end()
        .map_err(|error| ApiError::field(FieldFault::InvalidFormat, "", not_json(&error)))?;
    Ok(value)
}

/// As [`read`], with names of fields in either of protobuf's two forms: `sortCode` and `sort_code`.
/// The published guides of payments v1 have both.
///
/// # Errors
/// As [`read`], and if both forms of a name are present. Paths have the first form.
pub fn read_either_name<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => read(one_name(value, "")?.to_string().as_bytes()),
        // For text that is not JSON, `read` has the message.
        Err(_) => read(body),
    }
}

/// Recursion ends where serde_json's does, at 128 levels.
fn one_name(value: Value, path: &str) -> Result<Value, ApiError> {
    let below =
        |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    Ok(match value {
        Value::Object(fields) => {
            let mut renamed = serde_json::Map::with_capacity(fields.len());
            for (name, value) in fields {
                let ours = in_camel_case(&name);
                let path = below(&ours);
                let value = one_name(value, &path)?;
                if renamed.insert(ours.clone(), value).is_some() {
                    let message = format!("`{ours}` is there twice, in two forms: send one.");
                    return Err(ApiError::field(FieldFault::Invalid, path, message));
                }
            }
            Value::Object(renamed)
        }
        Value::Array(values) => {
            let renamed = values
                .into_iter()
                .enumerate()
                .map(|(index, value)| one_name(value, &format!("{path}[{index}]")));
            Value::Array(renamed.collect::<Result<_, _>>()?)
        }
        other => other,
    })
}

/// `sortCode` of `sort_code`.
fn in_camel_case(name: &str) -> String {
    let mut parts = name.split('_');
    let mut joined = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        joined.extend(letters.next().map(|one| one.to_ascii_uppercase()));
        joined.push_str(letters.as_str());
    }
    joined
}

/// A `T` that was an object. By itself serde takes an array for a struct, too, field by field.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        object(deserializer).map(Object)
    }
}

/// For `#[serde(deserialize_with)]` of a field that is an object.
///
/// # Errors
/// If it is something else, or its fields do not fit.
pub fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_map(ObjectVisitor(PhantomData))
}

/// The same where the field may be null; `#[serde(default)]` lets it be missing.
///
/// # Errors
/// As [`object`].
pub fn optional_object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Ok(Option::<Object<T>>::deserialize(deserializer)?.map(|Object(value)| value))
}

/// For `#[serde(deserialize_with)]` of a field that is a word of an enum. By itself serde takes an
/// object for a word, too, and serde_json calls everything else bad syntax.
///
/// # Errors
/// If it is no text, or none of the words.
pub fn word<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    T::deserialize(String::deserialize(deserializer)?.into_deserializer())
}

/// The same where the field may be null; `#[serde(default)]` lets it be missing.
///
/// # Errors
/// As [`word`].
pub fn optional_word<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| T::deserialize(text.into_deserializer())).transpose()
}

/// For `#[serde(default, deserialize_with)]` of a truth value that may be missing or null. Some
/// clients write it as text.
///
/// # Errors
/// If it is neither true nor false, nor a text that says so.
pub fn optional_truth<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<bool>, D::Error> {
    struct Truth;
    impl Visitor<'_> for Truth {
        type Value = Truthful;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("true or false")
        }

        fn visit_bool<E: Error>(self, value: bool) -> Result<Truthful, E> {
            Ok(Truthful(value))
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Truthful, E> {
            let value = super::query::truth_of(text).map(Truthful);
            value.ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
        }
    }
    struct Truthful(bool);
    impl<'de> Deserialize<'de> for Truthful {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Truthful, D::Error> {
            deserializer.deserialize_any(Truth)
        }
    }
    Ok(Option::<Truthful>::deserialize(deserializer)?.map(|Truthful(value)| value))
}

/// For `#[serde(deserialize_with)]` of a reference or a number of an account. They are published as
/// text, but clients whose references are digits only send them as JSON numbers. A number's leading
/// zeros are lost, and none are guessed: an account number that is too short then is refused.
///
/// # Errors
/// If it is neither text nor a whole number, not negative, of at most 20 digits.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Text::deserialize(deserializer).map(|Text(text)| text)
}

/// The same where the field may be null; `#[serde(default)]` lets it be missing.
///
/// # Errors
/// As [`text`].
pub fn optional_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    Ok(Option::<Text>::deserialize(deserializer)?.map(|Text(text)| text))
}

struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
        struct Digits;
        impl Visitor<'_> for Digits {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
        }
        deserializer.deserialize_any(Digits)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

fn explain(error: &serde_json::Error, path: &str) -> ApiError {
    if !error.is_data() {
        return ApiError::field(FieldFault::InvalidFormat, "", not_json(error));
    }
    // serde shows the kind of a data error only in its text; these beginnings are part of its API
    // (`serde::de::Error`), and a test holds them.
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    if let Some(field) = text.strip_prefix("missing field ") {
        let field = field.trim_matches('`');
        let path = if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") };
        return ApiError::field(FieldFault::Expected, path, format!("`{field}` is required."));
    }
    let name = path.rsplit('.').next().unwrap_or(path);
    // Null for a field that is needed says as little as a field that is missing.
    if !path.is_empty() && text.starts_with("invalid type: null") {
        return ApiError::field(FieldFault::Expected, path, format!("`{name}` is required."));
    }
    if let Some(rest) = text.strip_prefix("unknown variant ") {
        let value = match rest.rsplit_once(", expected ") {
            Some((value, expected)) if may_be_personal(value) => {
                format!("an unknown value, expected {expected}")
            }
            Some(_) | None => format!("the unknown value {rest}"),
        };
        return ApiError::field(
            FieldFault::Invalid,
            path,
            format!("`{name}` has {}.", limited(&value)),
        );
    }
    // serde repeats the value, which may be a name, an account or a card.
    let text = match text.rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None => text.to_owned(),
    };
    ApiError::field(FieldFault::InvalidFormat, path, format!("`{name}`: {}.", limited(&text)))
}

/// Whether a value may be more than a misspelt word: it has many digits, or spaces.
fn may_be_personal(value: &str) -> bool {
    /// The most digits of a value that does not count as personal.
    const DIGITS_MAX: usize = 4;
    value.chars().filter(char::is_ascii_digit).count() > DIGITS_MAX
        || value.contains(char::is_whitespace)
}

fn not_json(error: &serde_json::Error) -> String {
    format!("The body is not JSON: {}.", limited(&error.to_string()))
}

fn limited(text: &str) -> String {
    text.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "only its reading is looked at")]
    struct Outer {
        #[serde(deserialize_with = "object")]
        inner: Inner,
        list: Option<Vec<Inner>>,
        #[serde(default, deserialize_with = "optional_object")]
        more: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "only its reading is looked at")]
    struct Inner {
        ref_id: String,
        #[serde(default, deserialize_with = "optional_word")]
        kind: Option<Kind>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "UPPERCASE")]
    enum Kind {
        One,
    }

    #[test]
    fn a_value_that_does_not_fit_is_not_repeated() {
        let message = |body: &str| match read::<Outer>(body.as_bytes()) {
            Err(ApiError::Field { message, .. }) => message,
            other => panic!("{other:?}"),
        };
        for (body, expected) in [
            (r#"{"inner":{"refId":4111111111111111}}"#, "`refId`: expected a string."),
            (r#"{"inner":"4111111111111111"}"#, "`inner`: expected an object."),
            (r#"{"inner":", expected Jane Doe"}"#, "`inner`: expected an object."),
            (
                r#"{"inner":{"refId":"a","kind":"4111111111111111"}}"#,
                "`kind` has an unknown value, expected `ONE`.",
            ),
            (
                r#"{"inner":{"refId":"a","kind":"Jane Doe"}}"#,
                "`kind` has an unknown value, expected `ONE`.",
            ),
            (
                r#"{"inner":{"refId":"a","kind":"TWO"}}"#,
                "`kind` has the unknown value `TWO`, expected `ONE`.",
            ),
        ] {
            assert_eq!(message(body), expected, "{body}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_path() {
        let fault = |body: &str| match read::<Outer>(body.as_bytes()) {
            Err(ApiError::Field { fault, path, .. }) => (fault.code(), path),
            other => panic!("{other:?}"),
        };
        assert_eq!(fault(""), ("Field.Expected", String::new()));
        assert_eq!(fault("{"), ("Field.InvalidFormat", String::new()));
        assert_eq!(fault(r#"{"inner":{"refId":"a"}} x"#), ("Field.InvalidFormat", String::new()));
        assert_eq!(fault("{}"), ("Field.Expected", "inner".to_owned()));
        assert_eq!(fault(r#"{"inner":{}}"#), ("Field.Expected", "inner.refId".to_owned()));
        assert_eq!(
            fault(r#"{"inner":{"refId":7}}"#),
            ("Field.InvalidFormat", "inner.refId".to_owned())
        );
        assert_eq!(
            fault(r#"{"inner":{"refId":"a","kind":"TWO"}}"#),
            ("Field.Invalid", "inner.kind".to_owned())
        );
        assert_eq!(
            fault(r#"{"inner":{"refId":"a"},"list":[{"refId":"a"},{"refId":null}]}"#),
            ("Field.Expected", "list[1].refId".to_owned())
        );
        assert!(read::<Outer>(br#"{"inner":{"refId":"a","kind":null,"more":1}}"#).is_ok());
        for (body, path) in [
            (r#"[{"refId":"a"}]"#, ""),
            (r#"{"inner":["a"]}"#, "inner"),
            (r#"{"inner":{"refId":"a","kind":7}}"#, "inner.kind"),
            (r#"{"inner":{"refId":"a","kind":["ONE"]}}"#, "inner.kind"),
            (r#"{"inner":{"refId":"a"},"more":["a"]}"#, "more"),
            (r#"{"inner":{"refId":"a"},"more":{"refId":1}}"#, "more.refId"),
        ] {
            assert_eq!(fault(body), ("Field.InvalidFormat", path.to_owned()), "{body}");
        }
        assert!(read::<Outer>(br#"{"inner":{"refId":"a"},"more":null}"#).is_ok());
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(fault(&deep), ("Field.InvalidFormat", String::new()));
        assert_eq!(
            fault(r#"{"inner":{"refId":"a","refId":"b"}}"#),
            ("Field.InvalidFormat", "inner".to_owned())
        );
    }
}
