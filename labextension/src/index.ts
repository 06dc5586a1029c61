import {
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { workspaceIcon } from './icon';
import { WorkspacePanel } from './panel';

const PLUGIN = 'mlops-nb:plugin';
const OPEN_PANEL = 'mlops-nb:open-panel';

const plugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN,
  description: 'Shows what the workspace holds, in the left sidebar.',
  autoStart: true,
  optional: [ICommandPalette, ILayoutRestorer, ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    settings: ISettingRegistry | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('mlops_nb');
    const panel = new WorkspacePanel(trans, app.serviceManager.serverSettings);
    app.shell.add(panel, 'left', { rank: 300, type: 'MLOps' });
    restorer?.add(panel, panel.id);

    app.commands.addCommand(OPEN_PANEL, {
      label: trans.__('Open the MLOps Panel'),
      caption: trans.__('Show what this workspace holds'),
      icon: workspaceIcon,
      execute: () => app.shell.activateById(panel.id),
      describedBy: { args: { type: 'object', properties: {} } }
    });
    palette?.addItem({ command: OPEN_PANEL, category: trans.__('MLOps') });

    settings
      ?.load(PLUGIN)
      .then(loaded => {
        const apply = () =>
          panel.overview.every(loaded.composite.refreshSeconds as number);
        apply();
        loaded.changed.connect(apply);
      })
      .catch(reason => {
        console.error(`${PLUGIN}: the settings could not be read.`, reason);
      });
  }
};

export default plugin;
