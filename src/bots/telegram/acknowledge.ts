// The acknowledgement of a press: given once, and before anything that may wait.
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import { withoutPayload } from './failures.ts'

export type Acknowledging = { note(text: string): Promise<boolean>; done(): Promise<void>; doneWithin(ms: number): Promise<void> }
/** Resolves when the acknowledgement, and every other one that is under way, has arrived. */
export type HeadStart = (acknowledged: Promise<void>) => Promise<void>

/** Acknowledgements that take longer keep an answer waiting no more. */
const HEAD_START_MS = 500

/** The one acknowledgement that a press gets: of what is called first. */
export function acknowledging(answer: (other?: { text: string }) => Promise<unknown>, { clock, log }: { clock: Clock; log: Log }): Acknowledging {
  let given = false
  const late = new AbortController()
  const give = async (other?: { text: string }): Promise<boolean> => {
    if (given) return false
    given = true
    late.abort()
    try {
      await answer(other)
      return true
    } catch (error) {
      log.warn({ err: withoutPayload(error) }, 'a press could not be acknowledged')
      return false
    }
  }
  const done = async (): Promise<void> => void (await give())
  const doneWithin = async (ms: number): Promise<void> => {
    await clock.sleep(ms, late.signal)
    await done()
  }
  return { note: (text) => give({ text }), done, doneWithin }
}

/** When hundreds press at once, the work on the first answers must not delay the last acknowledgements: all of them go first. */
export function createHeadStart(clock: Clock): HeadStart {
  let underWay = 0
  let quiet = Promise.withResolvers<void>()
  return async (acknowledged) => {
    underWay += 1
    const end = (): void => {
      underWay -= 1
      if (underWay > 0) return
      quiet.resolve()
      quiet = Promise.withResolvers()
    }
    acknowledged.then(end, end)
    const late = new AbortController()
    await Promise.race([quiet.promise, clock.sleep(HEAD_START_MS, late.signal)])
    late.abort()
  }
}
