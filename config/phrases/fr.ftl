# Ce que Leadbridge dit et écrit en français. Les phrases parlées sont courtes : le collègue est au showroom.
# Après $ vient ce qui est rempli ; une donnée vide arrive comme "none".

## De quoi il s'agit ; chaque partie peut manquer. Employé dans d'autres phrases : { about }
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

## Avant la touche 1 : jamais qui est le client, un répondeur l'entendrait.
whisper = Lead { about }. Tapez 1.
whisper-old = Lead plus ancien, { about }. Tapez 1.
whisper-elsewhere = Lead { about }. Un autre garage appelle aussi. Tapez 1.
whisper-suspicious = Suspect, dit un collègue. Lead { about }. Tapez 1.
whisper-on-line = Client en ligne! Lead { about }. Tapez 1.
whisper-test = Test, { $rooftop }. Tapez 1.

## Ce que veut le client.
interest-buy = achat
interest-lease = leasing
interest-sell = vente
interest-trade-in = reprise
interest-test-drive = essai

## Après la touche 1, avant que le client soit appelé. $comment finit par une ponctuation.
customer = { $name ->
    [none] Le client
   *[other] { $name }
}. { $comment } On appelle.
customer-plain = { $name ->
    [none] Le client
   *[other] { $name }
}. On appelle.
customer-on-line = { $name ->
    [none] Le client
   *[other] { $name }
} est en ligne.{ $comment ->
    [none] {""}
   *[other] {" "}{ $comment }
}
asked-again = Le client a redemandé entre-temps.

## La suite.
taken = C'est { $rep } qui l'a.
dealt-with = Ce lead est déjà traité. Merci.
passed = D'accord, on appelle un collègue.
paused = D'accord, on ne vous appelle plus pour l'instant.
no-key = Aucune touche entendue. On appelle un collègue.
suspicious = Merci de nous avoir prévenus.
test-passed = Test réussi.

## Pourquoi le client n'est pas venu en ligne.
unreached-no-answer = Le client ne répond pas.
unreached-busy = Le client est en ligne.
unreached-rejected = Le client a refusé l'appel.
unreached-failed = L'appel n'a pas abouti.
unreached-invalid-number = Ce numéro n'existe pas.
unreached-cap = Ce client a déjà été appelé assez souvent aujourd'hui.
press-1-again = Tapez 1 pour rappeler.

## Après la conversation.
menu = Vous avez parlé au client ? Tapez 1. Répondeur, 2. Mauvais numéro, 3. À rappeler plus tard, 4. Rien de tout cela, 0.
menu-thanks = C'est noté. Merci.

## Aux clients et aux autres appelants.
hold = Un instant, s'il vous plaît.
reception-none = Personne n'est libre pour le moment. Veuillez rappeler plus tard.
good-bye = Au revoir.

## Quand nous appelons ; dans les SMS : { $when }.
when-today = aujourd'hui à { $time }
when-tomorrow = demain à { $time }
when-day = le { $day }/{ $month } à { $time }

## Pourquoi des leads attendent ; { $reasons }.
held-unreadable = illisible
held-no-phone = sans numéro
held-invalid-number = faux numéro
held-premium = numéro surtaxé
held-country = autre pays
held-own-number = propre numéro
held-rate = trop à la fois
held-cap = appelé trop souvent
held-spam = spam
held-consent = refuse les appels
held-suspicious = suspect

## SMS aux vendeurs : 160 caractères de GSM-7, sans ê, ç et semblables.
text-rep-missed = Lead manqué { about }. Appelez le { $number } et il est à vous.
text-rep-paused = Votre téléphone est en pause : pas de leads pendant { $minutes } minutes. Appelez le { $number } pour y mettre fin.
text-rep-not-reachable = Votre téléphone n'a pas sonné à nos derniers appels. Est-il allumé, le numéro est-il juste ? Essayez le { $number }.
text-rep-asked-again = Votre client a de nouveau demandé : { about }. Rappelez-le.

## SMS aux clients : qui nous sommes, quand, de quel numéro, et comment refuser.
text-customer-waits = { $rooftop } : merci pour votre demande. Nous vous appelons { $when } du { $number }. Pas de SMS ? Répondez STOP.
text-customer-tried = { $rooftop } : nous avons essayé de vous appeler{ $vehicle ->
    [none] {""}
   *[other] {" "}pour votre { $vehicle }
}. Joignez-nous au { $number }. Pas de SMS ? Répondez STOP.

## SMS aux patrons et responsables.
text-colleague-paused = { $rep } ne répond pas et n'est pas appelé pendant { $minutes } minutes. Appeler le { $number } de ce téléphone y met fin.
text-colleague-not-reachable = Le téléphone de { $rep } n'a pas sonné à nos derniers appels. Vérifiez le numéro et l'appareil.
text-carrier-refused = { $carrier } a refusé un numéro (code { $code }), lead { about }. Les autres sont appelés.
text-rounds-over = Personne n'a pris le lead { about }. Nous rappelons { $when }. Pour le prendre : { $number }.
text-nobody-accepted = Le lead { about } est clos : personne ne l'a pris. Faites appeler ce client.
text-held-suspicious = Lead suspect { about }, disent des collègues. Il attend que quelqu'un le libère ou l'écarte.
text-held-daily = Leads qui attendent une décision : { $count } ({ $reasons }). Voir : leadbridge lead list --state held.
text-rooftop-gone = Un lead est pour { $rooftop }, qui n'est plus dans rotation.toml. Il attend le retour du site.
text-carrier-down = Leadbridge ne peut pas appeler : { $carrier } refuse{ $code ->
    [none] {""}
   *[other] {" "}(code { $code })
}. Des leads attendent. Vérifiez les réglages.
text-carrier-back = { $carrier } accepte de nouveau les appels. Les leads qui attendaient sont appelés.

## Objets des e-mails : lettres simples, jamais rien d'un client.
subject-rep-missed = Appel de lead sans reponse, { $rooftop }
subject-rep-paused = Votre telephone est en pause
subject-rep-not-reachable = Votre telephone est injoignable
subject-rep-asked-again = Votre client a de nouveau demande
subject-colleague-paused = En pause : { $rep }
subject-colleague-not-reachable = Injoignable : { $rep }
subject-carrier-refused = { $carrier } a refuse un numero
subject-rounds-over = Personne n'a pris un lead, { $rooftop }
subject-nobody-accepted = Lead clos, personne ne l'a pris, { $rooftop }
subject-held-suspicious = Lead suspect, { $rooftop }
subject-held-daily = Leads en attente : { $count }
subject-rooftop-gone = Site absent : { $rooftop }
subject-carrier-down = Leadbridge ne peut pas appeler : { $carrier }
subject-carrier-back = Leadbridge appelle de nouveau : { $carrier }
