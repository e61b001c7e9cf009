import { describe, expect, it } from 'vitest'
import { planIdSchema, plans, planVersions, type Plan } from '../../src/domain/plans.ts'
import { canonicalJson, sha256 } from '../../src/lib/digest.ts'

// A line is added with each version, and none is ever changed: people are billed by it. What plans learn to say later is in no older digest.
const FIELDS_1 = [
  'backupDays',
  'browser',
  'guest',
  'id',
  'included',
  'instancesMax',
  'overage',
  'priceCents',
  'snapshotDays',
  'title',
  'version',
  'voice',
  'volumeGb',
] as const
const LANDED: Readonly<Record<string, { fields: readonly (keyof Plan)[]; digest: string }>> = {
  'starter@1': { fields: FIELDS_1, digest: '40db95aae0f3c122ee9d413aff47eceea86860a482a800e9a7a75c63e744798e' },
  'pro@1': { fields: FIELDS_1, digest: '372990475702b4df3820db786a5173171f5a7fd5ae4df752bf1412aff8abc668' },
}

describe('the catalogue of plans', () => {
  it('keeps every version that has landed as it was', () => {
    const found = planVersions.map((plan) => {
      const fields = LANDED[plan.version]?.fields ?? []
      return [plan.version, { fields, digest: sha256(canonicalJson(Object.fromEntries(fields.map((field) => [field, plan[field]])))) }]
    })
    expect(Object.fromEntries(found)).toEqual(LANDED)
  })

  it.each(planIdSchema.options)('offers the newest version of %s', (id) => {
    expect(planVersions.findLast((plan) => plan.id === id)).toBe(plans[id])
  })

  it('names versions by their plan, counting up', () => {
    for (const id of planIdSchema.options) {
      const versions = planVersions.filter((plan) => plan.id === id).map((plan) => plan.version)
      expect(versions).toEqual(versions.map((_, index) => `${id}@${index + 1}`))
    }
  })

  it('says what it costs beyond, at the prices of the offer', () => {
    for (const { overage } of Object.values(plans)) expect(overage).toEqual({ uptime: 1_000n, egress: 100n, storage: 100_000n, messages: 500n })
    expect([plans.starter.priceCents, plans.starter.included]).toEqual([900, { egressBytes: 5_000_000_000n, messages: 10_000n }])
    expect([plans.pro.priceCents, plans.pro.included]).toEqual([1900, { egressBytes: 20_000_000_000n, messages: 50_000n }])
  })
})
