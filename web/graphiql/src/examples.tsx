import { pick, useGraphiQL, useGraphiQLActions, type GraphiQLPlugin } from "@graphiql/react";

import type { Example } from "./config.ts";

function ExamplesIcon() {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M5 4h11l3 3v13H5z" strokeLinejoin="round" />
      <path d="M10 10l4.5 3-4.5 3z" fill="currentColor" strokeLinejoin="round" />
    </svg>
  );
}

function Examples({ examples }: { examples: Example[] }) {
  const { addTab } = useGraphiQLActions();
  const { queryEditor, variableEditor } = useGraphiQL(pick("queryEditor", "variableEditor"));

  function open(example: Example) {
    // The editors are the source of a tab's content: GraphiQL copies what they hold into the active tab.
    addTab();
    variableEditor?.setValue(example.variables ?? "");
    queryEditor?.setValue(example.query);
  }

  return (
    <section aria-label="Examples" className="examples">
      <h2 className="examples-title">Examples</h2>
      <p>Each opens in a new tab, as it was at first.</p>
      <ul>
        {examples.map((example) => (
          <li key={example.title}>
            <button type="button" className="graphiql-button" onClick={() => open(example)}>
              {example.title}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A side panel that brings any example back after its tab was edited or closed. */
export function examplesPlugin(examples: Example[]): GraphiQLPlugin {
  return {
    title: "Examples",
    icon: ExamplesIcon,
    content: () => <Examples examples={examples} />,
  };
}
