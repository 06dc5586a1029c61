import React from 'react';
import { useAnswer, useFace } from '../core/context';
import { ISectionProps } from '../panel/contents';
import { Empty, Shown } from '../parts/pieces';

/** Pages about the whole workspace: all models, one model's story, runs, data, and those of one's own. */
export function DashboardsSection({ q }: ISectionProps): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const known = useAnswer('dashboards', {}, { every: 300 });
  const wanted = q.toLowerCase();
  return (
    <Shown answer={known}>
      {page => {
        const items = page.items.filter(one =>
          `${one.title} ${one.name}`.toLowerCase().includes(wanted)
        );
        return items.length === 0 ? (
          <Empty>{trans.__('No dashboard is called “%1”.', q)}</Empty>
        ) : (
          <ul className="mlops-nb-Links" aria-label={trans.__('Dashboards')}>
            {items.map(one => (
              <li key={one.name}>
                <button
                  type="button"
                  className="mlops-nb-Link"
                  aria-label={trans.__('Dashboard: %1', one.title)}
                  onClick={() =>
                    face.open('dashboard', { name: one.name, title: one.title })
                  }
                >
                  {one.title}
                </button>
              </li>
            ))}
          </ul>
        );
      }}
    </Shown>
  );
}
