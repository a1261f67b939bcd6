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
questions-damaged = What { $bank } sent for your reader or app is damaged, so we do not show it. Type the payment's details into your reader or app by hand, as your bank describes it, or start again and choose another way to approve.
questions-picture = Picture from { $bank }: read it with the bank's app or reader
questions-footer = What you type here goes to { $bank } alone, and is forgotten after that. The shop does not see it.

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
app-waiting = { $bank } asks you to confirm in its app. We are waiting for its word…

## Waiting

waiting-heading = One moment
waiting-hint = This page goes on by itself.
waiting-too-long = Please reload this page to go on.
waiting-opening = We are asking your bank…
waiting-credentials = Your bank is checking your answers…
waiting-return = You are back. We are finishing the payment with your bank…
waiting-order = Your bank is making the payment…
waiting-standing-order = Your bank is setting up the standing order…
waiting-destinations = The shop is telling us where the money goes…

## Back from the bank

callback-receiving = We are receiving your bank's answer…
callback-without-script = Your bank hands its answer over in a way that needs JavaScript. Please switch it on and reload this page. If you have approved the payment, do not pay again before you have looked at your account.
callback-missing = Your bank's answer is missing. If you have approved a payment, do not pay again before you have looked at your account.
callback-not-ours = Your bank's answer belongs to no payment here. If you have approved one, do not pay again before you have looked at your account.
callback-not-received = We could not receive your bank's answer. Please check your connection and reload this page.

## Another browser came back from the bank

arrived-heading = Your bank has answered
arrived-text = We have received your bank's answer.
arrived-where-next = Where you started the payment, you can see what became of it: go back to that page, browser or device. You can close this page.
arrived-why = This browser did not start the payment, or it does not keep cookies. That is why we show nothing of it here.
arrived-footer = If you did not start a payment, or approved one for somebody else, call your bank.

## On the way to the shop

leaving-heading = Taking you back to the shop…
