import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { paraglideVitePlugin } from '@inlang/paraglide-js'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { VitePWA } from 'vite-plugin-pwa'
import { defineConfig } from 'vitest/config'
import manifest from './manifest.ts'
import pkg from './package.json' with { type: 'json' }
import { precompress } from './precompress.ts'
import { groups, start } from './start.ts'

const server = process.env.NEXTMOVE_URL ?? 'http://127.0.0.1:8080'
// The origin is kept, since the server compares it with its own host on unsafe methods.
const proxy = {
  '/api': { target: server },
  '/socket.io': { target: server, ws: true },
}

/** Names what this app is built from. What an older one has kept on the phone may have another shape. */
function build(): string {
  const hash = createHash('sha256')
  for (const folder of ['src', 'messages']) {
    for (const file of readdirSync(new URL(folder, import.meta.url), { recursive: true, encoding: 'utf8' }).sort()) {
      if (/\.(tsx?|json|css)$/.test(file) && !file.startsWith('paraglide')) hash.update(file).update(readFileSync(new URL(`${folder}/${file}`, import.meta.url)))
    }
  }
  return hash.digest('base64url').slice(0, 12)
}

export default defineConfig({
  define: { __APP_VERSION__: JSON.stringify(pkg.version), __BUILD__: JSON.stringify(build()) },
  resolve: {
    alias: {
      '@': fileURLToPath(new URL('./src', import.meta.url)),
      // For React before 18, which had none of its own.
      'use-sync-external-store/shim': 'use-sync-external-store',
    },
  },
  plugins: [
    // Under test the catalogue is compiled beforehand: the plugin's watcher would keep the run from ending.
    !process.env.VITEST &&
      paraglideVitePlugin({
        project: './project.inlang',
        outdir: './src/paraglide',
        strategy: ['globalVariable', 'baseLocale'],
      }),
    react(),
    tailwindcss(),
    VitePWA({
      strategies: 'injectManifest',
      srcDir: 'src/sw',
      filename: 'sw.ts',
      // An inline registration script would be refused by the server's content security policy.
      injectRegister: false,
      manifest,
      injectManifest: {
        globPatterns: ['**/*.{js,css,html,woff2,svg}', 'icons/*-192.png'],
      },
    }),
    start(),
    precompress(),
  ],
  // Terser takes longer and leaves less to load; the phone pays for every kilobyte, this machine once.
  build: { target: 'es2022', manifest: true, cssCodeSplit: false, assetsInlineLimit: 0, modulePreload: { polyfill: false }, minify: 'terser', terserOptions: { module: true, compress: { passes: 3 } }, rolldownOptions: { output: { codeSplitting: { groups } } } },
  server: { host: '127.0.0.1', proxy },
  preview: { host: '127.0.0.1', proxy },
  test: {
    environment: 'jsdom',
    setupFiles: ['./src/test/setup.ts'],
    include: ['src/**/*.test.{ts,tsx}'],
    restoreMocks: true,
  },
})
