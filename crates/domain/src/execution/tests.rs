//! Days and rails of payments, by example and as laws.

use jiff::ToSpan;
use jiff::civil::{date, datetime};
use proptest::prelude::*;

use super::*;
use crate::account::{AccountIdentifier, Party};
use crate::initiation::Frequency;
use crate::money::{Amount, Currency};

fn sepa_hours() -> WorkingHours {
    WorkingHours { calendar: Calendar::Target2, until_minute: 15 * 60, ..WorkingHours::ALWAYS }
}

fn euros(value: &str, rail: impl Into<LocalInstrument>) -> Order {
    let account = AccountIdentifier::Iban { iban: "DE89370400440532013000".to_owned(), bic: None };
    Order {
        ref_id: "ORDER-1".to_owned(),
        remittance_primary: "ORDER-1".to_owned(),
        remittance_secondary: None,
        on_behalf_of_id: None,
        amount: Amount::parse(value, Currency::EUR).unwrap(),
        local_instrument: rail.into(),
        debtor: None,
        creditor: Party { account: Some(account), ..Party::default() },
        schedule: Schedule::Immediate,
        confirm_funds: false,
        return_refund_account: false,
        return_tokenized_account: false,
        creditor_verification_id: None,
        debtor_account_id: None,
        disable_future_dated_payment_conversion: false,
        charge_bearer: None,
        risk: None,
        own_references: Default::default(),
    }
}

fn terms(rail: Rail, most: Option<i64>) -> RailTerms {
    let hours = if rail.is_instant() { WorkingHours::ALWAYS } else { sepa_hours() };
    RailTerms { rail, hours, most, schedules: true, status: StatusTerms::default() }
}

fn decide(asked: &Order, schedules: bool, at: DateTime) -> Execution {
    Execution::decide(asked, &[terms(Rail::Sepa, None)], schedules, at).unwrap()
}

/// 2026: 1 January is a Thursday, Easter is 5 April, Christmas a Friday.
#[test]
fn what_comes_too_late_waits_for_the_next_working_day() {
    let table = [
        // Monday: in the night, before noon, the last minute, the cut-off itself, the evening.
        (datetime(2026, 1, 5, 0, 0, 0, 0), date(2026, 1, 5)),
        (datetime(2026, 1, 5, 10, 0, 0, 0), date(2026, 1, 5)),
        (datetime(2026, 1, 5, 14, 59, 59, 999_999_999), date(2026, 1, 5)),
        (datetime(2026, 1, 5, 15, 0, 0, 0), date(2026, 1, 6)),
        (datetime(2026, 1, 5, 23, 59, 0, 0), date(2026, 1, 6)),
        // Friday afternoon, the weekend, New Year, Easter, Labour Day, Christmas.
        (datetime(2026, 1, 9, 15, 0, 0, 0), date(2026, 1, 12)),
        (datetime(2026, 1, 10, 9, 0, 0, 0), date(2026, 1, 12)),
        (datetime(2026, 1, 11, 23, 0, 0, 0), date(2026, 1, 12)),
        (datetime(2025, 12, 31, 16, 0, 0, 0), date(2026, 1, 2)),
        (datetime(2026, 4, 2, 16, 0, 0, 0), date(2026, 4, 7)),
        (datetime(2026, 4, 30, 15, 1, 0, 0), date(2026, 5, 4)),
        (datetime(2026, 12, 24, 18, 0, 0, 0), date(2026, 12, 28)),
    ];
    for (at, day) in table {
        assert_eq!(sepa_hours().day_of_execution(at), day, "{at}");
        assert_eq!(WorkingHours::ALWAYS.day_of_execution(at), at.date(), "{at}");
    }
}

