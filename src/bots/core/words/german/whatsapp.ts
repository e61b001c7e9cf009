export const whatsapp: Readonly<Record<string, string>> = {
  'Link an assistant with WhatsApp': 'Einen Assistenten mit WhatsApp verknüpfen',
  WhatsApp: 'WhatsApp',
  'WhatsApp is set up for {0}. With a new code you link its phone again, or another one.':
    'WhatsApp ist für {0} eingerichtet. Mit einem neuen Code verknüpfst du das Telefon noch einmal, oder ein anderes.',
  'There is no token for WhatsApp: {0} is linked like a second device, with a code that you scan on the phone.':
    'Für WhatsApp gibt es keinen Token: {0} wird wie ein zweites Gerät verknüpft, mit einem Code, den du mit dem Telefon scannst.',
  'Pair with a code': 'Mit einem Code koppeln',
  'Take WhatsApp away': 'WhatsApp entfernen',
  'WhatsApp Business': 'WhatsApp Business',
  'Which number shall {0} have? On your own it answers in your chat with yourself alone, and nobody else notices. On a number of its own, it is somebody to write to.':
    'Welche Nummer soll {0} haben? Mit deiner eigenen antwortet er nur in deinem Chat mit dir selbst, und sonst merkt niemand etwas. Mit einer eigenen Nummer kann man ihm schreiben wie einer Person.',
  'It restarts once to learn WhatsApp, and that takes about 250 MB of its storage.':
    'Dafür startet er einmal neu, und das braucht etwa 250 MB seines Speichers.',
  'My own number': 'Meine eigene Nummer',
  'A number of its own': 'Eine eigene Nummer',
  'That is no telephone number with its country: they look like {0}. Which number will you write to {1} from?':
    'Das ist keine Telefonnummer mit Ländervorwahl: Sie sehen aus wie {0}. Von welcher Nummer schreibst du {1}?',
  'Which number will you write to {0} from? With its country, like {1}: it lets you in, and asks everybody else for a code first.':
    'Von welcher Nummer schreibst du {0}? Mit Ländervorwahl, wie {1}: Dich lässt er herein, alle anderen fragt er zuerst nach einem Code.',
  "With a number of WhatsApp Business you can use its Cloud API instead: at developers.facebook.com make a business app, add WhatsApp, and note the phone number's id, a permanent access token, and the app's secret.":
    'Mit einer Nummer von WhatsApp Business kannst du stattdessen die Cloud API benutzen: Lege auf developers.facebook.com eine Business-App an, füge WhatsApp hinzu und notiere die Kennung der Nummer, einen dauerhaften Zugangstoken und das App-Geheimnis.',
  'Set them as {0}, {1} and {2}: a skill of {3} that speaks that API finds them there. OpenClaw itself does not.':
    'Setze sie als {0}, {1} und {2}: Eine Fähigkeit von {3}, die diese API spricht, findet sie dort. OpenClaw selbst spricht sie nicht.',
  "Open Meta's guide": 'Anleitung von Meta öffnen',
  'Add a variable': 'Variable hinzufügen',
  'I am getting {0} ready for WhatsApp. The code comes in our private chat.':
    'Ich mache {0} bereit für WhatsApp. Der Code kommt in unserem privaten Chat.',
  'No more codes for {0}. Nothing was linked.': 'Keine Codes mehr für {0}. Es wurde nichts verknüpft.',
  '{0} lets go of WhatsApp. On the phone, take it out as well: WhatsApp, Linked devices, tap it, Log out.':
    '{0} verlässt WhatsApp. Nimm ihn auch am Telefon heraus: WhatsApp, Verknüpfte Geräte, antippen, Abmelden.',
  'Getting {0} ready for WhatsApp': '{0} wird bereit für WhatsApp',
  'Link {0} with WhatsApp': '{0} mit WhatsApp verknüpfen',
  '{0} is linked with WhatsApp.': '{0} ist mit WhatsApp verknüpft.',
  'It restarts with WhatsApp, which it fetches first: one to three minutes. The code appears here.':
    'Er holt sich WhatsApp und startet damit neu: eine bis drei Minuten. Der Code erscheint hier.',
  'I am asking it for a code, which appears here.': 'Ich lasse mir von ihm einen Code geben, der dann hier erscheint.',
  'The code did not reach me. Nothing was linked. Ask for a new one.':
    'Der Code ist nicht bei mir angekommen. Es wurde nichts verknüpft. Frag nach einem neuen.',
  'Say hello to it: in WhatsApp, write to yourself (the chat with your own name). It answers there, and nowhere else.':
    'Sag hallo: Schreib in WhatsApp dir selbst (der Chat mit deinem eigenen Namen). Dort antwortet er, und sonst nirgends.',
  'Say hello to it in WhatsApp: write to its number. Anybody but you is asked for a code first.':
    'Sag in WhatsApp hallo: Schreib an seine Nummer. Alle außer dir werden zuerst nach einem Code gefragt.',
  '{0} is linked with a phone already, and stays so. With another one, it lets go of that.':
    '{0} ist schon mit einem Telefon verknüpft, und das bleibt so. Mit einem anderen gibt er dieses auf.',
  'Link another phone': 'Anderes Telefon verknüpfen',
  "On the phone open WhatsApp, then Linked devices, Link a device, and scan this. It must stand on another screen than that phone's.":
    'Öffne am Telefon WhatsApp, dann Verknüpfte Geräte, Gerät hinzufügen, und scanne das hier. Es muss auf einem anderen Bildschirm stehen als dem dieses Telefons.',
  'The code cannot be shown here. Open this message where pictures are shown.':
    'Der Code lässt sich hier nicht zeigen. Öffne diese Nachricht dort, wo Bilder angezeigt werden.',
  'It changes by itself. I take it away once {0} is linked.': 'Er wechselt von selbst. Ich nehme ihn weg, sobald {0} verknüpft ist.',
  'The code for {0} ran out before it was scanned. Nothing was linked.':
    'Der Code für {0} ist abgelaufen, bevor er gescannt wurde. Es wurde nichts verknüpft.',
  '{0} did not get ready for WhatsApp in time. Nothing was linked.': '{0} war nicht rechtzeitig bereit für WhatsApp. Es wurde nichts verknüpft.',
  '{0} was stopped, so there is no code. Start it and ask again.':
    '{0} wurde angehalten, darum gibt es keinen Code. Starte ihn und frag noch einmal.',
  '{0} is being destroyed: there is nothing left to link.': '{0} wird gelöscht: Es gibt nichts mehr zu verknüpfen.',
  'The gateway of {0} cannot do WhatsApp yet: its plugin did not come along. I took WhatsApp out of its settings again, and it restarts once more. Its memory stays.':
    'Das Gateway von {0} kann WhatsApp noch nicht: Das Plugin dafür ist nicht mitgekommen. Ich habe WhatsApp wieder aus den Einstellungen genommen, und er startet noch einmal neu. Das Gedächtnis bleibt.',
  '{0} could not get a code from WhatsApp. Nothing was linked.': '{0} hat von WhatsApp keinen Code bekommen. Es wurde nichts verknüpft.',
  'It says: {0}': 'Er sagt: {0}',
  'There is a newer code for {0} below.': 'Weiter unten steht ein neuerer Code für {0}.',
  '{0} is stopped. Start it first.': '{0} ist angehalten. Starte ihn zuerst.',
  'That is no telephone number with its country. Nothing was changed.': 'Das ist keine Telefonnummer mit Ländervorwahl. Es wurde nichts geändert.',
  'Nobody waits to write to {0}. A stranger who writes to it gets a code and waits here for an hour, and it answers nobody whom you did not let in. You yourself are let in already.':
    'Niemand wartet darauf, {0} zu schreiben. Wer ihm fremd ist und schreibt, bekommt einen Code und wartet hier eine Stunde; er antwortet niemandem, den du nicht hereingelassen hast. Du selbst bist schon drin.',
  'Who wants to write to {0}': 'Wer {0} schreiben möchte',
  'And {0} more, when these are decided.': 'Und {0} weitere, sobald diese entschieden sind.',
  'Whoever is let in may talk to it as long as you want, and it costs you what they ask of it.':
    'Wer hereingelassen wird, darf mit ihm reden, solange du willst, und es kostet dich, was sie von ihm wollen.',
  'Let {0} in': '{0} hereinlassen',
  'Turn {0} away': '{0} abweisen',
  '{0} on {1}, at {2}; waits until {3}': '{0} bei {1}, um {2}; wartet bis {3}',
  '{0} ({1}) on {2}, at {3}; waits until {4}': '{0} ({1}) bei {2}, um {3}; wartet bis {4}',
  'They may write to {0} now, and were told so where they wrote.': 'Sie dürfen {0} jetzt schreiben und wissen es dort, wo sie geschrieben haben.',
  'Turned away: {0} does not answer them. They may ask again.': 'Abgewiesen: {0} antwortet ihnen nicht. Sie dürfen noch einmal fragen.',
  'Who else waits': 'Wer noch wartet',
}
