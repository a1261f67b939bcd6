//! Accounts that are, and accounts that cannot be.

use proptest::prelude::*;

use super::AccountIdentifier as Account;
use super::*;

fn of_iban(iban: &str) -> Account {
    Account::Iban { iban: iban.to_owned(), bic: None }
}

fn with_bic(bic: &str) -> Account {
    Account::Iban { iban: "DE89370400440532013000".to_owned(), bic: Some(bic.to_owned()) }
}

fn bankgiro(number: &str) -> Account {
    Account::Bankgiro { bankgiro_number: number.to_owned(), bic: None }
}

fn plusgiro(number: &str) -> Account {
    Account::Plusgiro { plusgiro_number: number.to_owned(), bic: None }
}

fn polish(number: &str) -> Account {
    Account::AccountNumber { account_number: number.to_owned(), bic: None }
}

fn domestic(number: &str, clearing: Option<&str>) -> Account {
    let clearing_number = clearing.map(str::to_owned);
    Account::Bban { bban: number.to_owned(), clearing_number, bic: None }
}

/// The part that is complained about; none where the account is fine.
fn fault(account: Account) -> Option<AccountField> {
    account.checked().err().map(|error| error.field)
}

/// The examples of the IBAN registry.
#[test]
fn an_iban_has_the_length_and_the_check_digits_of_its_country() {
    for iban in [
        "GB29NWBK60161331926819",
        "GB33BUKB20201555555555",
        "DE89370400440532013000",
        "FR1420041010050500013M02606",
        "PL61109010140000071219812874",
        "SE4550000000058398257466",
        "NO9386011117947",
        "MT84MALT011000012345MTLCAST001S",
        "XK051212012345678906",
        "gb29 nwbk 6016 1331 9268 19",
        "GB29-NWBK-6016-1331-9268-19",
        // The latest of the registry.
        "HN88CABF00000000000250005469",
        "PK36SCBL0000001123456702",
        "YE15CBYE0001018861234567891234",
        "NI45BAPR00000013000003558124",
        // Copied from a document.
        "GB29\u{a0}NWBK\u{202f}6016\u{200b}1331\u{2060}9268\u{feff}19",
        "\u{202a}GB29–NWBK–6016–1331–9268–19\u{202c}",
    ] {
        assert_eq!(fault(of_iban(iban)), None, "{iban}");
    }
    for iban in [
        "",
        "GB",
        // One digit changed, two changed round, one too few, one too many, the check digits 00.
        "GB29NWBK60161331926818",
        "GB29NWBK60161331926891",
        "GB29NWBK6016133192681",
        "GB29NWBK601613319268190",
        "GB00NWBK60161331926819",
        // Not of their countries' structure.
        "HN88CABF0000000000025000546",
        "HN88CABF0000000000025000546A",
        "PK36SCBL0000001123456703",
        "PK36SCBL000000112345670",
        // A country without IBANs, none at all, letters where its country has digits.
        "US89370400440532013000",
        "ZZ89370400440532013000",
        "DE89A70400440532013000",
        "DE8937040044053201300\u{ff10}",
    ] {
        assert_eq!(fault(of_iban(iban)), Some(AccountField::Iban), "{iban}");
    }
}

/// 01 and 98, 02 and 99, 00 and 97 leave the same remainder; only 02 to 98 are ever given.
#[test]
fn an_iban_never_has_the_check_digits_00_01_or_99() {
    let mut seen = vec![];
    for account in 0..300 {
        for digits in ["00", "01", "99", "97", "98", "02"] {
            let iban = format!("DE{digits}37040044{account:010}");
            if fault(of_iban(&iban)).is_none() {
                seen.push(digits);
            }
        }
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, ["02", "97", "98"]);
}

#[test]
fn an_iban_with_a_strange_character_says_so() {
    let error = of_iban("GB29NWBK6016/1331926819").checked().err().unwrap();
    assert_eq!(error.rule, "should have only the letters A to Z and digits, apart from spaces.");
}

#[test]
fn a_bic_has_a_country_in_it() {
    for bic in ["BOFIIE2D", "COBADEFFXXX", "cobadeff", "NLBPXK22"] {
        assert_eq!(fault(with_bic(bic)), None, "{bic}");
    }
    for bic in
        ["", "COBA", "COBADEF", "COBADEFF1", "COBADEFFXX", "COBAXXFF", "C0BADEFF", "COBADEF\u{e9}"]
    {
        assert_eq!(fault(with_bic(bic)), Some(AccountField::Bic), "{bic}");
    }
}

#[test]
fn the_last_digit_of_a_giro_number_checks_the_others() {
    for number in ["50501055", "5050-1055", "9912346", "991-2346"] {
        assert_eq!(fault(bankgiro(number)), None, "{number}");
    }
    for number in ["50501056", "50501505", "505010", "505010555", "", "5050a055", "56781234"] {
        assert_eq!(fault(bankgiro(number)), Some(AccountField::BankgiroNumber), "{number}");
    }
    for number in ["42", "4-2", "90-1950-6", "9019506", "18"] {
        assert_eq!(fault(plusgiro(number)), None, "{number}");
    }
    for number in ["48", "2", "901950600", "", "9019507", "67812345"] {
        assert_eq!(fault(plusgiro(number)), Some(AccountField::PlusgiroNumber), "{number}");
    }
}

