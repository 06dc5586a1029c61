import { IDocument } from '../core/documents';
import { workspaceIcon } from '../core/icons';

/** Documents of this part. */
export const pageDocuments: readonly IDocument[] = [
  {
    kind: 'dashboard',
    icon: workspaceIcon,
    title: args => String(args.title ?? args.name),
    load: async () => (await import('./dashboard')).DashboardDocument
  }
];
