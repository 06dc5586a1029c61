import { Dialog, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import React from 'react';

export interface IQuestion {
  readonly title: string;
  /** What will change where, in a sentence. */
  readonly says: React.ReactNode;
  /** What the button does: Promote, Roll back, Stop. */
  readonly accept: string;
  /** Whether something is taken away. */
  readonly warns?: boolean;
  /** Whether to ask for a reason: `wanted` may be left empty, `needed` may not. */
  readonly reason?: 'wanted' | 'needed';
}

class Body extends ReactWidget implements Dialog.IBodyWidget {
  constructor(
    private readonly _question: IQuestion,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('mlops-nb-Confirm');
  }

  getValue(): string {
    return this.node.querySelector('input')?.value.trim() ?? '';
  }

  protected override render(): React.JSX.Element {
    const { says, reason } = this._question;
    return (
      <>
        <p>{says}</p>
        {reason && (
          <label className="mlops-nb-Field">
            <span>
              {reason === 'needed'
                ? this._trans.__('Reason')
                : this._trans.__('Reason (goes into the receipt)')}
            </span>
            <input
              className="jp-mod-styled"
              type="text"
              maxLength={500}
              required={reason === 'needed'}
            />
          </label>
        )}
      </>
    );
  }
}

/** Asks before something changes. The reason that was given, or null when it was called off. */
export async function confirm(
  question: IQuestion,
  trans: TranslationBundle
): Promise<string | null> {
  for (;;) {
    const answer = await showDialog({
      title: question.title,
      body: new Body(question, trans),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        question.warns
          ? Dialog.warnButton({ label: question.accept })
          : Dialog.okButton({ label: question.accept })
      ],
      defaultButton: question.reason ? 1 : question.warns ? 0 : 1,
      ...(question.reason && { focusNodeSelector: 'input' })
    });
    if (!answer.button.accept) {
      return null;
    }
    if (question.reason !== 'needed' || answer.value) {
      return answer.value ?? '';
    }
  }
}
