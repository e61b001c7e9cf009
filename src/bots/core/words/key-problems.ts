// What is wrong with a secret that was pasted, without a character of it; and why one was not taken.
import type { VariableNameProblem, VariableValueProblem } from '../../../domain/credentials.ts'
import { CUSTOM_VALUE_CHARS_MAX, credentialOfSecret } from '../../../domain/credentials.ts'
import type { KeyRefusal, Refusal } from '../../../domain/refusal.ts'
import { shapeOf, type KnownSecret, type Lookalike, type SecretShape, type ShapeProblem } from '../../../domain/secret-shapes.ts'
import { assertNever } from '../../../lib/errors.ts'
import { t } from '../language.ts'
import { bold, button, code, say, type Button, type Text } from '../view.ts'

/** What a secret is called: "Telegram bot token". Anything else goes by the name of its variable. */
export function secretTitle(name: string): string {
  const titles: Readonly<Record<KnownSecret, () => string>> = {
    TELEGRAM_BOT_TOKEN: () => t`Telegram bot token`,
    DISCORD_BOT_TOKEN: () => t`Discord bot token`,
    SLACK_BOT_TOKEN: () => t`Slack bot token`,
    SLACK_APP_TOKEN: () => t`Slack app token`,
    ANTHROPIC_API_KEY: () => t`Anthropic key`,
    OPENAI_API_KEY: () => t`OpenAI key`,
    GEMINI_API_KEY: () => t`Google key`,
    OPENROUTER_API_KEY: () => t`OpenRouter key`,
  }
  const known = shapeOf(name)
  return known === undefined ? name : titles[known.name]()
}

/** What a platform is called. */
export function platformTitle(name: string): string {
  return credentialOfSecret(name)?.title ?? name
}

function oneSecret(name: string): string {
  const titles: Readonly<Record<KnownSecret, () => string>> = {
    TELEGRAM_BOT_TOKEN: () => t`a Telegram bot token`,
    DISCORD_BOT_TOKEN: () => t`a Discord bot token`,
    SLACK_BOT_TOKEN: () => t`a Slack bot token`,
    SLACK_APP_TOKEN: () => t`a Slack app token`,
    ANTHROPIC_API_KEY: () => t`an Anthropic key`,
    OPENAI_API_KEY: () => t`an OpenAI key`,
    GEMINI_API_KEY: () => t`a Google key`,
    OPENROUTER_API_KEY: () => t`an OpenRouter key`,
  }
  const known = shapeOf(name)
  return known === undefined ? name : titles[known.name]()
}

/** What is wrong with the shape of something pasted. */
export function shapeProblemText(shape: SecretShape, problem: ShapeProblem): Text {
  const title = oneSecret(shape.name)
  const looks = code(shape.looksLike)
  switch (problem.kind) {
    case 'empty':
      return say`There was nothing in it. Copy the whole line and paste it here.`
    case 'other':
      return otherText(shape, problem.is)
    case 'lookalike':
      return lookalikeText(problem.is, title)
    case 'too-short':
      return say`That begins like ${title} and then stops: it has ${problem.length} characters, and they have at least ${shape.charsMin}. Copy the whole line.`
    case 'too-long':
      return say`That begins like ${title} and goes on for too long: it has ${problem.length} characters. Copy that one line and nothing else.`
    case 'shape':
      return say`That is not ${title}: they look like ${looks}, at least ${shape.charsMin} characters long, and this one has ${problem.length}. ${whereText(shape.name)}`
    default:
      return assertNever(problem)
  }
}

function otherText(shape: SecretShape, is: SecretShape): Text {
  const [wanted, pasted] = [secretTitle(shape.name), oneSecret(is.name)]
  return shape.prefix === null
    ? say`That is ${pasted}. The ${wanted} looks like ${code(shape.looksLike)}.`
    : say`That is ${pasted}. The ${wanted} begins with ${code(shape.prefix)}.`
}

function lookalikeText(is: Lookalike, title: string): Text {
  switch (is) {
    case 'slack-user-token':
      return say`That is a user token of Slack's. The bot's own begins with ${code('xoxb-')}, and is on the same page under Bot User OAuth Token.`
    case 'slack-config-token':
      return say`That is a configuration token of Slack's. The bot's own begins with ${code('xoxb-')}: Install App, Bot User OAuth Token.`
    case 'slack-signing-secret':
      return say`That looks like the signing secret. The app token begins with ${code('xapp-')} (Basic Information, App-Level Tokens), and the bot token with ${code('xoxb-')} (Install App).`
    case 'discord-client-secret':
      return say`That looks like the client secret. The token is on the page Bot: tap Reset Token there and copy what appears.`
    case 'discord-public-key':
      return say`That looks like the public key. The token is on the page Bot: tap Reset Token there and copy what appears.`
    case 'discord-application-id':
      return say`That is a number of Discord's, not the token. The token is on the page Bot: tap Reset Token there and copy what appears.`
    case 'telegram-username':
      return say`That is the name of a bot. Its token is in what @BotFather answered: a number, a colon, and 35 characters.`
    case 'address':
      return say`That is an address, not ${title}. Open it, copy the token there, and paste that here.`
    default:
      return assertNever(is)
  }
}

