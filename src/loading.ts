// Makes reading the program quicker. It is loaded before everything else, by main.ts or with --import.
import { enableCompileCache, registerHooks } from 'node:module'

// With the cache, later starts spend half the time on reading.
enableCompileCache()

// For each file of a package Node reads the package's package.json once more, to learn what kind of file it is. Drizzle's has 180 kB, and a hundred
// files of it are read: that took a second. What they import from each other are modules.
registerHooks({
  resolve(specifier, context, next) {
    const from = context.parentURL
    const within = from !== undefined && from.includes('/node_modules/drizzle-orm/') && /^\.{1,2}\/.*\.js$/.test(specifier)
    return within ? { url: new URL(specifier, from).href, format: 'module', shortCircuit: true } : next(specifier, context)
  },
})
