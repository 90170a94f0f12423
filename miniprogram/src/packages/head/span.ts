import { computed } from 'vue'
import { addDays, instant } from '../../composables/date'

const HALF = 30
const EARLIEST = 5 * 60
const LATEST = 23 * 60 + HALF

/** When something is: the day, the minute of the day at which it begins, and for how many minutes. */
export interface Span { day: number; minutes: number; length: number }

/** Moves a time about in steps that a finger can make. */
export function useSpan(span: Span) {
  return {
    starts: computed(() => instant(span.day, span.minutes)),
    ends: computed(() => instant(span.day, span.minutes + span.length)),
    moveDay(days: number) {
      span.day = Math.max(addDays(span.day, days), Date.now())
    },
    moveTime(minutes: number) {
      span.minutes = Math.min(LATEST, Math.max(EARLIEST, span.minutes + minutes))
    },
    moveLength(minutes: number) {
      span.length = Math.min(10 * 60, Math.max(HALF, span.length + minutes))
    },
  }
}