#[test]
fn the_first_two_digits_of_a_polish_number_check_the_others() {
    let plain = polish("61109010140000071219812874");
    for number in [
        "61109010140000071219812874",
        "61 1090 1014 0000 0712 1981 2874",
        "PL61109010140000071219812874",
    ] {
        assert_eq!(polish(number).checked(), Ok(plain.clone()), "{number}");
    }
    for number in [
        "",
        "61109010140000071219812875",
        "16109010140000071219812874",
        "6110901014000007121981287",
        "DE89370400440532013000",
        "PL",
    ] {
        assert_eq!(fault(polish(number)), Some(AccountField::AccountNumber), "{number}");
    }
}

#[test]
fn other_domestic_numbers_have_their_form() {
    let sort_code = |code: &str, number: &str| Account::SortCode {
        sort_code: code.to_owned(),
        account_number: number.to_owned(),
    };
    assert_eq!(sort_code("12-34-56", "12345678").checked(), Ok(sort_code("123456", "12345678")));
    assert_eq!(fault(sort_code("12345", "12345678")), Some(AccountField::SortCode));
    assert_eq!(fault(sort_code("123456", "1234567")), Some(AccountField::AccountNumber));
    assert_eq!(
        domestic("5839825746-6", Some("8327-9")).checked(),
        Ok(domestic("58398257466", Some("83279")))
    );
    assert_eq!(fault(domestic("", None)), Some(AccountField::Bban));
    assert_eq!(fault(domestic(&"1".repeat(31), None)), Some(AccountField::Bban));
    assert_eq!(fault(domestic("19-2000145399/0800", None)), Some(AccountField::Bban));
    for clearing in ["", "abc", "12345678901234567"] {
        assert_eq!(
            fault(domestic("58398257466", Some(clearing))),
            Some(AccountField::ClearingNumber)
        );
    }
    let both = |iban: &str, bban: &str| Account::IbanWithBban {
        iban: iban.to_owned(),
        bban: bban.to_owned(),
        clearing_number: None,
        bic: None,
    };
    assert_eq!(fault(both("SE4550000000058398257466", "58398257466")), None);
    assert_eq!(fault(both("SE4550000000058398257467", "58398257466")), Some(AccountField::Iban));
    assert_eq!(fault(both("SE4550000000058398257466", "")), Some(AccountField::Bban));
}

proptest! {
    /// A wrong digit is always found, and never anything but digits taken.
    #[test]
    fn one_changed_digit_is_found(number in "[1-9][0-9]{5,6}", place in 0_usize..6, change in 1_u8..10) {
        let check = (b'0'..=b'9').map(char::from).find(|digit| {
            last_digit_checks(format!("{number}{digit}").as_bytes())
        }).unwrap();
        let right = format!("{number}{check}");
        prop_assert_eq!(fault(bankgiro(&right)), None);
        let mut wrong = right.into_bytes();
        wrong[place] = b'0' + (wrong[place] - b'0' + change) % 10;
        let wrong = String::from_utf8(wrong).unwrap();
        prop_assert_eq!(fault(bankgiro(&wrong)), Some(AccountField::BankgiroNumber));
    }

    #[test]
    fn no_text_panics(text in ".{0,40}") {
        for account in [of_iban(&text), with_bic(&text), bankgiro(&text), plusgiro(&text),
            polish(&text), domestic(&text, Some(&text))] {
            let once = account.checked();
            if let Ok(plain) = once {
                prop_assert_eq!(plain.clone().checked(), Ok(plain), "the plain form is plain");
            }
        }
    }
}

#[test]
fn an_iban_and_the_domestic_number_in_it_are_one_account() {
    let iban = |iban: &str| AccountIdentifier::Iban { iban: iban.to_owned(), bic: None };
    let british = AccountIdentifier::SortCode {
        sort_code: "601613".to_owned(),
        account_number: "31926819".to_owned(),
    };
    let polish = AccountIdentifier::AccountNumber {
        account_number: "61109010140000071219812874".to_owned(),
        bic: None,
    };
    let with_bic = AccountIdentifier::Iban {
        iban: "DE02120300000000202051".to_owned(),
        bic: Some("BYLADEM1001".to_owned()),
    };
    assert!(iban("GB29NWBK60161331926819").is_same_account(&british));
    assert!(polish.is_same_account(&iban("PL61109010140000071219812874")));
    assert!(with_bic.is_same_account(&iban("DE02120300000000202051")));
    for (one, other) in [
        (iban("DE02120300000000202051"), british.clone()),
        (british, polish),
        (iban("DE02120300000000202051"), iban("DE32370400440000001036")),
    ] {
        assert!(!one.is_same_account(&other));
    }
}
