import { ServerConnection } from '@jupyterlab/services';
import { ISignal, Signal } from '@lumino/signaling';
import { IPlace } from '../records';
import { Client } from './client';

/** Keeps a choice beyond a reload. */
export interface IKept {
  get(): Promise<string | null>;
  set(workspace: string | null): Promise<void>;
}

/**
 * Which workspace the panel shows: the one of the notebook in front, unless
 * another was picked and pinned.
 */
export class Places {
  constructor(
    private readonly _settings: ServerConnection.ISettings,
    private readonly _kept: IKept
  ) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Those that this server can show. */
  get all(): readonly IPlace[] {
    return this._all;
  }

  /** How questions name the one that is shown; null: not known yet. */
  get current(): string | null {
    return this._pinned ?? this._picked ?? this._fits;
  }

  /** The file that was in front last. */
  get path(): string | null {
    return this._path;
  }

  get pinned(): boolean {
    return this._pinned !== null;
  }

  get(workspace: string): IPlace | null {
    return this._all.find(place => place.workspace === workspace) ?? null;
  }

  /** Asks which there are; `path` is the notebook in front. */
  async look(path: string | null = this._path): Promise<void> {
    if (!this._restored) {
      this._restored = true;
      this._pinned = await this._kept.get().catch(() => null);
    }
    if (path !== this._path) {
      this._picked = null; // another notebook is in front
    }
    this._path = path;
    try {
      const client = new Client(this._settings, '');
      const page = await client.get('workspaces', path ? { path } : {});
      this._all = page.items;
    } catch {
      if (this._fits === null) {
        this._fits = ''; // the panel asks for it, and says what is wrong
      }
      this._changed.emit();
      return;
    }
    if (this._pinned !== null && this.get(this._pinned) === null) {
      this._pinned = null; // it is gone
    }
    const fits = this._all.find(place => place.fits) ?? null;
    const still =
      this._fits !== null && this.get(this._fits) ? this._fits : null;
    this._fits = fits?.workspace ?? still ?? this._all[0]?.workspace ?? '';
    this._changed.emit();
  }

  /** Shows another one, until a notebook of a third comes to the front. */
  pick(workspace: string): void {
    this._picked = workspace;
    if (this._pinned !== null) {
      this.pin(true, workspace);
    }
    this._changed.emit();
  }

  /** Keeps showing one, whatever notebook is in front. */
  pin(on: boolean, workspace = this.current): void {
    this._picked = on ? this._picked : workspace;
    this._pinned = on ? workspace : null;
    void this._kept.set(this._pinned).catch(() => undefined);
    this._changed.emit();
  }

  private _all: readonly IPlace[] = [];
  private _path: string | null = null;
  private _fits: string | null = null;
  private _picked: string | null = null;
  private _pinned: string | null = null;
  private _restored = false;
  private readonly _changed = new Signal<this, void>(this);
}
