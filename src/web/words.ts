// What the pages say. Pages know nothing of the chats, so that their words live here, in each language whole: the compiler misses what is missing.

import { languageOf, type Language } from '../domain/language.ts'

type Titled = { title: string; text: string }
export type PageWords = {
  home: Titled & { running: string }
  form: {
    title(what: string, name: string): string
    lead(name: string, several: boolean): string
    minutes(left: number): string
    notYou: string
    anyway: string
    save: string
    failed: Titled
    triesLeft(count: number): string
    empty: string
    unavailable: Titled
  }
  download: {
    title(name: string): string
    lead(when: string, size: string): string
    holds: string
    minutes(left: number): string
    button: string
    used: Titled
    expired(minutes: number): Titled
    gone: Titled
  }
  done: { title: string; stored(what: string, name: string): string; close: string }
  used: Titled
  expired(minutes: number): Titled
  worn(tries: number): Titled
  gone: Titled
  unknown: Titled
  checking: Titled & { again: string }
  notOurs: Titled
  tooLarge: Titled
  tooMany(minutes: number): Titled
  starting: Titled
  broken: Titled
}

const english: PageWords = {
  home: {
    title: 'Conch',
    text: 'I set up and look after your own OpenClaw: an assistant that lives in your chats and never sleeps.',
    running: 'I am running. Talk to me in the chat, or in the terminal in which you started me: say /deploy.',
  },
  form: {
    title: (what, name) => `${what} for ${name}`,
    lead: (name, several) =>
      several
        ? `Paste them here instead of in the chat. They go straight to where ${name} keeps its keys; I remember only their last four characters.`
        : `Paste it here instead of in the chat. It goes straight to where ${name} keeps its keys; I remember only its last four characters.`,
    minutes: (left) => (left <= 1 ? 'This page works once, for one more minute.' : `This page works once, for ${left} more minutes.`),
    notYou: 'You did not ask me for this? Then close the page: nothing happens.',
    anyway: 'Save it as it is. I know that it may not work.',
    save: 'Save',
    failed: { title: 'Not saved yet', text: 'I kept nothing of what you sent.' },
    triesLeft: (count) => (count === 1 ? 'This page takes one more try.' : `This page takes ${count} more tries.`),
    empty: 'Nothing is pasted here yet.',
    unavailable: {
      title: 'Not saved yet',
      text: 'The place that keeps keys did not answer. I kept nothing of what you sent. Try again in a minute: this page still works.',
    },
  },
  download: {
    title: (name) => `What ${name} knew`,
    lead: (when, size) => `Saved on ${when}, ${size}: an archive (.tar.gz) of its conversations, files and memory.`,
    holds: 'Whoever has the file can read all of that. It holds none of the keys that you gave me.',
    minutes: (left) => (left <= 1 ? 'This page gives it out once, for one more minute.' : `This page gives it out once, for ${left} more minutes.`),
    button: 'Download',
    used: { title: 'This link has done its work', text: 'It gives out the copy once. Ask me for a new link in the chat: /backups.' },
    expired: (minutes) => ({
      title: 'This link is over',
      text: `It works for ${minutes} minutes, and only the newest one does. Ask me for a new one in the chat: /backups.`,
    }),
    gone: { title: 'That copy is not there any more', text: 'It was kept as long as your plan says. The chat shows what there is: /backups.' },
  },
  done: {
    title: 'Done',
    stored: (what, name) => `${what} for ${name} is saved.`,
    close: 'You can close this page. I wrote to you in the chat.',
  },
  used: {
    title: 'This link has done its work',
    text: 'It works only once, and something was saved with it. To change it, say /keys in the chat. If it was not you who saved something, do that now.',
  },
  expired: (minutes) => ({
    title: 'This link is over',
    text: `It works for ${minutes} minutes, and only the newest one does. Nothing was saved with it. Ask me for a new one in the chat.`,
  }),
  worn: (tries) => ({
    title: 'This link is over',
    text: `That was ${tries} times something that does not work. I kept nothing of it. Ask me for a new link in the chat.`,
  }),
  gone: {
    title: 'There is nothing to set any more',
    text: 'The assistant that this link was for is no longer yours, or no longer there. Nothing was saved.',
  },
  unknown: {
    title: 'I know no such link',
    text: 'Perhaps a piece of it got lost. Open it once more from my message in the chat, or ask me for a new one there.',
  },
  checking: { title: 'One moment', text: 'I am still checking what you sent just now. The answer also comes in the chat.', again: 'Look again' },
  notOurs: { title: 'I did not read that', text: 'It did not come from my own page. Open the link once more from my message in the chat.' },
  tooLarge: { title: 'That is too long', text: 'No key is that long, so I did not read it. Go back, and paste the key alone.' },
  tooMany: (minutes) => ({
    title: 'Too many wrong links',
    text: `Many links that lead nowhere came from where you are, so I look up no more of them for ${minutes} min. One that I gave you still opens.`,
  }),
  starting: { title: 'One moment', text: 'I have just been started. Load this page again in a few seconds.' },
  broken: { title: 'That was my fault', text: 'Something on my side broke. If a key was saved, the chat says so; if not, try again in a minute.' },
}

