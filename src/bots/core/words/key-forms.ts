// The forms in which secrets are asked for where a platform has forms: what is wrong is said below the field, before the form is let go.
import { credentialOf, shapesOf, variableNameProblem, variableValueProblem } from '../../../domain/credentials.ts'
import { secretIn, shapeProblem, type SecretShape } from '../../../domain/secret-shapes.ts'
import { t } from '../language.ts'
import { plainStyle, styled } from '../layout.ts'
import { secretTitle, shapeProblemText, variableNameText, variableValueText } from './key-problems.ts'

type KeyField = { name: string; label: string; kind: 'text' | 'secret'; placeholder: string; problem(value: string): string | null }

/** The fields for a credential's secrets, or for a variable with any name; null for a word that is neither. */
export function keyForm(what: string): { id: string; title: string; button: string; fields: KeyField[] } | null {
  const id = `token:${what}`
  if (what === VARIABLE) return { id, title: t`A variable`, button: t`Fill it in`, fields: variableFields() }
  const credential = credentialOf(what)
  if (credential === undefined) return null
  const shapes = shapesOf(credential)
  const fields = shapes.length === 1 ? shapes.map((shape) => ({ ...field(shape), name: 'answer' })) : shapes.map(field)
  return { id, title: t`Paste it here`, button: t`Paste it`, fields }
}

/** Stands for a credential where a variable of any name is meant. */
export const VARIABLE = 'variable'
export const VARIABLE_FIELDS = { name: 'name', value: 'value' } as const

function field(shape: SecretShape): KeyField {
  return {
    name: shape.name,
    label: secretTitle(shape.name),
    kind: 'secret',
    placeholder: shape.looksLike,
    problem(value) {
      const problem = shapeProblem(shape, secretIn(shape, value))
      return problem === null ? null : styled(shapeProblemText(shape, problem), plainStyle)
    },
  }
}

function variableFields(): KeyField[] {
  return [
    {
      name: VARIABLE_FIELDS.name,
      label: t`Name`,
      kind: 'text',
      placeholder: 'WEATHER_KEY',
      problem(value) {
        const problem = variableNameProblem(value.trim())
        return problem === null ? null : styled(variableNameText(value.trim().slice(0, 64), problem), plainStyle)
      },
    },
    {
      name: VARIABLE_FIELDS.value,
      label: t`Value`,
      kind: 'secret',
      placeholder: t`Nobody sees it in the chat`,
      problem(value) {
        const problem = variableValueProblem(value.trim())
        return problem === null ? null : styled(variableValueText(problem), plainStyle)
      },
    },
  ]
}
