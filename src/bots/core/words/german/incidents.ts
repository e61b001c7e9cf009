export const incidents: Readonly<Record<string, string>> = {
  'The trouble with {0} is over: it is gone.': 'Die Störung bei {0} ist vorbei: Es gibt ihn nicht mehr.',
  '{0} is stopped, as you asked, and its trouble is over with that. Its storage is kept.':
    '{0} ist angehalten, wie du es wolltest, und damit ist auch die Störung vorbei. Der Speicher bleibt erhalten.',
  'Snoozed until {0}: until then I send you nothing new about it.': 'Stumm bis {0}: Bis dahin schicke ich dir dazu nichts Neues.',
  '{0} stopped answering at {1} ({2}). I am restarting it. Nothing that it had saved is lost.':
    '{0} antwortet seit {1} nicht mehr ({2}). Ich starte ihn neu. Nichts Gespeichertes geht verloren.',
  '{0} stopped by itself at {1}{2}. I am starting it again. Nothing that it had saved is lost.':
    '{0} hat um {1} von selbst aufgehört{2}. Ich starte ihn wieder. Nichts Gespeichertes geht verloren.',
  '{0} ran out of memory at {1} and was stopped. I am starting it again. Nothing that it had saved is lost.':
    '{0} hatte um {1} keinen Arbeitsspeicher mehr und wurde beendet. Ich starte ihn wieder. Nichts Gespeichertes geht verloren.',
  '{0} does not start: it calls its settings invalid. Starting it again would not help, so I wait for you. Its storage is untouched.':
    '{0} startet nicht und hält seine Einstellungen für ungültig. Noch ein Start würde nicht helfen, darum warte ich auf dich. Der Speicher ist unberührt.',
  "The computer that {0} runs on cannot be reached since {1}. That is on our provider's side, and its storage is kept there. I go on as soon as it is back.":
    'Der Computer, auf dem {0} läuft, ist seit {1} nicht erreichbar. Das liegt an unserem Anbieter, und der Speicher bleibt dort erhalten. Sobald er wieder da ist, mache ich weiter.',
  'There is no room for {0} near {1} at our provider. I ask again every half minute and go on by myself. Nothing is lost.':
    'Bei unserem Anbieter ist nahe {1} gerade kein Platz für {0}. Ich frage jede halbe Minute nach und mache von selbst weiter. Nichts geht verloren.',
  'The storage of {0} is gone at our provider since {1}. I am making it anew from the copy that the provider took on {2}. What came after that is lost.':
    'Der Speicher von {0} ist seit {1} bei unserem Anbieter verloren. Ich lege ihn aus der Kopie neu an, die der Anbieter am {2} gemacht hat. Was danach kam, ist verloren.',
  '{0} is back at {1}. Its storage was gone at our provider: it knows what it knew on {2}, and what came after that is lost. If I saved it later than that, you can restore that copy.':
    '{0} ist um {1} wieder da. Der Speicher war bei unserem Anbieter verloren: Er weiß, was er am {2} wusste, und was danach kam, ist verloren. Habe ich ihn später noch gesichert, kannst du diese Kopie wiederherstellen.',
  'The storage of {0} is missing at our provider since {1}. I have not put an empty one in its place, so that it can still be found. Whoever runs me has been told.':
    'Der Speicher von {0} fehlt seit {1} bei unserem Anbieter. Ich habe keinen leeren an seine Stelle gesetzt, damit er noch gefunden werden kann. Wer mich betreibt, weiß Bescheid.',
  'Our provider does not confirm that {0} is gone. I keep asking, more slowly, and whoever runs me has been told. There is nothing for you to do.':
    'Unser Anbieter bestätigt nicht, dass {0} gelöscht ist. Ich frage weiter nach, nur seltener, und wer mich betreibt, weiß Bescheid. Du musst nichts tun.',
  'Something is wrong with {0} since {1}. I am looking after it.': 'Mit {0} stimmt seit {1} etwas nicht. Ich kümmere mich darum.',
  '{0} runs, but its connection to {1} is down since {2}: nobody reaches it there. Most likely the token was revoked or replaced. Put in the new one, and it connects by itself.':
    '{0} läuft, ist aber seit {2} nicht mit {1} verbunden: Dort erreicht ihn niemand. Wahrscheinlich wurde der Token widerrufen oder ersetzt. Gib den neuen ein, dann kommt die Verbindung von selbst.',
  '{0} runs, but it says since {1} that one of its chats is not connected: {2}. Most likely a token was revoked or replaced. Put in the new one, and it connects by itself.':
    '{0} läuft, meldet aber seit {1}, dass einer seiner Chats nicht verbunden ist: {2}. Wahrscheinlich wurde ein Token widerrufen oder ersetzt. Gib den neuen ein, dann kommt die Verbindung von selbst.',
  '{0} runs, but it says since {1} that one of its chats is not connected. Most likely a token was revoked or replaced. Put in the new one, and it connects by itself.':
    '{0} läuft, meldet aber seit {1}, dass einer seiner Chats nicht verbunden ist. Wahrscheinlich wurde ein Token widerrufen oder ersetzt. Gib den neuen ein, dann kommt die Verbindung von selbst.',
  'That is {0} since {1}.': 'Das ist seit {1} {0} passiert.',
  'It is {0}.': 'Es ist {0}.',
  'the second time this week': 'das zweite Mal diese Woche',
  'the third time this week': 'das dritte Mal diese Woche',
  'the fourth time this week': 'das vierte Mal diese Woche',
  'the fifth time this week': 'das fünfte Mal diese Woche',
  'the sixth time this week': 'das sechste Mal diese Woche',
  'the {0}th time this week': 'das {0}. Mal diese Woche',
  '{0} checks in a row': '{0} Prüfungen hintereinander',
  '{0} checks in a row, the last one: {1}': '{0} Prüfungen hintereinander, zuletzt: {1}',
  ' (exit code {0})': ' (Exit-Code {0})',
  '{0} refused its new settings{1}. I gave it back the former ones, and it starts with those.':
    '{0} hat die neuen Einstellungen abgelehnt{1}. Ich habe die vorigen wieder eingesetzt, damit startet er.',
  '{0} runs with its former settings: it refused the new ones{1}.': '{0} läuft mit den vorigen Einstellungen: Die neuen hat er abgelehnt{1}.',
  'It refused its new settings': 'Er hat die neuen Einstellungen abgelehnt',
  'refused its new settings': 'lehnte die neuen Einstellungen ab',
  '{0} is connected to {1} again since {2}.': '{0} ist seit {2} wieder mit {1} verbunden.',
  'All chats of {0} are connected again since {1}.': 'Alle Chats von {0} sind seit {1} wieder verbunden.',
  '{0} is back at {1}, after {2}.': '{0} ist seit {1} wieder da, nach {2}.',
  '{0} is back at {1}.': '{0} ist seit {1} wieder da.',
  'Pro has twice as much.': 'Pro hat doppelt so viel.',
  'It had stopped answering. Nothing that it had saved is lost.': 'Er hatte nicht mehr geantwortet. Nichts Gespeichertes ist verloren.',
  'It had stopped answering: {0}. Nothing that it had saved is lost.': 'Er hatte nicht mehr geantwortet: {0}. Nichts Gespeichertes ist verloren.',
  'It had stopped by itself{0}. Nothing that it had saved is lost.': 'Er hatte von selbst aufgehört{0}. Nichts Gespeichertes ist verloren.',
  'It had stopped by itself{0}: {1}. Nothing that it had saved is lost.': 'Er hatte von selbst aufgehört{0}: {1}. Nichts Gespeichertes ist verloren.',
  'It had run out of memory.': 'Ihm war der Arbeitsspeicher ausgegangen.',
  'It had run out of memory: {0}.': 'Ihm war der Arbeitsspeicher ausgegangen: {0}.',
  'Its settings are valid again.': 'Die Einstellungen sind wieder gültig.',
  'The computer that it runs on can be reached again.': 'Der Computer, auf dem er läuft, ist wieder erreichbar.',
  'There was room for it again.': 'Es war wieder Platz da.',
  'See Pro': 'Pro ansehen',
  'Snooze 1 h': '1 h stumm',
  'End snooze': 'Stumm beenden',
  'Replace the key': 'Schlüssel ersetzen',
}
