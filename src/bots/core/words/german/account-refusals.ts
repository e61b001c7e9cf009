export const accountRefusals: Readonly<Record<string, string>> = {
  'Make a code here': 'Hier einen Code erzeugen',
  'I know no such code. Look again at the message that showed it: it has 8 characters, like {0}.':
    'Diesen Code kenne ich nicht. Sieh noch einmal in der Nachricht nach, die ihn zeigte: Er hat 8 Zeichen, wie {0}.',
  'That code is over: it works for 10 minutes. Ask for a new one in the other chat with {0}.':
    'Dieser Code ist abgelaufen: Er gilt 10 Minuten. Hol dir im anderen Chat mit {0} einen neuen.',
  'That code was used already, and works only once. Ask for a new one in the other chat with {0}.':
    'Dieser Code ist schon benutzt, und er gilt nur einmal. Hol dir im anderen Chat mit {0} einen neuen.',
  'That is the code I gave you in this chat. Send it in your chat with me on the other platform; it still works there.':
    'Das ist der Code, den ich dir in diesem Chat gegeben habe. Schicke ihn in deinem Chat mit mir auf der anderen Plattform; dort gilt er noch.',
  'This chat and the one that the code is from are one account already.': 'Dieser Chat und der, aus dem der Code kommt, sind schon ein Konto.',
  'You have had {0} codes within an hour, which is as many as I give. The next one is free in {1}.':
    'Du hattest {0} Codes in einer Stunde, mehr gebe ich nicht. Den nächsten gibt es in {1}.',
  'That was {0} a code that leads nowhere, so I look at no more of them for {1} minutes. Nothing was linked.':
    'Das war {0} ein Code, der ins Leere führt, darum sehe ich mir {1} Minuten lang keinen mehr an. Verknüpft wurde nichts.',
  'Both accounts have assistants of their own, and I cannot put two such accounts into one. Nothing was linked. Destroy the assistants of one of them and link again, or go on with both apart.':
    'Beide Konten haben eigene Assistenten, und zwei solche Konten kann ich nicht zusammenlegen. Verknüpft wurde nichts. Lösche die Assistenten des einen und verknüpfe noch einmal, oder lass beide getrennt.',
  'That question is over: it was answered, or left for 10 minutes. Nothing was changed by this tap.':
    'Diese Frage ist vorbei: Sie wurde beantwortet oder lag 10 Minuten. Geändert wurde damit nichts.',
  'That question is for the two people whose chats are to be linked. Nothing happened.':
    'Diese Frage ist für die beiden, deren Chats verknüpft werden sollen. Passiert ist nichts.',
  'This is the only chat of your account: without it nobody could reach your assistants. Link another one first, or delete the account.':
    'Das ist der einzige Chat deines Kontos: Ohne ihn käme niemand mehr an deine Assistenten. Verknüpfe zuerst einen anderen, oder lösche das Konto.',
  'That chat is not part of your account any more. Nothing was changed by this tap.':
    'Dieser Chat gehört nicht mehr zu deinem Konto. Geändert wurde damit nichts.',
  'Your account changed at this very moment, from another chat. Nothing was done here; ask once more.':
    'Dein Konto hat sich genau jetzt von einem anderen Chat aus geändert. Hier wurde nichts getan; frage noch einmal.',
  '{0} is still being removed. I say when that is done; then ask again.':
    '{0} wird noch entfernt. Ich sage Bescheid, wenn das erledigt ist; frage dann noch einmal.',
  '{0} are still being removed. I say when that is done; then ask again.':
    '{0} werden noch entfernt. Ich sage Bescheid, wenn das erledigt ist; frage dann noch einmal.',
  'You still have {0}. Without an account nobody could reach or stop it, so that comes first. Your account is as it was.':
    'Du hast noch {0}. Ohne Konto könnte ihn niemand mehr erreichen oder anhalten, darum kommt das zuerst. Dein Konto ist, wie es war.',
  'You still have {0}. Without an account nobody could reach or stop them, so that comes first. Your account is as it was.':
    'Du hast noch {0}. Ohne Konto könnte sie niemand mehr erreichen oder anhalten, darum kommt das zuerst. Dein Konto ist, wie es war.',
}