const german: PageWords = {
  home: {
    title: 'Conch',
    text: 'Ich richte dein eigenes OpenClaw ein und kümmere mich darum: ein Assistent, der in deinen Chats lebt und nie schläft.',
    running: 'Ich laufe. Sprich mit mir im Chat oder im Terminal, in dem du mich gestartet hast: sag /deploy.',
  },
  form: {
    title: (what, name) => `${what} für ${name}`,
    lead: (name) =>
      `Hier statt im Chat: Was du einfügst, geht direkt dorthin, wo ${name} seine Schlüssel aufbewahrt; ich merke mir nur die letzten vier Zeichen.`,
    minutes: (left) =>
      left <= 1 ? 'Diese Seite funktioniert einmal, noch eine Minute lang.' : `Diese Seite funktioniert einmal, noch ${left} Minuten lang.`,
    notYou: 'Du hast mich nicht darum gebeten? Dann schließ die Seite: Es passiert nichts.',
    anyway: 'So speichern, wie es ist. Ich weiß, dass es vielleicht nicht funktioniert.',
    save: 'Speichern',
    failed: { title: 'Noch nicht gespeichert', text: 'Ich habe nichts von dem behalten, was du geschickt hast.' },
    triesLeft: (count) => (count === 1 ? 'Auf dieser Seite geht es noch einmal.' : `Auf dieser Seite geht es noch ${count} Mal.`),
    empty: 'Hier ist noch nichts eingefügt.',
    unavailable: {
      title: 'Noch nicht gespeichert',
      text: 'Der Ort, der die Schlüssel aufbewahrt, hat nicht geantwortet. Ich habe nichts behalten. Versuch es in einer Minute noch einmal: Diese Seite funktioniert weiterhin.',
    },
  },
  download: {
    title: (name) => `Was ${name} wusste`,
    lead: (when, size) => `Gesichert am ${when}, ${size}: ein Archiv (.tar.gz) seiner Gespräche, Dateien und Erinnerungen.`,
    holds: 'Wer die Datei hat, kann das alles lesen. Schlüssel, die du mir gegeben hast, sind nicht darin.',
    minutes: (left) =>
      left <= 1 ? 'Diese Seite gibt es einmal heraus, noch eine Minute lang.' : `Diese Seite gibt es einmal heraus, noch ${left} Minuten lang.`,
    button: 'Herunterladen',
    used: { title: 'Dieser Link hat seine Arbeit getan', text: 'Er gibt die Kopie einmal heraus. Bitte mich im Chat um einen neuen Link: /backups.' },
    expired: (minutes) => ({
      title: 'Dieser Link ist abgelaufen',
      text: `Er funktioniert ${minutes} Minuten lang, und nur der neueste gilt. Bitte mich im Chat um einen neuen: /backups.`,
    }),
    gone: {
      title: 'Diese Kopie gibt es nicht mehr',
      text: 'Sie wurde so lange behalten, wie dein Plan es sagt. Was da ist, zeigt der Chat: /backups.',
    },
  },
  done: {
    title: 'Fertig',
    stored: (what, name) => `${what} für ${name} ist gespeichert.`,
    close: 'Du kannst diese Seite schließen. Ich habe dir im Chat geschrieben.',
  },
  used: {
    title: 'Dieser Link hat seine Arbeit getan',
    text: 'Er funktioniert nur einmal, und damit wurde etwas gespeichert. Ändern kannst du es im Chat mit /keys. Wenn nicht du etwas gespeichert hast, tu das jetzt.',
  },
  expired: (minutes) => ({
    title: 'Dieser Link ist abgelaufen',
    text: `Er funktioniert ${minutes} Minuten lang, und nur der neueste gilt. Es wurde nichts damit gespeichert. Bitte mich im Chat um einen neuen.`,
  }),
  worn: (tries) => ({
    title: 'Dieser Link ist abgelaufen',
    text: `Das war ${tries} Mal etwas, das nicht funktioniert. Ich habe nichts davon behalten. Bitte mich im Chat um einen neuen Link.`,
  }),
  gone: {
    title: 'Hier gibt es nichts mehr zu setzen',
    text: 'Der Assistent, für den dieser Link war, gehört dir nicht mehr oder ist nicht mehr da. Es wurde nichts gespeichert.',
  },
  unknown: {
    title: 'Diesen Link kenne ich nicht',
    text: 'Vielleicht ging ein Stück davon verloren. Öffne ihn noch einmal aus meiner Nachricht im Chat, oder bitte mich dort um einen neuen.',
  },
  checking: {
    title: 'Einen Moment',
    text: 'Ich prüfe noch, was du gerade geschickt hast. Die Antwort kommt auch im Chat.',
    again: 'Noch einmal nachsehen',
  },
  notOurs: {
    title: 'Das habe ich nicht gelesen',
    text: 'Es kam nicht von meiner eigenen Seite. Öffne den Link noch einmal aus meiner Nachricht im Chat.',
  },
  tooLarge: {
    title: 'Das ist zu lang',
    text: 'Kein Schlüssel ist so lang, darum habe ich es nicht gelesen. Geh zurück und füge nur den Schlüssel ein.',
  },
  tooMany: (minutes) => ({
    title: 'Zu viele falsche Links',
    text: `Von dort, wo du bist, kamen viele Links, die nirgendwohin führen. Darum schlage ich ${minutes} min lang keine mehr nach. Einer, den ich dir gegeben habe, öffnet sich trotzdem.`,
  }),
  starting: { title: 'Einen Moment', text: 'Ich wurde gerade erst gestartet. Lade diese Seite in ein paar Sekunden neu.' },
  broken: {
    title: 'Das lag an mir',
    text: 'Auf meiner Seite ging etwas kaputt. Wenn ein Schlüssel gespeichert wurde, steht es im Chat; wenn nicht, versuch es in einer Minute noch einmal.',
  },
}

/** The words of a language. */
export function wordsOf(language: Language): PageWords {
  return language === 'de' ? german : english
}

/** The language that a browser asks for first, where we know nobody yet. */
export function languageOfBrowser(acceptLanguage: string | undefined): Language {
  for (const wanted of (acceptLanguage ?? '').split(',')) {
    const language = languageOf(wanted.split(';')[0]?.trim())
    if (language !== null) return language
  }
  return 'en'
}
