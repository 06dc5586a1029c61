import { describe, expect, it, test } from '@jest/globals';
import {
  begunAgain,
  columns,
  counted,
  inOrder,
  standing
} from '../runs/entries';
import { failure } from '../runs/executed';
import { lines } from '../runs/lines';
import { literal, parts } from '../runs/literal';
import {
  MOST,
  Mode,
  Type,
  modeOf,
  read,
  runsOf,
  secondsOf,
  shownDefault,
  typeOf
} from '../runs/values';
import { EVERY_DAY, IWhen, spans, trigger } from '../runs/when';
import { IRun } from '../records';

describe('what a person types for a parameter', () => {
  const value = (text: string, type: Type) => read(text, type, 'one');

  const good: [string, Type, unknown][] = [
    ['3', 'int', 3],
    [' -1_000 ', 'int', -1000],
    ['0.5', 'float', 0.5],
    ['1e-3', 'float', 0.001],
    ['true', 'bool', true],
    ['False', 'bool', false],
    ['None', 'int', null],
    ['delay/2', 'str', 'delay/2'],
    ["'None'", 'str', 'None'],
    ["o'clock", 'str', "o'clock"],
    ["[1, 'a', None, True]", 'list', [1, 'a', null, true]],
    ['(1, 2,)', 'list', [1, 2]],
    ['{"a": [1], \'b\': {}}', 'dict', { a: [1], b: {} }]
  ];
  it.each(good)('reads %s as %s', (text, type, expected) => {
    expect(value(text, type)).toEqual({ values: [expected], problem: '' });
  });

  const bad: [string, Type][] = [
    ['1.5', 'int'],
    ['', 'int'],
    ['12a', 'float'],
    ['yes', 'bool'],
    ['[1, 2', 'list'],
    ['{}', 'list'],
    ['[1]', 'dict'],
    ['open("x")', 'list']
  ];
  it.each(bad)('refuses %s as %s', (text, type) => {
    expect(value(text, type)).toEqual({ values: [], problem: type });
  });

  it('reads several values; commas within quotes and brackets are part of one', () => {
    expect(read('1, 2,3', 'int', 'list').values).toEqual([1, 2, 3]);
    expect(read('a, "b, c", None', 'str', 'list').values).toEqual([
      'a',
      'b, c',
      null
    ]);
    expect(read('[1, 2], [3]', 'list', 'list').values).toEqual([[1, 2], [3]]);
    expect(read(' , ', 'int', 'list').problem).toBe('empty');
    expect(read('1, x', 'int', 'list').problem).toBe('int');
    expect(parts("it's, so")).toEqual(["it's", 'so']);
  });

  it('reads ranges, up and down, with steps that do not drift', () => {
    expect(read('3..6', 'int', 'range').values).toEqual([3, 4, 5, 6]);
    expect(read('6 to 3', 'int', 'range').values).toEqual([6, 5, 4, 3]);
    expect(read('1..10:4', 'int', 'range').values).toEqual([1, 5, 9]);
    expect(read('0..0.3:0.1', 'float', 'range').values).toEqual([
      0, 0.1, 0.2, 0.3
    ]);
    expect(read('0.0..1.0:0.25', 'float', 'range').values).toHaveLength(5);
    expect(read('3..', 'int', 'range').problem).toBe('range');
    expect(read('1..5:0', 'int', 'range').problem).toBe('step');
    expect(read('1..5:-1', 'int', 'range').problem).toBe('step');
    expect(read('0..1:0.5', 'int', 'range').problem).toBe('int');
    expect(read(`1..${MOST + 1}`, 'int', 'range').problem).toBe('many');
  });

  it('sees from what is typed how it is meant, where that is plain', () => {
    const cases: readonly (readonly [string, Type, Mode, Mode])[] = [
      ['3..12', 'int', 'one', 'range'],
      ['3, 4', 'int', 'one', 'list'],
      ['3', 'int', 'range', 'one'],
      ['3', 'int', 'list', 'list'],
      ['3.', 'float', 'one', 'one'],
      ['3.5', 'float', 'one', 'one'],
      ['a, b', 'str', 'one', 'one'],
      ['a, b', 'str', 'list', 'list']
    ];
    for (const [text, type, mode, expected] of cases) {
      expect([text, modeOf(text, type, mode)]).toEqual([text, expected]);
    }
  });

  it('says how many runs that makes', () => {
    expect(runsOf([])).toBe(1);
    expect(
      runsOf([read('1..12', 'int', 'range'), read('a, b', 'str', 'list')])
    ).toBe(24);
  });
});

describe('the notebook’s own words', () => {
  it('knows the type of a parameter', () => {
    expect(typeOf('3', 'int')).toBe('int');
    expect(typeOf('None', 'float | None')).toBe('float');
    expect(typeOf('None', 'Optional[int]')).toBe('int');
    expect(typeOf('[]', 'list[str]')).toBe('list');
    expect(typeOf('-0.5', '')).toBe('float');
    expect(typeOf('True', '')).toBe('bool');
    expect(typeOf('{}', '')).toBe('dict');
    expect(typeOf('date.today()', '')).toBe('str');
  });

  it('shows texts without their quotes, and leaves expressions alone', () => {
    expect(shownDefault("'it\\'s'", 'str')).toBe("it's");
    expect(shownDefault("'a' + 'b'", 'str')).toBe("'a' + 'b'");
    expect(shownDefault('date.today()', 'str')).toBe('date.today()');
    expect(shownDefault('3', 'int')).toBe('3');
  });

  it('reads literals as Python writes them', () => {
    expect(literal('"\\u00e9\\n\\x41"')).toBe('é\nA');
    expect(() => literal('[1] [2]')).toThrow();
    expect(() => literal('"open')).toThrow();
  });
});

