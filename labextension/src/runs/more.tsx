import React from 'react';
import { useFace } from '../core/context';
import { Choice, TextField, Tick } from '../parts/fields';
import { secondsOf } from './values';

/** What is rarely asked for, as it was typed. */
export interface IHow {
  readonly where: 'here' | 'cluster';
  readonly address: string;
  readonly parallel: string;
  readonly limit: string;
  readonly secrets: string;
  readonly name: string;
  readonly missed: 'none' | 'last' | 'all';
  readonly overlap: boolean;
  readonly pin: boolean;
  readonly retries: string;
  readonly notify: string;
}

export const HOW: IHow = {
  where: 'here',
  address: '',
  parallel: '',
  limit: '',
  secrets: '',
  name: '',
  missed: 'last',
  overlap: false,
  pin: true,
  retries: '0',
  notify: ''
};

export type WrongHow = 'parallel' | 'limit' | 'retries' | 'address';

function words(text: string): readonly string[] {
  return text.split(/[\s,;]+/).filter(word => word !== '');
}

function count(text: string, least: number): number | null {
  const value = Number(text);
  return Number.isInteger(value) && value >= least ? value : null;
}

/** What was typed as the routes take it, and the fields that cannot be read. */
export function readHow(how: IHow) {
  const parallel = how.parallel.trim() === '' ? null : count(how.parallel, 1);
  const limit = secondsOf(how.limit);
  const retries = how.retries.trim() === '' ? 0 : count(how.retries, 0);
  const wrong: WrongHow[] = [];
  if (how.parallel.trim() !== '' && parallel === null) {
    wrong.push('parallel');
  }
  if (limit === null) {
    wrong.push('limit');
  }
  if (retries === null) {
    wrong.push('retries');
  }
  if (how.where === 'cluster' && how.address.trim() === '') {
    wrong.push('address');
  }
  return {
    wrong,
    timeout_s: limit ?? 0,
    run: {
      secrets: words(how.secrets),
      ...(parallel !== null && { parallel }),
      ...(how.where === 'cluster' && { on: how.address.trim() })
    },
    schedule: {
      catch_up: how.missed,
      overlap: how.overlap,
      pin: how.pin,
      retries: retries ?? 0,
      notify: words(how.notify),
      ...(how.name.trim() !== '' && { name: how.name.trim() })
    }
  };
}

/** The fields for that, folded away until somebody wants them or one of them is wrong. */
export function More({
  how,
  change,
  scheduled,
  name,
  wrong,
  said
}: {
  readonly how: IHow;
  readonly change: (how: IHow) => void;
  readonly scheduled: boolean;
  /** What a schedule is called when nothing is typed. */
  readonly name: string;
  readonly wrong: readonly WrongHow[];
  /** What the server says of a field. */
  readonly said: (field: string) => string | undefined;
}): React.JSX.Element {
  const { trans } = useFace();
  const [open, setOpen] = React.useState(false);
  const fields = scheduled
    ? ['name', 'notify', 'retries', 'timeout_s']
    : ['on', 'parallel', 'timeout_s', 'secrets'];
  const needed = wrong.length > 0 || fields.some(field => said(field));
  const limit = (
    <TextField
      label={trans.__('Time limit of a run')}
      help={trans.__('Like 90s, 10m or 1h. Empty: none.')}
      error={
        wrong.includes('limit')
          ? trans.__('A span of time is wanted, like 10m.')
          : said('timeout_s')
      }
      value={how.limit}
      onChange={text => change({ ...how, limit: text })}
    />
  );
  return (
    <details
      open={open || needed}
      onToggle={event => setOpen(event.currentTarget.open)}
    >
      <summary>{trans.__('More')}</summary>
      {scheduled ? (
        <>
          <TextField
            label={trans.__('Name of the schedule')}
            error={said('name')}
            value={how.name}
            placeholder={name}
            onChange={text => change({ ...how, name: text })}
          />
          <Choice<IHow['missed']>
            label={trans.__('When it was missed')}
            help={trans.__('Because the computer was off, for instance.')}
            value={how.missed}
            onChange={missed => change({ ...how, missed })}
            choices={[
              ['last', trans.__('run once, as soon as it can')],
              ['all', trans.__('make up for each time')],
              ['none', trans.__('wait for the next time')]
            ]}
          />
          <Tick
            label={trans.__('It may begin while the run before is still on')}
            value={how.overlap}
            onChange={overlap => change({ ...how, overlap })}
          />
          <Tick
            label={trans.__('Only as the notebook is now')}
            help={trans.__(
              'When it was changed since, it is not run until it is scheduled again.'
            )}
            value={how.pin}
            onChange={pin => change({ ...how, pin })}
          />
          <TextField
            label={trans.__('Attempts after a failure')}
            type="number"
            error={
              wrong.includes('retries')
                ? trans.__('0 or more.')
                : said('retries')
            }
            value={how.retries}
            onChange={text => change({ ...how, retries: text })}
          />
          {limit}
          <TextField
            label={trans.__('Mail about failures')}
            help={trans.__('Addresses, with commas between them.')}
            error={said('notify')}
            value={how.notify}
            onChange={text => change({ ...how, notify: text })}
          />
        </>
      ) : (
        <>
          <TextField
            label={trans.__('Runs side by side')}
            type="number"
            error={
              wrong.includes('parallel')
                ? trans.__('1 or more.')
                : said('parallel')
            }
            value={how.parallel}
            placeholder={trans.__('as the workspace is set')}
            onChange={text => change({ ...how, parallel: text })}
          />
          {limit}
          <Choice<IHow['where']>
            label={trans.__('Where')}
            value={how.where}
            onChange={where => change({ ...how, where })}
            choices={[
              ['here', trans.__('on this server')],
              ['cluster', trans.__('on a Dask cluster')]
            ]}
          />
          {how.where === 'cluster' && (
            <TextField
              label={trans.__('Address of its scheduler')}
              error={
                wrong.includes('address')
                  ? trans.__('An address is wanted.')
                  : said('on')
              }
              value={how.address}
              placeholder="tcp://scheduler:8786"
              onChange={text => change({ ...how, address: text })}
            />
          )}
          <TextField
            label={trans.__('Further secrets')}
            help={trans.__(
              'Names of passwords and keys that the notebook asks for. Their values come from the environment or the keyring of the server.'
            )}
            error={said('secrets')}
            value={how.secrets}
            onChange={text => change({ ...how, secrets: text })}
          />
        </>
      )}
    </details>
  );
}
