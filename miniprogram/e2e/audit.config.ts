import { defineConfig } from '@playwright/test'
import { launchOptions } from './browser'

const port = Number(process.env.AUDIT_PORT ?? 4187)

export default defineConfig({
  testDir: '.',
  testMatch: '*.audit.ts',
  fullyParallel: true,
  workers: 2,
  // These find what hangs, they measure nothing: a loaded machine may take its time.
  timeout: 300_000,
  expect: { timeout: 60_000 },
  reporter: 'list',
  outputDir: '../test-results/audit',
  use: { baseURL: `http://127.0.0.1:${port}`, launchOptions },
  webServer: {
    command: `node serve.mjs`,
    env: { PORT: String(port) },
    url: `http://127.0.0.1:${port}/h5/`,
    timeout: 120_000,
    reuseExistingServer: false,
  },
})
