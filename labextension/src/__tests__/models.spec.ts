/** @jest-environment jsdom */
import { describe, expect, test } from '@jest/globals';
import { asBody, asRow, breach, typed } from '../deployments/body';
import {
  choicesOf,
  planOf,
  wrongBeside,
  wrongShare,
  wrongWith
} from '../deployments/plan';
import { intervals } from '../drawings/interval';
import { sparkline } from '../drawings/sparkline';
import { weightBar } from '../drawings/weights';
import { Traffic, quantile, rate, total } from '../deployments/traffic';
import { shapeOf } from '../models/shape';
import {
  cardText,
  contractRows,
  differences,
  firstAnswer,
  gateMetric,
  inOrder,
  inTheWay,
  mainMetric,
  metricRows
} from '../models/view';
import {
  ICheck,
  ICheckReport,
  IDeployment,
  IModelSummary,
  IModelVersion,
  ITraffic,
  IVersionDocument
} from '../records';

function check(name: string, more: Partial<ICheck> = {}): ICheck {
  return {
    name,
    state: 'ok',
    value: null,
    bound: null,
    detail: '',
    next_step: '',
    low: null,
    high: null,
    parts: [],
    ...more
  };
}

const report = {
  version: 'delay/2',
  against: 'delay/1',
  gate: { required: ['metrics', 'champion'], champion: { metric: 'auc' } },
  checks: [
    check('champion', { value: 0.03, bound: -0.01, low: -0.003, high: 0.065 }),
    check('segments', {
      parts: [
        { segment: 'origin=JFK', difference: -0.02, low: -0.04, high: 0.001 },
        { segment: 'origin=EWR', difference: 0.01, low: null, high: null },
        { segment: 'nothing known', difference: null }
      ]
    })
  ]
} as unknown as ICheckReport;

const version = {
  name: 'delay',
  version: 2,
  features: ['wind', 'carrier'],
  metrics: { auc: 0.76, brier: 0.15, new: 1 },
  importance: { wind: 0.01, carrier: 0.04, noise: -0.2 }
} as unknown as IModelVersion;

const document = {
  version,
  champion: null,
  check: null,
  contract: { carrier: { type: 'string', categories: ['UA'] }, wind: {} }
} as unknown as IVersionDocument;

describe('a version', () => {
  test('has its metrics beside those of the champion', () => {
    const champion = { metrics: { auc: 0.7, brier: null } } as never;
    expect(metricRows(version, champion)).toEqual([
      { name: 'auc', value: 0.76, other: 0.7, difference: 0.76 - 0.7 },
      { name: 'brier', value: 0.15, other: null, difference: null },
      { name: 'new', value: 1, other: null, difference: null }
    ]);
    expect(metricRows(version, null)[0]?.difference).toBeNull();
  });

  test('is compared by the metric of the gate, else by its first', () => {
    expect(gateMetric(report)).toBe('auc');
    expect(mainMetric(document)).toBe('auc');
    expect(mainMetric({ ...document, check: report as never })).toBe('auc');
    expect(gateMetric(null)).toBe('');
  });

  test('differs from the champion by so much, in all rows and in segments', () => {
    const found = differences(report, 'all rows');
    expect(found.bound).toBe(-0.01);
    expect(found.rows).toEqual([
      { name: 'all rows', value: 0.03, low: -0.003, high: 0.065 },
      { name: 'origin=JFK', value: -0.02, low: -0.04, high: 0.001 },
      { name: 'origin=EWR', value: 0.01, low: null, high: null }
    ]);
    expect(differences({ ...report, checks: [] }, '').rows).toEqual([]);
  });

  test('shows columns by how much it leans on them', () => {
    const rows = contractRows(document);
    expect(rows.map(row => [row.name, row.share])).toEqual([
      ['carrier', 1],
      ['wind', 0.25]
    ]);
    const bare = { ...document, version: { ...version, importance: {} } };
    expect(contractRows(bare).every(row => row.share === 0)).toBe(true);
  });

  test('is kept back by what failed, and by what had to be judged and was not', () => {
    const all = [
      check('champion', { state: 'fail' }),
      check('metrics auc', { state: 'skipped' }),
      check('fairness', { state: 'skipped' }),
      check('leak', { state: 'warn' })
    ];
    expect(inTheWay({ ...report, checks: all }).map(one => one.name)).toEqual([
      'champion',
      'metrics auc'
    ]);
  });

  test('shows the aliases first that everybody looks for', () => {
    expect(inOrder(['blue', 'challenger', 'champion'])).toEqual([
      'champion',
      'challenger',
      'blue'
    ]);
  });

  test('has a card without what is meant for machines', () => {
    expect(cardText('---\ntags:\n- a\n---\n\n# delay\n\n---\nend')).toBe(
      '# delay\n\n---\nend'
    );
    expect(cardText('# delay')).toBe('# delay');
  });
});

