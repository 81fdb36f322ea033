# Wie es einem Lead erging, für die, die das Haus führen. Jeder Satz steht für sich; nach $ steht, was eingesetzt wird.

## Wie er kam.
why-received = Dieser Lead kam am { $date } um { $time } von { $source }, für { $rooftop }.
why-requested = Der Kunde hatte { $for } vorher gefragt.
why-test = Es war ein Test: Er zählt in keiner Zahl mit.
why-named = Der Kunde fragte nach { $rep }.
why-named-not = Der Kunde fragte nach { $rep }, und da war niemand zu erreichen.
why-named-owner = Der Kunde fragte nach { $rep }; beim Inhaber klingelt es immer zuletzt.
why-stranger = Der Kunde fragte nach jemandem, den hier niemand kennt; die Reihenfolge entschied.
why-had-it = { $rep } hatte diesen Kunden gerade erst und kam zuerst.
why-asked-again = Der Kunde hat inzwischen noch einmal gefragt.

## Warum nicht gleich angerufen wurde.
why-held-unreadable = Er wurde zurückgehalten, weil er nicht zu lesen war.
why-held-no-phone = Er wurde zurückgehalten, weil keine Telefonnummer dabei war.
why-held-invalid-number = Er wurde zurückgehalten, weil es die Nummer nicht gibt.
why-held-premium = Er wurde zurückgehalten, weil die Nummer gebührenpflichtig ist.
why-held-country = Er wurde zurückgehalten, weil die Nummer aus einem Land ist, das nicht angerufen werden darf.
why-held-own-number = Er wurde zurückgehalten, weil es eine eigene Nummer ist.
why-held-rate = Er wurde zurückgehalten, weil diese Quelle zu viele auf einmal schickte.
why-held-cap = Er wurde zurückgehalten, weil dieser Kunde an dem Tag oft genug angerufen worden war.
why-held-spam = Er wurde zurückgehalten, weil er nach Spam aussieht.
why-held-consent = Er wurde zurückgehalten, weil der Kunde keine Anrufe will.
why-held-suspicious = Er wurde zurückgehalten, weil Kollegen ihn verdächtig fanden.
why-released = Nach { $for } hat ihn jemand freigegeben.
why-waited = Damals durfte niemand angerufen werden: Er wartete bis { $date } um { $time }.
why-in-line = Er wartete { $for } auf ein Telefon, das besetzt war.
why-stalled = Der Netzanbieter nahm unsere Anrufe eine Zeit lang nicht an; dafür kann kein Kollege etwas.

## Wer angerufen wurde, und was dann geschah.
why-ring-no-answer = { $rep } wurde nach { $after } angerufen und nahm nicht ab.
why-ring-busy = { $rep } wurde nach { $after } angerufen und war besetzt.
why-ring-rejected = { $rep } wurde nach { $after } angerufen und lehnte ab.
why-ring-no-key = { $rep } wurde nach { $after } angerufen; es wurde abgenommen und keine Taste gedrückt, vielleicht von einer Mailbox.
why-ring-hung-up = { $rep } wurde nach { $after } angerufen, nahm ab und legte wieder auf.
why-ring-failed = { $rep } wurde nach { $after } angerufen, aber die Verbindung misslang.
why-ring-invalid-number = { $rep } konnte nicht angerufen werden: Die Nummer gibt es nicht.
why-ring-passed = { $rep } wurde nach { $after } angerufen und gab ihn weiter.
why-ring-suspicious = { $rep } wurde nach { $after } angerufen und fand ihn verdächtig.
why-ring-taken = { $rep } wurde nach { $after } angerufen und hörte, dass ein Kollege ihn schon hat.
why-ring-canceled = { $rep } wurde nach { $after } angerufen; das endete, bevor abgenommen wurde.
why-ring-unsent = { $rep } sollte noch angerufen werden, und das war nicht mehr nötig.
why-ring-lost = Ob das Telefon von { $rep } geklingelt hat, wissen wir nicht: Der Netzanbieter hat es nicht gesagt.
why-ring-accepted = { $rep } wurde nach { $after } angerufen und nahm ihn nach { $accepted }.
why-ring-live = { $rep } wird gerade angerufen.
why-ring-called-in = { $rep } rief nach { $after } selbst die Leadnummer an.
why-ring-called-in-accepted = { $rep } rief nach { $after } selbst die Leadnummer an und nahm ihn.
why-unheard = Bei einem oder mehreren dieser Anrufe wurde nie gemeldet, dass das Telefon klingelt.
why-more = Dazwischen wurde noch { $count } Mal ein Kollege angerufen, bis zur Runde { $rounds }.
why-nobody-rung = Es wurde kein Kollege angerufen.
why-not-away = { $rep } war an dem Tag abwesend.
why-not-off-duty = { $rep } hatte da keinen Dienst.

