# Texts of several pages.

## How the language is written

# `ltr`, or `rtl` for a language that is written from right to left.
page-direction = ltr

## The bank

# Replaces the name of a bank that no longer exists here.
bank-unnamed = your bank
# The same where it begins a sentence.
bank-unnamed-at-start = Your bank
bank-continue = Continue to { $bank }
bank-use-another = Use another bank
bank-unavailable = { $bank } is currently unavailable. Nothing was paid. Please try again later.
bank-unavailable-use-another = { $bank } is currently unavailable. Nothing was paid. Please try again later, or use another bank.
bank-says = Your bank says: { $reason }

## Ways on and ways out

try-again = Try again
back-to-shop = Back to the shop
cancel-button = Cancel and go back to the shop
leave-link = Leave and go back to the shop
leave-explanation = { $order ->
        [cancellation] If you leave, nothing is cancelled: your bank cancels only if you approve that.
        [standing-order] If you leave, the standing order stays open: it is made if you approve it at your bank.
       *[payment] If you leave, the payment stays open: it is made if you approve it at your bank.
    }

## At the foot of the page

footer-at-bank = You sign in at your own bank only. Neither we nor the shop see your password.
footer-on-page = Passwords and codes that you type for your bank go to it alone. The shop does not see them.
