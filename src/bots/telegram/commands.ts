// The menu of commands, drawn from the one list of them: in private all of them, in groups those that have their place there.
import type { Bot } from 'grammy'
import type { BotCommand } from 'grammy/types'
import { languages } from '../../domain/language.ts'
import { commands } from '../core/answers.ts'
import { inLanguage, translated } from '../core/language.ts'
import { belongsInRoom } from '../core/rooms.ts'

/** Registers the menu in each language of ours. English is also for everybody whose language we do not speak. */
export async function registerCommands({ api }: Bot): Promise<void> {
  for (const spoken of languages) {
    const readers = spoken === 'en' ? {} : { language_code: spoken }
    const [all, shared] = inLanguage(spoken, () => [listOf(commands), listOf(commands.filter((one) => belongsInRoom(one.name)))])
    await api.setMyCommands(all, { scope: { type: 'all_private_chats' }, ...readers })
    await api.setMyCommands(shared, { scope: { type: 'all_group_chats' }, ...readers })
  }
}

function listOf(list: typeof commands): BotCommand[] {
  return list.map(({ name, summary }) => ({ command: name.replaceAll('-', '_'), description: translated(summary) }))
}
