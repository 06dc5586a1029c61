import { describe, expect, it } from '@jest/globals';
import { TranslationBundle } from '@jupyterlab/translation';
import {
  IAlert,
  IReceipt,
  IRule,
  IWatchReport,
  IWatchWindow
} from '../records';
import {
  evidenceOf,
  fits,
  guiltyWindow,
  headline,
  inOrder,
  pictured,
  standing,
  versionOf,
  who
} from '../watch/alerts';
import { cumulated, widest } from '../drawings/shapes';
import { dayAfter, isMonth, lastDayOf, spoken, widthOf } from '../watch/spans';
import { kindOf, lengthOf, looksAt, ringsWhen } from '../watch/terms';
import {
  heatOf,
  marksOf,
  normalOf,
  performanceOf,
  placeOf
} from '../watch/view';

// English as it stands in the sources.
const filled = (text: string, values: readonly unknown[]) =>
  text.replace(/%(\d)/g, (_, at: string) => String(values[Number(at) - 1]));
const trans = {
  __: (text: string, ...values: unknown[]) => filled(text, values),
  _n: (one: string, many: string, n: number, ...values: unknown[]) =>
    filled(n === 1 ? one : many, [n, ...values])
} as unknown as TranslationBundle;

function alert(more: Partial<IAlert> = {}): IAlert {
  return {
    id: 'a1',
    kind: 'drift',
    severity: 'warning',
    message: 'delay/1: what the model leans on has moved.',
    model: 'delay',
    deployment: '',
    version: 'delay/1',
    hint: '',
    count: 1,
    at: '2026-03-01T00:00:00Z',
    last_at: '2026-03-01T00:00:00Z',
    resolved_at: null,
    feature: '',
    segment: '',
    window_start: null,
    evidence: {},
    acked_by: '',
    acked_at: null,
    snoozed_until: null,
    note: '',
    ...more
  };
}

const NOW = Date.parse('2026-03-02T00:00:00Z');

describe('alerts', () => {
  it('stand open, acknowledged, snoozed until a moment, or are over', () => {
    expect(standing(alert(), NOW)).toBe('open');
    expect(standing(alert({ acked_by: 'os:anna' }), NOW)).toBe('acked');
    const put = alert({
      acked_by: 'os:anna',
      snoozed_until: '2026-03-02T01:00:00Z'
    });
    expect(standing(put, NOW)).toBe('snoozed');
    expect(standing(put, NOW + 3_600_001)).toBe('acked');
    expect(standing({ ...put, resolved_at: '2026-03-01T00:00:00Z' }, NOW)).toBe(
      'over'
    );
  });

  it('come in the order of what needs somebody', () => {
    const old = alert({ id: 'old', at: '2026-01-01T00:00:00Z' });
    const fresh = alert({ id: 'fresh' });
    const bad = alert({
      id: 'bad',
      severity: 'critical',
      at: '2025-01-01T00:00:00Z'
    });
    const seen = alert({ id: 'seen', severity: 'critical', acked_by: 'anna' });
    expect(inOrder([seen, old, bad, fresh], NOW).map(one => one.id)).toEqual([
      'bad',
      'fresh',
      'old',
      'seen'
    ]);
  });

  it('say in a line what is wrong', () => {
    expect(
      headline(
        'delay/1: a column is missing, or filled with something else (pressure, humid and 4 more); 2 windows from 2013-12-31 to 2014-01-01. Last: 100 % of 88 are missing.'
      )
    ).toBe('A column is missing, or filled with something else');
    expect(headline('delay/2 was trained on fresh data.')).toBe(
      'delay/2 was trained on fresh data'
    );
    expect(headline('Port 8780 is taken by another program (process 3).')).toBe(
      'Port 8780 is taken by another program (process 3)'
    );
  });

  it('are found by what they say, and of what', () => {
    const one = alert({ kind: 'column_missing', feature: 'humid' });
    expect(fits(one, ' HUMID')).toBe(true);
    expect(fits(one, 'column missing')).toBe(true);
    expect(fits(one, 'wind')).toBe(false);
  });

  it('bring evidence that a person can read', () => {
    const read = evidenceOf(
      alert({
        feature: 'wind',
        window_start: '2013-02-11T00:00:00Z',
        evidence: {
          cause: 'watch|drift|delay/1|||',
          begin: '2013-02-10T00:00:00Z',
          windows: 3,
          features: ['wind', 'score'],
          numbers: { score: 0.65, none: null },
          also: ['quality'],
          run: 'r1',
          latency_ms: 12
        }
      })
    );
    expect(read.begin).toBe('2013-02-10T00:00:00Z');
    expect(read.numbers).toEqual([['score', 0.65]]);
    expect(read.rest).toEqual([['latency_ms', 12]]);
    expect([read.run, read.failed, read.passed]).toEqual(['r1', '', null]);
    expect(evidenceOf(alert({ feature: 'wind' })).features).toEqual(['wind']);
  });

  it('speak of a window, of a day where nothing else is said', () => {
    const day = alert({ window_start: '2013-02-11T00:00:00Z' });
    expect(guiltyWindow(day)?.end).toBe('2013-02-12T00:00:00.000Z');
    const week = { ...day, evidence: { window_end: '2013-02-18T00:00:00Z' } };
    expect(guiltyWindow(week)?.end).toBe('2013-02-18T00:00:00Z');
    expect(guiltyWindow(alert())).toBeNull();
  });

  it('name versions, people, and pictures worth showing', () => {
    expect(versionOf('flight-delay/12')).toBe(12);
    expect(versionOf('flight-delay')).toBeNull();
    expect([who('os:anna', trans), who('', trans)]).toEqual([
      'anna',
      'by itself'
    ]);
    expect(pictured(['score', 'wind', 'prediction', 'hour'])).toEqual([
      'wind',
      'hour',
      'score'
    ]);
  });
});

