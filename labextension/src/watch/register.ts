import { IDocument } from '../core/documents';
import { workspaceIcon } from '../core/icons';

/** Documents of this part. */
export const watchDocuments: readonly IDocument[] = [
  {
    kind: 'watch',
    icon: workspaceIcon,
    title: args => `Watch ${String(args.model)}`,
    load: async () => (await import('./watch')).WatchDocument
  },
  {
    kind: 'alert',
    icon: workspaceIcon,
    title: args => `Alert ${String(args.id)}`,
    load: async () => (await import('./alert')).AlertDocument
  }
];