describe('an answer', () => {
  test('is told in short', () => {
    expect(firstAnswer({ predictions: [false] })).toBe('false');
    expect(firstAnswer({ predictions: [0] })).toBe('0');
    expect(firstAnswer({ predictions: [0.123456789] })).toBe('0.123457');
    expect(firstAnswer({ predictions: [[0.25, 0.75]] })).toBe('0.25, 0.75');
    expect(firstAnswer({ predictions: ['late'] })).toBe('late');
    expect(firstAnswer({ predictions: [{ late: 1 }] })).toBe('{"late":1}');
    expect(firstAnswer({ predictions: [] })).toBe('');
    expect(firstAnswer(null)).toBe('');
  });
});

describe('a request', () => {
  const example = {
    dataframe_split: {
      columns: ['wind', 'carrier', 'late', 'n'],
      data: [[20.714039999999997, 'UA', true, null]]
    }
  };
  const contract = {
    wind: { type: 'float', min: 0, max: 50, max_null_ratio: 0 },
    carrier: { type: 'string', categories: ['UA', 'B6'] },
    n: { type: 'int' }
  };
  const row = asRow(example, contract);

  test('is filled in from the example, with the types of the contract', () => {
    expect(row.map(cell => [cell.name, cell.text, cell.type])).toEqual([
      ['wind', '20.71404', 'number'],
      ['carrier', 'UA', 'text'],
      ['late', 'true', 'boolean'],
      ['n', '', 'number']
    ]);
    expect(row[1]?.choices).toEqual(['UA', 'B6']);
    expect(asRow(example).map(cell => cell.type)).toEqual([
      'number',
      'text',
      'boolean',
      'text'
    ]);
    expect(asRow({ dataframe_records: [] })).toEqual([]);
  });

  test('has values of their type, nothing where nothing is typed', () => {
    const [wind, carrier, late] = row as [never, never, never];
    const put = (cell: never, text: string) =>
      typed({ ...(cell as object), text } as never);
    expect(put(wind, ' 1e3 ')).toBe(1000);
    expect(put(wind, '')).toBeNull();
    expect(put(wind, 'much')).toBeUndefined();
    expect(put(wind, 'Infinity')).toBeUndefined();
    expect(put(carrier, 'true')).toBe('true');
    expect(put(late, 'false')).toBe(false);
    expect(put(late, 'no')).toBeUndefined();
  });

  test('says where a value is not as in training', () => {
    const put = (at: number, text: string) =>
      breach(
        { ...(row[at] as never as object), text } as never,
        contract[['wind', 'carrier'][at] as 'wind']
      );
    expect(put(0, '20')).toBe('');
    expect(put(0, '-1')).toBe('low');
    expect(put(0, '51')).toBe('high');
    expect(put(0, '')).toBe('missing');
    expect(put(0, 'much')).toBe('');
    expect(put(1, 'ZZ')).toBe('unseen');
    expect(breach(row[0] as never, undefined)).toBe('');
  });

  test('is sent as one row', () => {
    expect(asBody(row)).toEqual({
      dataframe_split: {
        columns: ['wind', 'carrier', 'late', 'n'],
        data: [[20.71404, 'UA', true, null]]
      }
    });
  });
});

describe('traffic', () => {
  const bounds = [0.01, 0.1, 1];
  const look = (
    at: number,
    version: string,
    requests: number,
    buckets: number[],
    errors = 0
  ) => ({
    at,
    counters: [
      { version, requests, errors, seconds: 0, bounds, buckets } as ITraffic
    ]
  });

  test('has a rate between two looks, with the time of 95 of 100', () => {
    const found = rate(
      look(0, 'delay/1', 100, [100, 0, 0, 0]),
      look(10_000, 'delay/1', 200, [100, 100, 0, 0], 5),
      ['delay/1']
    );
    expect(found).toEqual({
      requests: 10,
      errors: 0.05,
      p95_ms: expect.closeTo(95.5, 6)
    });
  });

  test('knows no time and no share of errors without requests', () => {
    const same = look(0, 'delay/1', 100, [100, 0, 0, 0]);
    expect(rate(same, { ...same, at: 5000 }, ['delay/1'])).toEqual({
      requests: 0,
      errors: null,
      p95_ms: null
    });
  });

  test('is not known where counters began anew', () => {
    const before = look(0, 'delay/1', 100, [100, 0, 0, 0]);
    const after = look(5000, 'delay/1', 3, [3, 0, 0, 0]);
    expect(rate(before, after, ['delay/1'])).toBeNull();
    expect(rate(before, before, ['delay/1'])).toBeNull();
  });

  test('begins with zero for a version that is new', () => {
    const before = { at: 0, counters: [] };
    const after = look(2000, 'delay/2', 4, [4, 0, 0, 0]);
    expect(rate(before, after, ['delay/2'])?.requests).toBe(2);
    expect(rate(before, after, ['delay/1'])?.requests).toBe(0);
    expect(total(after.counters, ['delay/1', 'delay/2'])).toBe(4);
  });

  test('has quantiles within buckets; the last bucket has no end', () => {
    expect(quantile(0.5, bounds, [0, 10, 0, 0])).toBeCloseTo(0.055);
    expect(quantile(0.95, bounds, [0, 0, 0, 10])).toBe(1);
    expect(quantile(0.95, bounds, [0, 0, 0, 0])).toBeNull();
  });

  test('is remembered for a while, each look once', () => {
    const seen = new Traffic();
    for (let at = 0; at < 100; at++) {
      seen.add(look(at * 1000, 'delay/1', at, [at, 0, 0, 0]));
      seen.add(look(at * 1000, 'delay/1', at, [at, 0, 0, 0]));
    }
    const rates = seen.rates(['delay/1']);
    expect(rates).toHaveLength(59);
    expect(rates.every(one => one?.requests === 1)).toBe(true);
    expect(total(seen.counters, ['delay/1'])).toBe(99);
  });
});

