import { TranslationBundle } from '@jupyterlab/translation';
import { RequestError } from './request';

/** An error as "copy details" gives it. */
export interface ICopied {
  readonly code: string;
  readonly message: string;
  readonly field: string | null;
  readonly hint: string | null;
}

/** What went wrong, in a sentence for the person in front. */
export function sentence(
  error: RequestError,
  trans: TranslationBundle
): string {
  if (error.message) {
    return error.message;
  }
  switch (error.code) {
    case 'unreachable':
      return trans.__('The Jupyter server does not answer. Is it running?');
    case 'http_401':
    case 'http_403':
      return trans.__(
        'You may not do this here. Sign in again, or ask who runs this server.'
      );
    case 'http_404':
      return trans.__(
        'The server extension is not enabled. Run `jupyter server extension enable mlops_nb`, then restart Jupyter.'
      );
    default:
      return trans.__(
        'The Jupyter server gave an answer that cannot be read (%1). Its log says more.',
        error.code
      );
  }
}
