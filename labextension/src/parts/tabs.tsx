import React from 'react';

/** Names beside each other, and what belongs to the chosen one. Arrow keys choose. */
export function Tabs<T extends string>({
  label,
  tabs,
  children
}: {
  readonly label: string;
  readonly tabs: readonly (readonly [T, string])[];
  readonly children: (tab: T) => React.ReactNode;
}): React.JSX.Element {
  const id = React.useId();
  const [chosen, choose] = React.useState(0);
  const list = React.useRef<HTMLDivElement>(null);
  const onKey = (event: React.KeyboardEvent) => {
    const last = tabs.length - 1;
    const steps: Record<string, number> = {
      ArrowRight: chosen === last ? 0 : chosen + 1,
      ArrowLeft: chosen === 0 ? last : chosen - 1,
      Home: 0,
      End: last
    };
    const to = steps[event.key];
    if (to !== undefined) {
      event.preventDefault();
      choose(to);
      list.current?.querySelectorAll<HTMLElement>('[role=tab]')[to]?.focus();
    }
  };
  const now = tabs[chosen];
  return (
    <>
      <div
        ref={list}
        className="mlops-nb-Tabs"
        role="tablist"
        aria-label={label}
        onKeyDown={onKey}
      >
        {tabs.map(([tab, name], at) => (
          <button
            key={tab}
            id={`${id}-${tab}`}
            type="button"
            role="tab"
            className="mlops-nb-Tab"
            aria-selected={at === chosen}
            aria-controls={`${id}-shown`}
            tabIndex={at === chosen ? 0 : -1}
            onClick={() => choose(at)}
          >
            {name}
          </button>
        ))}
      </div>
      <div
        id={`${id}-shown`}
        role="tabpanel"
        aria-labelledby={now && `${id}-${now[0]}`}
      >
        {now && children(now[0])}
      </div>
    </>
  );
}
