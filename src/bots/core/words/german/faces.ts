export const faces: Readonly<Record<string, string>> = {
  'It is under way: how it goes follows here.': 'Es läuft: Wie es weitergeht, steht gleich hier.',
  'It is under way: I tell you in our private chat how it goes.': 'Es läuft: Wie es weitergeht, sage ich dir in unserem privaten Chat.',
  'On it. I write to you in our private chat as it goes along.': 'Bin dabei. Wie es weitergeht, schreibe ich dir in unserem privaten Chat.',
  'I am not at home in this workspace: whoever looks after it can add me. What runs keeps running.':
    'In diesem Workspace bin ich nicht zu Hause: Wer ihn verwaltet, kann mich hinzufügen. Was läuft, läuft weiter.',
  'Add me to this workspace': 'Mich zu diesem Workspace hinzufügen',
  'Or tap “{0}” below: Telegram makes the bot with you and hands me its token, so there is nothing to paste.':
    'Oder tippe unten auf „{0}“: Telegram legt den Bot mit dir an und gibt mir seinen Token. Du musst nichts einfügen.',
  'Enter it in {0}': 'In {0} eingeben',
  'Make this window {0} columns wide to see the code.': 'Mach dieses Fenster {0} Spalten breit, um den Code zu sehen.',
  Send: 'Senden',
  'Open our private chat': 'Unseren privaten Chat öffnen',
  'I am in your workspace': 'Ich bin in deinem Workspace',
  'Open Slack, look for me under Apps, and say hello. You can close this page.':
    'Öffne Slack, suche mich unter Apps und sag Hallo. Diese Seite kannst du schließen.',
  'That did not work': 'Das hat nicht geklappt',
  'Nothing was added. Start again from the link that brought you here; it is good for ten minutes.':
    'Hinzugefügt wurde nichts. Beginne noch einmal bei dem Link, der dich hierher gebracht hat; er gilt zehn Minuten.',
}
