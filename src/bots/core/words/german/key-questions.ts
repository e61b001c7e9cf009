export const keyQuestions: Readonly<Record<string, string>> = {
  'Fill it in': 'Ausfüllen',
  Value: 'Wert',
  'The button opens a form for it: what you put in there appears in no chat. I keep its last four characters.':
    'Der Knopf öffnet ein Formular dafür: Was du dort einträgst, steht in keinem Chat. Ich behalte die letzten vier Zeichen.',
  'What you type stays hidden. I keep its last four characters.': 'Was du tippst, bleibt verborgen. Ich behalte die letzten vier Zeichen.',
  'I delete your message at once, and keep its last four characters.': 'Ich lösche deine Nachricht sofort und behalte die letzten vier Zeichen.',
  'It stays visible where you type it. I keep its last four characters.':
    'Es bleibt sichtbar, wo du es tippst. Ich behalte die letzten vier Zeichen.',
  'Show me how': 'Zeig mir, wie',
  'Set it on a web page instead': 'Lieber auf einer Webseite setzen',
  'Set it anyway': 'Trotzdem setzen',
  'Make the bot for me': 'Leg den Bot für mich an',
  'Cancelled. Nothing about {0} changed.': 'Abgebrochen. An {0} hat sich nichts geändert.',
  'I have deleted your message. Nothing was set; send it again when you have it.':
    'Deine Nachricht habe ich gelöscht. Gesetzt ist nichts; schick es noch einmal, wenn du es hast.',
  'I could not hand it over: the place that keeps it did not answer. Nothing was set, and nothing is lost.':
    'Ich konnte es nicht übergeben: Wo es aufbewahrt wird, hat niemand geantwortet. Gesetzt ist nichts, verloren auch nicht.',
  'Nothing is set yet. I hold it for ten minutes, and then forget it.':
    'Gesetzt ist noch nichts. Ich halte es zehn Minuten bereit und vergesse es dann.',
}
