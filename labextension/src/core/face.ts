import { JupyterFrontEnd } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { TranslationBundle } from '@jupyterlab/translation';
import { IAction, IPlace } from '../records';
import { executedPath } from '../runs/drive';
import { Answers, IHowFresh, Known } from './answers';
import { Answer, Asked, Client, Post, Read, Told, isAction } from './client';
import { ICopied, sentence } from './errors';
import { IChange, Live } from './live';
import { Places } from './places';
import { RequestError } from './request';
import { Right, Rights } from './rights';

/** What a document can be about. */
export type DocumentKind =
  | 'version'
  | 'deployment'
  | 'run'
  | 'runs'
  | 'compare'
  | 'run-form'
  | 'register-form'
  | 'deploy-form'
  | 'schedules'
  | 'watch'
  | 'alert'
  | 'live'
  | 'dashboard';

export type Arguments = Readonly<Record<string, string | number | boolean>>;

/** What all workspaces share. */
export interface IShared {
  readonly app: JupyterFrontEnd;
  readonly trans: TranslationBundle;
  readonly live: Live;
  readonly places: Places;
  readonly rights: Rights;
  /** How JupyterLab shows Markdown; null where it shows none. */
  readonly rendermime: IRenderMimeRegistry | null;
  /** Opens a document in the main area, or brings it to the front. */
  readonly open: (
    kind: DocumentKind,
    workspace: string,
    args: Arguments
  ) => void;
  /** Opens a notebook of the drive of executed ones, without a kernel. */
  readonly openExecuted: (path: string) => void;
  /** Seconds between two questions while nothing is heard. */
  every: number;
}

/**
 * Everything that a part of the screen needs, for one workspace. Parts get it
 * with `useFace()`; they never talk to the network or to JupyterLab otherwise.
 */
export class Face {
  static of(shared: IShared, workspace: string): Face {
    let faces = known.get(shared);
    if (faces === undefined) {
      faces = new Map<string, Face>();
      known.set(shared, faces);
    }
    let face = faces.get(workspace);
    if (face === undefined) {
      face = new Face(shared, workspace);
      faces.set(workspace, face);
    }
    return face;
  }

  private constructor(
    readonly shared: IShared,
    readonly workspace: string
  ) {
    this.client = new Client(
      shared.app.serviceManager.serverSettings,
      workspace
    );
  }

  readonly client: Client;
  readonly answers = new Answers();

  get trans(): TranslationBundle {
    return this.shared.trans;
  }

  /** Whether the person may do something: `read`, `write` or `execute`. */
  may(right: Right): boolean {
    return this.shared.rights.may(right);
  }

  /** An answer that is kept fresh. */
  known<R extends Read>(
    route: R,
    asked: Asked<R>,
    fresh: IHowFresh = {}
  ): Known<Answer<`GET ${R}`>> {
    const key = `${route} ${JSON.stringify(asked)}`;
    return this.keep(key, () => this.client.get(route, asked), fresh);
  }

  /** As `known`, of whatever `ask` finds out. */
  keep<T>(key: string, ask: () => Promise<T>, fresh: IHowFresh): Known<T> {
    return this.answers.get(
      key,
      () =>
        new Known<T>({
          ask,
          workspace: this.workspace,
          live: this.shared.live,
          fresh: { every: this.shared.every, ...fresh }
        })
    );
  }

  /** Opens a document in the main area, or brings it to the front. */
  open(kind: DocumentKind, args: Arguments = {}): void {
    this.shared.open(kind, this.workspace, args);
  }

  /** Opens a file as a person would from the file browser. `path` as JupyterLab shows it. */
  openFile(path: string): void {
    void this.shared.app.commands.execute('docmanager:open', { path });
  }

  /** The path of the notebook in front, as JupyterLab shows it; empty: there is none. */
  get notebookInFront(): string {
    const path = this.shared.places.path ?? '';
    return path.endsWith('.ipynb') && !path.includes(':') ? path : '';
  }

  /** Opens the executed notebook of a run; it cannot be changed. */
  openExecuted(run: string, name: string): void {
    this.shared.openExecuted(executedPath(this.workspace, run, name));
  }

