// Slash commands, drawn from the one list of commands. A secret is never an option: what is typed there stays visible in the chat's history.
import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  type APIApplicationCommandBasicOption,
  type RESTPostAPIChatInputApplicationCommandsJSONBody,
} from 'discord.js'
import { regions } from '../../domain/regions.ts'
import { commands } from '../core/answers.ts'
import { inLanguage, translated } from '../core/language.ts'
import { placeWords } from '../core/words/regions.ts'

const CHOICES_MAX = 25
const LINES_MAX = 200
/** Stands for a word that is left open while a later one is given. */
const OPEN = '-'

const about: Readonly<Record<string, string>> = {
  instance: 'Which assistant; needed only if you have several',
  name: 'Lower-case letters, digits and dashes',
  region: 'Where it lives',
  lines: 'How many lines',
  code: 'The code that your other chat shows',
  change: 'here, private, snooze, quiet 22-7, digest 8:00, zone Berlin',
  language: 'English or German',
}

/** The body of the bulk registration: they work in servers, in direct messages, and for people who installed the app for themselves. */
export function registrations(): RESTPostAPIChatInputApplicationCommandsJSONBody[] {
  return commands.map(({ name, summary, words }) => ({
    type: ApplicationCommandType.ChatInput,
    name,
    ...described(summary),
    options: words.map(optionOf),
    contexts: [InteractionContextType.Guild, InteractionContextType.BotDM, InteractionContextType.PrivateChannel],
    integration_types: [ApplicationIntegrationType.GuildInstall, ApplicationIntegrationType.UserInstall],
  }))
}

/** English, and for people whose program speaks another language of ours, that one. */
function described(english: string): { description: string; description_localizations: { de: string } } {
  return { description: english.slice(0, 100), description_localizations: { de: inLanguage('de', () => translated(english)).slice(0, 100) } }
}

function optionOf(name: string): APIApplicationCommandBasicOption {
  const option = { name, ...described(about[name] ?? name), required: false }
  if (name === 'lines') return { ...option, type: ApplicationCommandOptionType.Integer, min_value: 1, max_value: LINES_MAX }
  return { ...option, type: ApplicationCommandOptionType.String, max_length: 200, autocomplete: name === 'instance' || name === 'region' }
}

/** A command as it is typed elsewhere: `/deploy my-claw ams`. */
export function typedOf(name: string, valueOf: (option: string) => string | null): string {
  const words = commands.find((one) => one.name === name)?.words ?? []
  const values = words.map((word) => ({ word, value: valueOf(word)?.trim() ?? '' }))
  const last = values.findLastIndex((one) => one.value !== '')
  const given = values.slice(0, last + 1).map(({ word, value }) => (value === '' && word !== 'instance' ? OPEN : value))
  return [`/${name}`, ...given.filter((value) => value !== '')].join(' ')
}

/** What is offered while an option is typed. */
export async function choicesFor(
  option: { name: string; value: string },
  names: () => Promise<readonly string[]>,
): Promise<{ name: string; value: string }[]> {
  const typed = option.value.trim().toLowerCase()
  const all =
    option.name === 'instance'
      ? (await names()).map((name) => ({ name, value: name, also: name }))
      : option.name === 'region'
        ? regions.map((region) => ({ name: placeWords(region), value: region.code, also: region.city }))
        : []
  return all
    .filter(({ name, value, also }) => [name, also].some((one) => one.toLowerCase().includes(typed)) || value.startsWith(typed))
    .slice(0, CHOICES_MAX)
    .map(({ name, value }) => ({ name, value }))
}
