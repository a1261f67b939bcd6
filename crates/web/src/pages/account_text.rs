//! An account as people write it.

use domain::account::AccountIdentifier;

/// The account in groups that can be compared with a letter or a card.
pub(super) fn readable(account: &AccountIdentifier) -> String {
    match account {
        AccountIdentifier::SortCode { sort_code, account_number } => {
            format!("{} {account_number}", groups(sort_code, 2, "-"))
        }
        AccountIdentifier::Iban { iban, .. } | AccountIdentifier::IbanWithBban { iban, .. } => {
            groups(iban, 4, " ")
        }
        AccountIdentifier::Bban { bban, clearing_number, .. } => match clearing_number {
            Some(clearing_number) => format!("{clearing_number} {bban}"),
            None => bban.clone(),
        },
        AccountIdentifier::AccountNumber { account_number, .. } => {
            // Two check digits come before the groups.
            let (check, rest) = account_number.split_at_checked(2).unwrap_or((account_number, ""));
            format!("{check} {}", groups(rest, 4, " "))
        }
        AccountIdentifier::Bankgiro { bankgiro_number, .. } => {
            format!("Bankgiro {bankgiro_number}")
        }
        AccountIdentifier::Plusgiro { plusgiro_number, .. } => {
            format!("Plusgiro {plusgiro_number}")
        }
    }
}

/// `text` in groups of so many characters.
fn groups(text: &str, size: usize, between: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let groups: Vec<String> = characters.chunks(size).map(|group| group.iter().collect()).collect();
    groups.join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_written_as_people_know_them() {
        let sort_code = AccountIdentifier::SortCode {
            sort_code: "123456".to_owned(),
            account_number: "12345678".to_owned(),
        };
        assert_eq!(readable(&sort_code), "12-34-56 12345678");
        let iban = "DE02120300000000202051".to_owned();
        let iban = AccountIdentifier::Iban { iban, bic: None };
        assert_eq!(readable(&iban), "DE02 1203 0000 0000 2020 51");
        let account_number = "61109010140000071219812874".to_owned();
        let polish = AccountIdentifier::AccountNumber { account_number, bic: None };
        assert_eq!(readable(&polish), "61 1090 1014 0000 0712 1981 2874");
    }
}
