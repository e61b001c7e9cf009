export const madeBots: Readonly<Record<string, string>> = {
  'Your bot': 'Dein Bot',
  '{0} is made, and it is yours. I was not waiting for one just now, so I kept nothing of it.':
    '{0} ist angelegt und gehört dir. Ich habe gerade auf keinen Bot gewartet und deshalb nichts davon behalten.',
  'When I ask for a Telegram bot again, you can use this one: @BotFather shows its token under /mybots.':
    'Wenn ich wieder nach einem Telegram-Bot frage, kannst du diesen nehmen: @BotFather zeigt dir seinen Token unter /mybots.',
  '{0} is made, and it is yours, but Telegram does not hand me its token at the moment. Nothing is lost.':
    '{0} ist angelegt und gehört dir, aber Telegram gibt mir seinen Token gerade nicht. Verloren ist nichts.',
  'Open @BotFather, send /mybots, choose {0}, tap API Token, and paste what it shows you here.':
    'Öffne @BotFather, sende /mybots, wähle {0}, tippe auf API Token und füge hier ein, was dort steht.',
  'When I ask for its token, @BotFather shows it under /mybots.': 'Wenn ich danach frage: @BotFather zeigt dir den Token unter /mybots.',
}