describe('spans', () => {
  it('are said as a person says them', () => {
    const said = (start: string, end: string) => spoken(start, end, 'en-GB');
    expect(said('2013-03-01T00:00:00Z', '2013-04-01T00:00:00Z')).toBe(
      'March 2013'
    );
    expect(said('2013-03-04T00:00:00Z', '2013-03-05T00:00:00Z')).toBe(
      '4 Mar 2013'
    );
    expect(said('2013-03-04', '2013-03-11')).toMatch(/^4\s*–\s*10 Mar 2013$/);
    expect(said('2013-03-04T06:00:00Z', '2013-03-04T07:00:00Z')).toContain(
      '06:00'
    );
    expect(said('soon', '2013-03-11')).toBe('–');
  });

  it('end on the day before their end', () => {
    expect(lastDayOf('2013-03-05T00:00:00Z')).toBe('2013-03-04');
    expect(dayAfter('2013-12-31')).toBe('2014-01-01');
    expect(dayAfter('')).toBe('');
  });

  it('are months, weeks or days', () => {
    expect(isMonth('2013-12-01T00:00:00Z', '2014-01-01T00:00:00Z')).toBe(true);
    expect(widthOf('2013-02-04T00:00:00Z', '2013-02-11T00:00:00Z')).toBe('7d');
    expect(widthOf('2013-02-04T00:00:00Z', '2013-02-04T06:00:00Z')).toBe('1d');
  });
});

const RULE: IRule = {
  name: 'column_missing',
  kind: 'quality',
  measures: ['null_share'],
  features: ['?*'],
  segments: [''],
  when: ['drifted'],
  above: 0.7,
  below: null,
  broken: false,
  step: null,
  whole: false,
  unless: ['performance', 'error_rate'],
  every: '1d',
  k: 2,
  n: 3,
  clear: 0,
  cool_down: '7d',
  severity: 'warning',
  enabled: true,
  says: 'a column is missing',
  hint: ''
};

describe('rules', () => {
  it('say in words when they ring, and of what', () => {
    expect(ringsWhen(RULE, trans)).toBe(
      'in 2 of 3 windows of 1 day; values over 0.7; not while this rings: performance, error rate'
    );
    expect(ringsWhen({ ...RULE, k: 4, n: 4, unless: [] }, trans)).toContain(
      'in 4 windows of 1 day in a row'
    );
    expect(looksAt(RULE, trans)).toBe('every column');
    expect(looksAt({ ...RULE, features: [''] }, trans)).toBe(
      'the model as a whole'
    );
    expect(
      looksAt({ ...RULE, features: ['wind'], segments: ['hub=*'] }, trans)
    ).toBe('wind · hub=*');
    expect(lengthOf('12h', trans)).toBe('12 hours');
    expect(kindOf('labels_missing')).toBe('labels missing');
  });
});

const NONE = {
  metric: 'auc',
  value: null,
  low: null,
  high: null,
  reference: null,
  n: 0,
  verdict: 'none' as const,
  note: ''
};

function window(day: number, more: Partial<IWatchWindow> = {}): IWatchWindow {
  const at = (one: number) =>
    `2013-02-${String(one).padStart(2, '0')}T00:00:00Z`;
  return {
    label: at(day).slice(0, 10),
    start: at(day),
    end: at(day + 1),
    state: 'ok',
    version: 'delay/1',
    rows: 100,
    coverage: 1,
    settled: true,
    verdict: 'ok',
    reason: '',
    score: 0.1,
    bound: 0.3,
    drifted: [],
    changed: [],
    realised: NONE,
    estimated: NONE,
    problems: [],
    alerts: [],
    ...more
  };
}

function receipt(id: string, more: Partial<IReceipt> = {}): IReceipt {
  return {
    id,
    sequence: 1,
    action: 'reference',
    model: 'delay',
    alias: '',
    from_version: null,
    to_version: null,
    state: 'done',
    actor: null,
    reason: '',
    forced: false,
    undoes: '',
    evidence: {},
    at: '2013-02-02T12:00:00Z',
    previous: '',
    signature: '',
    ...more
  };
}

