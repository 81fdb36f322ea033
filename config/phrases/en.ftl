# What Leadbridge says and writes in English. Spoken sentences are short: the rep stands in the showroom.
# After $ comes what is filled in; an empty value arrives as "none".

## What it is about; each part may be missing. Used in other sentences as { about }
about = { $rooftop }{ $source ->
    [none] {""}
   *[other] , { $source }
}{ $vehicle ->
    [none] {""}
   *[other] , { $vehicle }
}{ $interest ->
    [none] {""}
   *[other] , { $interest }
}

## Before key 1: never who the customer is, a voicemail would hear it.
whisper = Lead { about }. Press 1.
whisper-old = Older lead, { about }. Press 1.
whisper-elsewhere = Lead { about }. Another rooftop is ringing too. Press 1.
whisper-suspicious = Suspicious, says a colleague. Lead { about }. Press 1.
whisper-on-line = Customer on the line! Lead { about }. Press 1.
whisper-test = Test, { $rooftop }. Press 1.

## What the customer came for.
interest-buy = purchase
interest-lease = lease
interest-sell = sale
interest-trade-in = trade-in
interest-test-drive = test drive

## After key 1, before the customer's phone rings. $comment ends with a full stop or the like.
customer = { $name ->
    [none] The customer
   *[other] { $name }
}. { $comment } Ringing now.
customer-plain = { $name ->
    [none] The customer
   *[other] { $name }
}. Ringing now.
customer-on-line = { $name ->
    [none] The customer
   *[other] { $name }
} is on the line.{ $comment ->
    [none] {""}
   *[other] {" "}{ $comment }
}
asked-again = The customer has asked again in the meantime.

## How it went on.
taken = { $rep } has it.
dealt-with = This lead has been dealt with. Thank you.
passed = All right, we ring a colleague.
paused = All right, we leave you alone for now.
no-key = No key heard. We ring a colleague.
suspicious = Thank you for the warning.
test-passed = Test passed.

## Why the customer didn't come on the line.
unreached-no-answer = The customer doesn't answer.
unreached-busy = The customer's line is busy.
unreached-rejected = The customer declined the call.
unreached-failed = The call didn't get through.
unreached-invalid-number = This number doesn't exist.
unreached-cap = This customer has been rung often enough today.
press-1-again = Press 1 to ring again.

## After the call.
menu = Spoke with the customer? Press 1. Voicemail, 2. Wrong number, 3. Call again later, 4. None of these, 0.
menu-thanks = Noted. Thank you.

## To customers and other callers.
hold = One moment, please.
reception-none = Nobody is free right now. Please try again later.
good-bye = Good-bye.

## When we call; used in texts as { $when }.
when-today = today at { $time }
when-tomorrow = tomorrow at { $time }
when-day = on { $day }/{ $month } at { $time }

## Why leads are held; used as { $reasons }.
held-unreadable = unreadable
held-no-phone = no phone
held-invalid-number = wrong number
held-premium = premium number
held-country = foreign country
held-own-number = own number
held-rate = too many at once
held-cap = rung too often
held-spam = spam
held-consent = refused calls
held-suspicious = suspicious

## Texts to reps: one message of 160 characters of GSM-7.
text-rep-missed = Missed lead { about }. Ring { $number } and it is yours.
text-rep-paused = Your phone rests: no leads for { $minutes } minutes. Ring { $number } to end that.
text-rep-not-reachable = Your phone didn't ring for our last calls. Is it on, and does your number stand right? Ring { $number } to try it.
text-rep-asked-again = Your customer has asked again: { about }. Please call back.

## Texts to customers: who we are, when, from which number, and how to refuse.
text-customer-waits = { $rooftop }: thank you for your request. We call you { $when } from { $number }. No texts please? Reply STOP.
text-customer-tried = { $rooftop }: we tried to call you{ $vehicle ->
    [none] {""}
   *[other] {" "}about your { $vehicle }
}. You reach us at { $number }. No texts please? Reply STOP.

## Texts to owners and managers.
text-colleague-paused = { $rep } doesn't answer and isn't rung for { $minutes } minutes. Ringing { $number } from that phone ends it.
text-colleague-not-reachable = The phone of { $rep } didn't ring for our last calls. Please check the number and the phone.
text-carrier-refused = { $carrier } refused one number (code { $code }), lead { about }. All others are rung.
text-rounds-over = Nobody accepted lead { about }. We ring again { $when }. To take it now, ring { $number }.
text-nobody-accepted = Lead { about } is closed: nobody accepted it. Please have this customer called.
text-held-suspicious = Suspicious lead { about }: colleagues say so. It is held until a person releases or discards it.
text-held-daily = Held leads that wait for a person: { $count } ({ $reasons }). See: leadbridge lead list --state held.
text-rooftop-gone = A lead is for { $rooftop }, which is no longer in rotation.toml. It waits until the rooftop is back.
text-carrier-down = Leadbridge can't ring: { $carrier } refuses{ $code ->
    [none] {""}
   *[other] {" "}(code { $code })
}. Leads are waiting. Please check the settings.
text-carrier-back = { $carrier } takes calls again. The leads that waited are rung now.

## Subjects of mails: plain letters, never anything of a customer's.
subject-rep-missed = Missed lead, { $rooftop }
subject-rep-paused = Your phone is paused
subject-rep-not-reachable = Your phone is not reachable
subject-rep-asked-again = Your customer has asked again
subject-colleague-paused = Paused: { $rep }
subject-colleague-not-reachable = Not reachable: { $rep }
subject-carrier-refused = { $carrier } refused a number
subject-rounds-over = Nobody accepted a lead, { $rooftop }
subject-nobody-accepted = Lead closed, nobody accepted it, { $rooftop }
subject-held-suspicious = Suspicious lead, { $rooftop }
subject-held-daily = Held leads: { $count }
subject-rooftop-gone = Rooftop missing: { $rooftop }
subject-carrier-down = Leadbridge can not ring: { $carrier }
subject-carrier-back = Leadbridge rings again: { $carrier }
