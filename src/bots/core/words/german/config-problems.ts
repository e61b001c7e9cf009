export const configProblems: Readonly<Record<string, string>> = {
  'Add a chat': 'Chat hinzufügen',
  'That cannot be set. Nothing was changed.': 'Das lässt sich nicht einstellen. Nichts wurde geändert.',
  'That cannot be set: {0} Nothing was changed.': 'Das lässt sich nicht einstellen: {0} Nichts wurde geändert.',
  'It is set like that already. Nothing was changed.': 'So ist es schon eingestellt. Nichts wurde geändert.',
  'The settings were changed in the meantime, so I left them alone. Look at what they are now, and try again.':
    'Die Einstellungen wurden inzwischen geändert, deshalb habe ich nichts angerührt. Sieh nach, wie sie jetzt sind, und versuch es noch einmal.',
  'There is no version {0} of its settings. Nothing was changed.': 'Es gibt keine Fassung {0} der Einstellungen. Nichts wurde geändert.',
  'That is not what a model is called: it is the company, a slash and its name, like {0}. Nothing was changed.':
    'So heißt kein Modell: erst die Firma, dann ein Schrägstrich und der Name, zum Beispiel {0}. Nichts wurde geändert.',
  'It listens in no chat yet, so nobody can write to it. Give it one first.':
    'Er hört noch in keinem Chat zu, also kann ihm niemand schreiben. Gib ihm erst einen.',
  'I do not know yet what can be set in {0}, and set nothing that might keep it from starting.':
    'Ich weiß noch nicht, was sich in {0} einstellen lässt, und stelle nichts ein, womit er vielleicht nicht startet.',
  'Its settings refer to {0}: without it, it would not start. Take it out of the settings first.':
    'Die Einstellungen verweisen auf {0}: Ohne das würde er nicht starten. Nimm es erst aus den Einstellungen heraus.',
  'Line {0}: {1}': 'Zeile {0}: {1}',
  'the document': 'das Dokument',
  '{0} is no setting that this version knows.': '{0} kennt diese Version nicht.',
  '{0} lacks {1}, which it needs.': '{0} fehlt {1}.',
  '{0} must be {1}.': '{0} muss {1} sein.',
  '{0} must be one of {1}.': '{0} muss eines davon sein: {1}.',
  '{0} is not written the way it must be.': '{0} ist nicht so geschrieben, wie es sein muss.',
  '{0} holds what looks like a secret. Give it to me with {1}, and write {2} in its place here.':
    '{0} enthält, was wie ein Geheimnis aussieht. Gib es mir mit {1}, und schreib hier {2} an seine Stelle.',
  '{0} refers to {1}, which it does not hold. Set it with {2} first.': '{0} verweist auf {1}, was er nicht hat. Setze es erst mit {2}.',
  '{0} is for browsing by itself, which is part of Pro.': '{0} ist dafür da, dass er selbst im Netz surft. Das gehört zu Pro.',
  '{0} is for its voice, which is part of Pro.': '{0} ist für seine Stimme da. Die gehört zu Pro.',
  '{0} lets everybody write, and then {1} beside it must hold {2}.': '{0} lässt alle schreiben, und dann muss {1} daneben {2} enthalten.',
  '{0} lets only those write whom {1} beside it names, and it names nobody: I do not know who you are there.':
    '{0} lässt nur schreiben, wen {1} daneben nennt, und dort steht niemand: Ich weiß nicht, wer du dort bist.',
  'There is nothing in it.': 'Da steht nichts drin.',
  'It ends too early: a bracket or a quote is still open. Chats cut long texts apart; a file arrives whole.':
    'Es endet zu früh: Eine Klammer oder ein Anführungszeichen ist noch offen. Chats zerteilen lange Texte; eine Datei kommt ganz an.',
  'Something stands there that does not belong. Often a comma or a quote is missing just before.':
    'Dort steht etwas, das nicht hingehört. Oft fehlt kurz davor ein Komma oder ein Anführungszeichen.',
  '{0} is there twice. Keep one of them.': '{0} steht zweimal da. Behalte eines davon.',
  '{0} is no number that can be stored.': '{0} ist keine Zahl, die sich speichern lässt.',
  'It has more brackets within brackets than any setting needs.': 'Es hat mehr Klammern in Klammern, als eine Einstellung braucht.',
  'It must begin with {0} and end with {1}.': 'Es muss mit {0} anfangen und mit {1} aufhören.',
  'It is larger than 256 KB, which is more than I take.': 'Es ist größer als 256 KB, mehr nehme ich nicht.',
  '{0} is mine: how it is reached, and that nobody else gets in. Leave it out.':
    '{0} ist meine Sache: wie er erreicht wird, und dass sonst niemand hereinkommt. Lass es weg.',
  '{0} is mine: I look after which version runs. Leave it out.': '{0} ist meine Sache: Ich kümmere mich darum, welche Version läuft. Lass es weg.',
  '{0} follows from the tokens that you give it with {1}. Leave it out.': '{0} folgt aus den Token, die du ihm mit {1} gibst. Lass es weg.',
  '{0} comes from {1}, so that no token stands in here. Leave it out.': '{0} kommt aus {1}, damit hier kein Token steht. Lass es weg.',
  '{0} is mine: its chats need it as it is. Leave it out.': '{0} ist meine Sache: Seine Chats brauchen es so, wie es ist. Lass es weg.',
  '{0} is a variable that its machine needs as it is. Leave it out.':
    '{0} ist eine Variable, die seine Maschine so braucht, wie sie ist. Lass es weg.',
  '{0} must have at least {1} characters.': '{0} muss mindestens {1} Zeichen haben.',
  '{0} must have at most {1} characters.': '{0} darf höchstens {1} Zeichen haben.',
  '{0} must have at least {1} entries.': '{0} muss mindestens {1} Einträge haben.',
  '{0} must have at most {1} entries.': '{0} darf höchstens {1} Einträge haben.',
  '{0} must be at least {1}.': '{0} muss mindestens {1} sein.',
  '{0} must be at most {1}.': '{0} darf höchstens {1} sein.',
  '{0} must be more than {1}.': '{0} muss größer als {1} sein.',
  '{0} must be less than {1}.': '{0} muss kleiner als {1} sein.',
  text: 'Text',
  'a number': 'eine Zahl',
  'a whole number': 'eine ganze Zahl',
  'true or false': 'true oder false',
  'a list in [ ]': 'eine Liste in [ ]',
  'a group of settings in { }': 'eine Gruppe von Einstellungen in { }',
  null: 'null',
  ' or ': ' oder ',
  'And one more.': 'Und noch eines.',
  '{0} would not understand that, so nothing was changed:': 'Das würde {0} nicht verstehen, deshalb wurde nichts geändert:',
}
