import { explorerPlugin } from "@graphiql/plugin-explorer";
import { GraphiQL } from "graphiql";
import { useMemo } from "react";

import type { Config } from "./config.ts";
import { examplesPlugin } from "./examples.tsx";
import { fetcherOf } from "./fetcher.ts";

// Variables may hold a card number: what is typed ends with the browser tab, and is not kept on disk for the next person.
const storage = window.sessionStorage;

/** The example tabs where nothing is stored yet. GraphiQL takes the first tab's variables from elsewhere than its query. */
function firstTabs(config: Config) {
  const examples = config.tabs ?? [];
  const first = examples[0];
  if (!first || storage.getItem("graphiql:tabState") !== null) {
    return {};
  }
  return {
    defaultTabs: examples.map(({ query, variables }) => ({ query, variables: variables ?? null })),
    initialQuery: first.query,
    initialVariables: first.variables ?? "",
  };
}

export function Page({ config }: { config: Config }) {
  const fetcher = useMemo(() => fetcherOf(config), [config]);
  const tabs = useMemo(() => firstTabs(config), [config]);
  // No history plugin: it writes the headers of each run, and so the key, into the storage.
  const plugins = useMemo(
    () => [explorerPlugin(), ...(config.tabs?.length ? [examplesPlugin(config.tabs)] : [])],
    [config],
  );

  return (
    <GraphiQL
      {...tabs}
      fetcher={fetcher}
      plugins={plugins}
      storage={storage}
      defaultHeaders={JSON.stringify(config.headers ?? {}, null, 2)}
      shouldPersistHeaders={false}
      defaultEditorToolsVisibility="variables"
      inputValueDeprecation
      schemaDescription
    >
      {/* Without a child it would be a link to GraphiQL's home. */}
      <GraphiQL.Logo>{config.notice ? <strong className="notice">{config.notice}</strong> : null}</GraphiQL.Logo>
    </GraphiQL>
  );
}
