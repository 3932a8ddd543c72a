// A time as mails tell it.

/** To the minute, such as `2026-03-31 12:00 UTC`. */
export function timeText(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
