// Files: announced, uploaded, completed, and then for a moment not ready to be shown.
import { z } from 'zod'
import { randomId } from '../../../src/lib/random.ts'
import type { Block } from './blocks.ts'
import type { SlackState, Team } from './state.ts'
import type { Api, Refusal } from './web-api.ts'

const no = (error: string): Refusal => ({ ok: false, error })

export function filesApi(state: SlackState, address: () => string): Api {
  return {
    'files.getUploadURLExternal'(args, team) {
      const id = `F${randomId(10).toUpperCase()}`
      const length = Number(args['length'])
      if (!Number.isInteger(length) || length <= 0 || (args['filename'] ?? '') === '') return no('invalid_arguments')
      state.files.set(id, { id, team: team.id, length, bytes: null, complete: false, workingOn: state.filesWorkedOn, name: args['filename'] ?? '' })
      return { ok: true, file_id: id, upload_url: `${address()}/upload/${id}` }
    },
    'files.completeUploadExternal'(args, team) {
      const wanted = z
        .array(z.looseObject({ id: z.string() }))
        .min(1)
        .parse(JSON.parse(args['files'] ?? '[]'))
      for (const { id } of wanted) {
        const file = state.files.get(id)
        if (file === undefined || file.bytes === null || file.team !== team.id) return no('file_not_found')
        file.complete = true
        const channel = args['channel_id']
        if (channel !== undefined) state.shared.push({ channel, name: file.name, content: file.bytes.toString() })
      }
      return { ok: true, files: wanted }
    },
    'files.delete'(args, team) {
      const file = state.files.get(args['file'] ?? '')
      if (file?.team !== team.id) return no('file_not_found')
      state.files.delete(file.id)
      return { ok: true }
    },
  }
}

/** Whether Slack shows these blocks now. A file that is not there at all is our mistake. */
export function canBeShown(state: SlackState, shown: { blocks: readonly Block[]; team: Team; violate: (what: string) => void }): boolean {
  const files = shown.blocks.flatMap((block) => (block.type === 'image' ? [state.files.get(block.slack_file.id)] : []))
  if (files.some((file) => file?.complete !== true || file.team !== shown.team.id)) {
    shown.violate('a message shows a file that is not there')
    return false
  }
  const working = files.find((file) => file !== undefined && file.workingOn > 0)
  if (working !== undefined) working.workingOn -= 1
  return working === undefined
}
