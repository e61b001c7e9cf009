// The whole program, as an operator starts it, with one chat: the journey is the same script on every face.
import { describe, expect, it } from 'vitest'
import { visitByHand } from '../../scripts/demo/visit.ts'
import { playJourney, signalGateways } from '../../scripts/demo/journey.ts'
import { faceNames } from '../../scripts/demo/stage.ts'
import { perform } from '../support/stage.ts'

describe.concurrent.each(faceNames)('the journey on %s', (face) => {
  it(
    'begins, deploys, gets a chat of its own, is told of trouble, restarts from the alert and ends',
    { timeout: 120_000 },
    async ({ onTestFinished }) => {
      const { stage, home, running } = await perform(face, onTestFinished)
      await Promise.race([playJourney(stage, () => signalGateways(home, 'SIGUSR2'), visitByHand), running])
      expect(stage.simulator.violations()).toEqual([])
    },
  )
})