#[test]
fn an_immediate_payment_outside_the_hours_gets_a_day_where_that_can_be() {
    let (monday, saturday) = (datetime(2026, 1, 5, 14, 0, 0, 0), datetime(2026, 1, 10, 9, 0, 0, 0));
    let rail = Rail::Sepa;
    let asked = euros("10", rail);
    let at_once = Execution { rail, day: None, converted: false, status: StatusTerms::default() };
    let converted = Execution { day: Some(date(2026, 1, 12)), converted: true, ..at_once };
    assert_eq!(decide(&asked, true, monday), at_once, "within the hours");
    assert_eq!(decide(&asked, true, saturday), converted);
    assert_eq!(decide(&asked, false, saturday), at_once, "a bank without future-dated payments");
    let forbidden = Order { disable_future_dated_payment_conversion: true, ..asked.clone() };
    assert_eq!(decide(&forbidden, true, saturday), at_once, "the member forbids it");
    let confirmed = Order { confirm_funds: true, ..asked.clone() };
    assert_eq!(decide(&confirmed, true, saturday), at_once, "funds are confirmed for now");
    let schedule = converted.schedule(asked.schedule);
    assert_eq!(schedule, Schedule::FutureDated { date: date(2026, 1, 12) });
    assert_eq!(at_once.schedule(asked.schedule), Schedule::Immediate);
}

#[test]
fn a_day_that_was_asked_for_moves_to_a_working_day_and_is_no_conversion() {
    let at = datetime(2026, 1, 5, 16, 0, 0, 0);
    let rail = Rail::Sepa;
    let on = |date| {
        let asked = Order { schedule: Schedule::FutureDated { date }, ..euros("10", rail) };
        decide(&asked, true, at)
    };
    let at_once = Execution { rail, day: None, converted: false, status: StatusTerms::default() };
    let day = |date| Execution { day: Some(date), ..at_once };
    assert_eq!(on(date(2026, 1, 7)), day(date(2026, 1, 7)));
    assert_eq!(on(date(2026, 1, 10)), day(date(2026, 1, 12)), "a Saturday");
    assert_eq!(on(date(2026, 4, 3)), day(date(2026, 4, 7)), "Good Friday");
    let at_once = Execution { rail, day: None, converted: false, status: StatusTerms::default() };
    assert_eq!(on(date(2026, 1, 5)), at_once, "the day has come meanwhile");
    let standing = Schedule::StandingOrder {
        first: date(2026, 1, 10),
        frequency: Frequency::Mnth,
        last: None,
    };
    let asked = Order { schedule: standing, ..euros("10", rail) };
    let decided = decide(&asked, true, at);
    assert_eq!(decided, at_once, "standing orders have days of their own");
    assert_eq!(decided.schedule(standing), standing);
}

#[test]
fn auto_select_takes_the_best_rail_that_the_bank_has_and_that_carries_as_much() {
    let (instant, plain) = (Rail::SepaInstant, Rail::Sepa);
    let at = datetime(2026, 1, 5, 10, 0, 0, 0);
    let limited = [terms(plain, Some(5_000_000)), terms(instant, Some(1_000_000))];
    let pick = |value: &str, offered: &[RailTerms]| {
        let asked = euros(value, LocalInstrument::AutoSelect);
        Execution::decide(&asked, offered, true, at).map(|decided| decided.rail)
    };
    assert_eq!(pick("99.99", &limited), Ok(instant));
    assert_eq!(pick("100", &limited), Ok(instant), "the limit itself");
    assert_eq!(pick("100.01", &limited), Ok(plain));
    assert_eq!(pick("500.01", &limited), Err(NoRail::TooMuch { most: 5_000_000 }));
    assert_eq!(pick("1", &[terms(plain, None)]), Ok(plain));
    assert_eq!(pick("1.2300", &limited), Ok(instant));
    assert_eq!(pick("1.234", &limited), Err(NoRail::TooPrecise { rail: instant }));
    assert_eq!(pick("100.0001", &limited), Err(NoRail::TooPrecise { rail: plain }));
    assert_eq!(pick("1", &[terms(Rail::FasterPayments, None)]), Err(NoRail::NotOffered));
    assert_eq!(pick("1", &[]), Err(NoRail::NotOffered));
    // A later day gains nothing by arriving at once.
    let later = Order {
        schedule: Schedule::FutureDated { date: date(2026, 1, 7) },
        ..euros("1", LocalInstrument::AutoSelect)
    };
    let decided = Execution::decide(&later, &limited, true, at).unwrap();
    assert_eq!(decided.rail, plain);
    // Who names a rail gets that one or none.
    let named = euros("100.01", instant);
    let refused = Execution::decide(&named, &limited, true, at);
    assert_eq!(refused, Err(NoRail::TooMuch { most: 1_000_000 }));
    assert_eq!(Execution::decide(&named, &limited[..1], true, at), Err(NoRail::NotOffered));
}

