// What a visitor sees of us: the page that turns a link into a session, and why somebody is not let in. No page loads anything from elsewhere.
import { createHash } from 'node:crypto'

export type Page = { status: number; headers: Readonly<Record<string, string>>; body: string }

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto 0;padding:0 1rem;color:#222;background:#fff}h1{font-size:1.3rem}@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}}'
// The link is behind a #, which no browser sends along: neither we nor anybody on the way can write it down, and no chat uses it up for a preview.
const SCRIPT = `const token=location.hash.slice(1);history.replaceState(null,'',location.pathname);
const say=(title,text)=>{document.querySelector('h1').textContent=title;document.querySelector('p').textContent=text};
if(token==='')say('This link is incomplete','Copy all of it, or send /open to the bot for a new one.');
else fetch('/.conch/session',{method:'POST',headers:{'content-type':'application/json'},body:JSON.stringify({token})}).then(async(answer)=>{
if(answer.ok)return location.replace('/');
const said=await answer.json().catch(()=>({}));
say(said.title||'This link does not work',said.text||'Send /open to the bot for a new one.')}).catch(()=>say('The assistant does not answer','Try the link again in a moment.'));`

const sha = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
const COMMON = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' }

function page(status: number, title: string, text: string, script: string | null = null): Page {
  const policy = `default-src 'none'; style-src ${sha(STYLE)}; ${script === null ? '' : `script-src ${sha(script)}; connect-src 'self'; `}base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
  return {
    status,
    headers: { ...COMMON, 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy },
    body: `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${STYLE}</style><h1>${title}</h1><p>${text}</p>${script === null ? '' : `<script>${script}</script><noscript>Switch JavaScript on: the control page needs it.</noscript>`}`,
  }
}

/** Where a link of /open leads. */
export const openPage = (): Page => page(200, 'Opening your assistant', 'One moment.', SCRIPT)
/** For whoever comes without a session. */
export const privatePage = (): Page =>
  page(
    401,
    'This assistant is private',
    'If it is yours, send /open to the bot that looks after it: the link that you get works once, and keeps the door open for an hour.',
  )
/** For everybody while the instance is suspended. */
export const suspendedPage = (): Page =>
  page(403, 'This assistant is paused', 'Its owner finds out why, and what to do, from the bot that looks after it: /status.')
/** For whoever guesses. */
export const slowDownPage = (seconds: number): Page => {
  const { headers, ...rest } = page(429, 'Too many tries', `Wait ${seconds} seconds, then ask the bot for a new link with /open.`)
  return { ...rest, headers: { ...headers, 'retry-after': String(seconds) } }
}
/** For what is reached from the machine alone. */
export const closedPage = (): Page => page(404, 'There is nothing here', 'Send /open to the bot for a link to the control page.')
/** While the gateway is not up. */
export const downPage = (why: string): Page => page(503, 'The assistant is not up at the moment', why)
