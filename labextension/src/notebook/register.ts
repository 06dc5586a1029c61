import { IDocument } from '../core/documents';
import { workspaceIcon } from '../core/icons';

/** Documents of this part. */
export const notebookDocuments: readonly IDocument[] = [
  {
    kind: 'register-form',
    icon: workspaceIcon,
    title: () => 'Register a model',
    load: async () => (await import('./form')).RegisterForm
  }
];
