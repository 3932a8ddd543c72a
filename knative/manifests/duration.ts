// ISO 8601 durations as Knative takes them: PT0.3S, PT1M30S, P1DT2H. No months or years.

const PATTERN =
  /^P(?!$)(?:([0-9]+)D)?(?:T(?=[0-9])(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+(?:\.[0-9]+)?)S)?)?$/;

/** Milliseconds of a duration, or null when the text is none. */
export function parseDurationMs(text: string): number | null {
  const parts = PATTERN.exec(text);
  if (parts === null) return null;
  const [days, hours, minutes, seconds] = parts.slice(1).map((part) => Number(part || 0));
  const whole = ((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0);
  return Math.round((whole * 60 + (seconds ?? 0)) * 1000);
}
