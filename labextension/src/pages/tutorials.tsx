import { Button } from '@jupyterlab/ui-components';
import React from 'react';
import { useAnswer, useFace } from '../core/context';
import { Face } from '../core/face';
import { ISectionProps } from '../panel/contents';
import { Empty, Shown } from '../parts/pieces';

/** The one to begin with. */
export const FIRST = '01_fifteen_minutes';

/** Opens a tutorial as a copy in the folder `tutorials`, which is kept when it is there. */
export async function openTutorial(face: Face, name: string): Promise<void> {
  const { trans } = face;
  try {
    const made = await face.act(
      'tutorials/{name}/copy',
      { name },
      {
        doing: trans.__('Opening the tutorial…'),
        done: found =>
          (found as { new: boolean }).new
            ? trans.__(
                'Copied to %1: it is yours to run and to change.',
                (found as { path: string }).path
              )
            : trans.__(
                'This is your copy, as you left it: %1',
                (found as { path: string }).path
              )
      }
    );
    face.openFile((made as { path: string }).path);
  } catch {
    // It was shown.
  }
}

/** Notebooks that teach. */
export function TutorialsSection({ q }: ISectionProps): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const known = useAnswer('tutorials', {}, { every: 3600 });
  const wanted = q.toLowerCase();
  return (
    <Shown answer={known}>
      {page => {
        const items = page.items.filter(one =>
          `${one.title} ${one.says}`.toLowerCase().includes(wanted)
        );
        return items.length === 0 ? (
          <Empty>{trans.__('No tutorial is about “%1”.', q)}</Empty>
        ) : (
          <ul className="mlops-nb-Lessons" aria-label={trans.__('Tutorials')}>
            {items.map(one => (
              <li key={one.name}>
                <button
                  type="button"
                  className="mlops-nb-Link"
                  onClick={() => void openTutorial(face, one.name)}
                >
                  {one.title}
                </button>
                <p className="mlops-nb-Quiet">{one.says}</p>
              </li>
            ))}
          </ul>
        );
      }}
    </Shown>
  );
}

/** The way in, for whoever sees an empty workspace. */
export function FirstTutorial(): React.JSX.Element | null {
  const face = useFace();
  if (!face.may('write')) {
    return null;
  }
  return (
    <Button small minimal onClick={() => void openTutorial(face, FIRST)}>
      {face.trans.__('Open the tutorial')}
    </Button>
  );
}
