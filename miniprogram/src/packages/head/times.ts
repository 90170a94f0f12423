import { computed } from 'vue'
import { addDays, instant, minutesOfDay } from '../../composables/date'

/** A day (any instant in it), a beginning in minutes after midnight and a length in minutes. */
export interface Times { day: number; minutes: number; length: number }

export const HALF = 30
const EARLIEST = 5 * 60
const LATEST = 23 * 60 + HALF
const LONGEST = 10 * 60

export function timesOf(a: { starts_at: string; ends_at: string }): Times {
  const day = Date.parse(a.starts_at)
  return { day, minutes: minutesOfDay(a.starts_at), length: Math.round((Date.parse(a.ends_at) - day) / 60_000) }
}

/** The times of a form, and what the buttons of the page 什么时候 do with them. */
export function useTimes(form: Times) {
  const starts = computed(() => instant(form.day, form.minutes))
  const ends = computed(() => instant(form.day, form.minutes + form.length))

  function moveDay(days: number) {
    form.day = Math.max(addDays(form.day, days), Date.now())
  }
  function moveTime(minutes: number) {
    form.minutes = Math.min(LATEST, Math.max(EARLIEST, form.minutes + minutes))
  }
  function moveLength(minutes: number) {
    form.length = Math.min(Math.max(LONGEST, form.length), Math.max(HALF, form.length + minutes))
  }
  return { starts, ends, moveDay, moveTime, moveLength }
}
