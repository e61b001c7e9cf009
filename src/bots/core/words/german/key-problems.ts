export const keyProblems: Readonly<Record<string, string>> = {
  'Telegram bot token': 'Telegram-Bot-Token',
  'Discord bot token': 'Discord-Bot-Token',
  'Slack bot token': 'Slack-Bot-Token',
  'Slack app token': 'Slack-App-Token',
  'Anthropic key': 'Anthropic-Schlüssel',
  'OpenAI key': 'OpenAI-Schlüssel',
  'Google key': 'Google-Schlüssel',
  'OpenRouter key': 'OpenRouter-Schlüssel',
  'a Telegram bot token': 'ein Telegram-Bot-Token',
  'a Discord bot token': 'ein Discord-Bot-Token',
  'a Slack bot token': 'ein Slack-Bot-Token',
  'a Slack app token': 'ein Slack-App-Token',
  'an Anthropic key': 'ein Anthropic-Schlüssel',
  'an OpenAI key': 'ein OpenAI-Schlüssel',
  'a Google key': 'ein Google-Schlüssel',
  'an OpenRouter key': 'ein OpenRouter-Schlüssel',
  'There was nothing in it. Copy the whole line and paste it here.': 'Da war nichts drin. Kopiere die ganze Zeile und füge sie hier ein.',
  'That begins like {0} and then stops: it has {1} characters, and they have at least {2}. Copy the whole line.':
    'Das beginnt wie {0} und hört dann auf: Es hat {1} Zeichen, nötig sind mindestens {2}. Kopiere die ganze Zeile.',
  'That begins like {0} and goes on for too long: it has {1} characters. Copy that one line and nothing else.':
    'Das beginnt wie {0} und geht zu lange weiter: Es hat {1} Zeichen. Kopiere nur diese eine Zeile.',
  'That is not {0}: they look like {1}, at least {2} characters long, and this one has {3}. {4}':
    'Das ist etwas anderes als {0}: So einer sieht aus wie {1}, ist mindestens {2} Zeichen lang, und hier sind es {3}. {4}',
  'That is {0}. The {1} looks like {2}.': 'Das ist {0}. Der {1} sieht aus wie {2}.',
  'That is {0}. The {1} begins with {2}.': 'Das ist {0}. Der {1} beginnt mit {2}.',
  "That is a user token of Slack's. The bot's own begins with {0}, and is on the same page under Bot User OAuth Token.":
    'Das ist ein Benutzer-Token von Slack. Der des Bots beginnt mit {0} und steht auf derselben Seite unter „Bot User OAuth Token“.',
  "That is a configuration token of Slack's. The bot's own begins with {0}: Install App, Bot User OAuth Token.":
    'Das ist ein Konfigurations-Token von Slack. Der des Bots beginnt mit {0}: „Install App“, „Bot User OAuth Token“.',
  'That looks like the signing secret. The app token begins with {0} (Basic Information, App-Level Tokens), and the bot token with {1} (Install App).':
    'Das sieht nach dem „Signing Secret“ aus. Der App-Token beginnt mit {0} („Basic Information“, „App-Level Tokens“), der Bot-Token mit {1} („Install App“).',
  'That looks like the client secret. The token is on the page Bot: tap Reset Token there and copy what appears.':
    'Das sieht nach dem „Client Secret“ aus. Der Token ist auf der Seite „Bot“: Tippe dort auf „Reset Token“ und kopiere, was erscheint.',
  'That looks like the public key. The token is on the page Bot: tap Reset Token there and copy what appears.':
    'Das sieht nach dem „Public Key“ aus. Der Token ist auf der Seite „Bot“: Tippe dort auf „Reset Token“ und kopiere, was erscheint.',
  "That is a number of Discord's, not the token. The token is on the page Bot: tap Reset Token there and copy what appears.":
    'Das ist eine Nummer von Discord, nicht der Token. Der Token ist auf der Seite „Bot“: Tippe dort auf „Reset Token“ und kopiere, was erscheint.',
  'That is the name of a bot. Its token is in what @BotFather answered: a number, a colon, and 35 characters.':
    'Das ist der Name eines Bots. Sein Token steht in der Antwort von @BotFather: eine Zahl, ein Doppelpunkt und 35 Zeichen.',
  'That is an address, not {0}. Open it, copy the token there, and paste that here.':
    'Das ist eine Adresse, nicht {0}. Öffne sie, kopiere dort den Token und füge ihn hier ein.',
  'In @BotFather open your bot, tap API Token, copy the whole line.':
    'Öffne in @BotFather deinen Bot, tippe auf „API Token“ und kopiere die ganze Zeile.',
  'In the developer portal open Bot, tap Reset Token, copy what appears.':
    'Öffne im Entwicklerportal „Bot“, tippe auf „Reset Token“ und kopiere, was erscheint.',
  "On your app's page open Install App and copy the Bot User OAuth Token.":
    'Öffne auf der Seite deiner App „Install App“ und kopiere den „Bot User OAuth Token“.',
  "On your app's page open Basic Information, App-Level Tokens, and copy it there.":
    'Öffne auf der Seite deiner App „Basic Information“, „App-Level Tokens“ und kopiere ihn dort.',
  'Open {0}, make a key, copy the whole line.': 'Öffne {0}, lege einen Schlüssel an und kopiere die ganze Zeile.',
  'A name is capital letters, digits and underscores, and begins with a letter, like {0}.':
    'Ein Name besteht aus Großbuchstaben, Ziffern und Unterstrichen und beginnt mit einem Buchstaben, wie {0}.',
  'A name is capital letters, digits and underscores, and begins with a letter. {0} would work.':
    'Ein Name besteht aus Großbuchstaben, Ziffern und Unterstrichen und beginnt mit einem Buchstaben. Wie wäre es mit {0}?',
  'That is {0} characters long, and a name has at most 64.': 'Das ist {0} Zeichen lang, und ein Name hat höchstens 64.',
  '{0} is a name that I set myself, so that the assistant runs and nobody else gets in. Take another one.':
    '{0} setze ich selbst, damit der Assistent läuft und niemand sonst hineinkommt. Nimm einen anderen Namen.',
  '{0} is read by the machine itself: another value could keep the assistant from starting. Take another one.':
    '{0} liest die Maschine selbst: Mit einem anderen Wert könnte der Assistent nicht mehr starten. Nimm einen anderen Namen.',
  'There was nothing in it. Paste the value here.': 'Da war nichts drin. Füge den Wert hier ein.',
  'That has {0} characters, and a value has at most {1}.': 'Das hat {0} Zeichen, und ein Wert hat höchstens {1}.',
  'There is a character in it that no variable can hold. Copy it again as plain text.':
    'Darin ist ein Zeichen, das keine Variable halten kann. Kopiere es noch einmal als reinen Text.',
  'That does not look right.': 'Das sieht nicht richtig aus.',
  "The token works, and it is {0}'s. But its bot may not read what people write: in the developer portal open Bot, turn on Message Content Intent, and save.":
    'Der Token funktioniert und gehört {0}. Aber der Bot darf nicht lesen, was Leute schreiben: Öffne im Entwicklerportal „Bot“, schalte „Message Content Intent“ ein und speichere.',
  "That is the token of the bot you are talking to. An assistant needs a bot of its own: two that share one take each other's messages.":
    'Das ist der Token des Bots, mit dem du sprichst. Ein Assistent braucht einen eigenen: Zwei mit demselben nehmen sich gegenseitig die Nachrichten weg.',
  'There is no {0} set any more. Nothing was changed by this tap.': '{0} ist nicht mehr gesetzt. Dieser Klick hat nichts geändert.',
  'An assistant holds {0} keys and variables, and this one has them all. Remove one first.':
    'Ein Assistent hat Platz für {0} Schlüssel und Variablen, und bei diesem ist alles belegt. Entferne zuerst etwas.',
  'Slack knows that token, and it lacks a right: make it again under App-Level Tokens with the scope {0}.':
    'Slack kennt den Token, aber ihm fehlt ein Recht: Lege ihn unter „App-Level Tokens“ mit dem Recht {0} neu an.',
  '{0} knows that one, and does not let it do what an assistant needs. Check its rights there, or make a new one.':
    '{0} kennt ihn, lässt ihn aber nicht tun, was ein Assistent braucht. Prüfe dort seine Rechte oder lege einen neuen an.',
  '{0} does not know that one: it was revoked, or a part of it is missing. {1}': '{0} kennt ihn nicht: Er wurde widerrufen, oder ein Teil fehlt. {1}',
  'I could not ask {0} whether it works: {1} cannot be reached from here just now. It looks right.':
    'Ich konnte bei {0} nicht fragen, ob er funktioniert: {1} ist von hier gerade nicht zu erreichen. Er sieht richtig aus.',
  'I could not ask {0} whether it works: {1} wants me to wait. It looks right.':
    'Ich konnte bei {0} nicht fragen, ob er funktioniert: {1} bittet mich zu warten. Er sieht richtig aus.',
  'I could not find out whether it works: {0} has trouble of its own just now. It looks right.':
    'Ich konnte nicht herausfinden, ob er funktioniert: {0} hat gerade selbst Schwierigkeiten. Er sieht richtig aus.',
  "Another assistant listens with that token already, and two would take each other's messages. Make a bot of its own for this one.":
    'Mit diesem Token hört schon ein anderer Assistent zu, und zwei nähmen sich gegenseitig die Nachrichten weg. Lege für diesen einen eigenen Bot an.',
  '{0} has that token until it is gone. Try again in a minute.': '{0} hat diesen Token, bis er weg ist. Versuch es in einer Minute noch einmal.',
  "{0} listens with that token already, and two would take each other's messages. Remove it there first, or make another bot.":
    'Mit diesem Token hört schon {0} zu, und zwei nähmen sich gegenseitig die Nachrichten weg. Entferne ihn dort zuerst oder lege einen anderen Bot an.',
  '{0} (key …{1}, not tried: {2} did not answer)': '{0} (Schlüssel …{1}, nicht geprüft: {2} hat nicht geantwortet)',
}
