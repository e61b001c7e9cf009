// Secrets that nobody has, in the shapes of those that people have.
import { randomId } from '../../src/lib/random.ts'

const filler = (length: number): string => randomId(length)

/** A fresh one of each, with the last four characters that are asked for. */
export const secretLike = {
  telegram: (last4 = 'wxyz', id = 123_456_789): string => `${id}:AAE${filler(28)}${last4}`,
  discord: (last4 = 'wxyz', id = '112233445566778899'): string => `${Buffer.from(id).toString('base64url')}.GxYz12.${filler(34)}${last4}`,
  slackBot: (last4 = 'wxyz'): string => `xoxb-123456789012-1234567890123-${filler(20)}${last4}`,
  slackApp: (last4 = 'wxyz', appId = 'A0123456789'): string => `xapp-1-${appId}-1234567890123-${filler(60)}${last4}`,
  anthropic: (last4 = 'wxyz'): string => `sk-ant-api03-${filler(90)}${last4}`,
  openai: (last4 = 'wxyz'): string => `sk-proj-${filler(80)}${last4}`,
  google: (last4 = 'wxyz'): string => `AIza${filler(31)}${last4}`,
  googleNew: (last4 = 'wxyz'): string => `AQ.Ab${filler(45)}${last4}`,
  openrouter: (last4 = 'wxyz'): string => `sk-or-v1-${filler(60)}${last4}`,
}
