import { createGraphiQLFetcher, type Fetcher, type FetcherParams } from "@graphiql/toolkit";
import { Kind, parse, type DocumentNode } from "graphql";

import type { Config } from "./config.ts";

/** A WebSocket needs an absolute address in older browsers; the scheme follows the page's. */
function socketAddress(path: string): string {
  const address = new URL(path, window.location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}

/** The parsed query; nothing where its syntax is wrong, which the gateway tells in its own words. */
function documentOf({ query }: FetcherParams): DocumentNode | undefined {
  try {
    return parse(query);
  } catch {
    return undefined;
  }
}

/** Sends queries and mutations over HTTP and subscriptions over graphql-transport-ws. */
export function fetcherOf(config: Config): Fetcher {
  const send = createGraphiQLFetcher({
    url: config.endpoint,
    // The gateway has no @defer; without this the page would ask for multipart answers first.
    enableIncrementalDelivery: false,
    ...(config.subscriptions && { subscriptionUrl: socketAddress(config.subscriptions) }),
  });

  return (params, options) => {
    const document = documentOf(params);
    const operations = document?.definitions.filter((part) => part.kind === Kind.OPERATION_DEFINITION) ?? [];
    const [only, another] = operations;
    if (!document || !only || another) {
      return send(params, options);
    }
    // GraphiQL looks at an editor a moment after it changed: who runs a tab right after opening it would send the
    // operation name, and go the transport, of the tab before. A single operation leaves nothing to guess.
    const operationName = only.name?.value ?? null;
    return send({ ...params, operationName }, { ...options, documentAST: document });
  };
}
