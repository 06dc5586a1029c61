import { ServerConnection } from '@jupyterlab/services';
import { RequestError, request } from './request';

/** What a workspace holds: the record that `GET /mlops-nb/api/workspace` answers. */
export interface IOverview {
  readonly name: string;
  readonly root: string;
  readonly tables: number;
  readonly models: number;
  readonly versions: number;
  readonly runs: number;
}

const TEXTS = ['name', 'root'] as const;
const COUNTS = ['tables', 'models', 'versions', 'runs'] as const;

function isOverview(value: unknown): value is IOverview {
  const body = value as Partial<Record<string, unknown>>;
  return (
    TEXTS.every(key => typeof body[key] === 'string') &&
    COUNTS.every(key => Number.isInteger(body[key]))
  );
}

/** The workspace that the server was started in. */
export async function getWorkspace(
  settings: ServerConnection.ISettings
): Promise<IOverview> {
  const body = await request('workspace', settings);
  if (!isOverview(body)) {
    throw new RequestError({ code: 'unreadable', message: '', hint: null });
  }
  return body;
}
