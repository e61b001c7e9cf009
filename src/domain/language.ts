// The languages that we speak.
import { z } from 'zod'

export const languages = ['en', 'de'] as const
export type Language = (typeof languages)[number]
/** A language as it is stored; null when it is not known. */
export const languageSchema = z.enum(languages).nullable()

/** The language of a tag as platforms send them ("de-AT", "de_DE.UTF-8"), or null when we do not speak it. */
export function languageOf(tag: string | null | undefined): Language | null {
  const code = tag?.split(/[-_.]/)[0]?.toLowerCase()
  return languages.find((one) => one === code) ?? null
}
