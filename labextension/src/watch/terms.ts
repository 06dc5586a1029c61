import { TranslationBundle } from '@jupyterlab/translation';
import { IRule } from '../records';

/** What a measure or a figure is called on screen. */
export function nameOf(measure: string, trans: TranslationBundle): string {
  switch (measure) {
    case 'score':
      return trans.__('weighted change');
    case 'distance':
      return trans.__('distance from the reference');
    case 'rows':
      return trans.__('answers');
    case 'null_share':
      return trans.__('share missing');
    case 'absent_share':
      return trans.__('share without the column');
    case 'wrong_type_share':
      return trans.__('share of another type');
    case 'unseen_share':
      return trans.__('share of values never seen');
    case 'out_of_range_share':
      return trans.__('share out of range');
    case 'broken_rules':
      return trans.__('broken rules of the contract');
    case 'newest_row_s':
      return trans.__('age of the newest answer');
    case 'coverage':
      return trans.__('share with labels');
    case 'diverging':
      return trans.__('gap to the estimate, in standard errors');
    case 'error_rate':
      return trans.__('rise of the error rate');
    case 'cusum':
      return trans.__('errors creeping up');
    case 'batch_online':
      return trans.__('batch against online');
    case 'training_serving':
      return trans.__('training against serving');
    case 'uptime':
      return trans.__('uptime');
    case 'error_share':
      return trans.__('share of failed requests');
    case 'client_share':
      return trans.__('share refused as wrong');
    case 'slow_share':
      return trans.__('share of slow requests');
    case 'rate':
      return trans.__('requests a second');
    case 'watched':
      return trans.__('share of the time watched');
    case 'p50_ms':
      return trans.__('half within');
    case 'p95_ms':
      return trans.__('95 % within');
    case 'p99_ms':
      return trans.__('99 % within');
    case 'auc':
      return trans.__('AUC');
    case 'f1':
      return trans.__('F1');
    case 'rmse':
      return trans.__('RMSE');
    case 'mae':
      return trans.__('MAE');
    case 'r2':
      return trans.__('R²');
    default:
      return measure.replace(/_/g, ' ');
  }
}

/** Whether a measure is a share, to be shown as per cent. */
export function isShare(measure: string): boolean {
  return (
    measure.endsWith('_share') ||
    ['coverage', 'uptime', 'watched'].includes(measure)
  );
}

/** What kind of alert it is, in words: column_missing is “column missing”. */
export function kindOf(kind: string): string {
  return kind.replace(/_/g, ' ');
}

/** A length as rules write it, in words: 7d is “7 days”. */
export function lengthOf(text: string, trans: TranslationBundle): string {
  const found = /^(\d+)([mhdw])$/.exec(text);
  if (!found) {
    return text === 'month' ? trans.__('a month') : text;
  }
  const count = Number(found[1]);
  switch (found[2]) {
    case 'm':
      return trans._n('%1 minute', '%1 minutes', count);
    case 'h':
      return trans._n('%1 hour', '%1 hours', count);
    case 'd':
      return trans._n('%1 day', '%1 days', count);
    default:
      return trans._n('%1 week', '%1 weeks', count);
  }
}

/** When a rule rings: “2 of 3 windows of 7 days in a row; quiet for 7 days after it was dealt with”. */
export function ringsWhen(rule: IRule, trans: TranslationBundle): string {
  const wide = rule.every
    ? lengthOf(rule.every, trans)
    : trans.__('any length');
  const count =
    rule.k === 1 && rule.n === 1
      ? trans.__('in one window of %1', wide)
      : rule.k === rule.n
        ? trans.__('in %1 windows of %2 in a row', rule.k, wide)
        : trans.__('in %1 of %2 windows of %3', rule.k, rule.n, wide);
  const parts = [count];
  if (rule.above !== null) {
    parts.push(trans.__('values over %1', rule.above));
  }
  if (rule.below !== null) {
    parts.push(trans.__('values under %1', rule.below));
  }
  if (rule.step !== null) {
    parts.push(
      trans.__(
        '%1 above the fortnight before, from one window to the next',
        rule.step
      )
    );
  }
  const unless = rule.unless.map(kindOf).join(', ');
  if (unless) {
    parts.push(trans.__('not while this rings: %1', unless));
  }
  return parts.join('; ');
}

/** What a rule looks at, where that is not the model as a whole: features, segments. */
export function looksAt(rule: IRule, trans: TranslationBundle): string {
  const words: string[] = [];
  const features = rule.features.filter(Boolean);
  if (features.length > 0) {
    words.push(
      features.includes('?*') || features.includes('*')
        ? trans.__('every column')
        : features.join(', ')
    );
  }
  const segments = rule.segments.filter(Boolean);
  if (segments.length > 0) {
    words.push(
      segments.includes('?*') || segments.includes('*')
        ? trans.__('every segment')
        : segments.join(', ')
    );
  }
  return words.join(' · ') || trans.__('the model as a whole');
}

/** As a sentence or a label begins. */
export function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
