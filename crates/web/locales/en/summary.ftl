# The details of the payment on every page, and the format of amounts and days.

summary-amount = Amount
summary-amount-of-each = Amount of each payment
summary-how-often = Standing order
summary-first-payment = First payment
summary-last-payment = Last payment
summary-day = Payment date
summary-payee = To
summary-account = Account
summary-reference = Reference
summary-further-text = For
summary-bank = Your bank

# $frequency: the code of ISO 20022.
summary-frequency = { $frequency ->
        [DAIL] Every day
        [WEEK] Every week
        [TOWK] Every two weeks
        [TOMN] Every two months
        [QUTR] Every three months
        [SEMI] Every six months
        [YEAR] Every year
       *[MNTH] Every month
    }
# $day: the last possible day, as `date` writes it. $count: how many payments there are until then.
summary-ends-on = { $count ->
        [one] No later than { $day } ({ $count }{"\u00A0"}payment)
       *[other] No later than { $day } ({ $count }{"\u00A0"}payments)
    }
summary-never-ends = None: it goes on until you end it at your bank

# $month: its number.
date = { $day } { $month ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[12] December
    } { $year }

# $number: with the separators below. $currency: the code of ISO 4217.
amount = { $currency ->
        [GBP] £{ $number }
        [EUR] €{ $number }
       *[other] { $number }{"\u00A0"}{ $currency }
    }
amount-thousands-separator = ,
amount-decimal-separator = .
