export type Elsewhere = { provider: string; url: string }
/** What the operator's configuration lets the conversation say about this installation. */
export type Info = {
  gatewayImage: string
  webAddress: string | null
  billing: boolean
  /** Instances run on the operator's own computer, not at Fly.io. */
  local?: boolean
  /** Addresses that open another chat with us than `here` (null: any), and say this there. */
  elsewhere?(here: string | null, command: { name: string; args: readonly string[] }): readonly Elsewhere[]
}
