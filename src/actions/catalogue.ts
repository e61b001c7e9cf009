// Everything a person may ask for. A new action is one entry here; commands, help and registrations follow from it.
import { alerts, setAlerts } from './alerts.ts'
import { approve } from './approve.ts'
import { checkConfig, config, configVersions, setConfig } from './config.ts'
import { backup, backupLink, backups, backupSchedule, restore } from './backups.ts'
import { deploy } from './deploy.ts'
import { forgetMe } from './forget-me.ts'
import { destroy, rename } from './keeping.ts'
import { keys, removeKey, setKey } from './keys.ts'
import { acceptInvite, invite } from './invite.ts'
import { language } from './language.ts'
import { link } from './link.ts'
import { instances, logs, status } from './look.ts'
import { open } from './open.ts'
import { admit, pairing } from './pairing.ts'
import { restart, start, stop } from './power.ts'
import { share, shares } from './share.ts'
import { setKeyLink } from './set-key-link.ts'
import { unlink } from './unlink.ts'
import { startUpgrade, upgrade } from './upgrade.ts'
import { whatsapp } from './whatsapp.ts'

export const catalogue = {
  deploy,
  instances,
  status,
  open,
  logs,
  restart,
  stop,
  start,
  alerts,
  'set-alerts': setAlerts,
  keys,
  'set-key': setKey,
  'set-key-link': setKeyLink,
  'remove-key': removeKey,
  whatsapp,
  pairing,
  admit,
  config,
  'config-history': configVersions,
  'check-config': checkConfig,
  'set-config': setConfig,
  backup,
  backups,
  restore,
  'backup-schedule': backupSchedule,
  'backup-link': backupLink,
  upgrade,
  'start-upgrade': startUpgrade,
  rename,
  destroy,
  approve,
  share,
  shares,
  link,
  unlink,
  language,
  invite,
  'accept-invite': acceptInvite,
  'forget-me': forgetMe,
}

export type Catalogue = typeof catalogue
export type ActionName = keyof Catalogue
type Value<R> = R extends { ok: true; value: infer V } ? V : never
export type OutputOf<N extends ActionName> = Value<Awaited<ReturnType<Catalogue[N]['run']>>>
