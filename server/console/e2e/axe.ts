import AxeBuilder from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'

/** Nothing that keeps somebody from reading or working the page. */
export async function clean(page: Page): Promise<void> {
  // What fades in or out has a contrast of its own for a moment, and a message may begin to fade while axe still reads:
  // from here on changes of this page are immediate, and what was under way comes to its end first.
  await page.addStyleTag({ content: '*, *::before, *::after { transition: none !important; animation-duration: 0s !important }' })
  await page.evaluate(async () => {
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame) // it may be about to begin
    const passing = document.getAnimations().filter((a) => a.effect?.getComputedTiming().iterations !== Infinity)
    await Promise.allSettled(passing.map((a) => a.finished))
  })
  await expect(page.locator('[class*="-leave-active"], [class*="-enter-active"]')).toHaveCount(0)
  const found = await new AxeBuilder({ page })
    .setLegacyMode() // no page has frames: it need not open another one to put their results together
    .options({ runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] } })
    .analyze()
  expect(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.any[0]?.message ?? ''}`).join(' | ')}`)).toEqual([])
}
