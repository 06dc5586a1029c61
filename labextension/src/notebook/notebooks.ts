import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

let known: INotebookTracker | null = null;

/** Set once, by the plugin that has it. */
export function setTracker(tracker: INotebookTracker): void {
  known = tracker;
}

/** The open notebook at a path; empty: the one in front. */
export function notebookAt(path: string): NotebookPanel | null {
  return path
    ? (known?.find(panel => panel.context.path === path) ?? null)
    : (known?.currentWidget ?? null);
}