## Der Kunde.
why-customer-called-in = Der Kunde rief selbst an, { $after } nach dem Eingang.
why-customer-answered = Der Kunde wurde angerufen und nahm ab, { $after } nach dem Eingang.
why-customer-no-answer = Der Kunde wurde angerufen und nahm nicht ab.
why-customer-busy = Der Kunde wurde angerufen und war besetzt.
why-customer-rejected = Der Kunde wurde angerufen und lehnte ab.
why-customer-failed = Der Kunde wurde angerufen, aber die Verbindung misslang.
why-customer-invalid-number = Die Nummer des Kunden gibt es nicht.
why-customer-canceled = Der Kollege legte auf, bevor der Kunde abnahm.
why-customer-live = Das Telefon des Kunden klingelt gerade.
why-talked = Sie waren { $for } verbunden.

## Wie es ausging.
why-end-connected = { $rep } sagte danach, dass der Kunde gesprochen wurde.
why-end-connected-long = Niemand drückte eine Taste, aber so lange spricht man mit einem Menschen: Es zählt als gesprochen.
why-end-unconfirmed = Niemand sagte, mit wem gesprochen wurde. Es kann eine Mailbox gewesen sein, darum zählt es nicht als Kontakt.
why-end-voicemail = { $rep } sagte danach, dass es eine Mailbox war: Der Kunde wurde nicht erreicht.
why-end-wrong-number = { $rep } sagte danach, dass die Nummer falsch war: Der Kunde wurde nicht erreicht.
why-end-cap = Der Kunde war an dem Tag oft genug angerufen worden und wurde nicht erreicht.
why-end-unreached = Der Kunde wurde nicht erreicht.
why-end-nobody = Niemand hat ihn angenommen.
why-end-nobody-owner = Niemand hat ihn angenommen, auch der Inhaber nicht.
why-end-canceled = Jemand hat ihn beendet{ $reason ->
    [none] {"."}
   *[other] : { $reason }.
}
why-end-discarded = Jemand hat ihn weggelegt{ $reason ->
    [none] {"."}
   *[other] : { $reason }.
}
why-end-joined = Derselbe Kunde hatte schon einen laufenden Lead; zu dem gehört er, und er teilt dessen Ausgang.

## Wie es jetzt steht.
why-now-held = Er wartet, bis ihn jemand freigibt oder weglegt.
why-now-waiting = Noch hat ihn niemand angenommen. Die nächste Runde beginnt am { $date } um { $time }.
why-now-in-line = Noch hat ihn niemand angenommen; er wartet auf ein Telefon, das frei wird.
why-now-ringing = Noch hat ihn niemand angenommen; gerade klingelt ein Telefon.
why-now-stalled = Er wartet, bis der Netzanbieter unsere Anrufe wieder annimmt.
why-now-talking = Sie sind gerade verbunden.
why-now-menu = Der Kollege ist noch in der Leitung und sagt gleich, was daraus wurde.