describe('a deployment that is asked for', () => {
  const models = [
    {
      name: 'delay',
      aliases: { champion: 1, challenger: 2 },
      newest: { version: 3 }
    }
  ] as unknown as IModelSummary[];

  test('begins with what is there', () => {
    const there = {
      name: 'late',
      routes: [
        { role: 'live', ref: 'delay@champion', weight: 80 },
        { role: 'canary', ref: 'delay/2', weight: 20 },
        { role: 'shadow', ref: 'delay/3', weight: 0 }
      ]
    } as unknown as IDeployment;
    expect(planOf(there)).toEqual({
      target: 'delay@champion',
      name: 'late',
      canary: 'delay/2',
      share: '20',
      shadow: 'delay/3'
    });
    expect(planOf({ ...there, routes: [] }).share).toBe('10');
  });

  test('can be an alias, the newest version, or an older one', () => {
    const older = [{ name: 'delay', version: 1 }];
    expect(choicesOf(models, [...older, ...older])).toEqual([
      'delay@champion',
      'delay@challenger',
      'delay/3',
      'delay/1'
    ]);
  });

  test('is looked at before it is sent', () => {
    expect(wrongWith('delay@champion', models)).toBeNull();
    expect(wrongWith('delay', models)).toBeNull();
    expect(wrongWith('delay/2', null)).toBeNull();
    expect(wrongWith('late/2', models)).toBe('none');
    expect(wrongWith('delay/2/3', models)).toBe('form');
    expect(wrongWith('delay @champion', models)).toBe('form');
    expect(wrongBeside('delay/2', 'delay/2')).toBe('same');
    expect(wrongBeside('late/2', 'delay/2')).toBe('other');
    expect(wrongBeside('delay/1', 'delay@champion')).toBeNull();
    expect(['0', '', '100', 'x', '-1'].map(wrongShare)).toEqual(
      Array(5).fill('share')
    );
    expect(wrongShare('0.5')).toBeNull();
  });
});

describe('a drawing', () => {
  test('of intervals says every number, and marks what is worse', () => {
    const drawn = intervals({
      name: 'auc',
      rows: [
        { name: 'all rows', value: 0.03, low: -0.003, high: 0.065 },
        { name: 'JFK', value: -0.05, low: -0.08, high: -0.02 }
      ],
      bound: -0.01,
      words: { bound: 'allowed', zero: 'no difference' }
    });
    expect(drawn.getAttribute('aria-label')).toBe(
      'auc: all rows +0.0300 (−0.00300 to +0.0650); JFK −0.0500 (−0.0800 to −0.0200)'
    );
    expect(drawn.querySelectorAll('circle')).toHaveLength(1);
    expect(drawn.querySelectorAll('rect')).toHaveLength(1);
    expect(drawn.textContent).toContain('allowed');
  });

  test('of shares says who answers how much; a shadow answers nothing', () => {
    const drawn = weightBar([
      { version: 'delay/1', role: 'live', weight: 80 },
      { version: '', ref: 'delay@challenger', role: 'canary', weight: 20 },
      { version: 'delay/3', role: 'shadow', weight: 0 }
    ]);
    expect(drawn.getAttribute('aria-label')).toBe(
      'delay/1 live 80 %, delay@challenger canary 20 %, delay/3 shadow'
    );
    expect([...drawn.children].map(one => one.textContent)).toEqual([
      'delay/1 80 %',
      '20 %'
    ]);
  });

  test('of a line has a dot where a value stands alone', () => {
    const drawn = sparkline({ values: [1, null, 2, null, 3, 4], name: 'p95' });
    expect(drawn.querySelectorAll('circle')).toHaveLength(3);
  });
});

describe('a column of the reference', () => {
  const words = { reference: 'training', seen: 'window' };

  test('is drawn when something is known of it', () => {
    const shape = { edges: [0, 1, 2], names: [], reference: [0.25, 0.75] };
    const column = { name: 'wind', shape } as never;
    expect(shapeOf(column, words)).toMatchObject({ edges: [0, 1, 2] });
    const empty = { name: 'x', shape: { ...shape, reference: [] } } as never;
    expect(shapeOf(empty, words)).toBeNull();
  });
});
