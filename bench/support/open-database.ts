// Opens the embedded database of a folder, says so, and ends: the least that a start with a prepared folder must do.
import { openDatabase } from '../../src/db/connect.ts'
import { silentLog } from '../../src/lib/log.ts'

const [dir = ''] = process.argv.slice(2)
const database = await openDatabase({ kind: 'pglite', dir, log: silentLog })
process.stdout.write('open\n')
await database.close()
