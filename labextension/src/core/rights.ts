import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { ISignal, Signal } from '@lumino/signaling';

export type Right = 'read' | 'write' | 'execute';

/**
 * What the person may do, as Jupyter's authorizer says. Until it has answered,
 * and when it does not, everything is shown: the server refuses anyway.
 */
export class Rights {
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  may(right: Right): boolean {
    return this._given === null || this._given.has(right);
  }

  async ask(settings: ServerConnection.ISettings): Promise<void> {
    const wanted = JSON.stringify({ 'mlops-nb': ['read', 'write', 'execute'] });
    const url =
      URLExt.join(settings.baseUrl, 'api', 'me') +
      URLExt.objectToQueryString({ permissions: wanted });
    try {
      const response = await ServerConnection.makeRequest(url, {}, settings);
      const body = (await response.json()) as {
        permissions?: Record<string, string[]>;
      };
      const given = body.permissions?.['mlops-nb'];
      if (response.ok && Array.isArray(given)) {
        this._given = new Set(given);
        this._changed.emit();
      }
    } catch {
      // The routes answer for themselves.
    }
  }

  private _given: Set<string> | null = null;
  private readonly _changed = new Signal<this, void>(this);
}
