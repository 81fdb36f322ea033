# Was Leadbridge auf Deutsch sagt und schreibt. Gesprochene Sätze sind kurz: der Kollege steht im Verkaufsraum.
# Nach $ steht, was eingesetzt wird; eine leere Angabe kommt als "none" an. Kunden und Kollegen sind "Sie".

## Worum es geht; jeder Teil kann fehlen. In anderen Sätzen so verwendet: { about }
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

## Vor der Taste 1: nie, wer der Kunde ist, das würde eine Mailbox hören.
whisper = Lead { about }. Drücken Sie 1.
whisper-old = Älterer Lead, { about }. Drücken Sie 1.
whisper-elsewhere = Lead { about }. Ein anderes Haus ruft auch an. Drücken Sie 1.
whisper-suspicious = Verdächtig, sagt ein Kollege. { about }. Drücken Sie 1.
whisper-on-line = Kunde am Apparat! Lead { about }. Drücken Sie 1.
whisper-test = Test, { $rooftop }. Drücken Sie 1.

## Was der Kunde möchte.
interest-buy = Kauf
interest-lease = Leasing
interest-sell = Verkauf
interest-trade-in = Inzahlungnahme
interest-test-drive = Probefahrt

## Nach der Taste 1, bevor der Kunde angerufen wird. $comment endet mit einem Satzzeichen.
customer = { $name ->
    [none] Der Kunde
   *[other] { $name }
}. { $comment } Wir rufen an.
customer-plain = { $name ->
    [none] Der Kunde
   *[other] { $name }
}. Wir rufen an.
customer-on-line = { $name ->
    [none] Der Kunde
   *[other] { $name }
} ist am Apparat.{ $comment ->
    [none] {""}
   *[other] {" "}{ $comment }
}
asked-again = Der Kunde hat inzwischen noch einmal gefragt.

## Wie es weiterging.
taken = { $rep } hat ihn.
dealt-with = Dieser Lead ist schon erledigt. Danke.
passed = Gut, wir rufen einen Kollegen an.
paused = Gut, wir rufen Sie vorerst nicht an.
no-key = Keine Taste gehört. Wir rufen einen Kollegen an.
suspicious = Danke für die Warnung.
test-passed = Test bestanden.

## Warum der Kunde nicht in die Leitung kam.
unreached-no-answer = Der Kunde nimmt nicht ab.
unreached-busy = Beim Kunden ist besetzt.
unreached-rejected = Der Kunde hat den Anruf abgelehnt.
unreached-failed = Der Anruf kam nicht zustande.
unreached-invalid-number = Diese Nummer gibt es nicht.
unreached-cap = Dieser Kunde wurde heute schon oft genug angerufen.
press-1-again = Drücken Sie 1, um noch einmal anzurufen.

## Nach dem Gespräch.
menu = Den Kunden gesprochen? Drücken Sie 1. Mailbox, 2. Falsche Nummer, 3. Später noch einmal anrufen, 4. Nichts davon, 0.
menu-thanks = Notiert. Danke.

## An Kunden und andere Anrufer.
hold = Einen Augenblick bitte.
reception-none = Im Moment ist niemand frei. Bitte versuchen Sie es später noch einmal.
good-bye = Auf Wiederhören.

## SMS und E-Mail an Kollegen: höchstens 160 Zeichen aus GSM-7.
text-rep-missed = Verpasster Lead { about }. Rufen Sie { $number } an, dann gehört er Ihnen.
text-rep-paused = { $rep } nahm { $count } Mal nicht ab und wird { $minutes } Minuten nicht angerufen. Ein Anruf bei { $number } hebt das auf.
text-rep-not-reachable = Das Telefon von { $rep } hat { $count } Mal nicht geklingelt. Bitte Nummer und Gerät prüfen.
text-rounds-over = Niemand nahm den Lead { $rooftop } an. Zur Öffnung geht es weiter. Annehmen: { $link }
text-nobody-accepted = Lead { $rooftop } ist geschlossen: niemand nahm ihn an. Siehe { $link }
text-carrier-down = Leadbridge kann nicht anrufen: { $carrier } lehnt ab (Code { $code }). Leads warten. Bitte Einstellungen prüfen.
