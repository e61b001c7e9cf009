// How trouble is told: the one view of it, its questions, and what comes of them.
import type { Alerts } from '../../../actions/alerts.ts'
import { timeOfDay } from '../../../domain/alert-hours.ts'
import { zoneTitle } from '../../../domain/time-zones.ts'
import { t } from '../language.ts'
import { bold, button, code, paragraph, say, type Block, type Button, type Text, type View } from '../view.ts'
import { channelTitle } from './channels.ts'
import { clockWords } from './time.ts'

/** The shared place that somebody is in, if they are in one that can be written to. */
type Here = { title: string; isPlace: boolean } | null

/** Where and when trouble with an assistant is told. `news` says what was just changed. */
export function alertsView(alerts: Alerts, here: Here, news: Text | null = null): View {
  const { instance } = alerts
  return {
    tone: 'plain',
    title: say`How I tell you about ${bold(instance.name)}`,
    blocks: [
      ...(news === null ? [] : [textBlock(news)]),
      {
        kind: 'fields',
        fields: [
          { label: t`Where`, value: placeText(alerts) },
          { label: t`Quiet hours`, value: [quietText(alerts)] },
          { label: t`Daily digest`, value: [digestText(alerts)] },
          { label: t`Snooze`, value: [snoozeText(alerts)] },
        ],
      },
    ],
    actions: alertsActions(alerts, here),
  }
}

function textBlock(text: Text): Block {
  return { kind: 'text', text }
}

function placeText({ place, unreachable }: Alerts): Text {
  if (place === null) return say`our private chat. To hear of it in a group or channel, add me there and say ${code('/alerts here')} in it`
  const where = say`${bold(place.title)} on ${channelTitle(place.provider)}`
  return unreachable === null ? where : say`${where}, which I cannot reach at the moment: I tell you in our private chat`
}

function quietText({ quiet, timeZone }: Alerts): string {
  if (quiet === null) return t`none: I tell you at any time`
  return t`from ${timeOfDay(quiet.from)} to ${timeOfDay(quiet.to)} (${zoneWords(timeZone)})`
}

function zoneWords(timeZone: string | null): string {
  return timeZone === null ? 'UTC' : zoneTitle(timeZone)
}

function digestText({ digestAt, timeZone }: Alerts): string {
  return digestAt === null ? t`off` : t`every day at ${timeOfDay(digestAt)} (${zoneWords(timeZone)})`
}

function snoozeText({ snoozedUntil, timeZone }: Alerts): string {
  return snoozedUntil === null ? t`off` : t`until ${clockWords(snoozedUntil, timeZone)}`
}

function alertsActions({ instance, place, quiet, digestAt, snoozedUntil, timeZone }: Alerts, here: Here): Button[] {
  const press = (label: string, ...words: string[]): Button => button(label, 'alerts', instance.id, ...words)
  return [
    ...(here === null || here.isPlace ? [] : [press(t`Here`, 'here')]),
    ...(place === null ? [] : [press(t`My private chat`, 'private')]),
    snoozedUntil === null ? press(t`Snooze 1 h`, 'snooze', 'view') : press(t`End snooze`, 'wake', 'view'),
    press(t`Quiet hours`, 'quiet'),
    ...(quiet === null ? [] : [press(t`No quiet hours`, 'quiet', 'off')]),
    digestAt === null ? press(t`Daily digest`, 'digest', 'on') : press(t`No digest`, 'digest', 'off'),
    press(timeZone === null ? t`Set my time zone` : t`Time zone`, 'zone'),
  ]
}

