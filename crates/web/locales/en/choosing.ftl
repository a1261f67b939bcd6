# Pages on which the payer chooses a bank, agrees to the payment or names the account that pays.
#
# $order: `payment`, or `standing-order`. $bank: the bank's name.

## The list of banks

pick-bank-heading = Choose your bank
pick-bank-search-label = Search
pick-bank-search-placeholder = Name of your bank
pick-bank-search-button = Search
pick-bank-country-label = Country
pick-bank-all-countries = All countries
pick-bank-none-can-pay = No bank here can make this payment. Please go back to the shop.
pick-bank-none-found = No bank found. Try a shorter name.
pick-bank-row-unavailable = Bank unavailable
pick-bank-more = There are more banks. Search for yours by name.
pick-bank-what-comes-next = { $order ->
        [standing-order] Next, you approve the standing order with your bank.
       *[payment] Next, you approve the payment with your bank.
    }

## Why the list is shown again

pick-bank-missing = Please choose your bank.
pick-bank-unknown = We do not know that bank. Please choose another.
pick-bank-misfit = That bank cannot make this payment. Please choose another.
pick-bank-too-precise = That bank cannot pay an amount with so many decimal places. Please go back to the shop.
pick-bank-not-offered = That bank does not offer this kind of payment. Please choose another.
pick-bank-more-wanted = That bank needs details that the shop did not send. Please choose another.
pick-bank-unavailable = That bank is unavailable at the moment. Please choose another, or try again later.

## One button for the chosen bank

confirm-bank-heading = { $order ->
        [standing-order] Set up a standing order with { $bank }
       *[payment] Pay with { $bank }
    }

## The payment, to accept or to decline

consent-heading = { $order ->
        [standing-order] Do you agree to this standing order?
       *[payment] Do you agree to this payment?
    }
consent-explanation = { $order ->
        [standing-order] By accepting, you ask us to send this standing order to { $bank }. Your bank then makes its payments by itself.
       *[payment] By accepting, you ask us to send this payment to { $bank }.
    }
consent-refund-account = For refunds, the shop also learns which account you pay from.
consent-accept = Accept
consent-decline = Decline

## The next step at the chosen bank

next-in-app = Next, you confirm in your bank's app.
next-questions = Next, your bank asks you some questions on this page to confirm that it is you.
next-at-bank = Next, you sign in at your bank and approve there.

## The account that pays

account-heading = Your account at { $bank }
account-invalid = That is not a valid IBAN. Please check it.
account-label = IBAN of the account that pays
account-hint = { $bank } needs it before you approve. You can find it in your bank's app and on your statements.
