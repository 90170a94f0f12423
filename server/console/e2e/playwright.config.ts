import { defineConfig } from '@playwright/test'
import { launchOptions } from './browser'

/** Runs against a served demo: BENSE_URL=http://127.0.0.1:8080 npm run e2e */
export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  workers: 1,
  // These find what hangs, they measure nothing: a loaded machine may take its time.
  timeout: 600_000,
  expect: { timeout: 60_000 },
  reporter: 'list',
  outputDir: '../test-results/e2e',
  use: {
    baseURL: process.env.BENSE_URL ?? 'http://127.0.0.1:8080',
    launchOptions,
    viewport: { width: 1440, height: 900 },
    acceptDownloads: true,
    trace: 'retain-on-failure',
  },
})
