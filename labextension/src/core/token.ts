import { Token } from '@lumino/coreutils';
import { IShared } from './face';

/** What plugins of this extension share. */
export const ISharedToken = new Token<IShared>(
  'mlops-nb:IShared',
  'What the parts of the MLOps extension share.'
);
