import { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { useFace } from '../core/context';

/** How serious something looks. A glyph and a word say the same as the colour. */
export type Tone = 'good' | 'warn' | 'bad' | 'busy' | 'quiet';

const GLYPHS: Readonly<Record<Tone, string>> = {
  good: '●',
  warn: '▲',
  bad: '■',
  busy: '◐',
  quiet: '○'
};

export interface ILook {
  readonly tone: Tone;
  readonly text: string;
}

/** What a state of a model, version, deployment, run, window or alert looks like. */
export function lookOf(state: string, trans: TranslationBundle): ILook {
  switch (state) {
    case 'ok':
      return { tone: 'good', text: trans.__('ok') };
    case 'ready':
      return { tone: 'good', text: trans.__('ready') };
    case 'proven':
      return { tone: 'good', text: trans.__('proven') };
    case 'finished':
      return { tone: 'good', text: trans.__('finished') };
    case 'done':
      return { tone: 'good', text: trans.__('done') };
    case 'passed':
      return { tone: 'good', text: trans.__('passed') };
    case 'active':
      return { tone: 'good', text: trans.__('active') };
    case 'changed':
      return { tone: 'warn', text: trans.__('changed') };
    case 'degraded':
      return { tone: 'warn', text: trans.__('degraded') };
    case 'warning':
    case 'warn':
      return { tone: 'warn', text: trans.__('warning') };
    case 'unlabelled':
      return { tone: 'quiet', text: trans.__('no labels') };
    case 'silent':
      return { tone: 'warn', text: trans.__('no data') };
    case 'drifted':
      return { tone: 'bad', text: trans.__('drifted') };
    case 'failing':
      return { tone: 'bad', text: trans.__('failing') };
    case 'failed':
    case 'fail':
      return { tone: 'bad', text: trans.__('failed') };
    case 'broken':
      return { tone: 'bad', text: trans.__('broken') };
    case 'critical':
      return { tone: 'bad', text: trans.__('critical') };
    case 'running':
      return { tone: 'busy', text: trans.__('running') };
    case 'pending':
      return { tone: 'busy', text: trans.__('pending') };
    case 'queued':
      return { tone: 'busy', text: trans.__('queued') };
    case 'proving':
      return { tone: 'busy', text: trans.__('proving') };
    case 'starting':
      return { tone: 'busy', text: trans.__('starting') };
    case 'loading':
      return { tone: 'busy', text: trans.__('loading') };
    case 'stopped':
      return { tone: 'quiet', text: trans.__('stopped') };
    case 'cancelled':
      return { tone: 'quiet', text: trans.__('cancelled') };
    case 'paused':
      return { tone: 'quiet', text: trans.__('paused') };
    case 'skipped':
      return { tone: 'quiet', text: trans.__('skipped') };
    case 'info':
      return { tone: 'quiet', text: trans.__('info') };
    case 'none':
    case 'unknown':
    case '':
      return { tone: 'quiet', text: trans.__('unknown') };
    default:
      return { tone: 'quiet', text: state };
  }
}

/** A state as glyph and word. */
export function StateText({
  state,
  title
}: {
  readonly state: string;
  readonly title?: string;
}): React.JSX.Element {
  const look = lookOf(state, useFace().trans);
  return (
    <span className="mlops-nb-State" data-tone={look.tone} title={title}>
      <span className="mlops-nb-Glyph" aria-hidden="true">
        {GLYPHS[look.tone]}
      </span>
      {look.text}
    </span>
  );
}

/** A small label: an alias, a role, a count. */
export function Chip({
  children,
  tone = 'quiet',
  title
}: {
  readonly children: React.ReactNode;
  readonly tone?: Tone;
  readonly title?: string;
}): React.JSX.Element {
  return (
    <span className="mlops-nb-Chip" data-tone={tone} title={title}>
      {children}
    </span>
  );
}
