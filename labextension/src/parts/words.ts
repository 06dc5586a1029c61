import { TranslationBundle } from '@jupyterlab/translation';

/** A number as a person reads it: four significant digits, no more. */
export function asNumber(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) {
    return '–';
  }
  if (Number.isInteger(value)) {
    return value.toLocaleString();
  }
  const size = Math.abs(value);
  return size >= 1e6 || size < 1e-4
    ? value.toExponential(2)
    : value.toLocaleString(undefined, { maximumSignificantDigits: 4 });
}

/** A share as per cent: .1234 is 12.3 %. */
export function asPercent(value: number | null | undefined): string {
  return value === null || value === undefined
    ? '–'
    : `${(100 * value).toLocaleString(undefined, { maximumFractionDigits: value !== 0 && Math.abs(value) < 0.01 ? 2 : 1 })} %`;
}

/** Seconds as a person says them. */
export function asDuration(
  seconds: number | null | undefined,
  trans: TranslationBundle
): string {
  if (seconds === null || seconds === undefined) {
    return '–';
  }
  if (seconds < 1) {
    return trans.__('%1 ms', Math.round(seconds * 1000));
  }
  if (seconds < 100) {
    return trans.__(
      '%1 s',
      seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)
    );
  }
  if (seconds < 5400) {
    return trans.__('%1 min', Math.round(seconds / 60));
  }
  return seconds < 172_800
    ? trans.__('%1 h', Math.round(seconds / 3600))
    : trans.__('%1 days', Math.round(seconds / 86_400));
}

/** How long ago something was. */
export function asAge(
  at: string | null | undefined,
  trans: TranslationBundle,
  now = Date.now()
): string {
  if (!at) {
    return '–';
  }
  const seconds = (now - Date.parse(at)) / 1000;
  if (seconds < -60) {
    return trans.__('in %1', asDuration(-seconds, trans));
  }
  return seconds < 45
    ? trans.__('just now')
    : trans.__('%1 ago', asDuration(Math.max(60, seconds), trans));
}

/** An instant in the reader's own time zone: 4 Mar 2013, 06:00. */
export function asTime(at: string | null | undefined): string {
  return at
    ? new Date(at).toLocaleString(undefined, {
        dateStyle: 'medium',
        timeStyle: 'short'
      })
    : '–';
}

/** A window's day, in UTC as windows are cut: 2013-03-04. */
export function asDay(at: string | null | undefined): string {
  return at ? at.slice(0, 10) : '–';
}

/** Any value, short. */
export function asText(value: unknown): string {
  if (value === null || value === undefined) {
    return '–';
  }
  if (typeof value === 'number') {
    return asNumber(value);
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}
