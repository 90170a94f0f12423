import { vi } from 'vitest'

const kept = new Map<string, string>()

/** The few calls of uni's global that our own code makes. */
vi.stubGlobal('uni', {
  getStorageSync: (key: string) => kept.get(key) ?? '',
  setStorageSync: (key: string, value: string) => kept.set(key, value),
  removeStorageSync: (key: string) => kept.delete(key),
  getWindowInfo: () => ({ statusBarHeight: 0, windowWidth: 375 }),
  navigateTo: vi.fn(),
  navigateBack: vi.fn(),
  switchTab: vi.fn(),
  request: vi.fn(),
})
vi.stubGlobal('wx', {})
vi.stubGlobal('getCurrentPages', () => [])
