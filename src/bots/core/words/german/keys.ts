export const keys: Readonly<Record<string, string>> = {
  Add: 'Hinzufügen',
  '{0} holds no keys yet: nothing to think with, and no chat to listen in.':
    '{0} hat noch keine Schlüssel: nichts zum Denken und keinen Chat zum Zuhören.',
  'What {0} holds': 'Was {0} hat',
  Replace: 'Ersetzen',
  'Replace…': 'Ersetzen…',
  Remove: 'Entfernen',
  'Remove…': 'Entfernen…',
  '{0}: {1}set {2}': '{0}: {1}gesetzt {2}',
  '{0}: {1}, {2}set {3}': '{0}: {1}, {2}gesetzt {3}',
  '{0} in {1}': '{0} in {1}',
  'Which one of {0} shall be replaced?': 'Was von {0} soll ersetzt werden?',
  'Which one shall {0} lose?': 'Was soll {0} verlieren?',
  'What shall {0} get? A chat to listen in, a model to think with, or a variable for one of its skills.':
    'Was soll {0} bekommen? Einen Chat zum Zuhören, ein Modell zum Denken oder eine Variable für eine seiner Fähigkeiten.',
  'A variable': 'Eine Variable',
  '{0} stops listening on {1} when its token goes. Its memory stays. Remove it?':
    'Ohne den Token hört {0} nicht mehr auf {1} zu. Das Gedächtnis bleibt. Entfernen?',
  '{0} cannot use {1} any more when it is removed. Remove it?': '{0} kann {1} dann nicht mehr benutzen. Entfernen?',
  'Remove it': 'Entfernen',
  'Open @BotFather': '@BotFather öffnen',
  'Open the developer portal': 'Entwicklerportal öffnen',
  "Open Slack's app page": 'App-Seite von Slack öffnen',
  '{0} gets a Telegram bot of its own. In Telegram open @BotFather and send {1}: give it a name, and a username that ends in {2}.':
    '{0} bekommt einen eigenen Telegram-Bot. Öffne in Telegram @BotFather und sende {1}: Gib ihm einen Namen und einen Benutzernamen, der auf {2} endet.',
  'It answers with a token like {0}. Copy it and send it to me here.':
    'Die Antwort enthält einen Token wie {0}. Kopiere ihn und schick ihn mir hier.',
  '{0} gets a Discord bot of its own. In the developer portal tap New Application and name it.':
    '{0} bekommt einen eigenen Discord-Bot. Tippe im Entwicklerportal auf „New Application“ und gib ihr einen Namen.',
  'Open Bot, turn on Message Content Intent, and save. Then tap Reset Token, copy what appears, and give it to me here.':
    'Öffne „Bot“, schalte „Message Content Intent“ ein und speichere. Tippe dann auf „Reset Token“, kopiere, was erscheint, und gib es mir hier.',
  "{0} gets a Slack app of its own. On Slack's app page choose From a manifest, your workspace, and paste the text above as JSON. Create it.":
    '{0} bekommt eine eigene Slack-App. Wähle auf der App-Seite von Slack „From a manifest“ und deinen Workspace, füge den Text von oben als JSON ein und lege sie an.',
  'Basic Information, App-Level Tokens, Generate with the scope {0}: that is the app token, {1}.':
    '„Basic Information“, „App-Level Tokens“, „Generate“ mit dem Recht {0}: Das ist der App-Token, {1}.',
  'Install App, Install to Workspace: that is the bot token, {0}. Give me both here.':
    '„Install App“, „Install to Workspace“: Das ist der Bot-Token, {0}. Gib mir hier beide.',
  'Make a key on the page of {0} and paste it here: it looks like {1}. They charge you for what {2} thinks.':
    'Lege auf der Seite von {0} einen Schlüssel an und füge ihn hier ein: Er sieht aus wie {1}. Was {2} denkt, berechnen sie dir.',
  'This makes the Slack app of {0}. Copy all of it.': 'Daraus wird die Slack-App von {0}. Kopiere alles.',
  'Good, that is the bot token. Now the app token: it begins with {0}.': 'Gut, das ist der Bot-Token. Jetzt der App-Token: Er beginnt mit {0}.',
  'Good, that is the app token. Now the bot token: it begins with {0}.': 'Gut, das ist der App-Token. Jetzt der Bot-Token: Er beginnt mit {0}.',
  'What is the variable called? Capital letters, digits and underscores, like {0}. The skills of {1} find it under that name.':
    'Wie heißt die Variable? Großbuchstaben, Ziffern und Unterstriche, wie {0}. Unter diesem Namen finden die Fähigkeiten von {1} sie.',
  'And the value of {0}?': 'Und der Wert von {0}?',
  Keys: 'Schlüssel',
  '✓ {0} is set.': '✓ {0} ist gesetzt.',
  '✓ {0} {1} is set.': '✓ {0} {1} ist gesetzt.',
  '✓ {0} {1} of {2} is set.': '✓ {0} {1} von {2} ist gesetzt.',
  'I am restarting {0} with it; its memory stays.': 'Ich starte {0} damit neu; das Gedächtnis bleibt.',
  '{0} is stopped, and takes it at its next start.': '{0} ist angehalten und übernimmt es beim nächsten Start.',
  '{0} is just being set up, and gets it on the way.': '{0} wird gerade eingerichtet und bekommt es gleich mit.',
  'Invite it to your server': 'Auf deinen Server einladen',
  '✓ {0} is removed.': '✓ {0} ist entfernt.',
  'I am restarting {0} without it; its memory stays.': 'Ich starte {0} ohne neu; das Gedächtnis bleibt.',
  '{0} is stopped, and starts without it next time.': '{0} ist angehalten und startet beim nächsten Mal ohne.',
  '{0} is just being set up, and goes on without it.': '{0} wird gerade eingerichtet und macht ohne weiter.',
  '{0} listens on {1}.': '{0} hört auf {1} zu.',
  '{0} listens on {1}: say hello to {2}': '{0} hört auf {1} zu: Sag {2} hallo',
  'It does not know yet that you are its owner on {0}, so it asks for a pairing code first. Link your {1} with {2} and replace the token, and it knows you.':
    'Auf {0} weiß er noch nicht, dass er dir gehört, und fragt zuerst nach einem Kopplungscode. Verknüpfe dein {1} mit {2} und ersetze den Token, dann kennt er dich.',
  'Say hello': 'Hallo sagen',
  'Add Telegram': 'Telegram hinzufügen',
  'Add Discord or Slack': 'Discord oder Slack hinzufügen',
}
