import { defineConfig } from '@playwright/test'

const FIREFOX = 'push.spec.ts'

export default defineConfig({
  testDir: './e2e',
  globalSetup: './e2e/support/setup.ts',
  // One world for all, and some of them kill its server.
  workers: 1,
  fullyParallel: false,
  // What passes the second time only is a bug.
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  forbidOnly: Boolean(process.env.CI),
  grepInvert: process.env.SCREENS_DIR ? undefined : /@screens/,
  reporter: [['list']],
  outputDir: './test-results',
  use: {
    // A trace costs a third of the time: E2E_TRACE=1 asks for one.
    trace: process.env.E2E_TRACE ? 'retain-on-failure' : 'off',
    screenshot: 'only-on-failure',
    timezoneId: 'Europe/Oslo',
    actionTimeout: 20_000,
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  projects: [
    { name: 'phone', testIgnore: FIREFOX, use: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, locale: 'nb-NO' } },
    { name: 'desktop', testIgnore: FIREFOX, use: { viewport: { width: 1440, height: 900 }, locale: 'en-GB' } },
    // What only a browser with a push service of its own can show; it starts another one, in support/firefox.ts.
    { name: 'firefox', testMatch: FIREFOX, timeout: 180_000, expect: { timeout: 30_000 } },
  ],
})
