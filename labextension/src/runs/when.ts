/** When something runs by itself, as a form asks for it. */
export interface IWhen {
  readonly kind: 'daily' | 'weekly' | 'every' | 'cron' | 'after' | 'alert';
  /** 06:00 */
  readonly time: string;
  /** 0 is Sunday, as cron has it. */
  readonly days: readonly number[];
  readonly amount: string;
  readonly unit: 'm' | 'h' | 'd';
  readonly cron: string;
  /** A table whose new snapshot starts it. */
  readonly table: string;
  /** A kind of alert that starts it. */
  readonly alert: string;
  readonly timezone: string;
}

export const EVERY_DAY: IWhen = {
  kind: 'daily',
  time: '06:00',
  days: [1, 2, 3, 4, 5],
  amount: '1',
  unit: 'h',
  cron: '0 6 * * 1-5',
  table: '',
  alert: 'drift',
  timezone: 'UTC'
};

/** As the routes take it. */
export interface ITrigger {
  readonly every?: string;
  readonly cron?: string;
  readonly timezone?: string;
  readonly after?: string;
  readonly after_alert?: string;
}

/** The field that something is missing in; empty: nothing is. */
export type Missing = '' | 'time' | 'days' | 'every' | 'cron' | 'after';

/** The trigger that a form means, or where it is not said yet. */
export function trigger(when: IWhen): {
  readonly trigger: ITrigger | null;
  readonly missing: Missing;
} {
  const no = (missing: Missing) => ({ trigger: null, missing });
  const yes = (made: ITrigger) => ({ trigger: made, missing: '' as const });
  const timezone = when.timezone.trim() || 'UTC';
  switch (when.kind) {
    case 'daily':
    case 'weekly': {
      const found = /^(\d{1,2}):(\d{2})/.exec(when.time);
      if (!found) {
        return no('time');
      }
      const at = `${Number(found[2])} ${Number(found[1])}`;
      if (when.kind === 'daily') {
        return yes({ cron: `${at} * * *`, timezone });
      }
      return when.days.length === 0
        ? no('days')
        : yes({ cron: `${at} * * ${spans(when.days)}`, timezone });
    }
    case 'every': {
      const amount = Number(when.amount);
      return when.amount.trim() !== '' && Number.isInteger(amount) && amount > 0
        ? yes({ every: `${amount}${when.unit}` })
        : no('every');
    }
    case 'cron':
      return when.cron.trim() === ''
        ? no('cron')
        : yes({ cron: when.cron.trim(), timezone });
    case 'after':
      return when.table.trim() === ''
        ? no('after')
        : yes({ after: when.table.trim() });
    case 'alert':
      return when.alert.trim() === ''
        ? no('after')
        : yes({ after_alert: when.alert.trim() });
  }
}

/** Days as cron writes them: 1-5, 0,6. */
export function spans(days: readonly number[]): string {
  const sorted = [...new Set(days)].sort((one, other) => one - other);
  const found: [number, number][] = [];
  for (const day of sorted) {
    const last = found[found.length - 1];
    if (last?.[1] === day - 1) {
      last[1] = day;
    } else {
      found.push([day, day]);
    }
  }
  return found
    .map(([from, to]) =>
      from === to
        ? `${from}`
        : to === from + 1
          ? `${from},${to}`
          : `${from}-${to}`
    )
    .join(',');
}
