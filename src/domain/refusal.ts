// Expected refusals are values. The chat turns them into sentences, the API into problem documents.
import type { VariableNameProblem, VariableValueProblem } from './credentials.ts'
import type { DocumentProblem } from './gateway-check.ts'
import type { NameProblem } from './instance-name.ts'
import type { ShapeProblem } from './secret-shapes.ts'
import type { Standing } from './sharing.ts'
import type { Unreachable, Who } from './who.ts'

export type Refusal =
  | { reason: 'instance-limit'; limit: number; plan: string }
  | { reason: 'name'; problem: NameProblem }
  | { reason: 'no-instance' }
  /** `here`: those that can be reached are not all the person's own. */
  | { reason: 'unknown-instance'; wanted: string; names: string[]; here?: true }
  | { reason: 'which-instance'; names: string[]; here?: true }
  | { reason: 'name-mismatch'; name: string }
  | { reason: 'already'; state: 'running' | 'stopped' }
  | { reason: 'busy'; state: string }
  | { reason: 'being-destroyed'; name: string }
  | { reason: 'unknown-region'; region: string }
  | { reason: 'bad-input'; problems: string[] }
  | { reason: 'too-many-requests'; retryAfterSeconds: number }
  | { reason: 'secret-store-unavailable' }
  | { reason: 'key-links-limit'; limit: number; retryAfterSeconds: number }
  | { reason: 'logs-unavailable' }
  | { reason: 'nothing-to-retry' }
  | { reason: 'not-running'; name: string }
  | { reason: 'phone-number' }
  | { reason: 'gateway-silent'; name: string }
  | { reason: 'guest-gone'; name: string }
  | BackupRefusal
  | UpgradeRefusal
  | AccountRefusal
  | ConfigRefusal
  | KeyRefusal
  | SharingRefusal

/** Why a configuration is not taken. */
export type ConfigRefusal =
  /** The first of what is wrong with it; `more` are left out. */
  | { reason: 'config-invalid'; problems: DocumentProblem[]; more: number }
  /** It says what is wanted already. */
  | { reason: 'config-same' }
  /** Another one was wanted since the person looked. */
  | { reason: 'config-changed' }
  | { reason: 'config-no-version'; version: number }
  | { reason: 'config-model'; model: string }
  | { reason: 'config-no-chat' }
  /** What can be set in the version that runs is not known here. */
  | { reason: 'config-unknown-gateway'; image: string }
  /** Without this variable the gateway would not start: its configuration refers to it. */
  | { reason: 'key-in-config'; name: string }

/** Why nothing is saved or given back. */
export type BackupRefusal =
  | { reason: 'unknown-backup' }
  | { reason: 'backups-limit'; limit: number }
  /** Its assistant is gone: it comes back as a new one. */
  | { reason: 'backup-orphan'; name: string; backup: string }

/** Why an assistant stays on its version. */
export type UpgradeRefusal =
  /** The one that was chosen is not offered, or not later. `image` is what it runs. */
  | { reason: 'no-upgrade'; name: string; image: string }
  /** The new version does not know its settings. `problem`: the first of what is wrong. */
  | { reason: 'upgrade-settings'; name: string; image: string; problem: DocumentProblem }

/** Why a secret was not set or removed. `name` is the variable's; nothing of its value is ever here. */
export type KeyRefusal =
  | { reason: 'key-shape'; name: string; problem: ShapeProblem }
  | { reason: 'key-variable-name'; name: string; problem: VariableNameProblem }
  | { reason: 'key-variable-value'; name: string; problem: VariableValueProblem }
  /** Its platform says no. */
  | { reason: 'key-refused'; name: string; why: 'unknown' | 'not-allowed' }
  /** Its platform could not be asked: nothing is known about it. */
  | { reason: 'key-unreachable'; name: string; why: Unreachable }
  | { reason: 'key-intents'; name: string; who: Who }
  | { reason: 'key-our-own'; name: string }
  /** `instance` is named when it is the person's own; `leaving` when that one is being destroyed. */
  | { reason: 'key-in-use'; instance: string | null; leaving: boolean }
  | { reason: 'key-not-set'; name: string }
  | { reason: 'keys-limit'; limit: number }

/** Why something is not to be done with an instance from a shared place. */
export type SharingRefusal =
  | { reason: 'not-allowed'; name: string; needs: Standing }
  /** It is not for others to read. */
  | { reason: 'private-only' }
  /** Several within reach have that name; `owner` is null for the person's own. */
  | { reason: 'same-name'; name: string; choices: { id: string; owner: string | null }[] }
  | { reason: 'not-in-room' }
  | { reason: 'unknown-share' }
  | { reason: 'approval-waits'; name: string }
  | { reason: 'approvals-limit'; name: string; limit: number }
  | { reason: 'approval-over'; how: 'approved' | 'declined' | 'withdrawn' | 'expired' | 'unknown' }

/** Why accounts do not come together, go apart or end. */
export type AccountRefusal =
  | { reason: 'link-code-wrong' }
  | { reason: 'link-code-expired' }
  | { reason: 'link-code-used' }
  | { reason: 'link-own-code' }
  | { reason: 'link-already' }
  | { reason: 'link-codes-limit'; limit: number; retryAfterSeconds: number }
  | { reason: 'link-tries-limit'; limit: number; minutes: number }
  | { reason: 'link-both-have-instances' }
  | { reason: 'link-over' }
  | { reason: 'link-not-yours' }
  | { reason: 'last-account' }
  | { reason: 'unknown-account' }
  | { reason: 'account-changed' }
  | { reason: 'forget-mismatch'; words: string }
  | { reason: 'instances-present'; names: string[]; leaving: string[] }

export type Result<T> = { ok: true; value: T } | ({ ok: false } & Refusal)

/** A successful result. */
export function ok<T>(value: T): Result<T> {
  return { ok: true, value }
}
