# Hoe het een lead verging, voor wie de zaak leidt. Elke zin staat op zichzelf; na $ staat wat wordt ingevuld.

## Hoe hij kwam.
why-received = Deze lead kwam op { $date } om { $time } binnen van { $source }, voor { $rooftop }.
why-requested = De klant had het { $for } eerder gevraagd.
why-test = Het was een test: hij telt in geen enkel cijfer mee.
why-named = De klant vroeg naar { $rep }.
why-named-not = De klant vroeg naar { $rep }, die er toen niet was.
why-named-owner = De klant vroeg naar { $rep }, die als eigenaar als laatste gebeld wordt.
why-stranger = De klant vroeg naar iemand die hier niet bekend is; de beurtrol koos.
why-had-it = { $rep } had deze klant even tevoren en kwam eerst.
why-asked-again = De klant vroeg het intussen nog eens.

## Waarom er niet meteen gebeld werd.
why-held-unreadable = Hij werd tegengehouden omdat hij niet te lezen was.
why-held-no-phone = Hij werd tegengehouden omdat er geen telefoonnummer bij stond.
why-held-invalid-number = Hij werd tegengehouden omdat het nummer niet bestaat.
why-held-premium = Hij werd tegengehouden omdat het een betaalnummer is.
why-held-country = Hij werd tegengehouden omdat het nummer uit een land is dat niet gebeld mag worden.
why-held-own-number = Hij werd tegengehouden omdat het een nummer van onszelf is.
why-held-rate = Hij werd tegengehouden omdat deze bron er te veel na elkaar stuurde.
why-held-cap = Hij werd tegengehouden omdat deze klant vandaag al vaak genoeg gebeld was.
why-held-spam = Hij werd tegengehouden omdat hij op spam lijkt.
why-held-consent = Hij werd tegengehouden omdat de klant geen oproepen wil.
why-held-suspicious = Hij werd tegengehouden omdat collega's hem verdacht vonden.
why-released = Na { $for } liet iemand hem vrij.
why-waited = Er mocht toen niemand gebeld worden: hij wachtte tot { $date } om { $time }.
why-in-line = Hij stond { $for } in de rij voor een telefoon die bezet was.
why-stalled = De telefoniedienst nam onze oproepen een tijd niet aan; dat is geen collega aan te rekenen.

## Wie gebeld werd, en wat die deed.
why-ring-no-answer = { $rep } werd na { $after } gebeld en nam niet op.
why-ring-busy = { $rep } werd na { $after } gebeld en was in gesprek.
why-ring-rejected = { $rep } werd na { $after } gebeld en weigerde de oproep.
why-ring-no-key = { $rep } werd na { $after } gebeld; er werd opgenomen en geen toets gedrukt, misschien door een voicemail.
why-ring-hung-up = { $rep } werd na { $after } gebeld, nam op en hing weer op.
why-ring-failed = { $rep } werd na { $after } gebeld, maar de verbinding mislukte.
why-ring-invalid-number = { $rep } kon niet gebeld worden: het nummer bestaat niet.
why-ring-passed = { $rep } werd na { $after } gebeld en gaf hem door.
why-ring-suspicious = { $rep } werd na { $after } gebeld en vond hem verdacht.
why-ring-taken = { $rep } werd na { $after } gebeld en hoorde dat een collega hem al had.
why-ring-canceled = { $rep } werd na { $after } gebeld; dat stopte voor er opgenomen was.
why-ring-unsent = { $rep } moest nog gebeld worden, en dat was niet meer nodig.
why-ring-lost = Of de telefoon van { $rep } rinkelde, weten we niet: de telefoniedienst heeft het niet gezegd.
why-ring-accepted = { $rep } werd na { $after } gebeld en nam hem na { $accepted }.
why-ring-live = { $rep } wordt nu gebeld.
why-ring-called-in = { $rep } belde na { $after } zelf naar de leadlijn.
why-ring-called-in-accepted = { $rep } belde na { $after } zelf naar de leadlijn en nam hem.
why-unheard = Van één of meer van die oproepen is nooit gemeld dat de telefoon rinkelde.
why-more = Tussendoor werd nog { $count } keer een collega gebeld, tot ronde { $rounds }.
why-nobody-rung = Er is geen enkele collega gebeld.
why-not-away = { $rep } was die dag afwezig.
why-not-off-duty = { $rep } had toen geen dienst.

## De klant.
why-customer-called-in = De klant belde zelf, { $after } na binnenkomst.
why-customer-answered = De klant werd gebeld en nam op, { $after } na binnenkomst.
why-customer-no-answer = De klant werd gebeld en nam niet op.
why-customer-busy = De klant werd gebeld en was in gesprek.
why-customer-rejected = De klant werd gebeld en weigerde de oproep.
why-customer-failed = De klant werd gebeld, maar de verbinding mislukte.
why-customer-invalid-number = Het nummer van de klant bestaat niet.
why-customer-canceled = De collega hing op voor de klant opnam.
why-customer-live = De telefoon van de klant rinkelt nu.
why-talked = Ze waren { $for } verbonden.

## Hoe het afliep.
why-end-connected = { $rep } zei daarna dat de klant gesproken is.
why-end-connected-long = Niemand drukte een toets, maar zo lang spreekt men met een mens: het telt als gesproken.
why-end-unconfirmed = Niemand zei met wie er gesproken is. Het kan een voicemail geweest zijn, dus het telt niet als contact.
why-end-voicemail = { $rep } zei daarna dat het een voicemail was: de klant is niet bereikt.
why-end-wrong-number = { $rep } zei daarna dat het nummer verkeerd was: de klant is niet bereikt.
why-end-cap = De klant was vandaag al vaak genoeg gebeld en is niet bereikt.
why-end-unreached = De klant is niet bereikt.
why-end-nobody = Niemand nam hem aan.
why-end-nobody-owner = Niemand nam hem aan, ook de eigenaar niet.
why-end-canceled = Iemand heeft hem beëindigd{ $reason ->
    [none] {"."}
   *[other] : { $reason }.
}
why-end-discarded = Iemand heeft hem weggelegd{ $reason ->
    [none] {"."}
   *[other] : { $reason }.
}
why-end-joined = Dezelfde klant had al een lead die liep; daar hoort hij bij, en hij deelt de afloop ervan.

## Hoe het nu staat.
why-now-held = Hij wacht tot iemand hem vrijlaat of weglegt.
why-now-waiting = Hij is nog niet aangenomen. De volgende ronde begint op { $date } om { $time }.
why-now-in-line = Hij is nog niet aangenomen en wacht op een telefoon die vrijkomt.
why-now-ringing = Hij is nog niet aangenomen; er rinkelt nu een telefoon.
why-now-stalled = Hij wacht tot de telefoniedienst onze oproepen weer aanneemt.
why-now-talking = Ze zijn nu verbonden.
why-now-menu = De collega is nog aan de lijn en zegt zo wat het werd.