/** What a change did, in a sentence. */
export function changedText(kind: string, alerts: Alerts): Text | null {
  const { place, quiet, digestAt, snoozedUntil, timeZone } = alerts
  switch (kind) {
    case 'place':
      return place === null ? null : say`From now on I tell it in ${bold(place.title)}.`
    case 'private':
      return say`From now on I tell you in our private chat.`
    case 'snooze':
      return snoozedUntil === null ? null : say`Until ${clockWords(snoozedUntil, timeZone)} I send you nothing new. I go on looking after it.`
    case 'wake':
      return say`I tell you of trouble again.`
    case 'quiet':
      return quiet === null ? null : say`What comes up in these hours I tell you at ${timeOfDay(quiet.to)}, as it stands then.`
    case 'no-quiet':
      return say`I tell you of trouble at any time.`
    case 'digest':
      return digestAt === null ? null : say`Another hour suits you better? Say ${code(`/alerts digest ${timeOfDay((digestAt + 60) % 1_440)}`)}.`
    case 'no-digest':
      return say`No more digests.`
    case 'time-zone':
      return timeZone === null ? null : say`Your clock shows ${zoneTitle(timeZone)} time.`
    default:
      return null
  }
}

/** After a snooze that no open message shows. */
export function snoozedView({ instance, snoozedUntil, timeZone }: Alerts): View {
  const text =
    snoozedUntil === null
      ? say`I tell you about ${bold(instance.name)} again.`
      : say`Snoozed: until ${clockWords(snoozedUntil, timeZone)} I send you nothing new about ${bold(instance.name)}.`
  const next = snoozedUntil === null ? [] : [button(t`End snooze`, 'alerts', instance.id, 'wake')]
  return { tone: 'plain', blocks: [textBlock(text)], actions: [...next, button(t`Alerts`, 'alerts', instance.id)] }
}

/** "/alerts here" where there is nobody else. */
export function hereIsPrivateView(instance: { id: string }): View {
  return {
    tone: 'plain',
    blocks: [paragraph`This is our private chat. To hear of trouble in a group or channel, add me there and say ${code('/alerts here')} in it.`],
    actions: [button(t`Alerts`, 'alerts', instance.id)],
  }
}

export type AlertsQuestion = 'zone' | 'from' | 'to'
export type AlertsProblem = 'not-a-time' | 'no-such-zone' | 'same-time' | null

/** The next thing to be asked. `form`: platforms with forms ask for everything at once. */
export function alertsQuestion(ask: AlertsQuestion, asking: { name: string; problem: AlertsProblem; form: string; cancel: Button }): View {
  const { problem, form, cancel } = asking
  const why = problem === null ? [] : [textBlock(problemText(problem))]
  return { tone: 'plain', blocks: [...why, textBlock(questionText(ask, asking.name))], actions: [cancel], input: 'text', form }
}

function questionText(ask: AlertsQuestion, name: string): Text {
  switch (ask) {
    case 'zone':
      return say`Which city’s time is on your clock? ${code('Berlin')}, ${code('New York')} and ${code('UTC+2')} will all do.`
    case 'from':
      return say`From when on shall I be quiet about ${bold(name)} and your other assistants? Like ${code('22:00')} or ${code('10 pm')}.`
    case 'to':
      return say`And until when? Like ${code('7:00')}.`
  }
}

function problemText(problem: Exclude<AlertsProblem, null>): Text {
  switch (problem) {
    case 'not-a-time':
      return [notATime()]
    case 'no-such-zone':
      return [noSuchZone()]
    case 'same-time':
      return [sameTime()]
  }
}

/** What is wrong with something that is no time of day. */
export function notATime(): string {
  return t`That is no time of day. Write it like 22:00, 22 or 10 pm.`
}

/** What is wrong with a city or a zone that we do not know. */
export function noSuchZone(): string {
  return t`I do not know that place. Name a larger city near you, or the hours from Greenwich, like UTC+2.`
}

/** Quiet hours that never end are none. */
export function sameTime(): string {
  return t`That is the time at which they begin: I would never tell you anything. Choose another one.`
}

/** After the way out of a question. */
export function alertsKeptView(instance: { id: string; name: string }): View {
  return {
    tone: 'plain',
    blocks: [paragraph`Cancelled. I tell you about ${bold(instance.name)} as before.`],
    actions: [button(t`Alerts`, 'alerts', instance.id)],
  }
}
