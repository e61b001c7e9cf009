// The one style sheet, inside every page: nothing else is loaded. Phone first; light and dark by the reader's own setting.

export const CSS = `
:root{color-scheme:light dark;--paper:#f6f4f1;--card:#fff;--ink:#1d1b19;--soft:#5f5a55;--line:#8a847d;--edge:#e5e0da;--accent:#b23c1e;--on-accent:#fff;--bad:#a3201c;--bad-paper:#fdf0ee;--good:#1f6b3a;--ring:#1c62d1}
@media (prefers-color-scheme:dark){:root{--paper:#141312;--card:#1e1c1b;--ink:#f2efec;--soft:#b3aca5;--line:#847d76;--edge:#322f2c;--accent:#f08a6c;--on-accent:#231009;--bad:#ff9d93;--bad-paper:#33201e;--good:#7fd39b;--ring:#8ab4ff}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;min-height:100vh;min-height:100dvh;background:var(--paper);color:var(--ink);font:1.0625rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere}
main{max-width:30rem;margin:0 auto;padding:1.25rem 1.25rem 3rem}
.mark{display:flex;align-items:center;gap:.5rem;margin:0 0 1.75rem;color:var(--soft);font-weight:600;font-size:.9375rem}
.mark svg{width:1.75rem;height:1.75rem}
h1{margin:0 0 .75rem;font-size:1.625rem;line-height:1.2;letter-spacing:-.015em;font-weight:650;text-wrap:balance}
p{margin:0 0 1rem;text-wrap:pretty}
.lead{color:var(--soft)}
form{margin:1.5rem 0 0}
.field{margin:0 0 1.25rem}
label{display:block;margin:0 0 .375rem;font-weight:600}
.hint{margin:0 0 .5rem;color:var(--soft);font-size:.9375rem}
input{display:block;width:100%;min-height:3.25rem;padding:.75rem .875rem;border:1px solid var(--line);border-radius:.75rem;background:var(--card);color:inherit;font:inherit;font-size:1.0625rem}
input:focus-visible{outline-offset:-1px}
input[aria-invalid=true]{border-color:var(--bad);border-width:2px}
.problem{margin:.5rem 0 0;color:var(--bad);font-size:.9375rem;font-weight:500}
label.check{display:flex;align-items:center;gap:.75rem;min-height:3rem;margin:0 0 1.25rem;font-weight:500}
.check input{flex:none;width:1.5rem;height:1.5rem;min-height:0;margin:0;padding:0;accent-color:var(--accent)}
button,.action{display:block;width:100%;min-height:3.25rem;padding:.75rem 1rem;border:0;border-radius:.75rem;background:var(--accent);color:var(--on-accent);font:inherit;font-weight:650;text-align:center;text-decoration:none;cursor:pointer}
button:active,.action:active{filter:brightness(.92)}
:focus-visible{outline:3px solid var(--ring);outline-offset:2px}
.notice{margin:1.25rem 0 0;padding:.875rem 1rem;border-radius:.75rem;background:var(--bad-paper)}
.notice p{margin:0}
.notice strong{color:var(--bad)}
.small{margin:1.25rem 0 0;color:var(--soft);font-size:.9375rem}
.small p{margin:0 0 .375rem}
main>:last-child,.small p:last-child{margin-bottom:0}
dl{margin:0 0 1rem}dl div{display:flex;justify-content:space-between;gap:1rem;padding:.625rem 0;border-bottom:1px solid var(--edge)}dt{color:var(--soft)}dd{margin:0;font-variant-numeric:tabular-nums;font-weight:600}
.done{display:flex;align-items:center;gap:.625rem}
.done svg{flex:none;width:2rem;height:2rem;color:var(--good)}
@media (hover:hover){button:hover,.action:hover{filter:brightness(1.06)}}
@media (min-width:40rem){main{margin-top:12vh;padding:2.5rem 2.75rem 2.75rem;background:var(--card);border:1px solid var(--edge);border-radius:1.25rem;box-shadow:0 1px 2px #0000000a,0 12px 40px #0000000f}input{background:var(--paper)}h1{font-size:1.75rem}}
@media (forced-colors:active){button,.action{border:1px solid}}
`
