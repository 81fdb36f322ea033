# Wat Leadbridge in het Nederlands zegt en schrijft. Gesproken zinnen zijn kort: de collega staat in de showroom.
# Na $ staat wat wordt ingevuld; een leeg gegeven komt aan als "none". Klanten zijn "u", collega's "je".

## Waarover het gaat; elk deel kan ontbreken. Zo gebruikt in andere zinnen: { about }
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

## Voor toets 1: nooit wie de klant is, dat zou een voicemail horen.
whisper = Lead { about }. Druk 1.
whisper-old = Lead van eerder, { about }. Druk 1.
whisper-elsewhere = Lead { about }. Een andere vestiging belt ook. Druk 1.
whisper-suspicious = Verdacht, zegt een collega. Lead { about }. Druk 1.
whisper-on-line = Klant aan de lijn! Lead { about }. Druk 1.
whisper-test = Test, { $rooftop }. Druk 1.

## Waarvoor de klant komt.
interest-buy = aankoop
interest-lease = leasing
interest-sell = verkoop
interest-trade-in = overname
interest-test-drive = proefrit

## Na toets 1, terwijl de telefoon van de klant gaat rinkelen. $comment eindigt met een leesteken.
customer = { $name ->
    [none] De klant
   *[other] { $name }
}. { $comment } We bellen.
customer-plain = { $name ->
    [none] De klant
   *[other] { $name }
}. We bellen.
customer-on-line = { $name ->
    [none] De klant
   *[other] { $name }
} is aan de lijn.{ $comment ->
    [none] {""}
   *[other] {" "}{ $comment }
}
asked-again = De klant heeft intussen nog eens gevraagd.

## Hoe het verder ging.
taken = { $rep } heeft hem.
dealt-with = Deze lead is al afgehandeld. Dank je.
passed = Goed, we bellen een collega.
paused = Goed, we bellen je even niet.
no-key = Geen toets gehoord. We bellen een collega.
suspicious = Dank je voor de waarschuwing.
test-passed = Test geslaagd.

## Waarom de klant niet aan de lijn kwam.
unreached-no-answer = De klant neemt niet op.
unreached-busy = De klant is in gesprek.
unreached-rejected = De klant heeft de oproep geweigerd.
unreached-failed = Het bellen is niet gelukt.
unreached-invalid-number = Dit nummer bestaat niet.
unreached-cap = Deze klant is vandaag al vaak genoeg gebeld.
press-1-again = Druk 1 om nog eens te bellen.

## Na het gesprek.
menu = De klant gesproken? Druk 1. Voicemail, 2. Verkeerd nummer, 3. Later nog eens bellen, 4. Niets van dat alles, 0.
menu-thanks = Genoteerd. Dank je.

## Aan klanten en andere bellers.
hold = Een ogenblik geduld.
reception-none = Er is nu niemand vrij. Probeert u het later nog eens.
good-bye = Tot ziens.

## Sms en e-mail aan collega's: ten hoogste 160 tekens, zonder ê, ç en andere tekens buiten GSM-7.
text-rep-missed = Gemiste lead { about }. Bel { $number } en je krijgt hem.
text-rep-paused = { $rep } nam { $count } keer niet op en wordt { $minutes } minuten niet gebeld. Bellen naar { $number } heft dat op.
text-rep-not-reachable = De telefoon van { $rep } ging { $count } keer niet over. Kijk het nummer en het toestel na.
text-rounds-over = Niemand nam de lead { $rooftop } aan. We bellen weer bij opening. Wie hem wil: { $link }
text-nobody-accepted = Lead { $rooftop } is gesloten: niemand nam hem aan. Zie { $link }
text-carrier-down = Leadbridge kan niet bellen: { $carrier } weigert (code { $code }). Leads wachten. Kijk de instellingen na.
