import { ServerConnection } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import React from 'react';
import { workspaceIcon } from './icon';
import { Overview } from './overview';
import { View } from './view';

/** The left panel: one workspace, what it holds, what to do next. */
export class WorkspacePanel extends ReactWidget {
  constructor(trans: TranslationBundle, settings?: ServerConnection.ISettings) {
    super();
    this.id = 'mlops-nb-workspace';
    this.addClass('mlops-nb-Panel');
    this.title.icon = workspaceIcon;
    this.title.caption = trans.__('MLOps: what this workspace holds');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('MLOps workspace'));
    this._trans = trans;
    this.overview = new Overview({
      isWatched: () => this.isVisible,
      ...(settings && { settings })
    });
  }

  readonly overview: Overview;

  override dispose(): void {
    if (!this.isDisposed) {
      this.overview.dispose();
    }
    super.dispose();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.overview.refresh();
  }

  protected override render(): React.JSX.Element {
    return (
      <UseSignal
        signal={this.overview.changed}
        initialArgs={this.overview.state}
      >
        {(_, state) => (
          <View
            state={state ?? this.overview.state}
            refresh={() => this.overview.refresh()}
            trans={this._trans}
          />
        )}
      </UseSignal>
    );
  }

  private readonly _trans: TranslationBundle;
}
