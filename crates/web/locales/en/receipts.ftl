# The mail to a payer whose payment or standing order the bank has accepted.
#
# $amount: as `amount` writes it. $payee: the payee's name, or `receipt-payee-unnamed`.

receipt-subject = Receipt: { $amount } to { $payee }
receipt-payee-unnamed = the payee
receipt-paid = You paid { $amount } to { $payee }
receipt-paid-next = Your bank has accepted it. How soon the money arrives depends on the banks.
receipt-set-up = You set up a standing order of { $amount } to { $payee }
receipt-set-up-next = Your bank has accepted it and makes its payments by itself.
receipt-account = Account paid
receipt-bank = Bank
receipt-payment = Payment
receipt-accepted = Accepted
# $day: as `date` writes it. $time: hours and minutes.
receipt-moment = { $day }, { $time } UTC
receipt-questions = Questions about what you bought are for the shop; those about your account, for your bank.
