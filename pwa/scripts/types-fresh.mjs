// Fails when the committed types are not those of openapi.json.
import { readFileSync } from 'node:fs'
import openapiTS, { COMMENT_HEADER, astToString } from 'openapi-typescript'

const fresh = COMMENT_HEADER + astToString(await openapiTS(new URL('../openapi.json', import.meta.url)))
const committed = readFileSync(new URL('../src/shared/api/schema.d.ts', import.meta.url), 'utf8')
if (committed.trim() !== fresh.trim()) {
  console.error('src/shared/api/schema.d.ts is stale: run `make types`.')
  process.exit(1)
}
