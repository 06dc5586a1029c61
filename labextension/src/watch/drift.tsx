import { Button } from '@jupyterlab/ui-components';
import React from 'react';
import { useFace } from '../core/context';
import { heatMap } from '../drawings/heatmap';
import { StateText } from '../parts/looks';
import { Facts, Part } from '../parts/pieces';
import { asNumber, asPercent } from '../parts/words';
import { ICell, IWatchedFeature, IWatchReport, IWatchWindow } from '../records';
import { versionOf } from './alerts';
import { ExpectForm } from './forms';
import { FeatureShape } from './pieces';
import { dayOf, lastDayOf, spoken } from './spans';
import { nameOf, upper } from './terms';
import { heatOf } from './view';

interface IChosen {
  /** Empty: the model as a whole. */
  readonly feature: string;
  readonly start: string;
}

/** Features by windows; a cell shows what moved in it. */
export function Drift({
  report,
  at,
  showDays
}: {
  readonly report: IWatchReport;
  /** What is shown at first. */
  readonly at: IChosen | null;
  /** Shows the days of a window. */
  readonly showDays: (chosen: IChosen) => void;
}): React.JSX.Element {
  const { trans } = useFace();
  const [chosen, choose] = React.useState<IChosen | null>(at);
  const part = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    choose(at);
    if (at) {
      part.current?.scrollIntoView({ block: 'start' });
    }
  }, [at]);
  const box = React.useRef<HTMLDivElement>(null);
  // Drawn again when what is measured changes, and not when a cell is chosen.
  React.useEffect(() => {
    const map = heatOf(report, trans, at);
    box.current?.replaceChildren(
      heatMap(map, (row, column) => {
        const window = report.windows[column];
        if (window) {
          choose({
            feature: report.features[row - 1]?.name ?? '',
            start: window.start
          });
        }
      })
    );
  }, [report.digest, at, trans]);
  const window = report.windows.find(one => one.start === chosen?.start);
  const column = window ? report.windows.indexOf(window) : -1;
  const feature = report.features.find(one => one.name === chosen?.feature);
  const cell = feature?.cells[column];
  return (
    <div ref={part}>
      <Part title={trans.__('What moved since training')}>
        {report.features.length === 0 ? (
          <p className="mlops-nb-Quiet">
            {trans.__('No window was compared with training yet.')}
          </p>
        ) : (
          <>
            <p className="mlops-nb-Quiet">
              {trans.__(
                'What moved most and the model leans on comes first; beside a name stands how much it leans on it. Choose a cell to see what moved.'
              )}{' '}
              {report.window !== '1d' &&
                trans.__('“5/31” says that it moved on 5 of 31 days.')}
            </p>
            <div ref={box} />
          </>
        )}
        <div role="status">
          {window && (
            <h3>
              {feature
                ? trans.__(
                    '%1, %2',
                    feature.name,
                    spoken(window.start, window.end)
                  )
                : spoken(window.start, window.end)}
            </h3>
          )}
        </div>
        {window && feature && cell && (
          <FeatureWindow
            key={`${feature.name} ${window.start}`}
            report={report}
            feature={feature}
            window={window}
            cell={cell}
            showDays={showDays}
          />
        )}
        {window && !feature && (
          <WholeWindow
            key={window.start}
            report={report}
            window={window}
            showDays={showDays}
          />
        )}
      </Part>
    </div>
  );
}

function FeatureWindow({
  report,
  feature,
  window,
  cell,
  showDays
}: {
  readonly report: IWatchReport;
  readonly feature: IWatchedFeature;
  readonly window: IWatchWindow;
  readonly cell: ICell;
  readonly showDays: (chosen: IChosen) => void;
}): React.JSX.Element {
  const { trans } = useFace();
  const rows: (readonly [string, React.ReactNode])[] = [];
  if (cell.value !== null) {
    rows.push([
      upper(nameOf(cell.statistic, trans)),
      asNumber(Number(cell.value.toPrecision(3)))
    ]);
  }
  if (cell.threshold !== null) {
    rows.push([
      trans.__('Normal up to'),
      asNumber(Number(cell.threshold.toPrecision(3)))
    ]);
  }
  if (cell.windows > 1) {
    rows.push([
      trans.__('Moved in'),
      trans.__('%1 of %2 smaller windows', cell.moved, cell.windows)
    ]);
  }
  if (!feature.is_answer) {
    rows.push([
      trans.__('The model leans on it'),
      feature.share === null ? trans.__('not known') : asPercent(feature.share)
    ]);
  }
  return (
    <div className="mlops-nb-Chosen">
      <p>
        <StateText state={cell.verdict === 'none' ? 'unknown' : cell.verdict} />
        {cell.reason && `: ${cell.reason}`}
      </p>
      <Facts rows={rows} />
      <FeatureShape
        model={report.model}
        version={window.version || report.version}
        feature={feature.name}
        start={window.start}
        end={window.end}
      />
      <ChosenActions
        report={report}
        window={window}
        feature={feature}
        showDays={showDays}
      />
    </div>
  );
}

function WholeWindow({
  report,
  window,
  showDays
}: {
  readonly report: IWatchReport;
  readonly window: IWatchWindow;
  readonly showDays: (chosen: IChosen) => void;
}): React.JSX.Element {
  const { trans } = useFace();
  const moved = [...window.drifted, ...window.changed];
  return (
    <div className="mlops-nb-Chosen">
      <p>
        <StateText
          state={window.verdict === 'none' ? 'unknown' : window.verdict}
        />
        {window.reason && `: ${window.reason}`}
      </p>
      <Facts
        rows={[
          [trans.__('Answers'), asNumber(window.rows)],
          [trans.__('Most from'), window.version || '–'],
          [
            trans.__('Weighted change'),
            window.score === null
              ? '–'
              : trans.__(
                  '%1, up to %2 is normal',
                  asNumber(Number(window.score.toPrecision(2))),
                  asNumber(window.bound)
                )
          ],
          [
            trans.__('Moved'),
            moved.length > 0 ? moved.join(', ') : trans.__('nothing')
          ]
        ]}
      />
      <ChosenActions report={report} window={window} showDays={showDays} />
    </div>
  );
}

function ChosenActions({
  report,
  window,
  feature,
  showDays
}: {
  readonly report: IWatchReport;
  readonly window: IWatchWindow;
  readonly feature?: IWatchedFeature;
  readonly showDays: (chosen: IChosen) => void;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const [expecting, expect] = React.useState(false);
  const input = feature && !feature.is_answer ? feature.name : '';
  return (
    <>
      <div className="mlops-nb-Buttons">
        {report.window !== '1d' && (
          <Button
            minimal
            onClick={() =>
              showDays({ feature: feature?.name ?? '', start: window.start })
            }
          >
            {trans.__('Show its days')}
          </Button>
        )}
        {face.may('write') && (
          <Button minimal onClick={() => expect(true)}>
            {trans.__('Expected: this is the new normal…')}
          </Button>
        )}
      </div>
      {expecting && (
        <ExpectForm
          start={{
            model: report.model,
            version: versionOf(window.version || report.version),
            from: dayOf(window.start),
            to: lastDayOf(window.end),
            feature: input,
            features: report.features
              .filter(one => !one.is_answer)
              .map(one => one.name)
          }}
          close={() => expect(false)}
        />
      )}
    </>
  );
}
