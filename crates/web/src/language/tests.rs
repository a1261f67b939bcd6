//! Which language is chosen, and how values are written in it.

use axum::http::HeaderValue;

use super::*;

/// Languages with one message each, English first.
fn languages(tags: &[&str]) -> Vec<Texts> {
    tags.iter().map(|tag| Texts::read(tag, &["greeting = hello { $name }\n"])).collect()
}

#[test]
fn the_best_language_that_is_there_is_chosen() {
    let texts = languages(&["en", "de", "fr", "pt-BR"]);
    let all: Vec<&Texts> = texts.iter().collect();
    for (header, expected) in [
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en;q=0.5, fr;q=0.7, de;q=0.6", "fr"),
        ("fr;q=0,de", "de"),
        ("es,pt;q=0.9,en;q=0.1", "pt-BR"),
        ("en-GB,de", "en"),
        ("es", "en"),
        ("*", "en"),
        ("", "en"),
        (";q=1,,;", "en"),
        ("de;q=2,fr;q=NaN,pt;q=0.5555", "en"),
        ("fr;q=0.001", "fr"),
        ("fr;q=1.000,de;q=1", "fr"),
        ("DE", "de"),
    ] {
        assert_eq!(best(all[0], &all, &by_preference(header)).name, expected, "{header}");
    }
    let many = format!("{}de", "es,".repeat(RANGES_MAX));
    assert_eq!(best(all[0], &all, &by_preference(&many)).name, "en", "too many to look at");
}

#[test]
fn the_url_counts_before_the_header_and_english_where_neither_is_there() {
    let asked_for = |uri: &str, header: Option<&'static str>| {
        let header = header.map(|value| (header::ACCEPT_LANGUAGE, HeaderValue::from_static(value)));
        Language::asked_for(&uri.parse().unwrap(), &header.into_iter().collect()).tag()
    };
    for language in Language::all() {
        let url = format!("/session/x?lang={}", language.tag());
        assert_eq!(asked_for(&url, Some("en")), language.tag());
    }
    for (uri, header) in [
        ("/session/x", None),
        ("/session/x?lang=", Some("en")),
        ("/session/x?lang=%00", None),
        ("/session/x?lang=xx", Some("yy")),
        ("/session/x?lang=not-a-language-tag-at-all", Some("en-GB;q=0.1")),
    ] {
        assert_eq!(asked_for(uri, header), "en", "{uri} {header:?}");
    }
}

/// A payer who came with `lang` keeps it on the pages behind, also after the bank.
#[test]
fn the_language_of_an_address_is_that_of_the_next_pages() {
    let uri = |text: &str| text.parse::<Uri>().unwrap();
    let kept = Language::cookie_of(&uri("/session/x?lang=pt-br")).unwrap();
    let kept = kept.to_str().unwrap().to_owned();
    assert_eq!(kept, "bascule-lang=pt-BR; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax");
    for none in ["/session/x", "/session/x?lang=", "/session/x?lang=a%0Ab"] {
        assert_eq!(Language::cookie_of(&uri(none)), None, "{none}");
    }
    let sent = kept.split(';').next().unwrap().to_owned();
    let wanted = |path: &str, cookie: &str| {
        let cookie = HeaderValue::from_str(&format!("other=1; {cookie}")).unwrap();
        let german = HeaderValue::from_static("de");
        let headers = [(header::COOKIE, cookie), (header::ACCEPT_LANGUAGE, german)];
        let headers: HeaderMap = headers.into_iter().collect();
        let wanted = wanted_languages(&uri(path), &headers);
        wanted.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(wanted("/callback?code=1", &sent), ["pt-BR", "de"]);
    assert_eq!(wanted("/session/x?lang=fr", &sent), ["fr", "de"], "the address counts more");
    assert_eq!(wanted("/session/x", "bascule-lang=%00"), ["de"]);
}

#[test]
fn marks_stand_around_values_only_in_languages_written_from_right_to_left() {
    let files = ["page-direction = rtl\ngreeting = hello { $name }\n"];
    let values = FluentArgs::from_iter([("name", FluentValue::from("Ahornbank"))]);
    let right_to_left = Texts::read("ar", &files).write("greeting", Some(&values));
    assert_eq!(right_to_left.as_deref(), Some("hello \u{2068}Ahornbank\u{2069}"));
    let left_to_right = languages(&["de"])[0].write("greeting", Some(&values));
    assert_eq!(left_to_right.as_deref(), Some("hello Ahornbank"));
}

#[test]
fn damaged_files_leave_the_rest_and_english_readable() {
    let files = ["= broken\npage-direction = ltr\n", "page-direction = rtl\n"];
    let texts = Texts::read("de", &files);
    assert_eq!(texts.write("page-direction", None).as_deref(), Some("ltr"));
    assert_eq!(texts.write("greeting", None), None);
    let german: &'static Texts = Box::leak(Box::new(texts));
    assert_eq!(Language(german).text("back-to-shop"), "Back to the shop");
    assert_eq!(Language(german).text("no-such-message"), "no-such-message");
}

#[test]
fn english_writes_amounts_days_and_standing_orders() {
    let english = Language(&ENGLISH);
    for (value, currency) in
        [("10.23", "GBP"), ("7", "EUR"), ("1234567.5", "PLN"), ("100000", "JPY")]
    {
        let amount = Amount::parse(value, currency.parse().unwrap()).unwrap();
        assert_eq!(english.amount(&amount), amount.for_people());
    }
    for month in 1..=12 {
        let day = Date::constant(2026, month, 9);
        assert_eq!(english.date(day), day.strftime("%-d %B %Y").to_string());
    }
    let day = Date::constant(2026, 12, 1);
    assert_eq!(english.last_day(day, 1), "No later than 1 December 2026 (1\u{a0}payment)");
    assert_eq!(
        english.last_day(day, 2_912_443),
        "No later than 1 December 2026 (2912443\u{a0}payments)"
    );
    let mut seen: Vec<String> = Frequency::ALL.map(|one| english.frequency(one)).to_vec();
    assert_eq!(seen[0], "Every day");
    assert_eq!(seen[3], "Every month");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), Frequency::ALL.len());
}
