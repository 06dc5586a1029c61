import { ReactWidget } from '@jupyterlab/ui-components';
import { ISignal, Signal } from '@lumino/signaling';
import React from 'react';
import { Known } from '../core/answers';
import { Face, IShared } from '../core/face';
import { IAlert, IPage } from '../records';
import { standing } from '../watch/alerts';

/** How many alerts are open, in the status bar; nothing while there are none. */
export class AlertsItem extends ReactWidget {
  constructor(private readonly _shared: IShared) {
    super();
    this.addClass('mlops-nb-Status');
  }

  get isWanted(): boolean {
    return this._open.length > 0;
  }

  /** Emits when there begins or ceases to be something to show. */
  get wanted(): ISignal<this, void> {
    return this._wanted;
  }

  /** Follows the alerts of the workspace that is shown. */
  begin(): void {
    this._shared.places.changed.connect(this._follow, this);
    this._follow();
  }

  protected override render(): React.JSX.Element | null {
    const { trans } = this._shared;
    const first = this._open[0];
    if (!first) {
      return null;
    }
    const critical = this._open.some(one => one.severity === 'critical');
    return (
      <button
        type="button"
        title={first.message}
        onClick={() => {
          if (this._open.length === 1) {
            this._shared.open('alert', this._workspace, { id: first.id });
          } else {
            this._shared.open('watch', this._workspace, { model: first.model });
          }
        }}
      >
        {critical ? '■' : '▲'}{' '}
        {trans._n('%1 alert', '%1 alerts', this._open.length)}
      </button>
    );
  }

  private _follow(): void {
    const workspace = this._shared.places.current;
    if (
      workspace === null ||
      this._shared.places.get(workspace) === null ||
      (workspace === this._workspace && this._known)
    ) {
      return;
    }
    this._known?.changed.disconnect(this._heard, this);
    this._leave?.();
    this._workspace = workspace;
    this._known = Face.of(this._shared, workspace).known(
      'alerts',
      {},
      { on: ['alert'] }
    );
    this._known.changed.connect(this._heard, this);
    this._leave = this._known.look();
  }

  private _heard(): void {
    const before = this.isWanted;
    this._open = (this._known?.now.value?.items ?? []).filter(
      one => standing(one) === 'open'
    );
    this.update();
    if (before !== this.isWanted) {
      this._wanted.emit();
    }
  }

  private _open: readonly IAlert[] = [];
  private _workspace = '';
  private _known: Known<IPage<IAlert>> | null = null;
  private _leave: (() => void) | null = null;
  private readonly _wanted = new Signal<this, void>(this);
}
