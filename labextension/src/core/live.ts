import { Event } from '@jupyterlab/services';
import { ISignal, Signal } from '@lumino/signaling';
import { EVENTS, IEvent } from '../records';

export type Kind = keyof typeof EVENTS;

/** Something changed; `kind` null: something was missed, ask anew. */
export interface IChange {
  readonly kind: Kind | null;
  readonly event: IEvent | null;
}

const KINDS = new Map(
  Object.entries(EVENTS).map(([kind, id]) => [id as string, kind as Kind])
);

/** Hears the events of this extension on Jupyter's own socket. */
export class Live {
  constructor(events: Event.IManager | null) {
    this._events = events;
    events?.stream.connect(this._hear, this);
  }

  get changed(): ISignal<this, IChange> {
    return this._changed;
  }

  /** The server did not answer. */
  lost(): void {
    this._lost = true;
  }

  /** It answers: after a silence, everything is asked anew. */
  answered(): void {
    if (this._lost) {
      this._lost = false;
      this._changed.emit({ kind: null, event: null });
    }
  }

  dispose(): void {
    this._events?.stream.disconnect(this._hear, this);
    Signal.clearData(this);
  }

  private _hear(_: unknown, emission: Event.Emission): void {
    const kind = KINDS.get(emission.schema_id);
    if (kind === undefined) {
      return;
    }
    const event = emission as unknown as IEvent;
    const gap = this._seq > 0 && event.seq !== this._seq + 1;
    this._seq = event.seq;
    if (gap) {
      this._changed.emit({ kind: null, event: null });
    }
    this._changed.emit({ kind, event });
  }

  private readonly _events: Event.IManager | null;
  private readonly _changed = new Signal<this, IChange>(this);
  private _seq = 0;
  private _lost = false;
}
