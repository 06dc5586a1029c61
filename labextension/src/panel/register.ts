import { IDocument } from '../core/documents';
import { workspaceIcon } from '../core/icons';

/** Documents that belong to the panel as a whole. */
export const panelDocuments: readonly IDocument[] = [
  {
    kind: 'live',
    icon: workspaceIcon,
    title: () => 'Live demo',
    load: async () => (await import('./live')).LiveDocument
  }
];
