import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStatusBar } from '@jupyterlab/statusbar';
import { DocumentKind, Face, IShared } from '../core/face';
import { workspaceIcon } from '../core/icons';
import { IChange, Live } from '../core/live';
import { ISharedToken } from '../core/token';
import { FIRST, openTutorial } from '../pages/tutorials';
import { setTracker } from './notebooks';
import { AlertsItem } from './status';

const Commands = {
  register: 'mlops-nb:register-model',
  run: 'mlops-nb:run-with-parameters',
  schedule: 'mlops-nb:schedule-notebook',
  deploy: 'mlops-nb:deploy-model',
  schedules: 'mlops-nb:open-schedules',
  dashboards: 'mlops-nb:open-dashboards',
  tutorial: 'mlops-nb:open-tutorial'
} as const;

const NAMED = { args: { type: 'object', properties: {} } } as const;

/** The workspace of the file in front, or of the folder. */
async function placed(shared: IShared, path: string): Promise<string> {
  await shared.places.look(path || null);
  return shared.places.current ?? '';
}

/** Opens a document about a notebook, in the workspace that it belongs to. */
async function about(
  shared: IShared,
  kind: DocumentKind,
  path: string,
  more: Readonly<Record<string, boolean>> = {}
): Promise<void> {
  shared.open(kind, await placed(shared, path), {
    ...(path && { path }),
    ...more
  });
}

const commands: JupyterFrontEndPlugin<void> = {
  id: 'mlops-nb:notebook',
  description: 'Registers, runs and schedules from the notebook in front.',
  autoStart: true,
  requires: [ISharedToken],
  optional: [INotebookTracker, IFileBrowserFactory, ICommandPalette, ILauncher],
  activate: (
    app: JupyterFrontEnd,
    shared: IShared,
    notebooks: INotebookTracker | null,
    files: IFileBrowserFactory | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null
  ) => {
    const { trans } = shared;
    if (notebooks) {
      setTracker(notebooks);
    }
    const front = () => notebooks?.currentWidget?.context.path ?? '';
    // From the file browser's menu a command is about the chosen file.
    const chosen = (args: { readonly file?: unknown }) => {
      if (args.file === true) {
        for (const item of files?.tracker.currentWidget?.selectedItems() ??
          []) {
          if (item.type === 'notebook') {
            return item.path;
          }
        }
      }
      return front();
    };

    app.commands.addCommand(Commands.register, {
      label: trans.__('Register Model…'),
      caption: trans.__('Register a model that this notebook has trained'),
      icon: workspaceIcon,
      isEnabled: () => front() !== '',
      execute: () => about(shared, 'register-form', front()),
      describedBy: NAMED
    });
    app.commands.addCommand(Commands.run, {
      label: trans.__('Run with Parameters…'),
      caption: trans.__(
        'Run this notebook with other values, once or as a grid'
      ),
      isEnabled: args => chosen(args) !== '',
      execute: args => about(shared, 'run-form', chosen(args)),
      describedBy: {
        args: { type: 'object', properties: { file: { type: 'boolean' } } }
      }
    });
    app.commands.addCommand(Commands.schedule, {
      label: trans.__('Schedule…'),
      caption: trans.__('Run this notebook by itself from now on'),
      isEnabled: args => chosen(args) !== '',
      execute: args =>
        about(shared, 'run-form', chosen(args), { schedule: true }),
      describedBy: {
        args: { type: 'object', properties: { file: { type: 'boolean' } } }
      }
    });
    app.commands.addCommand(Commands.deploy, {
      label: trans.__('Deploy a Model…'),
      caption: trans.__('Let a model answer requests'),
      icon: workspaceIcon,
      execute: () => about(shared, 'deploy-form', ''),
      describedBy: NAMED
    });
    app.commands.addCommand(Commands.schedules, {
      label: trans.__('Schedules'),
      caption: trans.__('What runs by itself'),
      icon: workspaceIcon,
      execute: () => about(shared, 'schedules', ''),
      describedBy: NAMED
    });
    app.commands.addCommand(Commands.dashboards, {
      label: trans.__('Dashboards'),
      caption: trans.__('All models on a page'),
      icon: workspaceIcon,
      execute: async () => {
        shared.open('dashboard', await placed(shared, front()), {
          name: 'fleet',
          title: trans.__('Models')
        });
      },
      describedBy: NAMED
    });
    app.commands.addCommand(Commands.tutorial, {
      label: trans.__('Tutorial: Fifteen Minutes'),
      caption: trans.__('From a table to a model that is watched'),
      icon: workspaceIcon,
      execute: async () => {
        const face = Face.of(shared, await placed(shared, front()));
        await openTutorial(face, FIRST);
      },
      describedBy: NAMED
    });
    const category = trans.__('MLOps');
    for (const command of Object.values(Commands)) {
      palette?.addItem({ command, category });
    }
    launcher?.add({ command: 'mlops-nb:open-panel', category, rank: 1 });
    launcher?.add({ command: Commands.deploy, category, rank: 2 });
    launcher?.add({ command: Commands.schedules, category, rank: 3 });
    launcher?.add({ command: Commands.dashboards, category, rank: 4 });
    launcher?.add({ command: Commands.tutorial, category, rank: 5 });
  }
};

const OPEN = ['open'];

const status: JupyterFrontEndPlugin<void> = {
  id: 'mlops-nb:status',
  description:
    'Shows open alerts in the status bar, and says when one is raised.',
  autoStart: true,
  requires: [ISharedToken],
  optional: [IStatusBar],
  activate: (app: JupyterFrontEnd, shared: IShared, bar: IStatusBar | null) => {
    const { trans } = shared;
    const item = new AlertsItem(shared);
    bar?.registerStatusItem('mlops-nb:alerts', {
      item,
      align: 'right',
      rank: 50,
      isActive: () => item.isWanted,
      activeStateChanged: item.wanted
    });
    void app.restored.then(() => {
      window.setTimeout(() => {
        void shared.places.look().then(() => item.begin());
      }, 1500); // after what a person waits for
    });
    const told = new Set<string>();
    shared.live.changed.connect((_: Live, change: IChange) => {
      const event = change.event;
      if (
        change.kind !== 'alert' ||
        !event ||
        event.action ||
        told.has(event.id)
      ) {
        return;
      }
      if (OPEN.includes(event.state)) {
        told.add(event.id);
        Notification.warning(event.summary, {
          autoClose: 10_000,
          actions: [
            {
              label: trans.__('Open'),
              callback: () =>
                shared.open('alert', event.workspace, { id: event.id })
            },
            {
              label: trans.__('Acknowledge'),
              callback: () => {
                void Face.of(shared, event.workspace)
                  .act(
                    'alerts/{id}/ack',
                    { id: event.id },
                    {
                      doing: trans.__('Acknowledging…'),
                      done: () => trans.__('You look after it.')
                    }
                  )
                  .catch(() => undefined);
              }
            }
          ]
        });
      }
    });
  }
};

/** What this extension adds to notebooks, file browser, status bar and launcher. */
export const notebookPlugins: readonly JupyterFrontEndPlugin<void>[] = [
  commands,
  status
];
