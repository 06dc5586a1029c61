import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** What the server says when it says no: the same four fields on every door of the product. */
interface IErrorBody {
  readonly code: string;
  readonly message: string;
  readonly field: string | null;
  readonly hint: string | null;
}

/** An answer that is not the thing asked for. `code` is what programs compare. */
export class RequestError extends Error {
  readonly code: string;
  readonly field: string | null;
  readonly hint: string | null;
  /** How it stands, where somebody else changed it meanwhile. */
  readonly now: unknown;
  /** The route that was asked, for "copy details". */
  readonly route: string;

  constructor(
    body: Pick<IErrorBody, 'code' | 'message' | 'hint'> & {
      readonly field?: string | null;
    },
    route = '',
    now?: unknown
  ) {
    super(body.message);
    this.name = 'RequestError';
    this.code = body.code;
    this.field = body.field ?? null;
    this.hint = body.hint;
    this.route = route;
    this.now = now;
  }
}

function isErrorBody(
  value: unknown
): value is { error: IErrorBody; now?: unknown } {
  const error = (value as { error?: Partial<IErrorBody> } | null)?.error;
  return typeof error?.code === 'string' && typeof error.message === 'string';
}

/** A value as a query takes it; what is absent, null or empty is left out. */
export function asQuery(
  values: Readonly<Record<string, unknown>>
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== null && value !== '') {
      found[name] = String(value);
    }
  }
  return found;
}

/** Puts names into the places of a path: `models/{name}` and `{name: 'a b'}` make `models/a%20b`. */
export function filled(
  pattern: string,
  names: Readonly<Record<string, unknown>>
): string {
  return pattern.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(names[name] ?? ''))
  );
}

/**
 * Asks one route of the server extension. The only place of this extension that
 * touches the network; throws nothing but `RequestError`.
 */
export async function request(
  settings: ServerConnection.ISettings,
  method: string,
  route: string,
  query: Readonly<Record<string, unknown>> = {},
  body?: unknown,
  heard?: (headers: Headers) => void
): Promise<unknown> {
  const url =
    URLExt.join(settings.baseUrl, 'mlops-nb', 'api', route) +
    URLExt.objectToQueryString(asQuery(query));
  const init: RequestInit = { method };
  if (method === 'POST') {
    init.body = JSON.stringify(body ?? {});
    init.headers = { 'Content-Type': 'application/json' };
  }
  const asked = `${method} ${route}`;
  let response: Response;
  try {
    response = await ServerConnection.makeRequest(url, init, settings);
  } catch {
    throw new RequestError(
      { code: 'unreachable', message: '', hint: null },
      asked
    );
  }
  let answer: unknown = null;
  try {
    answer = await response.json();
  } catch {
    // A proxy's page or an empty body: the status below says enough.
  }
  if (response.ok && answer !== null) {
    heard?.(response.headers);
    return answer;
  }
  if (isErrorBody(answer)) {
    throw new RequestError(answer.error, asked, answer.now);
  }
  throw new RequestError(
    { code: `http_${response.status}`, message: '', hint: null },
    asked
  );
}
