import { Clipboard } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { Button, copyIcon } from '@jupyterlab/ui-components';
import React from 'react';
import { IOverview } from './api';
import { INextStep, nextStep } from './nextstep';
import { RequestError } from './request';

interface IWithTrans {
  readonly trans: TranslationBundle;
}

function Step({
  step,
  trans
}: IWithTrans & { readonly step: INextStep }): React.JSX.Element {
  return (
    <section className="mlops-nb-Step" aria-label={trans.__('Next step')}>
      <div className="mlops-nb-StepHead">
        <h3>{trans.__('Next step')}</h3>
        <Button
          minimal
          small
          title={trans.__('Copy the code')}
          aria-label={trans.__('Copy the code')}
          onClick={() => Clipboard.copyToSystem(step.code)}
        >
          <copyIcon.react tag="span" width="14px" height="14px" />
        </Button>
      </div>
      <p>{step.text}</p>
      <pre className="mlops-nb-Code" tabIndex={0}>
        {step.code}
      </pre>
    </section>
  );
}

/** What to do next, as long as the workspace is young. */
export function NextStep({
  overview,
  trans
}: IWithTrans & { readonly overview: IOverview }): React.JSX.Element | null {
  const step = nextStep(overview, trans);
  return step && <Step step={step} trans={trans} />;
}

/** There is no workspace in the folder that JupyterLab shows. */
export function NoWorkspace({ trans }: IWithTrans): React.JSX.Element {
  return (
    <div role="status">
      <p>{trans.__('There is no workspace in this folder yet.')}</p>
      <Step
        step={{
          text: trans.__('Make one from a notebook:'),
          code: 'from mlops_nb import Workspace\n\nws = Workspace()'
        }}
        trans={trans}
      />
    </div>
  );
}

/** Why there is no fresh answer, and a button that asks again. */
export function Problem({
  error,
  retry,
  trans
}: IWithTrans & {
  readonly error: RequestError;
  readonly retry: () => void;
}): React.JSX.Element {
  return (
    <div className="mlops-nb-Problem" role="alert">
      <p>{sentence(error, trans)}</p>
      {error.hint && <p className="mlops-nb-Quiet">{error.hint}</p>}
      <Button className="mlops-nb-Retry" onClick={retry}>
        {trans.__('Retry')}
      </Button>
    </div>
  );
}

function sentence(error: RequestError, trans: TranslationBundle): string {
  if (error.message) {
    return error.message;
  }
  switch (error.code) {
    case 'unreachable':
      return trans.__('The Jupyter server does not answer. Is it running?');
    case 'http_403':
      return trans.__('You may not see this workspace. Sign in again.');
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
