// Pairing with WhatsApp: the words that the database, the engine and the chat share. Pure.

export const pairingStates = ['preparing', 'showing', 'paired', 'linked', 'over'] as const
/** `linked`: a phone was linked before anything was asked. */
export type PairingState = (typeof pairingStates)[number]

export const pairingEnds = ['cancelled', 'ran-out', 'not-ready', 'stopped', 'gone', 'unsupported', 'failed'] as const
/**
 * Why it ended without a phone: the person wished so; nobody scanned in time; the assistant did not come up in time; it was stopped, or is being
 * destroyed; its gateway has no WhatsApp; WhatsApp or the gateway said no.
 */
export type PairingEnd = (typeof pairingEnds)[number]

/** A telephone number as WhatsApp's settings take it, "+491701234567"; null when `text` is none with its country. */
export function phoneNumberIn(text: string): string | null {
  const plain = text.replaceAll(/[\s()./-]/g, '').replace(/^00/, '+')
  return /^\+[1-9]\d{6,14}$/.test(plain) ? plain : null
}
