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

## Texts and e-mail to reps and managers: 160 characters of GSM-7 at most.
text-rep-missed = Missed lead { about }. Ring { $number } and it is yours.
text-rep-paused = { $rep } missed { $count } calls and isn't rung for { $minutes } minutes. Ringing { $number } ends that.
text-rep-not-reachable = The phone of { $rep } didn't ring { $count } times. Please check the number and the phone.
text-rounds-over = Nobody accepted the lead { $rooftop }. We ring again at opening. To take it: { $link }
text-nobody-accepted = Lead { $rooftop } is closed: nobody accepted it. See { $link }
text-carrier-down = Leadbridge can't ring: { $carrier } refuses (code { $code }). Leads are waiting. Please check the settings.
