export const form: Readonly<Record<string, string>> = {
  'Your answer': 'Deine Antwort',
  'Type it': 'Eintippen',
  'Paste it here': 'Hier einfügen',
  'Paste it': 'Einfügen',
  'Key or token': 'Schlüssel oder Token',
  'Nobody sees it in the chat': 'Niemand sieht es im Chat',
  'Something must be put in here.': 'Hier muss etwas stehen.',
}
