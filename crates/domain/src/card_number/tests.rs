//! Which texts hold a card number, and how often the search errs.

use super::*;

const CARDS: &[&str] = &[
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4111.1111.1111.1111",
    "4111\u{a0}1111\u{a0}1111\u{a0}1111",
    "4111\u{202f}1111\u{2009}1111\u{200b}1111",
    "4111–1111–1111–1111",
    "4111 - 1111 - 1111 - 1111",
    "4111_1111_1111_1111",
    "41111111  11111111",
    "411111 1111111111",
    // Beside other numbers.
    "4111 1111 1111 1111 12/26",
    "PAN 4111-1111-1111-1111 12/26",
    "PAN4111111111111111",
    "4111111111111111 0128",
    "0128 4111111111111111",
    "4111 1111 1111 1111 123",
    "01 4111 1111 1111 1111 12 26",
    "12/26 4111 1111 1111 1111, flat 5b",
    "card 5555555555554444, thanks",
    // Every issuer's.
    "378282246310005",
    "3782 822463 10005 12/26",
    "30569309025904",
    "3056 930902 5904 1226",
    "6011111111111117",
    "2223003122003222",
    "3530111333300000",
    "4222222222222",
    "4222 2222 2222 2",
];

#[test]
fn card_numbers_are_found_however_they_are_written() {
    for text in CARDS {
        assert!(holds_card_number(text), "{text}");
        assert!(resembles_card_number(text), "{text}");
    }
}

const OTHERS: &[&str] = &[
    "",
    "ORDER-1001",
    // The check digit is wrong.
    "4111111111111112",
    // Too long, too short, longer than its issuer's.
    "41111111111111110000",
    "411111111111",
    "5555555555554444000",
    // A moment in milliseconds, a day with a counter, an IBAN's digits.
    "1767607200003",
    "2026010500000004",
    "89370400440532013000",
    "GB29 NWBK 6016 1331 9268 19",
    // UUIDs and hexadecimal words, in which groups of digits look like a card number.
    "47223179-9330-4259-b66c-f2db26efb20c",
    "47223179-9330-4259-8661-512426000000",
    "ab12-4111-1111-1111-1111",
    "4111 1111 1111 1111 b66c",
    "a4111111111111111",
    "4111111111111111f",
    // Digits of another script.
    "４１１１１１１１１１１１１１１１",
];

#[test]
fn other_numbers_are_none() {
    for text in OTHERS {
        assert!(!holds_card_number(text), "{text}");
        assert!(!resembles_card_number(text), "{text}");
    }
}

#[test]
fn four_groups_of_four_resemble_a_card_number_without_its_check_digit() {
    for text in ["4111 1111 1111 1112", "pay 5100-0000-0000-0001 now", "4111.1111.1111.1112 12/26"]
    {
        assert!(!holds_card_number(text), "{text}");
        assert!(resembles_card_number(text), "{text}");
    }
    for text in ["4111111111111112", "1111 1111 1111 1112", "4111 1111 1111", "41 11 11 11"] {
        assert!(!resembles_card_number(text), "{text}");
    }
}

/// The same numbers in every run (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn one_of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[usize::try_from(self.below(texts.len() as u64)).unwrap()]
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + u8::try_from(self.below(10)).unwrap())).collect()
    }

    fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            low >> 52,
            low & 0xffff_ffff_ffff
        )
    }

    /// A card number with its check digit.
    fn card(&mut self) -> String {
        let (prefix, length) = [("4", 16), ("51", 16), ("2223", 16), ("37", 15), ("36", 14)]
            [usize::try_from(self.below(5)).unwrap()];
        let begin = format!("{prefix}{}", self.digits(length - 1 - prefix.len()));
        (0..10)
            .map(|digit| format!("{begin}{digit}"))
            .find(|card| last_digit_checks(card.as_bytes()))
            .unwrap()
    }

    /// A text around a card number that is written in one of the usual ways.
    fn text_with_card(&mut self) -> String {
        let card = self.card();
        let groups: &[usize] = match card.len() {
            16 => &[4, 4, 4, 4],
            15 => &[4, 6, 5],
            _ => &[4, 6, 4],
        };
        let separator = self.one_of(&["", " ", "-", ".", "\u{a0}", "\u{202f}", "–", " - "]);
        let (mut written, mut at) = (String::new(), 0);
        for length in groups {
            if at > 0 {
                written.push_str(separator);
            }
            written.push_str(&card[at..at + length]);
            at += length;
        }
        let before = self.one_of(&["", "PAN ", "card: ", "12/26 ", "0128 ", "ref 7, ", "(", "PAN"]);
        let after = self.one_of(&["", " 12/26", " 0128", " 123", ", thanks", ")", " exp 12-26"]);
        format!("{before}{written}{after}")
    }

    /// A reference as members write it.
    fn text_without_card(&mut self) -> String {
        match self.below(8) {
            0 | 1 => self.uuid(),
            2 => format!("{:016x}{:016x}", self.next(), self.next()),
            3 => format!("{:016x}", self.next()),
            4 => format!("INV-{}-{}", 2020 + self.below(10), self.digits(6)),
            5 => format!("{} {} {}", self.digits(4), self.digits(4), self.digits(4)),
            6 => format!("DE{} {} {}", self.digits(2), self.digits(4), self.digits(6)),
            _ => format!("17{}", self.digits(11)),
        }
    }
}

#[test]
fn of_a_million_texts_no_card_number_is_missed_and_none_is_imagined() {
    const HALF: u32 = 500_000;
    let mut numbers = Numbers(20_260_105);
    let (mut missed, mut imagined) = (vec![], vec![]);
    for _ in 0..HALF {
        let text = numbers.text_with_card();
        if !holds_card_number(&text) {
            missed.push(text);
        }
        let text = numbers.text_without_card();
        if holds_card_number(&text) {
            imagined.push(text);
        }
    }
    assert!(missed.is_empty(), "{} missed, such as {:?}", missed.len(), missed.first());
    assert!(imagined.is_empty(), "{} imagined, such as {:?}", imagined.len(), imagined.first());
}
