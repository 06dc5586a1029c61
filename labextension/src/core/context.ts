import React from 'react';
import { IPage } from '../records';
import { IHowFresh, IKnown, Known } from './answers';
import { Answer, Asked, Read } from './client';
import { Face } from './face';

export const FaceContext = React.createContext<Face | null>(null);
/** Whether the widget around is on screen. */
export const VisibleContext = React.createContext(true);

/** The workspace that this part of the screen shows. */
export function useFace(): Face {
  const face = React.useContext(FaceContext);
  if (face === null) {
    throw new Error('A part of the screen stands outside a FaceContext.');
  }
  return face;
}

export interface IAnswer<T> extends IKnown<T> {
  readonly refresh: () => void;
}

/**
 * What a route answers, kept fresh while it is on screen:
 * `useAnswer('models', {q}, {on: ['model']})`.
 */
export function useAnswer<R extends Read>(
  route: R,
  asked: Asked<R>,
  fresh: IHowFresh = {}
): IAnswer<Answer<`GET ${R}`>> {
  const face = useFace();
  const visible = React.useContext(VisibleContext);
  const key = `${route} ${JSON.stringify(asked)}`;
  const known = React.useMemo(
    () => face.known(route, asked, fresh),
    [face, key]
  );
  React.useEffect(() => (visible ? known.look() : undefined), [known, visible]);
  const now = useKnown(known);
  return React.useMemo(
    () => ({ ...now, refresh: () => known.refresh() }),
    [now, known]
  );
}

function useKnown<T>(known: Known<T>): IKnown<T> {
  return React.useSyncExternalStore(
    React.useCallback(
      (hear: () => void) => {
        const free = known.hold();
        known.changed.connect(hear);
        return () => {
          known.changed.disconnect(hear);
          free();
        };
      },
      [known]
    ),
    () => known.now
  );
}

const FIRST = 25; // rows that are seen at once, and soon
const PAGE = 100; // rows of one question

/** Routes that answer with pages. */
type Paged = {
  [R in Read]: Answer<`GET ${R}`> extends IPage<unknown>
    ? Asked<R> extends { next?: string }
      ? R
      : never
    : never;
}[Read];
type Item<R extends Paged> =
  Answer<`GET ${R}`> extends IPage<infer T> ? T : never;

export interface IList<T> extends IAnswer<readonly T[]> {
  /** Asks for the rows that follow; null when there are none. */
  readonly more: (() => void) | null;
}

/** A long list, a page at a time: `more` asks for the next, and what is shown stays fresh. */
export function useList<R extends Paged>(
  route: R,
  asked: Asked<R>,
  fresh: IHowFresh = {}
): IList<Item<R>> {
  const face = useFace();
  const visible = React.useContext(VisibleContext);
  const key = `list ${route} ${JSON.stringify(asked)}`;
  const [wanted, want] = React.useState({ key, pages: 1 });
  const pages = wanted.key === key ? wanted.pages : 1;
  const known = React.useMemo(
    () =>
      face.keep(
        `${key} ${pages}`,
        async () => {
          const items: Item<R>[] = [];
          let next: string | null = null;
          for (let page = 0; page < pages; page++) {
            const found = (await face.client.get(route, {
              ...(asked as object),
              limit: page === 0 ? FIRST : PAGE,
              ...(next && { next })
            } as Asked<R>)) as IPage<Item<R>>;
            items.push(...found.items);
            next = found.next;
            if (next === null) {
              break;
            }
          }
          return { items, next };
        },
        fresh
      ),
    [face, key, pages]
  );
  React.useEffect(() => (visible ? known.look() : undefined), [known, visible]);
  const now = useKnown(known);
  // While more rows are asked for, those that are there stay.
  const last = React.useRef<{ key: string; now: typeof now }>({ key, now });
  if (now.value !== null || now.error !== null || last.current.key !== key) {
    last.current = { key, now };
  }
  const { value, error, at } = last.current.now;
  const next = value?.next ?? null;
  return React.useMemo(
    () => ({
      value: value?.items ?? null,
      error,
      at,
      busy: now.busy,
      refresh: () => known.refresh(),
      more: next === null ? null : () => want({ key, pages: pages + 1 })
    }),
    [value, error, at, now.busy, known, next, key, pages]
  );
}

/** Calls back when something of the face changes that is no answer: rights, places. */
export function useChanges(
  ...signals: readonly {
    connect: (slot: () => void) => boolean;
    disconnect: (slot: () => void) => boolean;
  }[]
): void {
  const [, tick] = React.useReducer((n: number) => n + 1, 0);
  React.useEffect(() => {
    signals.forEach(signal => signal.connect(tick));
    return () => signals.forEach(signal => signal.disconnect(tick));
  }, signals);
}
