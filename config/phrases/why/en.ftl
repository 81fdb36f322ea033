# What became of a lead, for whoever runs the business. Each sentence stands alone; after $ stands what is filled in.

## How it came.
why-received = This lead came in on { $date } at { $time } from { $source }, for { $rooftop }.
why-requested = The customer had asked { $for } earlier.
why-test = It was a test: it counts in no figure.
why-named = The customer asked for { $rep }.
why-named-not = The customer asked for { $rep }, who was not available.
why-named-owner = The customer asked for { $rep }, who is the owner and is rung last.
why-stranger = The customer asked for somebody whom nobody here knows; the rotation chose.
why-had-it = { $rep } had this customer a moment before and came first.
why-asked-again = The customer asked again meanwhile.

## Why nobody was rung at once.
why-held-unreadable = It was held because it could not be read.
why-held-no-phone = It was held because it had no phone number.
why-held-invalid-number = It was held because there is no such number.
why-held-premium = It was held because the number is a premium one.
why-held-country = It was held because the number is in a country that may not be rung.
why-held-own-number = It was held because the number is one of our own.
why-held-rate = It was held because this source sent too many at once.
why-held-cap = It was held because this customer had been rung often enough that day.
why-held-spam = It was held because it looks like spam.
why-held-consent = It was held because the customer wants no calls.
why-held-suspicious = It was held because colleagues found it suspicious.
why-released = After { $for } somebody released it.
why-waited = Nobody could be rung then: it waited until { $date } at { $time }.
why-in-line = It stood in line for { $for } for a phone that was taken.
why-stalled = The carrier refused our calls for a while; no colleague is to blame for that.

## Who was rung, and what came of it.
why-ring-no-answer = { $rep } was rung after { $after } and did not pick up.
why-ring-busy = { $rep } was rung after { $after } and was on another call.
why-ring-rejected = { $rep } was rung after { $after } and declined.
why-ring-no-key = { $rep } was rung after { $after }; somebody picked up and pressed no key, perhaps a voicemail.
why-ring-hung-up = { $rep } was rung after { $after }, picked up and hung up again.
why-ring-failed = { $rep } was rung after { $after }, but the connection failed.
why-ring-invalid-number = { $rep } could not be rung: there is no such number.
why-ring-passed = { $rep } was rung after { $after } and passed it on.
why-ring-suspicious = { $rep } was rung after { $after } and found it suspicious.
why-ring-taken = { $rep } was rung after { $after } and heard that a colleague had it.
why-ring-canceled = { $rep } was rung after { $after }; that ended before anybody picked up.
why-ring-unsent = { $rep } was about to be rung, and that was no longer needed.
why-ring-lost = Whether the phone of { $rep } rang is not known: the carrier did not say.
why-ring-accepted = { $rep } was rung after { $after } and took it after { $accepted }.
why-ring-live = { $rep } is being rung now.
why-ring-called-in = { $rep } rang the lead line after { $after }.
why-ring-called-in-accepted = { $rep } rang the lead line after { $after } and took it.
why-unheard = Of one or more of these calls it was never reported that the phone rang.
why-more = In between colleagues were rung { $count } more times, up to round { $rounds }.
why-nobody-rung = No colleague was rung.
why-not-away = { $rep } was away that day.
why-not-off-duty = { $rep } was off duty then.

## The customer.
why-customer-called-in = The customer rang us, { $after } after the lead came in.
why-customer-answered = The customer was rung and picked up, { $after } after the lead came in.
why-customer-no-answer = The customer was rung and did not pick up.
why-customer-busy = The customer was rung and was on another call.
why-customer-rejected = The customer was rung and declined.
why-customer-failed = The customer was rung, but the connection failed.
why-customer-invalid-number = The customer's number does not exist.
why-customer-canceled = The colleague hung up before the customer picked up.
why-customer-live = The customer's phone is ringing now.
why-talked = They were joined for { $for }.

## How it ended.
why-end-connected = { $rep } said afterwards that the customer was spoken with.
why-end-connected-long = Nobody pressed a key, but so long one talks to a person only: it counts as spoken with.
why-end-unconfirmed = Nobody said with whom. It may have been a voicemail, so it does not count as contact.
why-end-voicemail = { $rep } said afterwards that it was a voicemail: the customer was not reached.
why-end-wrong-number = { $rep } said afterwards that the number was wrong: the customer was not reached.
why-end-cap = The customer had been rung often enough that day and was not reached.
why-end-unreached = The customer was not reached.
why-end-nobody = Nobody took it.
why-end-nobody-owner = Nobody took it, the owner neither.
why-end-canceled = Somebody ended it{ $reason ->
    [none] {"."}
   *[other] : { $reason }.
}
why-end-discarded = Somebody put it away{ $reason ->
    [none] {"."}
   *[other] : { $reason }.
}
why-end-joined = The same customer had a lead under way; it belongs to that one and shares its outcome.

## How it stands.
why-now-held = It waits until somebody releases it or puts it away.
why-now-waiting = Nobody has taken it yet. The next round begins on { $date } at { $time }.
why-now-in-line = Nobody has taken it yet; it waits for a phone to get free.
why-now-ringing = Nobody has taken it yet; a phone is ringing now.
why-now-stalled = It waits until the carrier takes our calls again.
why-now-talking = They are joined now.
why-now-menu = The colleague is still on the line and is about to say what came of it.
