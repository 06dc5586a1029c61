import { TranslationBundle } from '@jupyterlab/translation';
import { IBand, IBandMark, IBandPoint } from '../drawings/band';
import { IHeatCell, IHeatMap, IHeatRow } from '../drawings/heatmap';
import { asNumber, asPercent } from '../parts/words';
import {
  IAlert,
  ICell,
  IFigure,
  IReceipt,
  IWatchReport,
  IWatchWindow
} from '../records';
import { headline } from './alerts';
import { spoken } from './spans';
import { nameOf } from './terms';

/** What a verdict is called. */
export function verdicts(
  trans: TranslationBundle
): Readonly<Record<IHeatCell['verdict'], string>> {
  return {
    ok: trans.__('as in training'),
    changed: trans.__('changed'),
    drifted: trans.__('drifted'),
    none: trans.__('nothing known')
  };
}

/**
 * The heat map of a report. Its first row is the model as a whole, the others
 * are features, those that matter most first.
 */
export function heatOf(
  report: IWatchReport,
  trans: TranslationBundle,
  at: { readonly start: string; readonly feature: string } | null = null
): IHeatMap {
  const words = verdicts(trans);
  const heaviest = Math.max(
    1e-9,
    ...report.features.flatMap(one => one.cells.map(cell => cell.severity ?? 0))
  );
  const whole: IHeatRow = {
    name: trans.__('all together'),
    note: trans.__('weighted'),
    cells: report.windows.map(one => ({
      verdict: one.verdict,
      severity: Math.min(1, (one.score ?? 0) / (2 * (one.bound ?? 1) || 1)),
      says: said(one, words),
      ...(one.score !== null && {
        text: Number(one.score.toPrecision(2)).toString()
      })
    }))
  };
  const rows = report.features.map((feature): IHeatRow => ({
    name: feature.name,
    note: feature.is_answer
      ? trans.__('answer')
      : feature.share === null
        ? ''
        : asPercent(feature.share),
    cells: feature.cells.map(cell => ({
      verdict: cell.verdict,
      severity: (cell.severity ?? 0) / heaviest,
      says: cellSays(cell, words),
      ...(cell.windows > 1 &&
        cell.moved > 0 && { text: `${cell.moved}/${cell.windows}` })
    }))
  }));
  const column = at ? columnOf(report.windows, at.start) : -1;
  const row = at?.feature
    ? report.features.findIndex(one => one.name === at.feature) + 1
    : 0;
  return {
    label: trans.__('Features by window: what moved since training'),
    columns: report.windows.map(one => one.label),
    corner: trans.__('feature'),
    words,
    rows: [whole, ...rows],
    ...(column >= 0 && { at: { row, column } })
  };
}

function said(
  window: IWatchWindow,
  words: Readonly<Record<IHeatCell['verdict'], string>>
): string {
  const score =
    window.score === null
      ? ''
      : `. ${asNumber(Number(window.score.toPrecision(2)))} / ${asNumber(window.bound)}`;
  return `${words[window.verdict]}${score}${window.reason ? `. ${window.reason}` : ''}`;
}

function cellSays(
  cell: ICell,
  words: Readonly<Record<IHeatCell['verdict'], string>>
): string {
  return cell.reason
    ? `${words[cell.verdict]}. ${cell.reason}`
    : words[cell.verdict];
}

/** The window that holds an instant, by its place; -1 when none does. */
export function columnOf(
  windows: readonly IWatchWindow[],
  instant: string
): number {
  const at = Date.parse(instant);
  return windows.findIndex(
    one => Date.parse(one.start) <= at && at < Date.parse(one.end)
  );
}

/** Where an instant lies on the axis of windows; null outside of it. */
export function placeOf(
  windows: readonly IWatchWindow[],
  instant: string | null
): number | null {
  if (!instant) {
    return null;
  }
  const at = columnOf(windows, instant);
  const window = windows[at];
  if (!window) {
    return null;
  }
  const begin = Date.parse(window.start);
  return (
    at + (Date.parse(instant) - begin) / (Date.parse(window.end) - begin || 1)
  );
}

/** What a mark opens. */
export type Marked = IBandMark & {
  readonly alert?: string;
  readonly receipt?: IReceipt;
};

/** Alerts and changes of production where they belong on the axis of windows. */
export function marksOf(
  report: IWatchReport,
  trans: TranslationBundle
): readonly Marked[] {
  const found: Marked[] = [];
  for (const alert of report.alerts) {
    const at = placeOf(report.windows, alert.window_start ?? alert.at);
    if (at !== null) {
      // A window's alert stands in its middle, whatever the hour.
      const middle = alert.window_start ? Math.floor(at) + 0.5 : at;
      found.push({
        at: middle,
        kind: 'alert',
        says: `${trans.__('Alert')}: ${headline(alert.message)}`,
        alert: alert.id
      });
    }
  }
  for (const receipt of report.receipts) {
    const at = placeOf(report.windows, receipt.at);
    if (at !== null && receipt.state === 'done') {
      found.push({
        at,
        kind: 'change',
        says: receiptSays(receipt, trans),
        receipt
      });
    }
  }
  return found;
}

