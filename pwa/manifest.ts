import type { ManifestOptions } from 'vite-plugin-pwa'

/** `any` and `maskable` are separate files: a maskable icon shown unmasked looks shrunken, the other way round it is cut. */
const manifest: Partial<ManifestOptions> = {
  id: '/',
  name: 'NextMove',
  short_name: 'NextMove',
  description: 'From the ad click to the delivered order, the next move is always one tap away.',
  start_url: '/',
  scope: '/',
  display: 'standalone',
  background_color: '#faf8f5',
  theme_color: '#faf8f5',
  categories: ['business', 'productivity'],
  icons: [
    { src: '/icons/any-192.png', sizes: '192x192', type: 'image/png', purpose: 'any' },
    { src: '/icons/any-512.png', sizes: '512x512', type: 'image/png', purpose: 'any' },
    { src: '/icons/maskable-192.png', sizes: '192x192', type: 'image/png', purpose: 'maskable' },
    { src: '/icons/maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
  ],
}

export default manifest
