import { IDocument } from '../core/documents';
import { workspaceIcon } from '../core/icons';

/** Documents of this part. */
export const deploymentDocuments: readonly IDocument[] = [
  {
    kind: 'deployment',
    icon: workspaceIcon,
    title: args => String(args.name),
    load: async () => (await import('./deployment')).DeploymentDocument
  },
  {
    kind: 'deploy-form',
    icon: workspaceIcon,
    title: args => `Deploy ${String(args.target ?? args.name ?? '')}`.trim(),
    load: async () => (await import('./deploy')).DeployForm
  }
];
