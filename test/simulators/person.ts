// A person at a chat, as every platform's simulator offers one: a journey that is written against it runs on any of them.

export type Person = {
  /** Writes a message. Resolves when the platform has taken it, not when it was answered. */
  says(text: string): Promise<void>
  /** Sends a file, without words. */
  sends(name: string, content: string): Promise<void>
  /** Presses the button, link or option with this label on the newest message that has it; throws when there is none. */
  clicks(label: string): Promise<void>
  /**
   * Fills in and sends a form by the labels of its fields: the one that is open, or the one behind `button`. Where the platform has no forms,
   * the values are typed one after the other, each in answer to its question.
   */
  submits(values: Readonly<Record<string, string>>, options?: { button?: string }): Promise<void>
  /** Waits until the transcript matches, and returns what matched; throws with the transcript when it does not in time (15 s: a busy computer is slow). */
  sees(pattern: RegExp | string, options?: { withinMs?: number }): Promise<string>
  /** Everything in this person's chats as it stands now: edits applied, what was deleted gone, one message below the other. */
  transcript(): string
}

export type Simulator = {
  /** What we did that the platform would not have stood: limits, deadlines, shapes. Empty at the end of every test. */
  violations(): readonly string[]
  close(): Promise<void>
}

/** Looks again and again until there is a match. */
export async function seesIn(transcript: () => string, pattern: RegExp | string, options: { withinMs?: number } = {}): Promise<string> {
  const deadline = performance.now() + (options.withinMs ?? 15_000)
  for (;;) {
    const text = transcript()
    const found = typeof pattern === 'string' ? (text.includes(pattern) ? pattern : undefined) : pattern.exec(text)?.[0]
    if (found !== undefined) return found
    if (performance.now() > deadline) throw new Error(`${String(pattern)} was not seen in time:\n${text}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