  /**
   * Does something, shows its progress in the notification centre, and waits
   * for its end. Throws `RequestError`, which was shown already.
   */
  async act<R extends Post>(
    route: R,
    told: Told<R>,
    words: IWords
  ): Promise<IAction | Answer<`POST ${R}`>> {
    return this.follow(() => this.client.post(route, told), words);
  }

  /** As `act`, without a word: whoever asks shows by itself how far it is, and what went wrong. */
  async quietly<T>(begin: () => Promise<T>): Promise<T | IAction> {
    try {
      const found: T | IAction = await begin();
      if (!isAction(found)) {
        return found;
      }
      this.answers.refresh();
      const ended = await this.ended(found);
      if (ended.state === 'failed') {
        throw failed(ended);
      }
      return ended;
    } finally {
      this.answers.refresh();
    }
  }

  /** As `act`, for anything that answers with an action or at once. */
  async follow<T>(
    begin: () => Promise<T>,
    words: IWords
  ): Promise<T | IAction> {
    const id = Notification.emit(words.doing, 'in-progress', {
      autoClose: false
    });
    try {
      let found: T | IAction = await begin();
      if (isAction(found)) {
        found = await this.ended(found);
        if (found.state === 'failed') {
          throw failed(found);
        }
      }
      const actions = words.actions?.(isAction(found) ? found.result : found);
      Notification.update({
        id,
        message: words.done(isAction(found) ? found.result : found),
        type: 'success',
        autoClose: 6000,
        ...(actions && { actions })
      });
      this.answers.refresh();
      return found;
    } catch (problem) {
      const error = asError(problem);
      Notification.update({
        id,
        message: sentence(error, this.trans),
        type: 'error',
        autoClose: 8000, // it covers what stands below; the notification centre keeps it
        actions: [
          {
            label: this.trans.__('Copy details'),
            callback: () => copyDetails(error)
          }
        ]
      });
      this.answers.refresh();
      throw error;
    }
  }

  /** Waits until an action has ended, by its events; asks now and then in case one was missed. */
  ended(action: IAction): Promise<IAction> {
    if (action.state !== 'running') {
      return Promise.resolve(action);
    }
    return new Promise((resolve, reject) => {
      let timer = 0;
      let misses = 0;
      const live = this.shared.live;
      const stop = () => {
        window.clearTimeout(timer);
        live.changed.disconnect(heard);
      };
      const look = async () => {
        window.clearTimeout(timer);
        try {
          const now = await this.client.get('actions/{id}', { id: action.id });
          misses = 0;
          if (now.state !== 'running') {
            stop();
            resolve(now);
            return;
          }
        } catch (problem) {
          const error = asError(problem);
          misses += 1;
          if (error.code !== 'unreachable' || misses > 20) {
            stop();
            reject(error);
            return;
          }
        }
        timer = window.setTimeout(() => void look(), 2000);
      };
      const heard = (_: Live, change: IChange) => {
        if (change.event?.action === action.id || change.kind === null) {
          void look();
        }
      };
      live.changed.connect(heard);
      timer = window.setTimeout(() => void look(), 400);
    });
  }

  /** The workspace as the picker shows it. */
  get place(): IPlace | null {
    return this.shared.places.get(this.workspace);
  }
}

const known = new WeakMap<IShared, Map<string, Face>>();

/** What is said of an action: while it is on, and when it is done. */
export interface IWords {
  readonly doing: string;
  readonly done: (result: unknown) => string;
  readonly actions?: (result: unknown) => Notification.IAction[];
}

function failed(action: IAction): RequestError {
  const error = action.error as Partial<ICopied> | null;
  return new RequestError(
    {
      code: error?.code ?? 'failed',
      message: error?.message ?? action.summary,
      field: error?.field ?? null,
      hint: error?.hint ?? null
    },
    `${action.what} ${action.of}`
  );
}

/** Whatever was thrown, as the one kind of error that screens know. */
export function asError(problem: unknown): RequestError {
  return problem instanceof RequestError
    ? problem
    : new RequestError({
        code: 'unexpected',
        message: problem instanceof Error ? problem.message : String(problem),
        hint: null
      });
}

/** Puts an error's details on the clipboard. */
export function copyDetails(error: RequestError): void {
  void navigator.clipboard.writeText(
    JSON.stringify(
      {
        code: error.code,
        message: error.message,
        field: error.field,
        hint: error.hint,
        asked: error.route
      },
      null,
      2
    )
  );
}
