# Ce qu'il est advenu d'un lead, pour qui dirige l'affaire. Chaque phrase se suffit ; après $, ce qui est rempli.

## Comment il est arrivé.
why-received = Ce lead est arrivé le { $date } à { $time } de { $source }, pour { $rooftop }.
why-requested = Le client l'avait demandé { $for } plus tôt.
why-test = C'était un test : il n'entre dans aucun chiffre.
why-named = Le client a demandé { $rep }.
why-named-not = Le client a demandé { $rep }, qui n'était pas disponible.
why-named-owner = Le client a demandé { $rep }, qui est propriétaire et qu'on appelle en dernier.
why-stranger = Le client a demandé quelqu'un que personne ne connaît ici ; la rotation a choisi.
why-had-it = { $rep } venait d'avoir ce client et a été appelé en premier.
why-asked-again = Le client a redemandé entre-temps.

## Pourquoi on n'a pas appelé tout de suite.
why-held-unreadable = Il a été retenu parce qu'il était illisible.
why-held-no-phone = Il a été retenu parce qu'il n'avait pas de numéro de téléphone.
why-held-invalid-number = Il a été retenu parce que le numéro n'existe pas.
why-held-premium = Il a été retenu parce que c'est un numéro surtaxé.
why-held-country = Il a été retenu parce que le numéro est d'un pays qu'on n'appelle pas.
why-held-own-number = Il a été retenu parce que c'est un de nos propres numéros.
why-held-rate = Il a été retenu parce que cette source en envoyait trop à la fois.
why-held-cap = Il a été retenu parce que ce client avait déjà été assez appelé ce jour-là.
why-held-spam = Il a été retenu parce qu'il ressemble à du spam.
why-held-consent = Il a été retenu parce que le client ne veut pas d'appels.
why-held-suspicious = Il a été retenu parce que des collègues l'ont trouvé suspect.
why-released = Après { $for }, quelqu'un l'a libéré.
why-waited = On ne pouvait alors appeler personne : il a attendu jusqu'au { $date } à { $time }.
why-in-line = Il a attendu { $for } un téléphone qui était occupé.
why-stalled = L'opérateur a refusé nos appels un moment ; aucun collègue n'y est pour rien.

## Qui a été appelé, et ce qui s'est passé.
why-ring-no-answer = { $rep } a été appelé après { $after } et n'a pas répondu.
why-ring-busy = { $rep } a été appelé après { $after } et était en ligne.
why-ring-rejected = { $rep } a été appelé après { $after } et a refusé l'appel.
why-ring-no-key = { $rep } a été appelé après { $after } ; on a décroché sans appuyer sur une touche, peut-être une messagerie.
why-ring-hung-up = { $rep } a été appelé après { $after }, a décroché puis raccroché.
why-ring-failed = { $rep } a été appelé après { $after }, mais la liaison a échoué.
why-ring-invalid-number = { $rep } n'a pas pu être appelé : le numéro n'existe pas.
why-ring-passed = { $rep } a été appelé après { $after } et l'a passé.
why-ring-suspicious = { $rep } a été appelé après { $after } et l'a trouvé suspect.
why-ring-taken = { $rep } a été appelé après { $after } et a entendu qu'un collègue l'avait déjà.
why-ring-canceled = { $rep } a été appelé après { $after } ; l'appel a cessé avant qu'on décroche.
why-ring-unsent = { $rep } allait être appelé, et ce n'était plus nécessaire.
why-ring-lost = On ne sait pas si le téléphone de { $rep } a sonné : l'opérateur ne l'a pas dit.
why-ring-accepted = { $rep } a été appelé après { $after } et l'a pris après { $accepted }.
why-ring-live = On appelle { $rep } en ce moment.
why-ring-called-in = { $rep } a appelé la ligne des leads après { $after }.
why-ring-called-in-accepted = { $rep } a appelé la ligne des leads après { $after } et l'a pris.
why-unheard = Pour un ou plusieurs de ces appels, il n'a jamais été signalé que le téléphone sonnait.
why-more = Entre-temps, des collègues ont encore été appelés { $count } fois, jusqu'au tour { $rounds }.
why-nobody-rung = Aucun collègue n'a été appelé.
why-not-away = { $rep } était absent ce jour-là.
why-not-off-duty = { $rep } n'était pas de service à ce moment.

## Le client.
why-customer-called-in = Le client a appelé lui-même, { $after } après l'arrivée.
why-customer-answered = Le client a été appelé et a répondu, { $after } après l'arrivée.
why-customer-no-answer = Le client a été appelé et n'a pas répondu.
why-customer-busy = Le client a été appelé et était en ligne.
why-customer-rejected = Le client a été appelé et a refusé l'appel.
why-customer-failed = Le client a été appelé, mais la liaison a échoué.
why-customer-invalid-number = Le numéro du client n'existe pas.
why-customer-canceled = Le collègue a raccroché avant que le client réponde.
why-customer-live = Le téléphone du client sonne en ce moment.
why-talked = Ils ont été reliés { $for }.

## Comment cela s'est terminé.
why-end-connected = { $rep } a dit ensuite avoir parlé au client.
why-end-connected-long = Personne n'a appuyé sur une touche, mais on parle aussi longtemps à un être humain : cela compte comme un contact.
why-end-unconfirmed = Personne n'a dit à qui on a parlé. C'était peut-être une messagerie : cela ne compte pas comme un contact.
why-end-voicemail = { $rep } a dit ensuite que c'était une messagerie : le client n'a pas été joint.
why-end-wrong-number = { $rep } a dit ensuite que le numéro était faux : le client n'a pas été joint.
why-end-cap = Le client avait déjà été assez appelé ce jour-là et n'a pas été joint.
why-end-unreached = Le client n'a pas été joint.
why-end-nobody = Personne ne l'a pris.
why-end-nobody-owner = Personne ne l'a pris, le patron non plus.
why-end-canceled = Quelqu'un y a mis fin{ $reason ->
    [none] {"."}
   *[other] {" "}: { $reason }.
}
why-end-discarded = Quelqu'un l'a mis de côté{ $reason ->
    [none] {"."}
   *[other] {" "}: { $reason }.
}
why-end-joined = Le même client avait déjà un lead en cours ; il y est rattaché et en partage l'issue.

## Où il en est.
why-now-held = Il attend que quelqu'un le libère ou le mette de côté.
why-now-waiting = Personne ne l'a encore pris. Le prochain tour commence le { $date } à { $time }.
why-now-in-line = Personne ne l'a encore pris ; il attend qu'un téléphone se libère.
why-now-ringing = Personne ne l'a encore pris ; un téléphone sonne en ce moment.
why-now-stalled = Il attend que l'opérateur accepte de nouveau nos appels.
why-now-talking = Ils sont reliés en ce moment.
why-now-menu = Le collègue est encore en ligne et va dire ce qu'il en est.
