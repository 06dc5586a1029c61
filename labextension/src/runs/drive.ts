import { Contents, ServerConnection } from '@jupyterlab/services';
import { ISignal, Signal } from '@lumino/signaling';
import { Client } from '../core/client';

/** How paths of this drive begin: `mlops-runs:`. */
export const DRIVE = 'mlops-runs';

/** Where an executed notebook stands: `WORKSPACE@RUN/score.ipynb`. */
export function executedPath(
  workspace: string,
  run: string,
  name: string
): string {
  return `${encodeURIComponent(workspace)}@${encodeURIComponent(run)}/${name}`;
}

const NO =
  'An executed notebook is evidence and cannot be changed. “Save As” makes a copy.';

/**
 * Executed notebooks as files that can be opened and not changed. They lie in a
 * hidden folder, which JupyterLab's own files do not show.
 */
export class RunsDrive implements Contents.IDrive {
  constructor(readonly serverSettings: ServerConnection.ISettings) {}

  readonly name = DRIVE;

  get fileChanged(): ISignal<this, Contents.IChangedArgs> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    Signal.clearData(this);
  }

  async get(
    path: string,
    options?: Contents.IFetchOptions
  ): Promise<Contents.IModel> {
    const [place, name] = path.split('/');
    const [workspace, run] = (place ?? '').split('@').map(decodeURIComponent);
    const model = {
      name: name ?? '',
      path,
      created: '1970-01-01T00:00:00Z',
      last_modified: '1970-01-01T00:00:00Z',
      writable: false
    };
    if (!name || workspace === undefined || run === undefined) {
      return {
        ...model,
        type: 'directory',
        format: 'json',
        mimetype: '',
        content: []
      };
    }
    const content =
      options?.content === false
        ? null
        : await new Client(this.serverSettings, workspace).get(
            'runs/{id}/notebook',
            { id: run }
          );
    return {
      ...model,
      type: 'notebook',
      format: 'json',
      mimetype: '',
      content
    };
  }

  getDownloadUrl(): Promise<string> {
    return Promise.reject(new Error(NO));
  }

  newUntitled(): Promise<Contents.IModel> {
    return Promise.reject(new Error(NO));
  }

  delete(): Promise<void> {
    return Promise.reject(new Error(NO));
  }

  rename(): Promise<Contents.IModel> {
    return Promise.reject(new Error(NO));
  }

  save(): Promise<Contents.IModel> {
    return Promise.reject(new Error(NO));
  }

  copy(): Promise<Contents.IModel> {
    return Promise.reject(new Error(NO));
  }

  createCheckpoint(): Promise<Contents.ICheckpointModel> {
    return Promise.reject(new Error(NO));
  }

  listCheckpoints(): Promise<Contents.ICheckpointModel[]> {
    return Promise.resolve([]);
  }

  restoreCheckpoint(): Promise<void> {
    return Promise.reject(new Error(NO));
  }

  deleteCheckpoint(): Promise<void> {
    return Promise.reject(new Error(NO));
  }

  private _disposed = false;
  private readonly _changed = new Signal<this, Contents.IChangedArgs>(this);
}
