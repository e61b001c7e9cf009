// A line that shows that something is going on before the chat opens. On a TTY it turns; elsewhere it is printed once.

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_MS = 100

export type Spinner = { start(text: string): void; stop(): void }

/** A spinner on `output`; stop() removes its line on a TTY. Stopping one that never started does nothing. */
export function createSpinner(output: NodeJS.WritableStream): Spinner {
  const tty = 'isTTY' in output && output.isTTY === true
  let timer: NodeJS.Timeout | null = null
  return {
    start(text) {
      if (!tty) {
        output.write(`${text}\n`)
        return
      }
      let frame = 0
      const draw = (): void => {
        output.write(`\r\u001B[2K${FRAMES[frame % FRAMES.length]} ${text}`)
        frame += 1
      }
      draw()
      timer = setInterval(draw, FRAME_MS)
    },
    stop() {
      if (timer === null) return
      clearInterval(timer)
      timer = null
      output.write('\r\u001B[2K')
    },
  }
}
