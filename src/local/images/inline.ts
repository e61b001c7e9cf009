/** What a `gateway:inline` machine answers: the health paths of a gateway without any process behind them. */
export function inlineAnswer(path: string): { status: number; type: string; body: string } {
  switch (path) {
    case '/healthz':
    case '/startupz':
      return { status: 200, type: 'application/json', body: '{"ok":true}' }
    case '/readyz':
      return { status: 200, type: 'application/json', body: '{"ready":true}' }
    case '/':
      return { status: 200, type: 'text/html; charset=utf-8', body: '<!doctype html><title>Gateway</title><p>This gateway runs in memory.' }
    default:
      return { status: 404, type: 'application/json', body: '{"error":"not found"}' }
  }
}
