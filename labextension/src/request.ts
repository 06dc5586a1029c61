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
  readonly hint: string | null;

  constructor(body: Pick<IErrorBody, 'code' | 'message' | 'hint'>) {
    super(body.message);
    this.name = 'RequestError';
    this.code = body.code;
    this.hint = body.hint;
  }
}

function isErrorBody(value: unknown): value is { error: IErrorBody } {
  const error = (value as { error?: Partial<IErrorBody> } | null)?.error;
  return typeof error?.code === 'string' && typeof error.message === 'string';
}

/**
 * Asks one route of the server extension. The only place of this extension that
 * touches the network; throws nothing but `RequestError`.
 */
export async function request(
  route: string,
  settings: ServerConnection.ISettings
): Promise<unknown> {
  const url = URLExt.join(settings.baseUrl, 'mlops-nb', 'api', route);
  let response: Response;
  try {
    response = await ServerConnection.makeRequest(url, {}, settings);
  } catch {
    throw new RequestError({ code: 'unreachable', message: '', hint: null });
  }
  let body: unknown = null;
  try {
    body = await response.json();
  } catch {
    // A proxy's page or an empty body: the status below says enough.
  }
  if (response.ok && body !== null) {
    return body;
  }
  if (isErrorBody(body)) {
    throw new RequestError(body.error);
  }
  throw new RequestError({
    code: `http_${response.status}`,
    message: '',
    hint: null
  });
}
