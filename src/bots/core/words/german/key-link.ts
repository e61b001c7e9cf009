export const keyLink: Readonly<Record<string, string>> = {
  'Open the page': 'Seite öffnen',
  '{0} for {1}: open this page within {2} minutes, it works once. What you paste there is in no chat.':
    '{0} für {1}: Öffne diese Seite innerhalb von {2} Minuten, sie funktioniert einmal. Was du dort einfügst, steht in keinem Chat.',
  'Keep the link to yourself: whoever has it can answer in your place.': 'Behalte den Link für dich: Wer ihn hat, kann an deiner Stelle antworten.',
  '✓ {0} for {1} is saved.': '✓ {0} für {1} ist gespeichert.',
  '✓ {0} for {1} is saved: {2}': '✓ {0} für {1} ist gespeichert: {2}',
  'It looks like {0}': 'Sieht so aus: {0}',
  'It came from the page whose link I gave you. If that was not you, replace it now.':
    'Es kam von der Seite, deren Link ich dir gegeben habe. Wenn du das nicht warst, ersetze es jetzt.',
  'There is no page for that here: whoever runs me has given me no address on the web. You can hand the key over in this chat.':
    'Dafür gibt es hier keine Seite: Wer mich betreibt, hat mir keine Adresse im Web gegeben. Du kannst den Schlüssel in diesem Chat übergeben.',
  'What shall {0} get by way of a web page?': 'Was soll {0} über eine Webseite bekommen?',
  'You have had {0} links within an hour, which is as many as I give. The next one is free in {1}.':
    'Du hattest {0} Links innerhalb einer Stunde, mehr gebe ich nicht. Der nächste ist in {1} frei.',
}
