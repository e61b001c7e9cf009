// Bots that people make with a tap, when they come at another time than we asked for one, or without their token.
import { t } from '../language.ts'
import { bold, button, paragraph, say, type Span, type Text, type View } from '../view.ts'

function nameOf(username: string): Text | Span {
  return username === '' ? say`Your bot` : bold(`@${username}`)
}

/** A bot that nothing was waiting for. */
export function botUnaskedView(username: string): View {
  return {
    tone: 'plain',
    blocks: [
      paragraph`${nameOf(username)} is made, and it is yours. I was not waiting for one just now, so I kept nothing of it.`,
      paragraph`When I ask for a Telegram bot again, you can use this one: @BotFather shows its token under /mybots.`,
    ],
    actions: [button(t`Keys`, 'keys')],
  }
}

/** Telegram does not hand the token over: it is pasted now, because it is asked for, or another time. */
export function botWithoutTokenView(username: string, next: 'pasted-here' | 'later'): View {
  const paste =
    next === 'pasted-here'
      ? paragraph`Open @BotFather, send /mybots, choose ${nameOf(username)}, tap API Token, and paste what it shows you here.`
      : paragraph`When I ask for its token, @BotFather shows it under /mybots.`
  return {
    tone: 'warning',
    blocks: [paragraph`${nameOf(username)} is made, and it is yours, but Telegram does not hand me its token at the moment. Nothing is lost.`, paste],
    actions: [],
  }
}
