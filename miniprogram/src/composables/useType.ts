import { computed, ref } from 'vue'
import { platform, read, write } from '../platform'

/** 长辈版 is what everybody starts with; 标准版 sets the same pages in smaller type. */
export type Layout = 'elder' | 'standard'

/** What the standard layout makes of the root font. */
const DENSE = 0.75

export const layout = ref<Layout>(read('layout') === 'standard' ? 'standard' : 'elder')
export const factor = ref(platform.fontFactor())

const root = computed(() => 16 * factor.value * DENSE)

/** For page-meta: WeChat's own setting rules in the elder layout, and a share of it in the standard one. */
export const rootSize = computed(() => (layout.value === 'elder' ? 'system' : `${root.value}px`))
/** What stands directly on the page is main text: $t-m of ui/_tokens. */
export const pageSize = computed(() => (layout.value === 'elder' ? 'system' : `${6 + 0.875 * root.value}px`))

export function chooseLayout(next: Layout) {
  layout.value = next
  write('layout', next)
  applyType()
}

export function chooseFactor(next: number) {
  factor.value = next
  platform.setFontFactor(next)
}

/** Called at the start, and after each change. */
export function applyType() {
  platform.setDensity(layout.value === 'elder' ? 1 : DENSE)
}
