// Once per run: a Postgres server with a migrated template database, and a migrated PGlite folder to clone. Tests reach both through database.ts.
import type { TestProject } from 'vitest/node'
import { pgliteTemplate } from './pglite-template.ts'
import { startPostgres } from './postgres.ts'

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string
    pgliteTemplate: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [template, postgres] = await Promise.all([pgliteTemplate(), startPostgres()])
  project.provide('pgliteTemplate', template)
  project.provide('postgresUrl', postgres.url)
  return () => postgres.stop()
}