test('spans of time', () => {
  expect(secondsOf('')).toBe(0);
  expect(secondsOf('90')).toBe(90);
  expect(secondsOf('10m')).toBe(600);
  expect(secondsOf('1h 30min')).toBe(5400);
  expect(secondsOf('soon')).toBeNull();
  expect(secondsOf('5 months')).toBeNull();
});

describe('when it runs by itself', () => {
  const of = (change: Partial<IWhen>) => trigger({ ...EVERY_DAY, ...change });

  it('is said as the routes take it', () => {
    expect(of({ time: '18:05', timezone: 'Europe/Paris' }).trigger).toEqual({
      cron: '5 18 * * *',
      timezone: 'Europe/Paris'
    });
    expect(of({ kind: 'weekly' }).trigger?.cron).toBe('0 6 * * 1-5');
    expect(of({ kind: 'every', amount: '15', unit: 'm' }).trigger).toEqual({
      every: '15m'
    });
    expect(of({ kind: 'after', table: 'flights' }).trigger).toEqual({
      after: 'flights'
    });
    expect(of({ kind: 'alert', alert: 'drift' }).trigger).toEqual({
      after_alert: 'drift'
    });
  });

  it('names what is missing', () => {
    expect(of({ time: '' }).missing).toBe('time');
    expect(of({ kind: 'weekly', days: [] }).missing).toBe('days');
    expect(of({ kind: 'every', amount: '0' }).missing).toBe('every');
    expect(of({ kind: 'every', amount: '1.5' }).missing).toBe('every');
    expect(of({ kind: 'cron', cron: ' ' }).missing).toBe('cron');
    expect(of({ kind: 'after' }).missing).toBe('after');
  });

  it('writes days as cron does', () => {
    expect(spans([6, 0])).toBe('0,6');
    expect(spans([5, 3, 1, 2, 3])).toBe('1-3,5');
    expect(spans([1, 2])).toBe('1,2');
  });
});

const run = (id: string, more: Partial<IRun> = {}) =>
  ({ id, parameters: {}, because: '', status: 'finished', ...more }) as IRun;

describe('a grid', () => {
  it('is as far as its runs are', () => {
    const at = (status: Record<string, number>, runs: number) =>
      standing({ grid: 'g', runs, status, verdict: { drifted: 2 } });
    expect(at({ finished: 11, failed: 1, running: 2, queued: 6 }, 20)).toEqual({
      runs: 20,
      ended: 12,
      running: 2,
      failed: 1,
      cancelled: 0,
      drifted: 2,
      changed: 0,
      state: 'running'
    });
    expect(at({ queued: 2 }, 2).state).toBe('queued');
    expect(at({ finished: 1, failed: 1 }, 2).state).toBe('failed');
    expect(at({ finished: 1, cancelled: 1 }, 2).state).toBe('cancelled');
    expect(at({ finished: 2 }, 2).state).toBe('finished');
  });

  it('shows the parameters that differ, and which runs were begun again', () => {
    const runs = [
      run('a', { parameters: { month: 1, model: 'm' } }),
      run('b', { parameters: { month: 2, model: 'm' }, because: 'resumes c' }),
      run('c', { parameters: { month: 2, model: 'm' }, status: 'failed' })
    ];
    expect(columns(runs)).toEqual({ differ: ['month'], alike: ['model'] });
    expect([...begunAgain(runs)]).toEqual(['c']);
    expect(counted('g', runs).status).toEqual({ finished: 2 });
  });

  it('sorts numbers by size, texts by letters, and what is missing last', () => {
    expect([10, 9, null, 2].sort(inOrder)).toEqual([2, 9, 10, null]);
    expect(['m10', 'm9', undefined].sort(inOrder)).toEqual([
      'm9',
      'm10',
      undefined
    ]);
  });
});

test('the cell at which a notebook failed', () => {
  const code = (source: string, outputs: unknown[] = []) => ({
    cell_type: 'code',
    source: [source],
    outputs
  });
  const error = {
    output_type: 'error',
    ename: 'ValueError',
    evalue: 'no',
    traceback: ['\u001b[0;31mValueError\u001b[0m: no']
  };
  const cells = [
    code('a = 1'),
    { cell_type: 'markdown', source: '# b' },
    code('raise ValueError("no")', [{ output_type: 'stream' }, error]),
    code('c')
  ];
  expect(failure({ cells })).toEqual({
    cell: 2,
    source: 'raise ValueError("no")',
    name: 'ValueError',
    value: 'no',
    traceback: 'ValueError: no'
  });
  expect(failure({ cells: [code('a')] })).toBeNull();
  expect(failure(null)).toBeNull();
});

test('lines that two texts have in common', () => {
  const [before, after] = lines('a\nb\nc', 'a\nx\nc\nd');
  expect(before.map(one => one.same)).toEqual([true, false, true]);
  expect(after.map(one => one.same)).toEqual([true, false, true, false]);
  expect(after.map(one => one.text).join('\n')).toBe('a\nx\nc\nd');
  const long = Array.from({ length: 500 }, (_, at) => `${at}`).join('\n');
  expect(lines(long, `${long}\nnew`)[1].filter(one => !one.same)).toEqual([
    { text: 'new', same: false }
  ]);
});
