export const language: Readonly<Record<string, string>> = {
  'I speak English with you. Which language shall it be?': 'Ich spreche Deutsch mit dir. Welche Sprache soll es sein?',
  'From now on I speak English with you.': 'Ab jetzt spreche ich Deutsch mit dir.',
}
