// The form in which a question is answered: nobody else sees what is typed, and no message is left that holds it.
import { ComponentType, TextInputStyle, type APIModalInteractionResponseCallbackData } from 'discord.js'
import type { Field, Form } from '../core/form.ts'

const FORM = 'form'
const CHARS_MAX = 4_000

/** The form as Discord opens it. */
export function modalOf({ id, title, fields }: Form): APIModalInteractionResponseCallbackData {
  return {
    custom_id: `${FORM}:${id}`,
    title,
    components: fields.map((field) => ({
      type: ComponentType.Label,
      label: field.label,
      component: inputOf(field),
    })),
  }
}

function inputOf({ name, kind, optional, placeholder }: Field) {
  return {
    type: ComponentType.TextInput as const,
    custom_id: name,
    style: kind === 'long' ? TextInputStyle.Paragraph : TextInputStyle.Short,
    required: optional !== true,
    max_length: CHARS_MAX,
    ...(placeholder !== undefined && { placeholder }),
  }
}

/** The id of the form that was sent. */
export function formIdOf(customId: string): string {
  return customId.startsWith(`${FORM}:`) ? customId.slice(FORM.length + 1) : ''
}
