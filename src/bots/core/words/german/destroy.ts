export const destroy: Readonly<Record<string, string>> = {
  'Destroying {0} deletes its {1} GB of storage and its memory for good: conversations, files, settings. I hold no copy.':
    'Wenn du {0} löschst, sind seine {1} GB Speicher und sein Gedächtnis endgültig weg: Gespräche, Dateien, Einstellungen. Ich habe keine Kopie.',
  'Type {0} to confirm.': 'Schreibe zur Bestätigung {0}.',
  'That is not its name, so nothing was deleted. Type {0} to destroy it, or keep it.':
    'So heißt er nicht, darum wurde nichts gelöscht. Schreibe {0}, um ihn zu löschen, oder behalte ihn.',
  '{0} is gone: its machine, its storage and its address are deleted.': '{0} ist weg: Maschine, Speicher und Adresse sind gelöscht.',
  'Set up a new one': 'Neu einrichten',
}
