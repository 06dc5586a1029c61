import { Button } from '@jupyterlab/ui-components';
import React from 'react';
import { useAnswer, useFace } from '../core/context';
import { StateText } from '../parts/looks';
import { Grid, Part, Shown, Unfold } from '../parts/pieces';
import { asTime } from '../parts/words';
import { IAlarm, IMute } from '../records';
import { headline, who } from './alerts';
import { dayOf } from './spans';
import { kindOf, lengthOf, looksAt, ringsWhen } from './terms';

const DAYS = 90;

/** What somebody is told of, in words, and what that would have been lately. */
export function Rules({
  model
}: {
  readonly model: string;
}): React.JSX.Element {
  const { trans } = useFace();
  const [open, setOpen] = React.useState(false);
  return (
    <Part
      title={trans.__('Rules')}
      aside={
        <Unfold
          open={open}
          onChange={setOpen}
          show={trans.__('Show')}
          hide={trans.__('Hide')}
        />
      }
    >
      {open ? (
        <>
          <RuleList model={model} />
          <Backtest model={model} />
        </>
      ) : (
        <p className="mlops-nb-Quiet">
          {trans.__(
            'What makes an alert, and what the rules would have raised in the last %1 days.',
            DAYS
          )}
        </p>
      )}
      <Mutes model={model} />
    </Part>
  );
}

function RuleList({ model }: { readonly model: string }): React.JSX.Element {
  const { trans } = useFace();
  const rules = useAnswer('watch/{model}/rules', { model });
  return (
    <Shown answer={rules}>
      {page => {
        const off = page.items.filter(rule => !rule.enabled);
        return (
          <>
            <Grid
              label={trans.__('Rules in words')}
              head={[
                trans.__('rings when'),
                trans.__('of'),
                trans.__('and that holds'),
                trans.__('quiet for, when over'),
                trans.__('severity')
              ]}
              rows={page.items
                .filter(rule => rule.enabled)
                .map(rule => [
                  <span key="says" title={rule.name}>
                    {rule.says || kindOf(rule.name)}
                  </span>,
                  looksAt(rule, trans),
                  ringsWhen(rule, trans),
                  lengthOf(rule.cool_down, trans),
                  <StateText key="severity" state={rule.severity} />
                ])}
            />
            {off.length > 0 && (
              <p className="mlops-nb-Quiet">
                {trans.__(
                  'Switched off: %1.',
                  off.map(rule => kindOf(rule.name)).join(', ')
                )}
              </p>
            )}
            <p className="mlops-nb-Quiet">
              {trans.__('The file watch/%1.yaml changes them.', model)}
            </p>
          </>
        );
      }}
    </Shown>
  );
}

function Backtest({ model }: { readonly model: string }): React.JSX.Element {
  const { trans } = useFace();
  const found = useAnswer(
    'watch/{model}/backtest',
    { model, days: DAYS },
    { on: ['alert'], every: 600 }
  );
  return (
    <>
      <h3>
        {trans.__('What the rules would have raised in the last %1 days', DAYS)}
      </h3>
      <Shown answer={found} waiting={trans.__('Trying the rules…')}>
        {told => (
          <>
            <p>{told.summary}</p>
            {told.alarms.length > 0 && <Alarms alarms={told.alarms} />}
          </>
        )}
      </Shown>
    </>
  );
}

function Alarms({
  alarms
}: {
  readonly alarms: readonly IAlarm[];
}): React.JSX.Element {
  const { trans } = useFace();
  return (
    <Grid
      label={trans.__('What the rules would have raised')}
      head={[
        trans.__('raised'),
        trans.__('over'),
        trans.__('severity'),
        trans.__('what')
      ]}
      rows={alarms.map(one => [
        dayOf(one.raised),
        one.over ? dayOf(one.over) : trans.__('holds on'),
        <StateText key="severity" state={one.severity} />,
        <span key="what" title={one.message}>
          {headline(one.message)}
        </span>
      ])}
    />
  );
}

function Mutes({
  model
}: {
  readonly model: string;
}): React.JSX.Element | null {
  const face = useFace();
  const { trans } = face;
  const mutes = useAnswer('mutes', { model }, { on: ['alert'] });
  const unmute = (one: IMute) =>
    face
      .follow(
        () =>
          face.client.remove('mutes', {
            model,
            feature: one.feature,
            kind: one.kind
          }),
        {
          doing: trans.__('Unmuting…'),
          done: () => trans.__('It is heard of again.')
        }
      )
      .catch(() => undefined);
  const items = mutes.value?.items ?? [];
  return items.length === 0 ? null : (
    <>
      <h3>{trans.__('Muted')}</h3>
      <Grid
        label={trans.__('What is muted')}
        head={[
          trans.__('what'),
          trans.__('why'),
          trans.__('who'),
          trans.__('until'),
          ''
        ]}
        rows={items.map(one => [
          one.feature || kindOf(one.kind),
          one.reason,
          who(one.actor, trans),
          one.until ? asTime(one.until) : trans.__('it is unmuted'),
          face.may('write') && (
            <Button key="unmute" small minimal onClick={() => void unmute(one)}>
              {trans.__('Unmute')}
            </Button>
          )
        ])}
      />
    </>
  );
}
