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

## Wann wir anrufen; in SMS als { $when }.
when-today = heute um { $time } Uhr
when-tomorrow = morgen um { $time } Uhr
when-day = am { $day }.{ $month }. um { $time } Uhr

## Warum Leads warten; als { $reasons }.
held-unreadable = unlesbar
held-no-phone = keine Nummer
held-invalid-number = falsche Nummer
held-premium = Mehrwertnummer
held-country = anderes Land
held-own-number = eigene Nummer
held-rate = zu viele auf einmal
held-cap = zu oft angerufen
held-spam = Spam
held-consent = will keinen Anruf
held-suspicious = verdächtig

## SMS an Verkäufer: 160 Zeichen aus GSM-7.
text-rep-missed = Verpasster Lead { about }. { $number } anrufen, und er gehört dir.
text-rep-paused = Dein Telefon ruht: { $minutes } Minuten keine Leads. { $number } anrufen beendet das.
text-rep-not-reachable = Dein Telefon hat bei unseren letzten Anrufen nicht geklingelt. Ist es an, stimmt die Nummer? Versuche { $number }.
text-rep-asked-again = Dein Kunde hat noch einmal gefragt: { about }. Bitte zurückrufen.

## SMS an Kunden: wer wir sind, wann, von welcher Nummer, und wie man ablehnt.
text-customer-waits = { $rooftop }: danke für Ihre Anfrage. Wir rufen Sie { $when } von { $number } an. Keine SMS? Antworten Sie STOP.
text-customer-tried = { $rooftop }: wir wollten Sie anrufen{ $vehicle ->
    [none] {""}
   *[other] {" "}wegen { $vehicle }
}. Sie erreichen uns unter { $number }. Keine SMS? Antworten Sie STOP.

## SMS an Inhaber und Leiter.
text-colleague-paused = { $rep } geht nicht ran und wird { $minutes } Minuten nicht angerufen. Ein Anruf bei { $number } von dort beendet das.
text-colleague-not-reachable = Das Telefon von { $rep } hat bei unseren letzten Anrufen nicht geklingelt. Bitte Nummer und Gerät prüfen.
text-carrier-refused = { $carrier } hat eine Nummer abgelehnt (Code { $code }), Lead { about }. Die anderen klingeln.
text-rounds-over = Niemand nahm Lead { about } an. Wir rufen { $when } wieder an. Sofort nehmen: { $number } anrufen.
text-nobody-accepted = Lead { about } ist geschlossen: niemand nahm ihn an. Bitte den Kunden anrufen lassen.
text-held-suspicious = Verdächtiger Lead { about }, sagen Kollegen. Er wartet, bis jemand ihn freigibt oder weglegt.
text-held-daily = Leads, die auf einen Menschen warten: { $count } ({ $reasons }). Siehe: leadbridge lead list --state held.
text-rooftop-gone = Ein Lead ist für { $rooftop }, das nicht mehr in rotation.toml steht. Er wartet, bis der Standort zurück ist.
text-carrier-down = Leadbridge kann nicht anrufen: { $carrier } lehnt ab{ $code ->
    [none] {""}
   *[other] {" "}(Code { $code })
}. Leads warten. Bitte die Einstellungen prüfen.
text-carrier-back = { $carrier } nimmt wieder Anrufe an. Die Leads, die warteten, klingeln jetzt.

## Betreffzeilen: einfache Buchstaben, nie etwas von Kunden.
subject-rep-missed = Verpasster Lead, { $rooftop }
subject-rep-paused = Dein Telefon ist pausiert
subject-rep-not-reachable = Dein Telefon ist nicht erreichbar
subject-rep-asked-again = Dein Kunde hat noch einmal gefragt
subject-colleague-paused = Pausiert: { $rep }
subject-colleague-not-reachable = Nicht erreichbar: { $rep }
subject-carrier-refused = { $carrier } hat eine Nummer abgelehnt
subject-rounds-over = Niemand nahm einen Lead an, { $rooftop }
subject-nobody-accepted = Lead geschlossen, niemand nahm ihn an, { $rooftop }
subject-held-suspicious = Lead mit Verdacht, { $rooftop }
subject-held-daily = Leads, die warten: { $count }
subject-rooftop-gone = Standort fehlt: { $rooftop }
subject-carrier-down = Leadbridge kann nicht anrufen: { $carrier }
subject-carrier-back = Leadbridge ruft wieder an: { $carrier }
