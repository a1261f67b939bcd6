# Pages between the choice of a bank and the bank's last word.

## On the way to the bank

to-bank-title = To { $bank }
to-bank-heading-at-once = Taking you to { $bank }…
to-bank-heading = Approve at { $bank }

## The bank's questions

questions-heading = Approve with { $bank }
questions-continue = Continue
questions-incomplete = Please fill in every field.
questions-wrong = That was not right. Please try again.
questions-damaged = The code from { $bank } for your reader or app is damaged, so we do not show it. Type the payment's details into your reader or app by hand, as your bank describes, or start again and choose another way to approve.
questions-picture = Picture from { $bank }: read it with the bank's app or reader
questions-footer = We send your answers only to { $bank } and do not keep them. The shop does not see them.

## Questions for which the bank has no text

question-user-name = Your user name at your bank
question-password = Password or PIN
question-method = How do you want to confirm?
question-one-time-password = One-time password (TAN)
question-app-code = Code from your bank's app
# $count: the most characters.
question-length = at most { $count } characters
question-digits-only = digits only

## The flickering picture for a card reader

flicker-hint = The picture flashes. Hold your reader against it, or pause it and type the code in by hand.
flicker-picture = Flickering picture for your card reader
flicker-start = Start
flicker-pause = Pause
flicker-slower = Slower
flicker-faster = Faster
flicker-smaller = Smaller
flicker-larger = Larger
flicker-by-hand = Type it into the reader by hand
flicker-start-code = Start code:
flicker-then = Then:

## The bank's app

app-heading = Confirm in your bank's app
app-confirm-payment = Confirm the payment in your bank's app.
app-confirm-cancellation = Confirm the cancellation in your bank's app.
app-open = Open the app on this device
app-scan = Scan this code with the app on your phone. It changes every few seconds.
app-waiting = { $bank } asks you to confirm in its app. We are waiting for your confirmation…

## The approval of a cancellation

# $order: `payment`, or `standing-order`.
cancellation-approved-here = { $order ->
        [standing-order] The shop has asked your bank to cancel this standing order. You approve the cancellation here; you do not set up another standing order.
       *[payment] The shop has asked your bank to cancel this payment. You approve the cancellation here; you do not pay again.
    }

## Waiting

waiting-heading = One moment
waiting-hint = This page continues by itself.
waiting-too-long = Please reload this page to continue.
waiting-opening = We are asking your bank…
waiting-credentials = Your bank is checking your answers…
waiting-return = You are back. We are finishing the payment with your bank…
waiting-order = Your bank is making the payment…
waiting-standing-order = Your bank is setting up the standing order…
waiting-cancellation = You are back. We are finishing the cancellation with your bank…
waiting-destinations = We are waiting for account details from the shop…

## Back from the bank

callback-receiving = We are receiving your bank's answer…
callback-without-script = Your bank sends its answer in a way that needs JavaScript. Please switch JavaScript on and reload this page. If you have approved the payment, check your account before you pay again.
callback-missing = Your bank's answer is missing. If you have approved a payment, check your account before you pay again.
callback-not-ours = Your bank's answer does not belong to a payment here. If you have approved a payment, check your account before you pay again.
callback-not-received = We could not receive your bank's answer. Please check your connection and reload this page.

## Another browser came back from the bank

arrived-heading = Your bank has answered
arrived-text = We have received your bank's answer.
arrived-where-next = Go back to the page, browser or device where you started the payment to see its result. You can close this page.
arrived-why = We show no details here because this browser did not start the payment, or does not keep cookies.
arrived-footer = If you did not start a payment, or approved one for somebody else, call your bank.

## On the way to the shop

leaving-heading = Taking you back to the shop…
