export const backups: Readonly<Record<string, string>> = {
  'Save what an assistant knows': 'Sichern, was ein Assistent weiß',
  'Saved copies: get one back, download it, save every day': 'Gesicherte Kopien: zurückholen, herunterladen, täglich sichern',
  'Saving {0}: usually under a minute.': '{0} wird gesichert: meist unter einer Minute.',
  '{0} is not saved: {1}': '{0} ist nicht gesichert: {1}',
  '{0} is saved: {1}. I keep it until {2}, also when {3} is gone.': '{0} ist gesichert: {1}. Ich behalte es bis {2}, auch wenn {3} weg ist.',
  Backups: 'Sicherungen',
  'its storage has too little room for the copy. Delete files that it does not need, or take a plan with more storage.':
    'Sein Speicher hat zu wenig Platz für die Kopie. Lösche Dateien, die er nicht braucht, oder nimm einen Plan mit mehr Speicher.',
  'it was stopped meanwhile. Start it first.': 'Er wurde inzwischen angehalten. Starte ihn zuerst.',
  'it is gone.': 'Er ist weg.',
  'its machine did not answer. Nothing is lost; try again when it is live.':
    'Seine Maschine hat nicht geantwortet. Nichts ist verloren; versuche es wieder, wenn er läuft.',
  'the copy arrived damaged, several times. Nothing is lost; try again in a while.':
    'Die Kopie kam mehrmals beschädigt an. Nichts ist verloren; versuche es später wieder.',
  'it could not make the copy. Nothing is lost; its logs may say why.':
    'Er konnte die Kopie nicht machen. Nichts ist verloren; in seinem Protokoll steht vielleicht, warum.',
  'And {0} older ones.': 'Und {0} ältere.',
  'Saved copies': 'Gesicherte Kopien',
  'Saved copies of {0}': 'Gesicherte Kopien von {0}',
  'Nothing is saved yet.': 'Noch ist nichts gesichert.',
  'I keep each for {0} days.': 'Ich behalte jede {0} Tage lang.',
  'I keep each for {0} days. {1}': 'Ich behalte jede {0} Tage lang. {1}',
  'Back up now': 'Jetzt sichern',
  'being saved': 'wird gesichert',
  ' · before something older was restored': ' · bevor etwas Älteres zurückkam',
  ' · before an update': ' · vor einer Aktualisierung',
  '{0} (gone) · {1}': '{0} (weg) · {1}',
  'One is made every day by itself.': 'Jeden Tag kommt von selbst eine dazu.',
  'One is made every week by itself.': 'Jede Woche kommt von selbst eine dazu.',
  'None is made by itself.': 'Von selbst kommt keine dazu.',
  Daily: 'Täglich',
  Weekly: 'Wöchentlich',
  Off: 'Aus',
  '{0} is gone. I can set up a new one that knows what it knew then. Its keys are not in the copy: you give them again.':
    '{0} ist weg. Ich kann einen neuen einrichten, der weiß, was er damals wusste. Seine Schlüssel sind nicht in der Kopie: Die gibst du neu.',
  'Its settings of then come along.': 'Seine Einstellungen von damals kommen mit.',
  'I keep this until {0}.': 'Ich behalte das bis {0}.',
  'Bring it back': 'Zurückholen',
  'Restoring gives {0} back its conversations and files of then, in place of those of now. Those I save first. Its keys and settings stay.':
    '{0} bekommt seine Gespräche und Dateien von damals zurück, anstelle der jetzigen. Die sichere ich vorher. Seine Schlüssel und Einstellungen bleiben.',
  'It does not answer for a minute or two. WhatsApp may have to be linked again. I keep this copy until {0}.':
    'Er antwortet ein, zwei Minuten lang nicht. WhatsApp muss vielleicht neu verbunden werden. Ich behalte diese Kopie bis {0}.',
  Restore: 'Wiederherstellen',
  '{0}, {1}: open this page within {2} minutes, it gives out the copy once.':
    '{0}, {1}: Öffne diese Seite innerhalb von {2} Minuten, sie gibt die Kopie einmal heraus.',
  'It holds conversations, and whatever else {0} knows. Keep the link to yourself, and the file in a safe place.':
    'Darin stehen Gespräche und alles andere, was {0} weiß. Behalte den Link für dich und bewahre die Datei sicher auf.',
  'I cannot hand it out here: whoever runs me has given me no address on the web. It is kept all the same, and you can restore it.':
    'Ich kann sie hier nicht herausgeben: Wer mich betreibt, hat mir keine Adresse im Web gegeben. Sie bleibt trotzdem da, und du kannst sie wiederherstellen.',
  '{0} gets back what it knew on {1}, as soon as it is live.': '{0} bekommt zurück, was er am {1} wusste, sobald er läuft.',
  'Restoring {0} as it was on {1}: I save what it knows now first.': '{0} wird wie am {1}: Zuerst sichere ich, was er jetzt weiß.',
  'Restoring {0} as it was on {1}. It does not answer for a minute or two.': '{0} wird wie am {1}. Er antwortet ein, zwei Minuten lang nicht.',
  '{0} is back as it was on {1}.': '{0} ist wieder da, wie am {1}.',
  'Our provider copied its whole storage on {0}: should the storage be lost, I make it anew from that.':
    'Unser Anbieter hat den ganzen Speicher am {0} kopiert: Geht der Speicher verloren, lege ich ihn daraus neu an.',
  'Its settings came along.': 'Seine Einstellungen sind mitgekommen.',
  'Its settings came along, but for these:': 'Seine Einstellungen sind mitgekommen, bis auf diese:',
  'Its settings of then are not in it:': 'Seine Einstellungen von damals hat er nicht:',
  'Give it what it lacks, and then I can bring the rest.': 'Gib ihm, was ihm fehlt, dann kann ich den Rest holen.',
  'I can show you what keeps them out, and bring them once that is gone.': 'Ich kann dir zeigen, was sie aufhält, und sie holen, sobald das weg ist.',
  '{0} does not fit its plan, its version or what else it is now.':
    '{0} passt nicht zu seinem Tarif, seiner Fassung oder dem, was er sonst jetzt ist.',
  '{0} needs {1}, which it does not hold.': '{0} braucht {1}, und das hat er nicht.',
  'Bring the settings': 'Einstellungen holen',
  '{0} stays as it was: {1}': '{0} bleibt, wie er war: {1}',
  'Restore without saving': 'Ohne Sichern wiederherstellen',
  'it is being destroyed.': 'Er wird gelöscht.',
  'it was stopped meanwhile. Start it, and ask again.': 'Er wurde inzwischen angehalten. Starte ihn und frag noch einmal.',
  'it did not become live in time.': 'Er lief nicht rechtzeitig.',
  'what it knows now could not be saved first.': 'Was er jetzt weiß, ließ sich nicht vorher sichern.',
  'I do not find that copy any more. Whoever runs me has been told.': 'Ich finde diese Kopie nicht mehr. Wer mich betreibt, weiß Bescheid.',
  'its machine did not say that it is done. Look at it before you try again.':
    'Seine Maschine hat nicht gesagt, dass es getan ist. Sieh nach ihm, bevor du es wieder versuchst.',
  'the copy arrived damaged. Try again in a while.': 'Die Kopie kam beschädigt an. Versuche es später wieder.',
  'its storage has too little room for both. Delete files that it does not need, or take a plan with more storage.':
    'Sein Speicher hat zu wenig Platz für beides. Lösche Dateien, die er nicht braucht, oder nimm einen Plan mit mehr Speicher.',
  'its gateway cannot read that copy. Try an older or a newer one.': 'Sein Gateway kann diese Kopie nicht lesen. Nimm eine ältere oder eine neuere.',
  'it did not start with that copy, so I put everything back.': 'Er startete nicht mit dieser Kopie, darum habe ich alles zurückgelegt.',
  'its machine was restarted in between, several times.': 'Seine Maschine wurde zwischendurch mehrmals neu gestartet.',
  'It gets back what was saved, as soon as it is live. Keys are not in the copy.':
    'Er bekommt zurück, was gesichert wurde, sobald er läuft. Schlüssel sind nicht in der Kopie.',
  'That copy is not there any more. Nothing was changed.': 'Diese Kopie gibt es nicht mehr. Nichts wurde geändert.',
  'That were {0} copies within a day, which is as many as I make. The ones there are stay.':
    'Das waren {0} Kopien an einem Tag, mehr mache ich nicht. Die vorhandenen bleiben.',
  '{0} is gone. I can set up a new one that knows what it knew then.':
    '{0} ist weg. Ich kann einen neuen einrichten, der weiß, was er damals wusste.',
  '{0} is being saved just now.': '{0} wird gerade gesichert.',
  '{0} is being restored just now.': '{0} wird gerade wiederhergestellt.',
  '{0} could not be saved at {1}: its storage has too little room for the copy. It runs on. The copies that there are stay.':
    '{0} konnte um {1} nicht gesichert werden: Sein Speicher hat zu wenig Platz für die Kopie. Er läuft weiter. Die vorhandenen Kopien bleiben.',
  '{0} could not be saved at {1}. It runs on, the copies that there are stay, and I try again next time.':
    '{0} konnte um {1} nicht gesichert werden. Er läuft weiter, die vorhandenen Kopien bleiben, und ich versuche es beim nächsten Mal wieder.',
  '{0} is saved again since {1}.': '{0} ist seit {1} wieder gesichert.',
  'could not be saved': 'konnte nicht gesichert werden',
  'Its last backup failed': 'Seine letzte Sicherung ist misslungen',
  Saved: 'Gesichert',
  'Back up first': 'Erst sichern',
  'Destroying {0} deletes its {1} GB of storage and its memory: conversations, files, settings. I saved a copy {2}, and keep it for some days.':
    'Wenn du {0} löschst, sind seine {1} GB Speicher und sein Gedächtnis weg: Gespräche, Dateien, Einstellungen. Eine Kopie habe ich {2} gesichert und behalte sie einige Tage.',
}
