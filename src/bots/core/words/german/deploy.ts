export const deploy: Readonly<Record<string, string>> = {
  it: 'dein Assistent',
  'What shall it be called? A short word for you to use here: lower-case letters, digits and dashes.':
    'Wie soll er heißen? Ein kurzes Wort, das du hier benutzt: Kleinbuchstaben, Ziffern und Bindestriche.',
  'More…': 'Mehr…',
  'Whose model shall {0} think with? You use your own key, and they charge you for what it thinks.':
    'Mit wessen Modell soll {0} denken? Du benutzt deinen eigenen Schlüssel, und was er denkt, berechnet dir der Anbieter.',
  'Skip for now': 'Erst mal ohne',
  'What shall be different about {0}?': '{0}: Was soll anders sein?',
  Place: 'Ort',
  Model: 'Modell',
  Key: 'Schlüssel',
  '{0} is on its way: its progress appears here.': '{0} ist unterwegs: Wie es vorangeht, steht gleich hier.',
  '{0} is on its way: its progress follows.': '{0} ist unterwegs: Wie es vorangeht, folgt gleich.',
  'Where shall {0} live? The nearest to you come first, and its data stays there.':
    'Wo soll {0} stehen? Was dir am nächsten ist, kommt zuerst, und seine Daten bleiben dort.',
  'Paste your model key: it looks like {0}.': 'Füge den Schlüssel für dein Modell ein: Er sieht aus wie {0}.',
  'Paste your {0} key: it looks like {1}.': 'Füge deinen Schlüssel von {0} ein: Er sieht aus wie {1}.',
  '{0} It goes straight to where {1} runs, and I keep its last four characters. {2}':
    '{0} Er geht direkt dorthin, wo {1} läuft, und ich behalte die letzten vier Zeichen. {2}',
  'What you type stays hidden.': 'Was du tippst, bleibt verborgen.',
  'The button opens a form for it: what you put in there appears in no chat.':
    'Der Knopf öffnet dafür ein Formular: Was du dort einträgst, erscheint in keinem Chat.',
  'I delete your message at once.': 'Deine Nachricht lösche ich sofort.',
  'It stays visible where you type it.': 'Er bleibt dort sichtbar, wo du ihn tippst.',
  '{0} a month': '{0} im Monat',
  'free here: billing is off': 'hier kostenlos: Die Abrechnung ist aus',
  'Nothing is charged before it runs.': 'Berechnet wird erst etwas, wenn er läuft.',
  'Brain: {0}': 'Denkt mit: {0}',
  'Brain: {0} · Runs: {1}': 'Denkt mit: {0} · Läuft mit: {1}',
  'Paste the key': 'Schlüssel einfügen',
  Launch: 'Loslegen',
  'Change something': 'Etwas ändern',
  'none yet, so it runs but cannot answer': 'noch nichts, darum läuft er, kann aber nicht antworten',
  '{0} (the key must be pasted again)': '{0} (der Schlüssel muss noch einmal eingefügt werden)',
  '{0}, without a key: it runs but cannot answer': '{0}, ohne Schlüssel: Er läuft, kann aber nicht antworten',
  'I know no place called {0}. Tap one of these, or type a city from the list.':
    'Einen Ort namens {0} kenne ich nicht. Tippe auf einen von diesen, oder schreibe eine Stadt aus der Liste.',
  'I do not know that one. Tap one of these, or skip it for now.': 'Den kenne ich nicht. Tippe auf einen von diesen, oder mach erst mal ohne weiter.',
  'That looks like a secret key. I kept nothing of it; I ask for it in a moment, when I know where it goes.':
    'Das sieht nach einem geheimen Schlüssel aus. Ich habe nichts davon behalten; ich frage gleich danach, wenn ich weiß, wohin er soll.',
  'Tap one of the buttons, or type /cancel to stop here.': 'Tippe auf einen der Knöpfe, oder schreibe /cancel, um hier aufzuhören.',
  'That did not work.': 'Das hat nicht geklappt.',
  '{0} I have deleted your message.': '{0} Ich habe deine Nachricht gelöscht.',
  '{0} I kept nothing of it.': '{0} Ich habe nichts davon behalten.',
}
