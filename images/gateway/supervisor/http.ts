// node:http without its WebSocket: an import by name asks for everything that a built-in module exports, and node:http then loads undici for it, which
// stays in memory (measured on Node 24.21: 58 MB resident instead of 46).
export const { Agent, createServer, get, request } = process.getBuiltinModule('node:http')
