import { TranslationBundle } from '@jupyterlab/translation';
import { IAlert } from '../records';

/** Whether nobody has said a word yet, somebody looks after it, it was put off, or it is over. */
export type Standing = 'open' | 'acked' | 'snoozed' | 'over';

type Known = Pick<IAlert, 'resolved_at' | 'snoozed_until' | 'acked_by'>;

/** How an alert stands at a moment. */
export function standing(alert: Known, now = Date.now()): Standing {
  if (alert.resolved_at !== null) {
    return 'over';
  }
  if (alert.snoozed_until !== null && Date.parse(alert.snoozed_until) > now) {
    return 'snoozed';
  }
  return alert.acked_by ? 'acked' : 'open';
}

const STANDINGS: readonly Standing[] = ['open', 'acked', 'snoozed', 'over'];
const SEVERITIES: readonly IAlert['severity'][] = [
  'critical',
  'warning',
  'info'
];

/** What nobody has looked at first, the worst of it first, then the newest. */
export function inOrder(
  alerts: readonly IAlert[],
  now = Date.now()
): readonly IAlert[] {
  const place = (alert: IAlert) => [
    STANDINGS.indexOf(standing(alert, now)),
    SEVERITIES.indexOf(alert.severity),
    -Date.parse(since(alert))
  ];
  const places = new Map(alerts.map(alert => [alert, place(alert)]));
  return [...alerts].sort((one, other) => {
    const mine = places.get(one) ?? [];
    const theirs = places.get(other) ?? [];
    const at = mine.findIndex((value, index) => value !== theirs[index]);
    return at < 0 ? 0 : (mine[at] ?? 0) - (theirs[at] ?? 0);
  });
}

/** When it began to be true that somebody is needed. */
export function since(alert: Pick<IAlert, 'at' | 'last_at'>): string {
  return alert.at ?? alert.last_at ?? '';
}

/** The number of a reference: of `delay/2`, 2. */
export function versionOf(ref: string): number | null {
  const found = /\/(\d+)$/.exec(ref);
  return found ? Number(found[1]) : null;
}

/** What an alert says in a line: without the version in front, which stands beside it, and without what was seen last. */
export function headline(message: string): string {
  const text = message.replace(/^[^\s:]+\/\d+: /, '');
  const end = /[.;] (?:Last: |\d+ windows? )/.exec(text);
  const short = (end ? text.slice(0, end.index) : text)
    .replace(/\.$/, '')
    .replace(/ \([\w.]+(?:, [\w.]+)*(?: and \d+ more)?\)$/, ''); // its features
  // A version keeps its name.
  return /^\S+\/\d+ /.test(short)
    ? short
    : short.charAt(0).toUpperCase() + short.slice(1);
}

/** Whether what was typed in the panel's search fits an alert. */
export function fits(alert: IAlert, q: string): boolean {
  const words = [
    alert.message,
    alert.model,
    alert.deployment,
    alert.kind.replace(/_/g, ' '),
    alert.feature,
    alert.severity
  ];
  return words.join(' ').toLowerCase().includes(q.trim().toLowerCase());
}

/** Who did something, as a person says it: `jupyter:anna` is anna. */
export function who(actor: string, trans: TranslationBundle): string {
  return actor
    ? actor.replace(/^(?:os|jupyter|key|agent):/, '')
    : trans.__('by itself');
}

/** The evidence of an alert that a person wants to read. */
export interface IEvidence {
  /** From which window until which: instants. */
  readonly begin: string | null;
  readonly end: string | null;
  /** Windows in a row or nearly so. */
  readonly windows: number | null;
  readonly features: readonly string[];
  readonly numbers: readonly (readonly [string, number])[];
  /** Other rules that said so as well. */
  readonly also: readonly string[];
  /** Why it ended by itself. */
  readonly over: string;
  /** The run that looked into it. */
  readonly run: string;
  /** One that was to look into it, and failed. */
  readonly failed: string;
  /** A version that was trained to take over. */
  readonly challenger: string;
  readonly passed: boolean | null;
  /** What is there besides. */
  readonly rest: readonly (readonly [string, unknown])[];
}

const READ = new Set([
  'cause',
  'raised',
  'begin',
  'newest',
  'windows',
  'window_end',
  'features',
  'numbers',
  'also',
  'over',
  'run',
  'run_failed',
  'notebook',
  'report',
  'challenger',
  'check',
  'check_id',
  'executed',
  'accepted',
  'because',
  'against'
]);

function asString(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function asStrings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** Reads what the rules have left beside an alert. */
export function evidenceOf(alert: IAlert): IEvidence {
  const found = alert.evidence;
  const numbers = (found.numbers ?? {}) as Record<string, unknown>;
  const features = asStrings(found.features);
  return {
    begin: asString(found.begin) || alert.window_start,
    end: asString(found.window_end) || null,
    windows: typeof found.windows === 'number' ? found.windows : null,
    features:
      features.length > 0 || !alert.feature ? features : [alert.feature],
    numbers: Object.entries(numbers).filter(
      (one): one is [string, number] => typeof one[1] === 'number'
    ),
    also: asStrings(found.also),
    over: asString(found.over),
    run: asString(found.run),
    failed: asString(found.run_failed),
    challenger: asString(found.challenger),
    passed: typeof found.check === 'boolean' ? found.check : null,
    rest: Object.entries(found).filter(
      ([name, value]) => !READ.has(name) && value !== null && value !== ''
    )
  };
}

/** The window that an alert speaks of; a day where it does not say how long it was. */
export function guiltyWindow(
  alert: IAlert
): { readonly start: string; readonly end: string } | null {
  if (alert.window_start === null) {
    return null;
  }
  const told = asString(alert.evidence.window_end);
  const begin = Date.parse(alert.window_start);
  const known = told && Date.parse(told) > begin;
  return {
    start: alert.window_start,
    end: known ? told : new Date(begin + 86_400_000).toISOString()
  };
}

/** Whether a column holds what the model answered, and is none of its inputs. */
export function isAnswer(column: string): boolean {
  return /^(?:model )?(?:prediction$|score$|p\()/.test(column);
}

/** The columns whose pictures say most: inputs first, then answers. */
export function pictured(
  features: readonly string[],
  most = 3
): readonly string[] {
  return [
    ...features.filter(one => !isAnswer(one)),
    ...features.filter(isAnswer)
  ].slice(0, most);
}