/// Earlier releases recorded no execution, and left the rail of `AUTO_SELECT` to each standard.
#[test]
fn a_payment_without_a_recorded_execution_is_executed_as_it_was_asked_for() {
    let table = [
        ("GBP", LocalInstrument::AutoSelect, Rail::FasterPayments),
        ("EUR", LocalInstrument::AutoSelect, Rail::Sepa),
        ("PLN", LocalInstrument::AutoSelect, Rail::Elixir),
        ("SEK", LocalInstrument::AutoSelect, Rail::EuDomesticNonEuro),
        ("SEK", Rail::Bankgiro.into(), Rail::Bankgiro),
    ];
    for (currency, wish, rail) in table {
        let amount = Amount::parse("1", currency.parse().unwrap()).unwrap();
        let asked = Order { amount, ..euros("1", wish) };
        let at_once =
            Execution { rail, day: None, converted: false, status: StatusTerms::default() };
        assert_eq!(Execution::as_asked(&asked), at_once, "{currency}");
        let date = date(2026, 1, 7);
        let later = Order { schedule: Schedule::FutureDated { date }, ..asked };
        let execution = Execution::as_asked(&later);
        assert_eq!(execution, Execution { day: Some(date), ..at_once }, "{currency}");
        assert_eq!(execution.schedule(later.schedule), later.schedule, "{currency}");
    }
}

/// Christmas Day and New Year's Day fall on the bank's only day, two weeks running.
#[test]
fn a_bank_that_works_one_day_a_week_is_waited_for_over_the_new_year() {
    let hours = WorkingHours {
        weekdays: std::array::from_fn(|day| day == 2),
        calendar: Calendar::Target2,
        until_minute: 1,
    };
    let at = date(2030, 12, 19).at(0, 0, 0, 0);
    assert_eq!(hours.day_of_execution(at), date(2031, 1, 8));
}

proptest! {
    /// The day is a working day, never in the past, and at most three weeks and a holiday away.
    #[test]
    fn the_day_of_execution_is_a_working_day_and_near(
        days in 0_i32..60_000,
        minute in 0_i32..1440,
        until in 1_u16..=1440,
        mask in 1_u8..128,
        calendar in prop_oneof![
            Just(Calendar::EveryDay), Just(Calendar::Weekdays),
            Just(Calendar::Target2), Just(Calendar::UnitedKingdom)
        ],
    ) {
        let hours = WorkingHours {
            weekdays: std::array::from_fn(|day| mask & (1 << day) != 0),
            calendar,
            until_minute: until,
        };
        let at = (date(2000, 1, 1) + days.days()).at(0, 0, 0, 0) + minute.minutes();
        let day = hours.day_of_execution(at);
        // A bank that says it works at weekends only by a calendar without them never works.
        let never = calendar != Calendar::EveryDay && !hours.weekdays[..5].contains(&true);
        prop_assert!(never || hours.works_on(day));
        prop_assert!(at.date() <= day);
        let away = at.date().duration_until(day).as_hours() / 24;
        prop_assert!(away <= i64::try_from(DAYS_SEARCHED_MAX).unwrap() + 1);
        if hours.works_on(at.date()) && minute < i32::from(until) {
            prop_assert_eq!(day, at.date());
        }
    }
}
