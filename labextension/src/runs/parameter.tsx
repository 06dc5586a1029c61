import React from 'react';
import { useFace } from '../core/context';
import { Choice, TextField } from '../parts/fields';
import { IParameter } from '../records';
import {
  IRead,
  MOST,
  Mode,
  Type,
  Wrong,
  modeOf,
  read,
  shownDefault,
  typeOf
} from './values';

/** What a person did with one parameter. */
export interface IEntered {
  readonly text: string;
  readonly mode: Mode;
}

/** A parameter, what stands in its field, and what that means. */
export interface IRow {
  readonly parameter: IParameter;
  readonly type: Type;
  readonly entered: IEntered;
  /** Whether it is not as the notebook has it. */
  readonly changed: boolean;
  readonly read: IRead;
}

/** What stands in the fields of a form, from the notebook's parameters and what a person did. */
export function rowsOf(
  parameters: readonly IParameter[],
  entered: Readonly<Record<string, IEntered>>
): readonly IRow[] {
  return parameters.map(parameter => {
    const type = typeOf(parameter.default, parameter.type);
    const usual: IEntered = {
      text: shownDefault(parameter.default, type),
      mode: 'one'
    };
    const now = entered[parameter.name] ?? usual;
    return {
      parameter,
      type,
      entered: now,
      changed: now.text !== usual.text || now.mode !== usual.mode,
      read: read(now.text, type, now.mode)
    };
  });
}

/** A value of a run as a field shows it. */
export function asTyped(value: unknown): string {
  if (value === null || value === undefined) {
    return 'None';
  }
  if (typeof value === 'boolean') {
    return value ? 'True' : 'False';
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** One parameter: its values, and how they are meant. */
export function ParameterField({
  row,
  error,
  change
}: {
  readonly row: IRow;
  /** What the server says of it. */
  readonly error: string | undefined;
  readonly change: (entered: IEntered) => void;
}): React.JSX.Element {
  const { trans } = useFace();
  const { parameter, entered, type, changed } = row;
  const { problem, values } = row.read;
  const isNumber = type === 'int' || type === 'float';
  const wrong: Readonly<Record<Wrong, string>> = {
    '': '',
    empty: trans.__('One or more values, with commas between them.'),
    int: trans.__('A whole number is wanted, like 3.'),
    float: trans.__('A number is wanted, like 0.5.'),
    bool: trans.__('True or False.'),
    list: trans.__('A list is wanted, like [1, 2].'),
    dict: trans.__('A dictionary is wanted, like {"a": 1}.'),
    range: trans.__('From and to, like 3..12; with a step 0..1:0.1.'),
    step: trans.__('With that step it never arrives.'),
    many: trans.__('That makes more than %1 runs.', MOST.toLocaleString())
  };
  const said = changed && problem ? wrong[problem] : error;
  const count =
    changed && !problem && entered.mode !== 'one'
      ? trans._n('%1 value', '%1 values', values.length)
      : '';
  const help = [parameter.help, parameter.type || type, count]
    .filter(Boolean)
    .join(' · ');
  const kinds: readonly (readonly [Mode, string])[] = [
    ['one', trans.__('one value')],
    ['list', trans.__('several values')],
    ...(isNumber ? ([['range', trans.__('a range')]] as const) : [])
  ];
  return (
    <div className="mlops-nb-Values" data-changed={changed}>
      <div className="mlops-nb-Parameter">
        {type === 'bool' && entered.mode === 'one' ? (
          <Choice
            label={parameter.name}
            help={help}
            error={said}
            value={entered.text}
            onChange={text => change({ ...entered, text })}
            choices={[
              ['True', 'True'],
              ['False', 'False'],
              ...(['True', 'False'].includes(entered.text)
                ? []
                : ([[entered.text, entered.text]] as const))
            ]}
          />
        ) : (
          <TextField
            label={parameter.name}
            help={help}
            error={said}
            value={entered.text}
            placeholder={
              entered.mode === 'range'
                ? trans.__('from..to:step')
                : entered.mode === 'list'
                  ? trans.__('one, another')
                  : undefined
            }
            onChange={text =>
              change({ text, mode: modeOf(text, type, entered.mode) })
            }
          />
        )}
        <Choice<Mode>
          label={trans.__('%1 as', parameter.name)}
          hidden
          value={entered.mode}
          onChange={mode => change({ ...entered, mode })}
          choices={kinds}
        />
      </div>
    </div>
  );
}
