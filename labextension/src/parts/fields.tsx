import React from 'react';

let made = 0;

interface IField {
  readonly label: string;
  /** What it is for, under it. */
  readonly help?: string | undefined;
  /** What is wrong with it. */
  readonly error?: string | undefined;
  /** Whether the label is only for those who hear it: what stands beside says it. */
  readonly hidden?: boolean;
}

/** A label, what it belongs to, and what is wrong with that. */
export function Field({
  label,
  help,
  error,
  hidden,
  children
}: IField & {
  readonly children: (attributes: {
    id: string;
    'aria-describedby'?: string;
    'aria-invalid'?: boolean;
  }) => React.ReactNode;
}): React.JSX.Element {
  const [id] = React.useState(() => `mlops-nb-field-${++made}`);
  const note = error ?? help;
  return (
    <div className="mlops-nb-Field">
      <label htmlFor={id} {...(hidden && { className: 'mlops-nb-Unseen' })}>
        {label}
      </label>
      {children({
        id,
        ...(note && { 'aria-describedby': `${id}-note` }),
        ...(error && { 'aria-invalid': true })
      })}
      {note && (
        <div
          id={`${id}-note`}
          className={error ? 'mlops-nb-Wrong' : 'mlops-nb-Quiet'}
          {...(error && { role: 'alert' })}
        >
          {note}
        </div>
      )}
    </div>
  );
}

/** A line of text. */
export function TextField({
  value,
  onChange,
  placeholder,
  list,
  type = 'text',
  ...rest
}: IField & {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly placeholder?: string | undefined;
  /** Values to choose from; others may be typed. */
  readonly list?: readonly string[] | undefined;
  readonly type?: 'text' | 'number' | 'date' | 'time' | 'search';
}): React.JSX.Element {
  return (
    <Field {...rest}>
      {attributes => (
        <>
          <input
            {...attributes}
            className="jp-mod-styled"
            type={type}
            value={value}
            placeholder={placeholder}
            spellCheck={false}
            {...(list && { list: `${attributes.id}-list` })}
            onChange={event => onChange(event.target.value)}
          />
          {list && (
            <datalist id={`${attributes.id}-list`}>
              {list.map(one => (
                <option key={one} value={one} />
              ))}
            </datalist>
          )}
        </>
      )}
    </Field>
  );
}

/** One of a few. */
export function Choice<T extends string>({
  value,
  onChange,
  choices,
  ...rest
}: IField & {
  readonly value: T;
  readonly onChange: (value: T) => void;
  readonly choices: readonly (readonly [T, string])[];
}): React.JSX.Element {
  return (
    <Field {...rest}>
      {attributes => (
        <select
          {...attributes}
          className="jp-mod-styled"
          value={value}
          onChange={event => onChange(event.target.value as T)}
        >
          {choices.map(([one, text]) => (
            <option key={one} value={one}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** Yes or no. */
export function Tick({
  label,
  help,
  value,
  onChange
}: {
  readonly label: string;
  readonly help?: string;
  readonly value: boolean;
  readonly onChange: (value: boolean) => void;
}): React.JSX.Element {
  return (
    <label className="mlops-nb-Tick">
      <input
        type="checkbox"
        checked={value}
        onChange={event => onChange(event.target.checked)}
      />
      <span>
        {label}
        {help && <span className="mlops-nb-Quiet"> {help}</span>}
      </span>
    </label>
  );
}
