// Sharing an assistant with the people of a place, and what others want that only its owner may allow.
import type { Share } from '../../../db/shares.ts'
import type { Approval } from '../../../db/approvals.ts'
import type { Role, RoomKind } from '../../../domain/sharing.ts'
import { assertNever } from '../../../lib/errors.ts'
import { t } from '../language.ts'
import { bold, button, code, paragraph, say, type Block, type Button, type Text, type View } from '../view.ts'

type Named = { id: string; name: string }
type Place = { kind: RoomKind; title: string }

/** Asks the owner, in a place, what its people may do. `wider` is the larger place around it that could be meant. */
export function shareQuestion(instance: Named, here: { place: Place; share: Share | null; wider: RoomKind | null }): View {
  const { place, share, wider } = here
  const choice = (role: Role): Button => {
    const label = role === 'see' ? t`See` : t`Operate`
    return { label, press: { verb: 'share', args: [instance.id, role, place.kind] }, style: 'primary' }
  }
  return {
    tone: 'plain',
    blocks: [
      { kind: 'text', text: questionText(place.kind, instance.name) },
      {
        kind: 'fields',
        fields: [
          { label: t`See`, value: say`how it is doing` },
          { label: t`Operate`, value: say`also restart, stop and start it, and read its logs` },
        ],
      },
      paragraph`Keys, settings and its deletion stay with you.`,
      ...(share === null ? [] : [nowBlock(share.role)]),
    ],
    actions: [
      ...(share?.role === 'see' ? [] : [choice('see')]),
      ...(share?.role === 'operate' ? [] : [choice('operate')]),
      ...(share === null ? [] : [stopButton(instance, share, t`Stop sharing`)]),
      ...(wider === null ? [] : [button(widerLabel(wider), 'share', instance.id, 'with', wider)]),
    ],
  }
}

function nowBlock(role: Role): Block {
  return role === 'see' ? paragraph`At the moment: see.` : paragraph`At the moment: operate.`
}

function questionText(kind: RoomKind, name: string): Text {
  switch (kind) {
    case 'topic':
      return say`What may the people of this topic do with ${bold(name)}?`
    case 'group':
      return say`What may the people of this group do with ${bold(name)}?`
    case 'channel':
      return say`What may the people of this channel do with ${bold(name)}?`
    case 'server':
      return say`What may the people of this whole server do with ${bold(name)}?`
    case 'workspace':
      return say`What may the people of this whole workspace do with ${bold(name)}?`
    default:
      return assertNever(kind)
  }
}

function widerLabel(kind: RoomKind): string {
  switch (kind) {
    case 'server':
      return t`The whole server`
    case 'workspace':
      return t`The whole workspace`
    case 'group':
    case 'topic':
    case 'channel':
      return t`The whole group`
    default:
      return assertNever(kind)
  }
}

function stopButton({ id }: Named, share: Share, label: string): Button {
  return button(label, 'share', id, 'stop', share.id)
}

/** An assistant was shared, or what it is shared for was changed. */
export function sharedView({ id, name }: Named, role: Role): View {
  return {
    tone: 'good',
    blocks: [
      role === 'see'
        ? paragraph`${bold(name)} is shared: whoever is here may see how it is doing, with ${code('/status')}.`
        : paragraph`${bold(name)} is shared: whoever is here may see and operate it, with ${code('/status')} and ${code('/restart')}.`,
    ],
    actions: [button(t`Status`, 'status', id), button(t`Change`, 'share', id)],
  }
}

/** A share was ended. */
export function unsharedView({ id, name }: Named, left: readonly Share[]): View {
  return {
    tone: 'plain',
    blocks: [paragraph`${bold(name)} is no longer shared there. Nothing else about it changed.`],
    actions: [button(t`Status`, 'status', id), ...(left.length === 0 ? [] : [button(t`Where it is shared`, 'share', id)])],
  }
}

/** Where an assistant is shared, for its owner in private. */
export function sharesView(instance: Named, shares: readonly Share[]): View {
  if (shares.length === 0)
    return {
      tone: 'plain',
      blocks: [
        paragraph`${bold(instance.name)} is shared with nobody: only you see it.`,
        paragraph`To share it, say ${code('/share')} in a group, channel or server where I am.`,
      ],
      actions: [button(t`Status`, 'status', instance.id)],
    }
  return {
    tone: 'plain',
    title: say`Where ${bold(instance.name)} is shared`,
    blocks: shares.map((one): Block => ({ kind: 'text', text: shareLine(one) })),
    actions: [...shares.slice(0, 20).map((one) => stopButton(instance, one, stopLabel(one))), button(t`Status`, 'status', instance.id)],
  }
}

