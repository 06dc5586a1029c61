import {
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ICommandPalette,
  MainAreaWidget,
  WidgetTracker
} from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { JSONExt, ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { makeDocument } from './core/documents';
import { Arguments, DocumentKind, Face, IShared } from './core/face';
import { workspaceIcon } from './core/icons';
import { Live } from './core/live';
import { Places } from './core/places';
import { documents } from './core/registry';
import { Rights } from './core/rights';
import { ISharedToken } from './core/token';
import { notebookPlugins } from './notebook/plugins';
import { WorkspacePanel } from './panel/panel';
import { DRIVE, RunsDrive } from './runs/drive';

const PLUGIN = 'mlops-nb:plugin';
const PIN = 'mlops-nb:pinned-workspace';

/** Commands of the panel and of documents. */
const Commands = {
  openPanel: 'mlops-nb:open-panel',
  openDocument: 'mlops-nb:open-document'
} as const;

const NAMED = { args: { type: 'object', properties: {} } } as const;

/** Does something when the page has nothing better to do. */
function whenIdle(act: () => void): void {
  if (typeof requestIdleCallback === 'function') {
    requestIdleCallback(act, { timeout: 5000 });
  } else {
    setTimeout(act, 2000); // Safari
  }
}

const plugin: JupyterFrontEndPlugin<IShared> = {
  id: PLUGIN,
  description: 'Shows models, deployments, runs and alerts, and acts on them.',
  autoStart: true,
  provides: ISharedToken,
  optional: [
    ICommandPalette,
    ILayoutRestorer,
    ISettingRegistry,
    ITranslator,
    IDocumentManager,
    IStateDB,
    IRenderMimeRegistry
  ],
  activate: (
    app: JupyterFrontEnd,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    settings: ISettingRegistry | null,
    translator: ITranslator | null,
    files: IDocumentManager | null,
    state: IStateDB | null,
    rendermime: IRenderMimeRegistry | null
  ): IShared => {
    const trans = (translator ?? nullTranslator).load('mlops_nb');
    const { commands, serviceManager, shell } = app;
    const places = new Places(serviceManager.serverSettings, {
      get: async () => (await state?.fetch(PIN)) as string | null,
      set: async workspace => {
        await (workspace === null
          ? state?.remove(PIN)
          : state?.save(PIN, workspace));
      }
    });
    const opened = new WidgetTracker<MainAreaWidget>({
      namespace: 'mlops-nb-documents'
    });
    const shared: IShared = {
      app,
      trans,
      places,
      rendermime,
      live: new Live(serviceManager.events),
      rights: new Rights(),
      every: 60,
      openExecuted: path => {
        files?.openOrReveal(
          `${DRIVE}:${path}`,
          'Notebook',
          undefined,
          undefined,
          { shouldStart: false, autoStartDefault: false }
        );
      },
      open: (kind, workspace, args) => {
        void commands.execute(Commands.openDocument, {
          kind,
          workspace,
          args
        });
      }
    };

    serviceManager.contents.addDrive(
      new RunsDrive(serviceManager.serverSettings)
    );

    const panel = new WorkspacePanel(shared);
    shell.add(panel, 'left', { rank: 300, type: 'MLOps' });
    restorer?.add(panel, panel.id);

    commands.addCommand(Commands.openPanel, {
      label: trans.__('Open the MLOps Panel'),
      caption: trans.__('Show models, deployments, runs and alerts'),
      icon: workspaceIcon,
      execute: () => shell.activateById(panel.id),
      describedBy: NAMED
    });
    palette?.addItem({
      command: Commands.openPanel,
      category: trans.__('MLOps')
    });

    const about = new WeakMap<MainAreaWidget, ReadonlyPartialJSONObject>();
    commands.addCommand(Commands.openDocument, {
      label: trans.__('Open an MLOps Document'),
      isVisible: () => false,
      execute: async (given: ReadonlyPartialJSONObject) => {
        const kind = given.kind as DocumentKind;
        const args = (given.args ?? {}) as Arguments;
        const workspace = String(given.workspace ?? '');
        const document = documents.get(kind);
        if (!document) {
          return;
        }
        const id = `mlops-nb-${kind}-${workspace}-${JSON.stringify(args)}`;
        let widget = opened.find(one => one.id === id);
        if (!widget) {
          await ready();
          widget = await makeDocument(
            document,
            Face.of(shared, workspace),
            args,
            id
          );
          about.set(widget, JSONExt.deepCopy({ kind, args, workspace }));
          await opened.add(widget);
        }
        if (!widget.isAttached) {
          shell.add(widget, 'main', { type: 'MLOps' });
        }
        if (!widget.isAttached) {
          // Jupyter Notebook has room for one file in its main area.
          widget.title.caption ||= widget.title.label;
          shell.add(widget, 'right', { rank: 1000, type: 'MLOps' });
        }
        shell.activateById(id);
      },
      describedBy: {
        args: {
          type: 'object',
          required: ['kind'],
          properties: {
            kind: { type: 'string' },
            workspace: { type: 'string' },
            args: { type: 'object' }
          }
        }
      }
    });
    void restorer?.restore(opened, {
      command: Commands.openDocument,
      args: widget => about.get(widget) ?? {},
      name: widget => widget.id
    });

    // The workspace is that of the notebook in front. Nothing is asked before somebody looks.
    let asked: Promise<void> | null = null;
    const front = () => {
      const widget = shell.currentWidget;
      return (widget && files?.contextForWidget(widget)?.path) ?? null;
    };
    const ready = (): Promise<void> => {
      if (asked === null) {
        void shared.rights.ask(serviceManager.serverSettings);
        asked = places.look(front());
      }
      return asked;
    };
    panel.wanted.connect(() => void ready());
    void app.restored.then(() => whenIdle(() => void panel.load()));
    shell.currentChanged?.connect(() => {
      const path = front();
      if (asked !== null && path !== null) {
        void places.look(path);
      }
    });

    settings
      ?.load(PLUGIN)
      .then(loaded => {
        const apply = () => {
          shared.every = loaded.composite.refreshSeconds as number;
        };
        apply();
        loaded.changed.connect(apply);
      })
      .catch((reason: unknown) => {
        console.error(`${PLUGIN}: the settings could not be read.`, reason);
      });
    return shared;
  }
};

export default [plugin, ...notebookPlugins];
