import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

/** Below this the frame of a packet is larger than what is saved. */
const SMALL = 512

/** Lays `.br` and `.gz` beside every text that is worth it, for the server to send as they are (src/web/pwa.rs). Runs last, when the worker is there. */
export function precompress(): Plugin {
  let folder = 'dist'
  return {
    name: 'precompress',
    apply: 'build',
    enforce: 'post',
    configResolved: (config) => void (folder = path.resolve(config.root, config.build.outDir)),
    closeBundle: {
      order: 'post',
      sequential: true,
      handler() {
        for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
          if (!/\.(js|css|html|svg|json|webmanifest)$/.test(file) || file.startsWith('.')) continue
          const at = path.join(folder, file)
          const plain = readFileSync(at)
          if (plain.length < SMALL) continue
          writeFileSync(`${at}.br`, brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } }))
          writeFileSync(`${at}.gz`, gzipSync(plain, { level: 9 }))
        }
      },
    },
  }
}
