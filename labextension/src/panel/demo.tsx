import { Button } from '@jupyterlab/ui-components';
import React from 'react';
import { useFace } from '../core/context';
import { confirm } from '../parts/confirm';

/** Fills an empty workspace with a year of flights. */
export function LoadDemo(): React.JSX.Element | null {
  const face = useFace();
  const { trans } = face;
  const [busy, setBusy] = React.useState(false);
  if (!face.may('execute')) {
    return null;
  }
  const load = async () => {
    const answer = await confirm(
      {
        title: trans.__('Load the demo?'),
        says: trans.__(
          'A year of flights is loaded into this workspace, or into a new folder mlops-demo where there is none: tables, a model, ten runs, a deployment on this machine, and the alerts of the year. It takes some minutes and about 100 MB; what is there stays.'
        ),
        accept: trans.__('Load')
      },
      trans
    );
    if (answer === null) {
      return;
    }
    setBusy(true);
    const watching = setInterval(() => void face.shared.places.look(), 3000); // it is shown while it fills
    try {
      await face.act(
        'demo',
        {},
        {
          doing: trans.__('Loading a year of flights; some minutes…'),
          done: () => trans.__('A year of flights is there.')
        }
      );
    } catch {
      // It was shown.
    } finally {
      clearInterval(watching);
      setBusy(false);
      await face.shared.places.look();
      face.answers.refresh();
    }
  };
  return (
    <Button small minimal disabled={busy} onClick={() => void load()}>
      {busy ? trans.__('Loading…') : trans.__('Load the demo…')}
    </Button>
  );
}

/** Opens the document that plays a year of flights. */
export function PlayYear(): React.JSX.Element | null {
  const face = useFace();
  return face.may('execute') ? (
    <Button small minimal onClick={() => face.open('live')}>
      {face.trans.__('Play the year…')}
    </Button>
  ) : null;
}
