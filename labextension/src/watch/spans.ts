/*
 * Stretches of time as watch cuts them: in UTC, from `start` until `end`,
 * which itself lies outside.
 */

const DAY = 86_400_000; // ms

/** A window in words: March 2013; March 4, 2013; March 4 – 10, 2013; with hours where it is shorter than a day. */
export function spoken(start: string, end: string, locale?: string): string {
  const first = new Date(start);
  const last = new Date(Date.parse(end) - 1);
  if (Number.isNaN(first.getTime()) || Number.isNaN(last.getTime())) {
    return '–';
  }
  if (isMonth(start, end)) {
    return new Intl.DateTimeFormat(locale, {
      month: 'long',
      year: 'numeric',
      timeZone: 'UTC'
    }).format(first);
  }
  const hours = Date.parse(end) - first.getTime() < DAY;
  return new Intl.DateTimeFormat(locale, {
    dateStyle: 'medium',
    ...(hours && { timeStyle: 'short' as const }),
    timeZone: 'UTC'
  })
    .formatRange(first, hours ? new Date(end) : last)
    .replace(/[\u2009\u202f]/g, ' ');
}

/** Whether it is a month of the calendar. */
export function isMonth(start: string, end: string): boolean {
  const first = new Date(start);
  const next = new Date(end);
  return (
    first.getUTCDate() === 1 &&
    next.getUTCDate() === 1 &&
    (next.getUTCFullYear() - first.getUTCFullYear()) * 12 +
      next.getUTCMonth() -
      first.getUTCMonth() ===
      1
  );
}

/** The day of an instant, as a field takes it: 2013-03-04. */
export function dayOf(at: string): string {
  return at.slice(0, 10);
}

/** The last day that a window touches. */
export function lastDayOf(end: string): string {
  return new Date(Date.parse(end) - 1).toISOString().slice(0, 10);
}

/** The day after: until when a window goes whose last day is known. */
export function dayAfter(day: string): string {
  const at = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(at) ? '' : new Date(at + DAY).toISOString().slice(0, 10);
}

/** How wide windows of a span are: `1d` for a day, `7d` for a week, `month`. */
export function widthOf(start: string, end: string): 'month' | '7d' | '1d' {
  if (isMonth(start, end)) {
    return 'month';
  }
  return Date.parse(end) - Date.parse(start) >= 7 * DAY ? '7d' : '1d';
}