function shareLine(one: Share): Text {
  const title = bold(placeTitle(one))
  return one.role === 'see' ? say`${title}: its people may see it` : say`${title}: its people may see and operate it`
}

function stopLabel(one: Share): string {
  const title = placeTitle(one)
  return t`Stop: ${title}`
}

/** What a place is called, also where the platform did not say. */
export function placeTitle({ kind, title }: Place): string {
  // A face that is not told the name says what kind of place it is.
  if (title !== '' && title !== kind) return title
  switch (kind) {
    case 'topic':
      return t`a topic`
    case 'group':
      return t`a group`
    case 'channel':
      return t`a channel`
    case 'server':
      return t`a server`
    case 'workspace':
      return t`a workspace`
    default:
      return assertNever(kind)
  }
}

/** Asks somebody who is not the owner for the name, before the owner is asked. Where others read along, the answer must be a reply. */
export function guestDestroyQuestion(instance: { name: string; volumeGb: number }, press: { keep: Button }, options: { reply: boolean }): View {
  return {
    tone: 'warning',
    blocks: [
      paragraph`Destroying ${bold(instance.name)} deletes its ${instance.volumeGb} GB of storage and its memory for good: conversations, files, settings. Only its owner may do that.`,
      options.reply
        ? paragraph`Shall I ask them? Reply to this message with ${code(instance.name)}.`
        : paragraph`Shall I ask them? Type ${code(instance.name)}.`,
    ],
    actions: [press.keep],
    input: 'text',
  }
}

/** The owner was asked. */
export function askedOwnerView(name: string): View {
  return {
    tone: 'plain',
    blocks: [paragraph`I have asked the owner of ${bold(name)}, who has a day to answer. Until then it stays as it is; I tell you what they say.`],
    actions: [],
  }
}

/** What the owner is asked, and what became of it. */
export function approvalView(wish: Approval, key: string, volumeGb: number): View {
  const name = bold(wish.instance.name)
  const who = bold(wish.asker.displayName || t`Somebody`)
  const where = bold(placeTitle(wish))
  const said = (text: Text): View => ({ tone: 'plain', key, blocks: [{ kind: 'text', text }], actions: [] })
  const state = wish.late && wish.state === 'open' ? 'expired' : wish.state
  switch (state) {
    case 'open':
      return {
        tone: 'warning',
        key,
        blocks: [
          paragraph`${who} in ${where} asks me to destroy ${name}.`,
          paragraph`That deletes its ${volumeGb} GB of storage and its memory for good: conversations, files, settings. I hold no copy. Without your yes within a day it stays.`,
        ],
        actions: [
          { label: t`Destroy it`, press: { verb: 'approve', args: ['yes', wish.id] }, style: 'danger' },
          { label: t`Keep it`, press: { verb: 'approve', args: ['no', wish.id] }, style: 'primary' },
        ],
      }
    case 'approved':
      return said(say`${who} in ${where} asked me to destroy ${name}, and you agreed.`)
    case 'declined':
      return said(say`${name} stays. I have told ${who} in ${where}.`)
    case 'withdrawn':
      return said(say`${who} in ${where} asked me to destroy ${name}. That is off: they may no longer operate it. Nothing was deleted.`)
    case 'expired':
      return said(say`${who} in ${where} asked me to destroy ${name}. A day has passed without your answer, so it stays.`)
    default:
      return assertNever(state)
  }
}

/** What the one who asked is told; null while there is no answer. */
export function approvalAnswerView(wish: Approval, key: string): View | null {
  const name = bold(wish.instance.name)
  const said = (text: Text): View => ({ tone: 'plain', key, blocks: [{ kind: 'text', text }], actions: [] })
  switch (wish.state) {
    case 'open':
      return null
    case 'approved':
      return said(say`The owner of ${name} agreed: it is being destroyed.`)
    case 'declined':
      return said(say`The owner of ${name} wants to keep it. Nothing was deleted.`)
    case 'withdrawn':
      return said(say`I no longer ask for ${name} to be destroyed: what you may do with it has changed. Nothing was deleted.`)
    case 'expired':
      return said(say`The owner of ${name} did not answer within a day. It stays.`)
    default:
      return assertNever(wish.state)
  }
}