function whereText(name: string): Text {
  switch (name) {
    case 'TELEGRAM_BOT_TOKEN':
      return say`In @BotFather open your bot, tap API Token, copy the whole line.`
    case 'DISCORD_BOT_TOKEN':
      return say`In the developer portal open Bot, tap Reset Token, copy what appears.`
    case 'SLACK_BOT_TOKEN':
      return say`On your app's page open Install App and copy the Bot User OAuth Token.`
    case 'SLACK_APP_TOKEN':
      return say`On your app's page open Basic Information, App-Level Tokens, and copy it there.`
    default:
      return say`Open ${credentialOfSecret(name)?.makeOne ?? ''}, make a key, copy the whole line.`
  }
}

/** What is wrong with the name of a variable. */
export function variableNameText(name: string, problem: VariableNameProblem): Text {
  switch (problem.kind) {
    case 'characters':
      return problem.suggestion === null
        ? say`A name is capital letters, digits and underscores, and begins with a letter, like ${code('WEATHER_KEY')}.`
        : say`A name is capital letters, digits and underscores, and begins with a letter. ${code(problem.suggestion)} would work.`
    case 'too-long':
      return say`That is ${problem.length} characters long, and a name has at most 64.`
    case 'ours':
      return say`${code(name)} is a name that I set myself, so that the assistant runs and nobody else gets in. Take another one.`
    case 'system':
      return say`${code(name)} is read by the machine itself: another value could keep the assistant from starting. Take another one.`
    default:
      return assertNever(problem)
  }
}

/** What is wrong with the value of a variable. */
export function variableValueText(problem: VariableValueProblem): Text {
  switch (problem.kind) {
    case 'empty':
      return say`There was nothing in it. Paste the value here.`
    case 'too-long':
      return say`That has ${problem.length} characters, and a value has at most ${CUSTOM_VALUE_CHARS_MAX}.`
    case 'control':
      return say`There is a character in it that no variable can hold. Copy it again as plain text.`
    default:
      return assertNever(problem)
  }
}

const reasons: Readonly<Record<KeyRefusal['reason'], true>> = {
  'key-shape': true,
  'key-variable-name': true,
  'key-variable-value': true,
  'key-refused': true,
  'key-unreachable': true,
  'key-intents': true,
  'key-our-own': true,
  'key-in-use': true,
  'key-not-set': true,
  'keys-limit': true,
}

/** Whether a refusal is about a secret. */
export function isKeyRefusal(refusal: Refusal): refusal is KeyRefusal {
  return Object.hasOwn(reasons, refusal.reason)
}

/** The sentence for a refusal about a secret, and what to press where no question is open. */
export function keyAnswer(refusal: KeyRefusal, instance: string | undefined): { text: Text; actions: Button[] } {
  const keys = button(t`Keys`, 'keys', ...(instance === undefined ? [] : [instance]))
  return { text: keyRefusalText(refusal), actions: [keys] }
}

function keyRefusalText(refusal: KeyRefusal): Text {
  switch (refusal.reason) {
    case 'key-shape': {
      const shape = shapeOf(refusal.name)
      return shape === undefined ? say`That does not look right.` : shapeProblemText(shape, refusal.problem)
    }
    case 'key-variable-name':
      return variableNameText(refusal.name, refusal.problem)
    case 'key-variable-value':
      return variableValueText(refusal.problem)
    case 'key-refused':
      return refusedText(refusal)
    case 'key-unreachable':
      return unreachableText(refusal)
    case 'key-intents':
      return say`The token works, and it is ${bold(refusal.who.label)}'s. But its bot may not read what people write: in the developer portal open Bot, turn on Message Content Intent, and save.`
    case 'key-our-own':
      return say`That is the token of the bot you are talking to. An assistant needs a bot of its own: two that share one take each other's messages.`
    case 'key-in-use':
      return inUseText(refusal)
    case 'key-not-set':
      return say`There is no ${secretTitle(refusal.name)} set any more. Nothing was changed by this tap.`
    case 'keys-limit':
      return say`An assistant holds ${refusal.limit} keys and variables, and this one has them all. Remove one first.`
    default:
      return assertNever(refusal)
  }
}

function refusedText({ name, why }: Extract<KeyRefusal, { reason: 'key-refused' }>): Text {
  const platform = platformTitle(name)
  if (name === 'SLACK_APP_TOKEN' && why === 'not-allowed')
    return say`Slack knows that token, and it lacks a right: make it again under App-Level Tokens with the scope ${code('connections:write')}.`
  if (why === 'not-allowed')
    return say`${platform} knows that one, and does not let it do what an assistant needs. Check its rights there, or make a new one.`
  return say`${platform} does not know that one: it was revoked, or a part of it is missing. ${whereText(name)}`
}

function unreachableText({ name, why }: Extract<KeyRefusal, { reason: 'key-unreachable' }>): Text {
  const platform = platformTitle(name)
  switch (why) {
    case 'slow':
    case 'network':
      return say`I could not ask ${platform} whether it works: ${platform} cannot be reached from here just now. It looks right.`
    case 'busy':
      return say`I could not ask ${platform} whether it works: ${platform} wants me to wait. It looks right.`
    case 'broken':
      return say`I could not find out whether it works: ${platform} has trouble of its own just now. It looks right.`
    default:
      return assertNever(why)
  }
}

function inUseText({ instance, leaving }: Extract<KeyRefusal, { reason: 'key-in-use' }>): Text {
  if (instance === null)
    return say`Another assistant listens with that token already, and two would take each other's messages. Make a bot of its own for this one.`
  return leaving
    ? say`${bold(instance)} has that token until it is gone. Try again in a minute.`
    : say`${bold(instance)} listens with that token already, and two would take each other's messages. Remove it there first, or make another bot.`
}
