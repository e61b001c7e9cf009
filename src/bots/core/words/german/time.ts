export const time: Readonly<Record<string, string>> = {
  'under 1 s': 'weniger als 1 s',
  '1 day': '1 Tag',
  // Always behind "nach", "seit" or "in".
  '{0} days': '{0} Tagen',
  'just now': 'gerade eben',
  once: 'einmal',
  twice: 'zweimal',
  '{0} times': '{0}-mal',
}