const CELL = {
  verdict: 'ok' as const,
  severity: 0,
  effect: 0,
  statistic: 'distance',
  value: 0,
  threshold: 0.1,
  windows: 1,
  moved: 0,
  reason: ''
};

function report(more: Partial<IWatchReport> = {}): IWatchReport {
  return {
    model: 'delay',
    version: 'delay/1',
    window: '1d',
    now: null,
    state: 'drifted',
    means: '',
    summary: [],
    headline: 'auc',
    alias: 'champion',
    since: null,
    windows: [window(1), window(2), window(3)],
    features: [
      {
        name: 'wind',
        share: 0.6,
        severity: 0.2,
        moved: 1,
        is_answer: false,
        cells: [
          CELL,
          { ...CELL, severity: 0.1, verdict: 'changed', windows: 31, moved: 5 },
          { ...CELL, severity: 0.4, verdict: 'drifted', reason: 'up by 2 sd' }
        ]
      }
    ],
    alerts: [],
    receipts: [],
    services: [],
    shapes: [],
    notes: [],
    links: {},
    workspace: '',
    made_at: null,
    made_by: '',
    digest: '',
    ...more
  };
}

describe('a report', () => {
  it('is a heat map whose first row is the model as a whole', () => {
    const at = { start: '2013-02-02T05:00:00Z', feature: 'wind' };
    const map = heatOf(report(), trans, at);
    expect(map.rows.map(row => [row.name, row.note])).toEqual([
      ['all together', 'weighted'],
      ['wind', '60 %']
    ]);
    expect(map.at).toEqual({ row: 1, column: 1 });
    const cells = map.rows[1]?.cells ?? [];
    expect(cells.map(one => one.severity)).toEqual([0, 0.25, 1]);
    expect(cells[1]?.text).toBe('5/31');
    expect(cells[2]?.says).toBe('drifted. up by 2 sd');
    expect(heatOf(report({ features: [] }), trans).rows).toHaveLength(1);
  });

  it('finds the place of a moment among its windows', () => {
    const { windows } = report();
    expect(placeOf(windows, '2013-02-02T12:00:00Z')).toBe(1.5);
    expect(placeOf(windows, '2026-01-01T00:00:00Z')).toBeNull();
    expect(placeOf(windows, null)).toBeNull();
  });

  it('marks alerts in the middle of their window, and changes when they were', () => {
    const marks = marksOf(
      report({
        alerts: [alert({ window_start: '2013-02-03T00:00:00Z' })],
        receipts: [
          receipt('r1', {
            action: 'promote',
            alias: 'champion',
            from_version: 1,
            to_version: 2
          }),
          receipt('r2', { state: 'failed' })
        ]
      }),
      trans
    );
    expect(marks.map(one => [one.kind, one.at])).toEqual([
      ['alert', 2.5],
      ['change', 1.5]
    ]);
    expect(marks[1]?.says).toBe(
      'version 2 became champion in place of version 1'
    );
  });

  it('draws labels as a line, the estimate dashed with what it assumes', () => {
    expect(performanceOf(report(), trans)).toBeNull();
    const known = { ...NONE, value: 0.7, low: 0.6, high: 0.8, reference: 0.75 };
    const found = performanceOf(
      report({
        windows: [
          window(1, {
            realised: known,
            settled: false,
            coverage: 0.2,
            estimated: {
              ...known,
              note: 'estimate, assumes P(y|x) unchanged'
            }
          })
        ]
      }),
      trans
    );
    expect(found?.lines.map(line => [line.name, line.dashed ?? false])).toEqual(
      [
        ['AUC from labels', false],
        ['estimate, assumes P(y|x) unchanged', true]
      ]
    );
    expect(found?.reference?.value).toBe(0.75);
    expect(found?.lines[0]?.points[0]).toMatchObject({
      unsettled: true,
      says: 'labels of 20 % of the answers so far'
    });
  });

  it('knows what was declared normal and not taken back', () => {
    const evidence = {
      version: 'delay/1',
      start: '2013-02-10T00:00:00Z',
      end: '2013-02-13T00:00:00Z',
      feature: 'wind'
    };
    const found = normalOf([
      receipt('r3', { evidence }),
      receipt('r2', { undoes: 'r1' }),
      receipt('r1', { evidence })
    ]);
    expect(found.map(one => [one.receipt.id, one.feature])).toEqual([
      ['r3', 'wind']
    ]);
  });
});

describe('the cumulative share', () => {
  it('goes from nothing to all, and finds where two lie furthest apart', () => {
    const before = cumulated([0.5, 0.5, 0]);
    const after = cumulated([0.1, 0.1, 0.8]);
    expect(before).toEqual([0, 0.5, 1, 1]);
    expect(after[3]).toBeCloseTo(1);
    expect(widest(before, after)).toBe(2);
    expect(cumulated([null, 0])).toEqual([0, 0, 0]);
  });
});
