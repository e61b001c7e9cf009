// The least that a bot on each client library does, as its guide shows it: shows a button, acknowledges a press, and says back what was pressed. No
// database, no order, no care for anything that fails. It obeys its platform's limits where the library brings what it takes.
import { run } from '@grammyjs/runner'
import { apiThrottler } from '@grammyjs/transformer-throttler'
import { App, LogLevel, type BlockAction } from '@slack/bolt'
import { ActionRowBuilder, ButtonBuilder, ButtonStyle, Client, Events, GatewayIntentBits, Partials, type Interaction } from 'discord.js'
import { Bot, InlineKeyboard } from 'grammy'
import { z } from 'zod'
import { BUTTON, LIST, platforms } from './chat-crowds.ts'

const bots = { telegram, discord, slack }

async function telegram({ apiUrl, token }: Record<string, string>): Promise<void> {
  const bot = new Bot(token ?? '', { client: { apiRoot: apiUrl ?? '' } })
  bot.api.config.use(apiThrottler())
  bot.on('message:text', (context) => context.reply('Press it', { reply_markup: new InlineKeyboard().text(BUTTON, BUTTON) }))
  bot.on('callback_query:data', async (context) => {
    await context.answerCallbackQuery()
    await context.reply(context.callbackQuery.data)
  })
  run(bot)
}

async function discord({ apiUrl, token }: Record<string, string>): Promise<void> {
  const client = new Client({
    intents: [GatewayIntentBits.DirectMessages],
    partials: [Partials.Channel],
    rest: { version: '10', api: apiUrl ?? '' },
  })
  const answer = async (interaction: Interaction): Promise<void> => {
    if (interaction.isChatInputCommand()) {
      await interaction.deferReply()
      const button = new ButtonBuilder().setCustomId(BUTTON).setLabel(BUTTON).setStyle(ButtonStyle.Secondary)
      await interaction.editReply({ content: 'Press it', components: [new ActionRowBuilder<ButtonBuilder>().addComponents(button)] })
    } else if (interaction.isMessageComponent()) {
      await interaction.deferUpdate()
      await interaction.followUp(interaction.customId)
    }
  }
  client.on(Events.InteractionCreate, (interaction) => void answer(interaction))
  client.once(Events.ClientReady, (ready) => void ready.application.commands.set([{ name: LIST.slice(1), description: 'The list' }]))
  await client.login(token)
}

async function slack({ apiUrl, botToken, appToken }: Record<string, string>): Promise<void> {
  const app = new App({
    token: botToken ?? '',
    appToken: appToken ?? '',
    socketMode: true,
    clientOptions: { slackApiUrl: apiUrl ?? '' },
    logLevel: LogLevel.ERROR,
  })
  const plain = (text: string) => ({ type: 'plain_text', text }) as const
  app.command(LIST, async ({ ack, say }) => {
    await ack()
    await say({
      text: 'Press it',
      blocks: [{ type: 'actions', elements: [{ type: 'button', action_id: BUTTON, text: plain(BUTTON), value: BUTTON }] }],
    })
  })
  app.action<BlockAction>(BUTTON, async ({ ack, say }) => {
    await ack()
    await say({ text: BUTTON, blocks: [{ type: 'header', text: plain(BUTTON) }] })
  })
  await app.start()
}

const [name, access] = z.tuple([z.enum(platforms), z.string()]).parse(process.argv.slice(2))
await bots[name](z.record(z.string(), z.string()).parse(JSON.parse(access)))
// The bench holds the other end: when it is gone, so are we.
process.stdin.on('end', () => process.exit()).resume()
process.once('SIGTERM', () => process.exit())
