import { ReactWidget } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import { ISignal, Signal } from '@lumino/signaling';
import React from 'react';
import { workspaceIcon } from '../core/icons';
import type { IShared } from '../core/face';

/** The left panel. Its contents are loaded when there is time, at the latest when it is shown. */
export class WorkspacePanel extends ReactWidget {
  constructor(private readonly _shared: IShared) {
    super();
    const { trans } = _shared;
    this.id = 'mlops-nb-workspace';
    this.addClass('mlops-nb-Panel');
    this.title.icon = workspaceIcon;
    this.title.caption = trans.__('MLOps: models, deployments, runs and watch');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('MLOps workspace'));
  }

  /** It is shown: what it needs is wanted now. */
  get wanted(): ISignal<this, void> {
    return this._wanted;
  }

  /** Brings its contents here, so that they need not be waited for later. */
  async load(): Promise<void> {
    const loaded = await import('./contents');
    this._contents = loaded.Contents;
    this.update();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._shown = true;
    this._wanted.emit();
    void this.load();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.update();
  }

  protected override render(): React.JSX.Element | null {
    const Contents = this._contents;
    if (Contents === null || !this._shown) {
      return null;
    }
    return <Contents shared={this._shared} visible={this.isVisible} />;
  }

  private readonly _wanted = new Signal<this, void>(this);
  private _shown = false; // at least once
  private _contents: React.ComponentType<{
    readonly shared: IShared;
    readonly visible: boolean;
  }> | null = null;
}
