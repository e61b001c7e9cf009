export const trouble: Readonly<Record<string, string>> = {
  'I could not finish that: something on my side broke. What runs keeps running, and nothing was deleted.':
    'Damit bin ich nicht fertig geworden: Auf meiner Seite ist etwas kaputtgegangen. Was läuft, läuft weiter, und gelöscht wurde nichts.',
  'I could not finish {0}: something on my side broke. What runs keeps running, and nothing was deleted.':
    'Mit {0} bin ich nicht fertig geworden: Auf meiner Seite ist etwas kaputtgegangen. Was läuft, läuft weiter, und gelöscht wurde nichts.',
  'Try again in a minute. If it happens again, tell whoever runs me this code: {0}':
    'Versuche es in einer Minute noch einmal. Passiert es wieder, nenne dem, der mich betreibt, diesen Code: {0}',
  'That button has done its work already.': 'Dieser Knopf hat seine Arbeit schon getan.',
  'That button is too old to be sure what you mean by it.': 'Dieser Knopf ist zu alt, um sicher zu sein, was du damit meinst.',
  'That button is for the person I wrote it to. Nothing happened.': 'Dieser Knopf ist für jemand anderen. Passiert ist nichts.',
  'I no longer know what that button was for. Nothing happened.': 'Ich weiß nicht mehr, wofür dieser Knopf war. Passiert ist nichts.',
  '{0} is on its way already: once is enough.': '{0} ist schon unterwegs: Einmal genügt.',
  'That question is over: it was answered, cancelled, or left for 30 minutes. Nothing was made by this tap.':
    'Diese Frage ist vorbei: Sie wurde beantwortet, abgebrochen oder lag 30 Minuten. Angelegt wurde damit nichts.',
  'I have deleted your message.': 'Ich habe deine Nachricht gelöscht.',
  'It may still stand above, where others could read it: delete it if you can.':
    'Vielleicht steht er noch oben, wo andere ihn lesen könnten: Lösche ihn, wenn du kannst.',
  'That looks like a secret key, and I had not asked for one: I did not read on, and I kept nothing of it. {0}':
    'Das sieht nach einem geheimen Schlüssel aus, und ich hatte nicht danach gefragt: Ich habe nicht weitergelesen und nichts davon behalten. {0}',
  'When you set up an assistant I ask for its key at the right moment.':
    'Wenn du einen Assistenten einrichtest, frage ich im richtigen Moment nach seinem Schlüssel.',
  'Your message with the key still stands above, and only you can delete it: please do.':
    'Deine Nachricht mit dem Schlüssel steht noch oben, und nur du kannst sie löschen: Bitte tu das.',
}
