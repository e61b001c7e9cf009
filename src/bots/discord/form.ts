// The form in which a question is answered: nobody else sees what is typed, and no message is left that holds it.
import { ComponentType, TextInputStyle, type APIModalInteractionResponseCallbackData } from 'discord.js'
import { forms } from './words.ts'

const FIELD = 'answer'
const CHARS_MAX = 4_000

/** The form for a text or a secret. */
export function formOf(input: 'text' | 'secret'): APIModalInteractionResponseCallbackData {
  const { title, label, placeholder } = forms[input]
  return {
    custom_id: `form:${input}`,
    title,
    components: [
      {
        type: ComponentType.Label,
        label,
        component: {
          type: ComponentType.TextInput,
          custom_id: FIELD,
          style: TextInputStyle.Short,
          required: true,
          max_length: CHARS_MAX,
          ...(placeholder !== '' && { placeholder }),
        },
      },
    ],
  }
}

/** What was typed into it. */
export function answerOf(fields: { getTextInputValue(id: string): string }): string {
  return fields.getTextInputValue(FIELD)
}
