import { deploymentDocuments } from '../deployments/register';
import { modelDocuments } from '../models/register';
import { notebookDocuments } from '../notebook/register';
import { pageDocuments } from '../pages/register';
import { panelDocuments } from '../panel/register';
import { runDocuments } from '../runs/register';
import { watchDocuments } from '../watch/register';
import { IDocument } from './documents';
import { DocumentKind } from './face';

/** Every kind of document that can be opened. */
export const documents: ReadonlyMap<DocumentKind, IDocument> = new Map(
  [
    ...modelDocuments,
    ...deploymentDocuments,
    ...runDocuments,
    ...watchDocuments,
    ...pageDocuments,
    ...notebookDocuments,
    ...panelDocuments
  ].map(document => [document.kind, document])
);
