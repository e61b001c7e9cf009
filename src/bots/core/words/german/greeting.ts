export const greeting: Readonly<Record<string, string>> = {
  'This is practice: what I start is a stand-in with no real assistant inside.':
    'Das ist eine Übung: Was ich starte, ist ein Platzhalter ohne echten Assistenten darin.',
  'Hi! I set up and look after your own OpenClaw: an assistant that lives in your chats and never sleeps. Takes about two minutes. You need nothing installed.':
    'Hallo! Ich richte dir dein eigenes OpenClaw ein und kümmere mich darum: ein Assistent, der in deinen Chats lebt und nie schläft. Das dauert etwa zwei Minuten. Installieren musst du nichts.',
  'Welcome back. You have no assistant at the moment; setting one up takes about two minutes.':
    'Schön, dass du wieder da bist. Du hast gerade keinen Assistenten; einen einzurichten dauert etwa zwei Minuten.',
  'Start {0}': '{0} starten',
  'Welcome back.': 'Schön, dass du wieder da bist.',
  'You choose a name, a place and whose model it thinks with. I start OpenClaw on this computer, with its own storage and its own private network.':
    'Du wählst einen Namen, einen Ort und mit wessen Modell er denkt. Ich starte OpenClaw auf diesem Computer, mit eigenem Speicher und eigenem privatem Netz.',
  'You choose a name, a place and whose model it thinks with. I start OpenClaw on a machine of its own, with its own storage and its own private network.':
    'Du wählst einen Namen, einen Ort und mit wessen Modell er denkt. Ich starte OpenClaw auf einer eigenen Maschine, mit eigenem Speicher und eigenem privatem Netz.',
  'Your key goes straight to where it runs. I keep its last four characters, so that you can tell which one it is.':
    'Dein Schlüssel geht direkt dorthin, wo er gebraucht wird. Ich behalte die letzten vier Zeichen, damit du ihn wiedererkennst.',
  'I check on it every minute, restart it if it stops answering, and tell you here what happened.':
    'Ich sehe jede Minute nach ihm, starte ihn neu, wenn er nicht mehr antwortet, und sage dir hier, was war.',
  'Billing is off here: nothing is charged, and everybody is on Starter.':
    'Die Abrechnung ist hier ausgeschaltet: Nichts wird berechnet, und alle haben Starter.',
  "What it thinks is paid to the model's provider, with your own key.":
    'Was er denkt, bezahlst du beim Anbieter des Modells, über deinen eigenen Schlüssel.',
  '{0}, {1} a month: 1 assistant, each with {2} GB of memory and {3} GB of storage.':
    '{0}, {1} im Monat: 1 Assistent mit {2} GB Arbeitsspeicher und {3} GB Speicher.',
  '{0}, {1} a month: {2} assistants, each with {3} GB of memory and {4} GB of storage.':
    '{0}, {1} im Monat: {2} Assistenten, jeder mit {3} GB Arbeitsspeicher und {4} GB Speicher.',
  'In the browser: {0}': 'Im Browser: {0}',
  'What you can ask me': 'Was du mich fragen kannst',
  'I do not know {0}. Did you mean one of these?': '{0} kenne ich nicht. Meinst du einen von diesen Befehlen?',
  'All commands': 'Alle Befehle',
  'I look after assistants; I am not one myself. Tap a button, or type {0} to see what you can ask me.':
    'Ich kümmere mich um Assistenten, bin aber selbst keiner. Tippe auf einen Knopf, oder schreibe {0}, um zu sehen, was du mich fragen kannst.',
  'Let us talk about that in private: write to me directly, so that nobody reads along.':
    'Lass uns das unter vier Augen besprechen: Schreibe mir direkt, damit niemand mitliest.',
  'There is nothing to cancel.': 'Es gibt nichts abzubrechen.',
  'Cancelled. Nothing was made, and nothing is charged.': 'Abgebrochen. Nichts wurde angelegt, und nichts wird berechnet.',
  'Kept. Nothing about your assistant changed.': 'Behalten. An deinem Assistenten hat sich nichts geändert.',
  'Kept. Nothing about {0} changed.': 'Behalten. An {0} hat sich nichts geändert.',
  'Cancelled. Your assistant keeps its name.': 'Abgebrochen. Dein Assistent behält seinen Namen.',
  'Cancelled. {0} keeps its name.': 'Abgebrochen. {0} behält seinen Namen.',
}
