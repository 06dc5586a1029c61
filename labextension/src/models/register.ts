import { IDocument } from '../core/documents';
import { workspaceIcon } from '../core/icons';

/** Documents of this part. */
export const modelDocuments: readonly IDocument[] = [
  {
    kind: 'version',
    icon: workspaceIcon,
    title: args => `${String(args.name)}/${String(args.version)}`,
    load: async () => (await import('./version')).VersionDocument
  }
];
