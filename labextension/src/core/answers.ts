import { Poll } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';
import { Kind, Live } from './live';
import { RequestError } from './request';

/** What is known now: nothing yet, an answer, or why there is no fresh one (beside the last). */
export interface IKnown<T> {
  readonly value: T | null;
  readonly error: RequestError | null;
  readonly busy: boolean;
  /** When `value` was answered: milliseconds since 1970; 0: never. */
  readonly at: number;
}

export interface IHowFresh {
  /** Kinds of events after which it is asked again. */
  readonly on?: readonly Kind[];
  /** Seconds between two questions while nothing is heard. */
  readonly every?: number;
}

const SETTLE = 150; // ms: events that come together are answered by one question
const SLOWEST = 30_000; // ms between two questions while the server does not answer

/**
 * One question, asked again when something of its kind changes, now and then
 * in any case, less often after failures, and not at all while nobody looks.
 */
export class Known<T> {
  constructor(options: Known.IOptions<T>) {
    this._ask = options.ask;
    this._workspace = options.workspace;
    this._on = options.fresh.on ?? [];
    this._live = options.live;
    this._poll = new Poll({
      name: 'mlops-nb:answer',
      auto: false,
      factory: () => this._once(),
      frequency: {
        interval: (options.fresh.every ?? 60) * 1000,
        backoff: true,
        max: Math.max(SLOWEST, (options.fresh.every ?? 60) * 1000)
      },
      standby: () => (this._seen > 0 ? 'when-hidden' : true)
    });
    options.live.changed.connect(this._heard, this);
  }

  get now(): IKnown<T> {
    return this._now;
  }

  get changed(): ISignal<this, IKnown<T>> {
    return this._changed;
  }

  /** Whether anybody looks at it, or will look again. */
  get isWatched(): boolean {
    return this._seen > 0 || this._held > 0;
  }

  /** Keeps it while it is out of sight; the returned function gives it up. */
  hold(): () => void {
    this._held += 1;
    return () => {
      this._held -= 1;
    };
  }

  /** Asks at once. */
  refresh(): void {
    void this._poll.refresh();
  }

  /** Somebody looks; the returned function says that they look no more. */
  look(): () => void {
    this._seen += 1;
    if (this._seen === 1) {
      this.refresh();
    }
    let over = false;
    return () => {
      if (!over) {
        over = true;
        this._seen -= 1;
      }
    };
  }

  dispose(): void {
    clearTimeout(this._timer);
    this._live.changed.disconnect(this._heard, this);
    this._poll.dispose();
    Signal.clearData(this);
  }

  private _heard(
    _: Live,
    change: { kind: Kind | null; event: { workspace: string } | null }
  ): void {
    const ours =
      change.kind === null ||
      (this._on.includes(change.kind) &&
        change.event?.workspace === this._workspace);
    if (!ours || this._seen === 0) {
      return;
    }
    clearTimeout(this._timer);
    this._timer = window.setTimeout(() => this.refresh(), SETTLE);
  }

  private async _once(): Promise<void> {
    this._set({ busy: true });
    try {
      const value = await this._ask();
      this._set({ value, error: null, busy: false, at: Date.now() });
      this._live.answered();
    } catch (error) {
      if (error instanceof RequestError) {
        this._set({ error, busy: false });
        if (error.code === 'unreachable') {
          this._live.lost();
        }
        if (error.code === 'unreachable' || error.code.startsWith('http_5')) {
          throw error; // the poll backs off
        }
        return;
      }
      this._set({ busy: false });
      throw error;
    }
  }

  private _set(change: Partial<IKnown<T>>): void {
    this._now = { ...this._now, ...change };
    this._changed.emit(this._now);
  }

  private _now: IKnown<T> = { value: null, error: null, busy: false, at: 0 };
  private _seen = 0;
  private _held = 0;
  private _timer = 0;
  private readonly _ask: () => Promise<T>;
  private readonly _workspace: string;
  private readonly _on: readonly Kind[];
  private readonly _live: Live;
  private readonly _poll: Poll;
  private readonly _changed = new Signal<this, IKnown<T>>(this);
}

export namespace Known {
  export interface IOptions<T> {
    readonly ask: () => Promise<T>;
    readonly workspace: string;
    readonly live: Live;
    readonly fresh: IHowFresh;
  }
}

const KEPT = 40; // answers that nobody looks at

/** The answers of one workspace: the same question is asked once, and what was known shows at once. */
export class Answers {
  get<T>(key: string, make: () => Known<T>): Known<T> {
    let found = this._known.get(key) as Known<T> | undefined;
    if (found === undefined) {
      found = make();
    }
    this._known.delete(key);
    this._known.set(key, found);
    for (const [old, one] of this._known) {
      if (this._known.size <= KEPT) {
        break;
      }
      if (!one.isWatched) {
        one.dispose();
        this._known.delete(old);
      }
    }
    return found;
  }

  /** Asks everything again that somebody looks at. */
  refresh(): void {
    for (const one of this._known.values()) {
      if (one.isWatched) {
        one.refresh();
      }
    }
  }

  dispose(): void {
    for (const one of this._known.values()) {
      one.dispose();
    }
    this._known.clear();
  }

  private readonly _known = new Map<string, Known<unknown>>();
}
