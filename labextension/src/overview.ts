import { ServerConnection } from '@jupyterlab/services';
import { Poll } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';
import { IOverview, getWorkspace } from './api';
import { RequestError } from './request';

/** What is known now: nothing yet, an answer, or why there is none (beside the last answer). */
export interface IState {
  readonly overview: IOverview | null;
  readonly error: RequestError | null;
  readonly busy: boolean;
}

const SLOWEST = 5 * 60 * 1000;

/**
 * Keeps an overview of the workspace fresh: asks now and then, less often after
 * failures, and not at all while nobody looks.
 */
export class Overview {
  constructor(options: Overview.IOptions) {
    const settings = options.settings ?? ServerConnection.makeSettings();
    this._poll = new Poll({
      name: 'mlops-nb:overview',
      auto: false,
      factory: async () => {
        this._set({ busy: true });
        try {
          this._set({
            overview: await getWorkspace(settings),
            error: null,
            busy: false
          });
        } catch (error) {
          this._set({ error: error as RequestError, busy: false });
          throw error; // the poll backs off
        }
      },
      frequency: { interval: 10_000, backoff: true, max: SLOWEST },
      standby: () => (options.isWatched() ? 'when-hidden' : true)
    });
  }

  get state(): IState {
    return this._state;
  }

  get changed(): ISignal<this, IState> {
    return this._changed;
  }

  /** Asks at once. */
  refresh(): void {
    void this._poll.refresh();
  }

  /** Sets the time between two questions. */
  every(seconds: number): void {
    this._poll.frequency = {
      interval: seconds * 1000,
      backoff: true,
      max: Math.max(SLOWEST, seconds * 1000)
    };
  }

  dispose(): void {
    this._poll.dispose();
    Signal.clearData(this);
  }

  private _set(change: Partial<IState>): void {
    this._state = { ...this._state, ...change };
    this._changed.emit(this._state);
  }

  private _state: IState = { overview: null, error: null, busy: false };
  private readonly _poll: Poll;
  private readonly _changed = new Signal<this, IState>(this);
}

export namespace Overview {
  export interface IOptions {
    /** Whether anybody can see the result. */
    readonly isWatched: () => boolean;
    readonly settings?: ServerConnection.ISettings;
  }
}
