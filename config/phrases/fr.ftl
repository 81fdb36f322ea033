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

## SMS et e-mail aux collègues : 160 caractères au plus, sans ê, ç ni autres hors GSM-7.
text-rep-missed = Lead manqué { about }. Appelez le { $number } et il est à vous.
text-rep-paused = { $rep } n'a pas pris { $count } appels et n'est plus appelé pendant { $minutes } minutes. Un appel au { $number } y met fin.
text-rep-not-reachable = Le téléphone de { $rep } n'a pas sonné { $count } fois. Vérifiez le numéro et l'appareil.
text-rounds-over = Personne n'a pris le lead { $rooftop }. On rappelle à l'ouverture. Pour le prendre : { $link }
text-nobody-accepted = Lead { $rooftop } clos : personne ne l'a pris. Voir { $link }
text-carrier-down = Leadbridge ne peut pas appeler : { $carrier } refuse (code { $code }). Les leads attendent. Vérifiez la configuration.
