/** What the gateway tells the page at start: `config.json`, next to the page. */
export interface Config {
  /** Where operations are posted; a path of this origin. */
  endpoint: string;
  /** Where subscriptions connect (graphql-transport-ws); without it they are refused in the page. */
  subscriptions?: string;
  /** Headers of every request, and the payload of `connection_init`. Hold a key, so they are never stored. */
  headers?: Record<string, string>;
  /** Shown at all times, for example that no real money moves. */
  notice?: string;
  tabs?: Example[];
}

/** One named operation that a newcomer can run as it stands. */
export interface Example {
  title: string;
  query: string;
  /** JSON text. */
  variables?: string;
}

/** Throws where the gateway gives no configuration: the page is switched off, or served by something else. */
export async function readConfig(): Promise<Config> {
  const response = await fetch(new URL("config.json", document.baseURI), { cache: "no-store" });
  if (!response.ok) {
    throw new Error(`config.json: HTTP ${response.status}`);
  }
  return (await response.json()) as Config;
}