function pointsOf(
  windows: readonly IWatchWindow[],
  figure: (window: IWatchWindow) => IFigure,
  says: (window: IWatchWindow) => Pick<IBandPoint, 'unsettled' | 'says'>
): readonly IBandPoint[] {
  return windows.map(one => ({
    label: one.label,
    value: figure(one).value,
    low: figure(one).low,
    high: figure(one).high,
    ...says(one)
  }));
}

/** Realised and estimated performance, with what was expected; null where nothing is known of either. */
export function performanceOf(
  report: IWatchReport,
  trans: TranslationBundle
): IBand | null {
  const { windows } = report;
  const known = windows
    .flatMap(one => [one.realised, one.estimated])
    .filter(one => one.value !== null);
  const first = known[0];
  if (!first) {
    return null;
  }
  const metric = nameOf(report.headline || first.metric, trans);
  const reference = known.find(one => one.reference !== null)?.reference;
  const assumes =
    windows.find(one => one.estimated.value !== null)?.estimated.note ||
    'estimate, assumes P(y|x) unchanged';
  return {
    name: trans.__('%1 by window, from labels and estimated', metric),
    reference:
      reference === null || reference === undefined
        ? null
        : { value: reference, name: trans.__('on held-out rows') },
    lines: [
      {
        name: trans.__('%1 from labels', metric),
        points: pointsOf(
          windows,
          one => one.realised,
          one =>
            one.settled || one.realised.value === null
              ? {}
              : {
                  unsettled: true,
                  says: trans.__(
                    'labels of %1 of the answers so far',
                    asPercent(one.coverage)
                  )
                }
        )
      },
      {
        name: assumes,
        dashed: true,
        points: pointsOf(
          windows,
          one => one.estimated,
          () => ({})
        )
      }
    ]
  };
}

function barsOf(
  report: IWatchReport,
  name: string,
  value: (window: IWatchWindow) => number | null
): IBand['lines'] {
  return [
    {
      name,
      bars: true,
      points: report.windows.map(one => ({
        label: one.label,
        value: value(one),
        low: null,
        high: null,
        unsettled: false
      }))
    }
  ];
}

/** Answers in each window. */
export function volumeOf(
  report: IWatchReport,
  trans: TranslationBundle
): IBand {
  return {
    name: trans.__('Answers by window'),
    reference: null,
    height: 100,
    lines: barsOf(report, trans.__('answers'), one => one.rows)
  };
}

/** The share of the answers whose true outcome is known. */
export function coverageOf(
  report: IWatchReport,
  trans: TranslationBundle
): IBand {
  return {
    name: trans.__('Share of the answers with labels, by window'),
    reference: null,
    height: 100,
    percent: true,
    lines: barsOf(
      report,
      trans.__('share of the answers with labels'),
      one => one.coverage
    )
  };
}

/** A change of production in a sentence. */
export function receiptSays(
  receipt: IReceipt,
  trans: TranslationBundle
): string {
  const { action, alias, model, from_version, to_version, evidence } = receipt;
  switch (action) {
    case 'promote':
      return from_version === null
        ? trans.__('version %1 became %2', to_version ?? '–', alias)
        : trans.__(
            'version %1 became %2 in place of version %3',
            to_version ?? '–',
            alias,
            from_version
          );
    case 'rollback':
      return to_version === null
        ? trans.__('%1 was rolled back', model)
        : trans.__(
            'rolled back: version %1 is %2 again',
            to_version,
            alias || trans.__('live')
          );
    case 'adopt':
      return trans.__('version %1 was adopted', to_version ?? '–');
    case 'forget':
      return trans.__('version %1 was forgotten', from_version ?? '–');
    case 'deploy':
      return trans.__('%1 was deployed', String(evidence.target ?? model));
    case 'undeploy':
      return trans.__('%1 was stopped', String(evidence.deployment ?? model));
    case 'reference':
      return receipt.undoes
        ? trans.__('what was declared normal is so no more')
        : trans.__(
            '%1 of %2 was declared normal',
            spoken(String(evidence.start ?? ''), String(evidence.end ?? '')),
            String(evidence.feature || trans.__('all features'))
          );
    default:
      return action;
  }
}

/** A window that was declared normal, and still is. */
export interface INormal {
  readonly receipt: IReceipt;
  readonly when: string;
  readonly feature: string;
  readonly version: string;
}

/** What was declared normal and not taken back, the newest first. */
export function normalOf(receipts: readonly IReceipt[]): readonly INormal[] {
  const undone = new Set(receipts.map(one => one.undoes).filter(Boolean));
  return receipts
    .filter(
      one =>
        one.action === 'reference' &&
        one.state === 'done' &&
        !one.undoes &&
        !undone.has(one.id)
    )
    .map(receipt => ({
      receipt,
      when: spoken(
        String(receipt.evidence.start ?? ''),
        String(receipt.evidence.end ?? '')
      ),
      feature: String(receipt.evidence.feature ?? ''),
      version: String(receipt.evidence.version ?? '')
    }));
}

/** Something that happened: an alert, or a change of production. */
export type Happened =
  | { readonly at: string; readonly alert: IAlert }
  | { readonly at: string; readonly receipt: IReceipt };

/** Alerts and changes together, the newest first. */
export function happened(report: IWatchReport): readonly Happened[] {
  return [
    ...report.alerts.map(alert => ({ at: alert.at ?? '', alert })),
    ...report.receipts.map(receipt => ({ at: receipt.at ?? '', receipt }))
  ].sort((one, other) => other.at.localeCompare(one.at));
}
