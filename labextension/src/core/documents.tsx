import { MainAreaWidget } from '@jupyterlab/apputils';
import { LabIcon, ReactWidget } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import React from 'react';
import { FaceContext, VisibleContext } from './context';
import { Arguments, DocumentKind, Face } from './face';

export interface IDocumentProps {
  readonly args: Arguments;
  /** Names the tab. */
  readonly rename: (title: string) => void;
  readonly close: () => void;
}

/** A kind of document in the main area. `load` brings its code when the first one is opened. */
export interface IDocument {
  readonly kind: DocumentKind;
  readonly icon: LabIcon;
  /** What the tab says at first. */
  readonly title: (args: Arguments) => string;
  readonly load: () => Promise<React.ComponentType<IDocumentProps>>;
}

/** A React component in the main area: it knows when it is on screen. */
class Content extends ReactWidget {
  constructor(
    private readonly _face: Face,
    private readonly _component: React.ComponentType<IDocumentProps>,
    private readonly _props: IDocumentProps
  ) {
    super();
    this.addClass('mlops-nb-Document');
    this.node.tabIndex = -1;
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.update();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.update();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this.node.focus();
  }

  protected override render(): React.JSX.Element {
    const Component = this._component;
    return (
      <FaceContext.Provider value={this._face}>
        <VisibleContext.Provider value={this.isVisible}>
          <Component {...this._props} />
        </VisibleContext.Provider>
      </FaceContext.Provider>
    );
  }
}

/** The widget of a document; its parts come when they are loaded. */
export async function makeDocument(
  document: IDocument,
  face: Face,
  args: Arguments,
  id: string
): Promise<MainAreaWidget> {
  const Component = await document.load();
  const props: IDocumentProps = {
    args,
    rename: title => {
      widget.title.label = title;
    },
    close: () => widget.dispose()
  };
  const content = new Content(face, Component, props);
  const widget = new MainAreaWidget({ content });
  widget.id = id;
  widget.title.icon = document.icon;
  widget.title.label = document.title(args);
  widget.title.closable = true;
  widget.title.caption = face.place
    ? `${document.title(args)} · ${face.place.name}`
    : document.title(args);
  return widget;
}
