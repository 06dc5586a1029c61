import { IDocument } from '../core/documents';
import { workspaceIcon } from '../core/icons';

const file = (path: unknown) =>
  String(path ?? '')
    .split('/')
    .pop() ?? '';

/** Documents of this part. */
export const runDocuments: readonly IDocument[] = [
  {
    kind: 'run',
    icon: workspaceIcon,
    title: args => String(args.id),
    load: async () => (await import('./run')).RunDocument
  },
  {
    kind: 'runs',
    icon: workspaceIcon,
    title: args => `Runs ${String(args.grid ?? args.q ?? '')}`.trim(),
    load: async () => (await import('./runs')).RunsDocument
  },
  {
    kind: 'compare',
    icon: workspaceIcon,
    title: () => 'Two runs',
    load: async () => (await import('./compare')).CompareDocument
  },
  {
    kind: 'run-form',
    icon: workspaceIcon,
    title: args => `Run ${file(args.path)}`,
    load: async () => (await import('./form')).RunForm
  },
  {
    kind: 'schedules',
    icon: workspaceIcon,
    title: () => 'Schedules',
    load: async () => (await import('./schedules')).SchedulesDocument
  }
];
