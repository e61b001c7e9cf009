// Fetching what somebody else keeps, without ever holding more of it than was asked for.

const TIMEOUT_MS = 15_000

/** What is at an address and nowhere else, if it is no more than `bytesMax`. `gone` when it cannot be had: which address it was is nobody's to read, it may carry a token. */
export async function fetchBounded(
  url: string,
  { bytesMax, headers = {} }: { bytesMax: number; headers?: Record<string, string> },
): Promise<Buffer | 'too-large' | 'gone'> {
  try {
    const answer = await fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (!answer.ok || answer.body === null) {
      await answer.body?.cancel()
      return 'gone'
    }
    return await bounded(answer.body, bytesMax)
  } catch {
    return 'gone'
  }
}

async function bounded(body: ReadableStream<Uint8Array>, bytesMax: number): Promise<Buffer | 'too-large'> {
  const parts: Uint8Array[] = []
  let size = 0
  // Leaving the loop early ends the transfer.
  for await (const part of body) {
    size += part.length
    if (size > bytesMax) return 'too-large'
    parts.push(part)
  }
  return Buffer.concat(parts)
}
