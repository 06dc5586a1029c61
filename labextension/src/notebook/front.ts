import { NotebookActions, NotebookPanel } from '@jupyterlab/notebook';

/** Puts a cell with this code below the last one, runs it, and says whether it worked. */
export async function runBelow(
  panel: NotebookPanel,
  code: string
): Promise<{ readonly worked: boolean; readonly problem: string }> {
  const notebook = panel.content;
  notebook.activeCellIndex = notebook.widgets.length - 1;
  const last = notebook.activeCell?.model.sharedModel.getSource() ?? '';
  if (last.trim() !== '') {
    NotebookActions.insertBelow(notebook);
  }
  const cell = notebook.activeCell;
  cell?.model.sharedModel.setSource(code);
  const worked = await NotebookActions.run(notebook, panel.sessionContext);
  const outputs = (
    cell?.model.sharedModel.toJSON() as
      { outputs?: readonly { ename?: string; evalue?: string }[] } | undefined
  )?.outputs;
  const failed = outputs?.find(output => output.ename);
  return {
    worked: worked && !failed,
    problem: failed ? `${failed.ename ?? ''}: ${failed.evalue ?? ''}` : ''
  };
}
