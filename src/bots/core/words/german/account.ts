export const account: Readonly<Record<string, string>> = {
  'the terminal': 'Terminal',
  'the browser': 'Browser',
  '{0} in the terminal': '{0} im Terminal',
  'Somebody in the terminal': 'Jemand im Terminal',
  '{0} in the browser': '{0} im Browser',
  'Somebody in the browser': 'Jemand im Browser',
  '{0} on {1}': '{0} bei {1}',
  'Somebody on {0}': 'Jemand bei {0}',
  'Your code is {0}. It works once, for {1} minutes. Keep it to yourself.':
    'Dein Code ist {0}. Er gilt einmal, {1} Minuten lang. Behalte ihn für dich.',
  'Open your chat with me on the other platform and send {0} there (in Slack: {1}).':
    'Öffne deinen Chat mit mir auf der anderen Plattform und schicke dort {0} (in Slack: {1}).',
  'I then ask in both chats whether it is you. Nothing is linked before you have said yes in both.':
    'Dann frage ich in beiden Chats, ob du es bist. Verknüpft wird erst, wenn du in beiden Ja gesagt hast.',
  '{0} entered your code. Is that you?': '{0} hat deinen Code eingegeben. Bist du das?',
  '{0} made this code. Is that you?': '{0} hat diesen Code erzeugt. Bist du das?',
  'With a yes in both chats they become one account: the same assistants, and my news reach you in either.':
    'Mit einem Ja in beiden Chats werden sie ein Konto: dieselben Assistenten, und meine Nachrichten erreichen dich in beiden.',
  'If it is not you, say no. Whoever it is could otherwise use and destroy your assistants.':
    'Wenn du es nicht bist, sage Nein. Sonst könnte, wer immer es ist, deine Assistenten benutzen und löschen.',
  'Yes, that is me': 'Ja, das bin ich',
  No: 'Nein',
  '⏳ Noted. Now answer the same question as {0}: nothing is linked before. I wait 10 minutes for it.':
    '⏳ Notiert. Beantworte dieselbe Frage jetzt noch als {0}: Vorher wird nichts verknüpft. Ich warte 10 Minuten darauf.',
  'Linked: this chat and {0} are one account now. Your assistants are the same in both.':
    'Verknüpft: Dieser Chat und {0} sind jetzt ein Konto. Deine Assistenten sind in beiden dieselben.',
  'Nothing was linked, and the code no longer works.': 'Verknüpft wurde nichts, und der Code gilt nicht mehr.',
  '{0} said no. Nothing was linked.': '{0} hat Nein gesagt. Verknüpft wurde nichts.',
  'The time to link two chats is over: one of the two answers is missing. Nothing was linked.':
    'Die Zeit zum Verknüpfen ist um: Eine der beiden Antworten fehlt. Verknüpft wurde nichts.',
  '{0} · {1} (this chat)': '{0} · {1} (dieser Chat)',
  'Unlink {0} · {1}': '{0} · {1} trennen',
  'Unlink {0} · {1} (this chat)': '{0} · {1} (dieser Chat) trennen',
  'That is the only chat of your account, so there is nothing to unlink.': 'Das ist der einzige Chat deines Kontos, darum gibt es nichts zu trennen.',
  'These chats are one account:': 'Diese Chats sind ein Konto:',
  'Your assistants stay with your other chats. Here you would be somebody new to me: no assistants, and questions that are open here end.':
    'Deine Assistenten bleiben bei deinen anderen Chats. Hier wärst du für mich jemand Neues: ohne Assistenten, und Fragen, die hier offen sind, enden.',
  'Your assistants stay with you. In that chat you would be somebody new to me: no assistants, and questions that are open there end.':
    'Deine Assistenten bleiben bei dir. In jenem Chat wärst du für mich jemand Neues: ohne Assistenten, und Fragen, die dort offen sind, enden.',
  'Take this chat out of your account?': 'Diesen Chat aus deinem Konto nehmen?',
  'Take {0} out of your account?': '{0} aus deinem Konto nehmen?',
  Unlink: 'Trennen',
  'This chat is no longer part of your account. Whatever you write here next starts afresh.':
    'Dieser Chat gehört nicht mehr zu deinem Konto. Was du hier als Nächstes schreibst, beginnt von vorn.',
  '{0} is no longer part of your account. To link it again, make a new code.':
    '{0} gehört nicht mehr zu deinem Konto. Um wieder zu verknüpfen, erzeuge einen neuen Code.',
  'Kept. Nothing about your account changed.': 'Behalten. An deinem Konto hat sich nichts geändert.',
  'I keep one list for a year, so that misuse can be traced: what was done and when, without your name or chats.':
    'Eine Liste behalte ich ein Jahr, damit sich Missbrauch verfolgen lässt: was wann getan wurde, ohne deinen Namen und deine Chats.',
  '{0} Bills and payments are kept as long as the law asks for.': '{0} Rechnungen und Zahlungen bleiben, solange das Gesetz es verlangt.',
  'This deletes your account: your chats and names ({0}), everything asked and answered so far, and what your assistants were called.':
    'Das löscht dein Konto: deine Chats und Namen ({0}), alle Fragen und Antworten bisher, und wie deine Assistenten hießen.',
  'It cannot be undone. What stands in our chats stays there until you delete it. Type {0} to confirm.':
    'Das lässt sich nicht rückgängig machen. Was in unseren Chats steht, bleibt dort, bis du es löschst. Schreibe zur Bestätigung {0}.',
  'Nothing was deleted: I delete your account only when you type {0}.': 'Gelöscht wurde nichts: Ich lösche dein Konto nur, wenn du {0} schreibst.',
  'Your account is deleted, and I no longer know who you are. If you write again, we start afresh.':
    'Dein Konto ist gelöscht, und ich weiß nicht mehr, wer du bist. Wenn du wieder schreibst, fangen wir von vorn an.',
  'Keep my account': 'Konto behalten',
  'Whoever sends me {0} as their first words came by your invitation.': 'Wer mir als Erstes {0} schickt, kommt auf deine Einladung.',
  'This is your link: {0}. Whoever opens it and is new here came by your invitation. Without a link, they send me {1} as their first words.':
    'Das ist dein Link: {0}. Wer ihn öffnet und neu hier ist, kommt auf deine Einladung. Ohne Link schickt man mir als Erstes {1}.',
  'Nobody came by it yet.': 'Bisher kam niemand darüber.',
  'One person came by it so far.': 'Bisher kam eine Person darüber.',
  '{0} people came by it so far.': 'Bisher kamen {0} Leute darüber.',
  'Open it in {0}': 'In {0} öffnen',
}
