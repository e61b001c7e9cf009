export const refusals: Readonly<Record<string, string>> = {
  '{0} holds 1 assistant, and you have it already. Nothing new was made. To make room, destroy one first.':
    '{0} bietet Platz für 1 Assistenten, und den hast du schon. Angelegt wurde nichts. Um Platz zu schaffen, lösche ihn zuerst.',
  '{0} holds {1} assistants, and you have them already. Nothing new was made. To make room, destroy one first.':
    '{0} bietet Platz für {1} Assistenten, und die hast du schon. Angelegt wurde nichts. Um Platz zu schaffen, lösche zuerst einen.',
  'You have no assistant yet. Setting one up takes about two minutes.':
    'Du hast noch keinen Assistenten. Einen einzurichten dauert etwa zwei Minuten.',
  'You have no assistant called {0}. Which one do you mean?': 'Du hast keinen Assistenten, der {0} heißt. Welchen meinst du?',
  'You have {0} assistants. Which one do you mean?': 'Du hast {0} Assistenten. Welchen meinst du?',
  'That is not its name, so nothing was deleted. Type {0} to destroy it.':
    'So heißt er nicht, darum wurde nichts gelöscht. Schreibe {0}, um ihn zu löschen.',
  'I could not hand your key over: the place that keeps it did not answer. I kept nothing of the key. Paste it again in a minute.':
    'Ich konnte deinen Schlüssel nicht übergeben: Die Stelle, die ihn verwahrt, hat nicht geantwortet. Ich habe nichts davon behalten. Füge ihn in einer Minute noch einmal ein.',
  '{0} has a log, but our provider does not hand it out right now. Nothing is lost; try again in a minute.':
    '{0} hat ein Protokoll, aber unser Anbieter gibt es gerade nicht heraus. Verloren ist nichts; versuche es in einer Minute noch einmal.',
  'There is nothing to try again: that one is gone. You can set up a new one.':
    'Da gibt es nichts zu wiederholen: Den gibt es nicht mehr. Du kannst einen neuen einrichten.',
  '{0} is running already.': '{0} läuft schon.',
  '{0} is stopped already. Its storage is kept.': '{0} ist schon angehalten. Der Speicher bleibt erhalten.',
  '{0} Ask again when that is done; I will say so here.': '{0} Frage noch einmal, wenn das erledigt ist; ich melde mich dann hier.',
  '{0} is being set up just now.': '{0} wird gerade eingerichtet.',
  '{0} is starting just now.': '{0} startet gerade.',
  '{0} is stopping just now.': '{0} wird gerade angehalten.',
  '{0} is restarting just now.': '{0} startet gerade neu.',
  '{0} is being updated just now.': '{0} wird gerade aktualisiert.',
  '{0} is busy just now.': '{0} ist gerade beschäftigt.',
  '{0} is being destroyed and cannot be changed any more.': '{0} wird gelöscht und lässt sich nicht mehr ändern.',
  'I know no place called {0}. Choose one from the list when you set up.':
    'Einen Ort namens {0} kenne ich nicht. Wähle beim Einrichten einen aus der Liste.',
  'I could not make sense of that ({0}). Nothing was changed.': 'Daraus bin ich nicht schlau geworden ({0}). Geändert wurde nichts.',
  'That was a lot at once, so I stopped listening for a moment. Nothing was changed by the last one. Try again in {0}.':
    'Das war viel auf einmal, darum habe ich einen Moment nicht zugehört. Das Letzte hat nichts geändert. Versuche es in {0} noch einmal.',
  'Your assistant': 'Dein Assistent',
  'It needs a name. {0} would do.': 'Er braucht einen Namen. Wie wäre es mit {0}?',
  'That is too short: a name has at least 3 characters. {0} would work.': 'Das ist zu kurz: Ein Name hat mindestens 3 Zeichen. Wie wäre es mit {0}?',
  'That is {0} characters long, and a name has at most {1}. {2} fits.': 'Das sind {0} Zeichen, und ein Name hat höchstens {1}. {2} passt.',
  'A name is lower-case letters, digits and dashes, and begins with a letter. {0} would work.':
    'Ein Name besteht aus Kleinbuchstaben, Ziffern und Bindestrichen und beginnt mit einem Buchstaben. Wie wäre es mit {0}?',
  'You have one of that name already. {0} is free.': 'So heißt schon einer von dir. {0} ist frei.',
  '{0} did not answer me. Nothing was changed. Try again in a minute.':
    '{0} hat mir nicht geantwortet. Nichts wurde geändert. Versuch es in einer Minute noch einmal.',
  'That one no longer waits to write to {0}: a request ends after an hour. Nothing was changed.':
    'Diese Anfrage an {0} gibt es nicht mehr: Nach einer Stunde verfällt sie. Nichts wurde geändert.',
  'Who waits': 'Wer wartet',
}
