// Keys in conversation: the list, the guides, the paste and what comes of it, on a chat without a platform.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createLiveCheck, type LiveCheck } from '../../src/secrets/live-check.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import { startPlatforms, type Platforms } from '../simulators/platforms.ts'
import { wholeDatabase } from '../support/accounts.ts'
import { postgresDatabases } from '../support/database.ts'
import { secretLike } from '../support/secrets.ts'
import { createWorld, startMachines, type Machines } from '../support/world.ts'
import { createMemoryChat } from './support/memory-chat.ts'
import { sceneOn, type Scene } from './support/scene.ts'

const own = secretLike.telegram('mine', 999_999_999)

describe('keys in conversation', async () => {
  const { open } = await postgresDatabases()
  let machines: Machines
  let platforms: Platforms
  let checker: LiveCheck
  beforeAll(async () => {
    machines = await startMachines()
    platforms = await startPlatforms()
    checker = createLiveCheck({ urls: platforms.urls, timeoutMs: 500 })
  })
  afterEach(async () => {
    platforms.mends()
    await machines.clearFaults()
  })
  afterAll(async () => {
    await checker.close()
    await platforms.close()
    await machines.close()
  })

  /** Somebody with a live assistant, who has read what was told about it. */
  async function begin(): Promise<Scene> {
    const world = createWorld(await open(), machines, { checker, ownTokens: [{ name: 'TELEGRAM_BOT_TOKEN', token: new Sealed(own) }] })
    const scene = sceneOn(world, createMemoryChat('telegram'))
    await scene.ann.says('/deploy my-claw ams')
    await scene.ann.presses('Skip for now')
    await scene.ann.presses('Launch')
    await world.settle()
    await scene.news()
    return scene
  }
  const telegram = (last4 = 'x4Qe'): string => {
    const token = secretLike.telegram(last4)
    platforms.telegram(token, { id: 123_456_789, username: 'my_claw_bot' })
    return token
  }

  test('an assistant that is live offers its first chat; the guide, the paste and the news that it listens', async () => {
    const { ann, chat, world, news } = await begin()
    expect(ann.labels()).toEqual(['Add Telegram', 'Add Discord or Slack', 'Status', 'Logs', 'Open'])
    await ann.presses('Add Telegram')
    expect(ann.sees()).toContain('open @BotFather and send /newbot')
    expect(ann.sees()).toContain('I delete your message at once, and keep its last four characters.')
    const token = telegram()
    await ann.says(`Use this token to access the HTTP API:\n${token}\nKeep it secure!`)
    expect(chat.deleted).toHaveLength(1)
    expect(ann.sees()).toBe('✓ Telegram bot token …x4Qe of @my_claw_bot is set.\nI am restarting my-claw with it; its memory stays.')
    await world.settle()
    await news()
    expect(ann.sees()).toContain('🟢 my-claw listens on Telegram: say hello to @my_claw_bot')
    // The chat is Telegram's: the person is known there.
    expect(ann.sees()).not.toContain('pairing code')
    const everything = chat.messages.map((message) => chat.textOf(message)).join('\n') + (await wholeDatabase(world.database.db))
    expect(everything).not.toContain(token.slice(12, 30))
  })

  test('the list tells what is held, whose it is and since when; one thing is replaced or removed straight from it', async () => {
    const { ann, world } = await begin()
    await ann.says('/keys')
    expect(ann.sees()).toContain('my-claw holds no keys yet')
    await ann.says('/set-key telegram')
    await ann.says(telegram())
    await ann.says('/keys my-claw')
    expect(ann.sees()).toMatch(/^What my-claw holds\nTelegram bot token: @my_claw_bot, …x4Qe, set (just now|\d+ seconds ago)$/)
    expect(ann.labels()).toEqual(['Replace', 'Remove', 'Add', 'Status'])
    await ann.presses('Replace')
    await ann.says(telegram('abcd'))
    expect(ann.sees()).toContain('…abcd')
    await ann.says('/set-key my-claw variable')
    await ann.says('WEATHER_KEY')
    await ann.says('sunny-side-up-1234')
    expect(ann.sees()).toContain('WEATHER_KEY …1234 is set.')
    await ann.says('/keys')
    expect(ann.labels()).toEqual(['Replace…', 'Remove…', 'Add', 'Status'])
    await ann.presses('Remove…')
    await ann.presses('Telegram')
    expect(ann.sees()).toContain('my-claw stops listening on Telegram when its token goes.')
    await ann.presses('Keep it')
    await ann.presses('Remove…')
    await ann.presses('Telegram')
    const again = ann.idOf('Remove it')
    await ann.presses('Remove it')
    expect(ann.sees()).toContain('✓ Telegram is removed.')
    await ann.pressesId(again)
    expect(ann.sees()).toContain('There is no Telegram set any more.')
    await world.settle()
    await ann.says('/keys')
    expect(ann.sees()).not.toContain('Telegram')
  })

  test.each([
    [
      'what is no token',
      'hello there',
      /That is not a Telegram bot token: they look like 123456789:AAE…, at least 42 characters long, and this one has 11\./,
    ],
    ['a token of another kind', secretLike.slackBot(), /That is a Slack bot token\. The Telegram bot token looks like/],
    ['our own bot’s', own, /That is the token of the bot you are talking to\./],
    ['one that Telegram does not know', secretLike.telegram(), /Telegram does not know that one: it was revoked/],
  ])('%s is said so, its message is gone, and the question stays open', async (_what, text, words) => {
    const { ann, chat } = await begin()
    await ann.says('/set-key telegram')
    await ann.says(text)
    expect(ann.sees()).toMatch(words)
    expect(ann.sees()).toContain('I have deleted your message.')
    expect(chat.deleted).toHaveLength(1)
    expect(ann.labels()).toEqual(['Show me how', 'Cancel'])
    await ann.presses('Show me how')
    expect(ann.sees()).toContain('send /newbot')
    await ann.says(telegram())
    expect(ann.sees()).toContain('is set.')
  })

  test('a token that another assistant listens with is refused without saying whose', async () => {
    const scene = await begin()
    const token = telegram()
    await scene.ann.says('/set-key telegram')
    await scene.ann.says(token)
    const bob = scene.person('bob')
    await bob.says('/deploy bobs-claw ams')
    await bob.presses('Skip for now')
    await bob.presses('Launch')
    await bob.says('/set-key telegram')
    await bob.says(token)
    expect(bob.sees()).toContain('Another assistant listens with that token already')
    expect(bob.sees()).not.toContain('my-claw')
  })

  test('a platform that cannot be asked: tried again, or set anyway, without a second paste; after ten minutes it is asked for again', async () => {
    const { ann, world } = await begin()
    const token = telegram()
    platforms.breaks('telegram', { status: 503 })
    await ann.says('/set-key telegram')
    await ann.says(token)
    expect(ann.sees()).toContain('Telegram has trouble of its own just now. It looks right.\nNothing is set yet.')
    await ann.presses('Try again')
    expect(ann.labels()).toEqual(['Try again', 'Set it anyway', 'Cancel'])
    world.clock.advance(11 * 60_000)
    await ann.presses('Set it anyway')
    expect(ann.sees()).toContain('send /newbot')
    await ann.says(token)
    await ann.presses('Set it anyway')
    expect(ann.sees()).toContain('Telegram bot token …x4Qe is set.')
    expect(await wholeDatabase(world.database.db)).not.toContain(token.slice(12, 30))
  })

  test('a Discord bot that may not read is told how, tried again, and then invited', async () => {
    const { ann, chat } = await begin()
    const token = secretLike.discord()
    const bot = { id: '5', username: 'my-claw-bot', applicationId: '112233445566778899' }
    platforms.discord(token, { ...bot, messageContent: false })
    await ann.says('/set-key discord')
    expect(ann.sees()).toContain('turn on Message Content Intent')
    await ann.says(token)
    expect(ann.sees()).toContain("it is my-claw-bot's. But its bot may not read")
    platforms.discord(token, { ...bot, messageContent: true })
    await ann.presses('Try again')
    expect(ann.sees()).toContain('of my-claw-bot is set.')
    const invite = chat.messages.at(-1)?.view.actions.find((one) => one.kind === 'link')
    expect(invite).toMatchObject({ label: 'Invite it to your server', url: expect.stringContaining('client_id=112233445566778899') })
  })

  test('Slack: a manifest for this assistant, and both tokens in one message or one after the other', async () => {
    const { ann, chat } = await begin()
    const [bot, app] = [secretLike.slackBot('bott'), secretLike.slackApp('appp')]
    platforms.slackBot(bot, { user: 'claw', userId: 'U1', team: 'Acme', teamId: 'T1' })
    platforms.slackApp(app)
    await ann.says('/set-key slack')
    const manifest = chat.messages.at(-2)?.view.blocks.find((block) => block.kind === 'code')
    expect(manifest?.kind === 'code' && JSON.parse(manifest.lines.join(''))).toMatchObject({ display_information: { name: 'my-claw' } })
    await ann.says(app)
    expect(ann.sees()).toContain('Now the bot token: it begins with xoxb-')
    await ann.says('xoxp-1234-5678-abcdefgh')
    expect(ann.sees()).toContain('That is a user token of Slack')
    await ann.says(bot)
    expect(ann.sees()).toContain('✓ Slack app token …appp is set.\n✓ Slack bot token …bott of @claw in Acme is set.')
    await ann.says('/set-key slack')
    await ann.says(`bot: ${bot}\napp: ${app}`)
    expect(ann.sees()).toContain('is set.')
  })

  test('a variable whose name we know is tried as what it is; one that is ours is refused', async () => {
    const { ann } = await begin()
    await ann.says('/set-key variable')
    await ann.says('weather key')
    expect(ann.sees()).toContain('WEATHER_KEY would work.')
    await ann.says('OPENCLAW_GATEWAY_PASSWORD')
    expect(ann.sees()).toContain('is a name that I set myself')
    await ann.says('ANTHROPIC_API_KEY')
    expect(ann.sees()).toContain('Make a key on the page of Anthropic')
    await ann.says(secretLike.anthropic())
    expect(ann.sees()).toContain('Anthropic does not know that one')
  })

  test('what is offered for WhatsApp is said as it is', async () => {
    const { ann } = await begin()
    await ann.says('/set-key whatsapp')
    expect(ann.sees()).toContain('There is no token for WhatsApp')
    expect(ann.labels()).toEqual(['Pair with a code', 'WhatsApp Business', 'Back'])
    await ann.presses('WhatsApp Business')
    expect(ann.sees()).toContain('OpenClaw itself does not.')
    expect(ann.labels()).toEqual(["Open Meta's guide", 'Add a variable', 'Back'])
  })

  test('in a group nothing of it is shown or asked', async () => {
    const scene = await begin()
    const inGroup = scene.person('ann', { address: '-1007', place: 'group' })
    for (const words of ['/keys', '/set-key telegram', '/remove-key telegram']) {
      await inGroup.says(words)
      expect(inGroup.sees()).toContain('Let us talk about that in private')
    }
  })

  test('a restart in the middle of it: the question stands, and a paste that was held is asked for again', async () => {
    const scene = await begin()
    const [bot, app] = [secretLike.slackBot(), secretLike.slackApp()]
    platforms.slackBot(bot, { user: 'claw', userId: 'U1', team: 'Acme', teamId: 'T1' })
    platforms.slackApp(app)
    await scene.ann.says('/set-key slack')
    await scene.ann.says(bot)
    const anew = sceneOn(createWorld(scene.world.database, machines, { checker }), scene.chat)
    await anew.ann.says(app)
    expect(anew.ann.sees()).toContain('Now the bot token')
    await anew.ann.says(bot)
    expect(anew.ann.sees()).toContain('is set.')
  })

  test('setting up tries the key as well: a refused one is said before anything is launched, and one that could not be tried is marked', async () => {
    const scene = await begin()
    const bob = scene.person('bob')
    await bob.says('/deploy bobs-claw ams')
    await bob.presses('Anthropic (Claude)')
    await bob.says(secretLike.anthropic())
    expect(bob.sees()).toContain('Anthropic does not know that one')
    platforms.breaks('anthropic', { status: 529 })
    await bob.says(secretLike.anthropic('x4Qe'))
    expect(bob.sees()).toContain('Brain: Claude (key …x4Qe, not tried: Anthropic did not answer)')
  })

  test('speaks German to whom speaks German', async () => {
    const scene = await begin()
    await scene.ann.says('/language de')
    await scene.ann.says('/set-key telegram')
    expect(scene.ann.sees()).toContain('my-claw bekommt einen eigenen Telegram-Bot.')
    await scene.ann.says('hallo')
    expect(scene.ann.sees()).toContain('Das ist etwas anderes als ein Telegram-Bot-Token')
    expect(scene.ann.labels()).toEqual(['Zeig mir, wie', 'Abbrechen'])
  })
})
