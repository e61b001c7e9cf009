// Measures what goes on inside others without touching them: how often they are called, and for how long at least one call was under way.

export type Stopwatch = {
  /** `target` with every method of it timed. */
  around<T extends object>(target: T): T
  timed<T>(work: () => Promise<T>): Promise<T>
  calls(): number
  /** Milliseconds with one or more calls under way: two at once count once. */
  busyMs(): number
}

export function createStopwatch(): Stopwatch {
  let calls = 0
  let running = 0
  let since = 0
  let busyMs = 0
  const timed = async <T>(work: () => Promise<T>): Promise<T> => {
    calls += 1
    if (running === 0) since = performance.now()
    running += 1
    try {
      return await work()
    } finally {
      running -= 1
      if (running === 0) busyMs += performance.now() - since
    }
  }
  return {
    timed,
    around: (target) =>
      new Proxy(target, {
        get(object, key): unknown {
          const member: unknown = Reflect.get(object, key)
          if (typeof member !== 'function') return member
          return (...args: unknown[]) => timed(async () => (await Reflect.apply(member, object, args)) as unknown)
        },
      }),
    calls: () => calls,
    busyMs: () => busyMs + (running > 0 ? performance.now() - since : 0),
  }
}
