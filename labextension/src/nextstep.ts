import { TranslationBundle } from '@jupyterlab/translation';
import { IOverview } from './api';

/** One thing to do now, and the code that does it. */
export interface INextStep {
  readonly text: string;
  readonly code: string;
}

/** The first step of the way from a frame to a monitored model that this workspace has not taken. */
export function nextStep(
  overview: IOverview,
  trans: TranslationBundle
): INextStep | null {
  if (overview.tables === 0) {
    return {
      text: trans.__('Keep a first table. In a notebook:'),
      code: 'from mlops_nb import Workspace\n\nws = Workspace()\nws.commit("flights", df)'
    };
  }
  if (overview.models === 0) {
    return {
      text: trans.__('Register a first model. In a notebook:'),
      code: 'ws.register(\n    model, "delay",\n    train=train, test=test,\n    target="late")'
    };
  }
  if (overview.runs === 0) {
    return {
      text: trans.__('Run a notebook with parameters:'),
      code: 'ws.run(\n    "score.ipynb",\n    month=range(3, 13))'
    };
  }
  return null;
}
