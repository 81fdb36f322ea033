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

## Wanneer we bellen; in sms'en als { $when }.
when-today = vandaag om { $time }
when-tomorrow = morgen om { $time }
when-day = op { $day }/{ $month } om { $time }

## Waarom leads wachten; als { $reasons }.
held-unreadable = onleesbaar
held-no-phone = geen nummer
held-invalid-number = fout nummer
held-premium = betaalnummer
held-country = ander land
held-own-number = eigen nummer
held-rate = te veel ineens
held-cap = te vaak gebeld
held-spam = spam
held-consent = wil geen oproep
held-suspicious = verdacht

## Sms'en aan verkopers: 160 tekens van GSM-7, zonder ê, ç en dergelijke.
text-rep-missed = Gemiste lead { about }. Bel { $number } en je krijgt hem.
text-rep-paused = Je telefoon rust: { $minutes } minuten geen leads. Bel { $number } om dat op te heffen.
text-rep-not-reachable = Je telefoon ging bij onze laatste oproepen niet over. Staat hij aan en klopt je nummer? Bel { $number } om te proberen.
text-rep-asked-again = Je klant heeft nog eens gevraagd: { about }. Bel terug.

## Sms'en aan klanten: wie we zijn, wanneer, vanaf welk nummer, en hoe weigeren.
text-customer-waits = { $rooftop }: dank u voor uw aanvraag. We bellen u { $when } vanaf { $number }. Liever geen sms? Antwoord STOP.
text-customer-tried = { $rooftop }: we probeerden u te bellen{ $vehicle ->
    [none] {""}
   *[other] {" "}over uw { $vehicle }
}. U bereikt ons op { $number }. Liever geen sms? Antwoord STOP.

## Sms'en aan eigenaars en managers.
text-colleague-paused = { $rep } neemt niet op en wordt { $minutes } minuten niet gebeld. Bellen naar { $number } met dat toestel heft dat op.
text-colleague-not-reachable = De telefoon van { $rep } ging bij onze laatste oproepen niet over. Kijk het nummer en het toestel na.
text-carrier-refused = { $carrier } weigerde één nummer (code { $code }), lead { about }. De andere worden gebeld.
text-rounds-over = Niemand nam lead { about } aan. We bellen weer { $when }. Nu nemen? Bel { $number }.
text-nobody-accepted = Lead { about } is gesloten: niemand nam hem aan. Laat deze klant bellen.
text-held-suspicious = Verdachte lead { about }, zeggen collega's. Hij wacht tot iemand hem vrijgeeft of weglegt.
text-held-daily = Leads die op een mens wachten: { $count } ({ $reasons }). Zie: leadbridge lead list --state held.
text-rooftop-gone = Een lead is voor { $rooftop }, dat niet meer in rotation.toml staat. Hij wacht tot de vestiging terug is.
text-carrier-down = Leadbridge kan niet bellen: { $carrier } weigert{ $code ->
    [none] {""}
   *[other] {" "}(code { $code })
}. Leads wachten. Kijk de instellingen na.
text-carrier-back = { $carrier } neemt weer oproepen aan. De leads die wachtten worden nu gebeld.

## Onderwerpen van mails: gewone letters, nooit iets van een klant.
subject-rep-missed = Gemiste lead, { $rooftop }
subject-rep-paused = Je telefoon is gepauzeerd
subject-rep-not-reachable = Je telefoon is niet bereikbaar
subject-rep-asked-again = Je klant heeft nog eens gevraagd
subject-colleague-paused = Gepauzeerd: { $rep }
subject-colleague-not-reachable = Niet bereikbaar: { $rep }
subject-carrier-refused = { $carrier } weigerde een nummer
subject-rounds-over = Niemand nam een lead aan, { $rooftop }
subject-nobody-accepted = Lead gesloten, niemand nam hem aan, { $rooftop }
subject-held-suspicious = Verdachte lead, { $rooftop }
subject-held-daily = Leads die wachten: { $count }
subject-rooftop-gone = Vestiging ontbreekt: { $rooftop }
subject-carrier-down = Leadbridge kan niet bellen: { $carrier }
subject-carrier-back = Leadbridge belt weer: { $carrier }
