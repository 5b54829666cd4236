/* How this page speaks to the gateway: one POST for each operation, and two ways to learn an end. */

import { WAIT, WATCH } from "./documents.js";

const SILENCE_MS = 5000;
const WAIT_SECONDS = 20;
const PAUSE_MS = 2000;

/* The gateway did not answer, or not with GraphQL: nobody knows whether the operation was done. */
export class NoAnswer extends Error {}

/* The gateway said no. `code` is that of docs/errors.md. */
export class Refused extends Error {
  constructor(error) {
    super(error.message);
    this.code = error.extensions?.code;
  }
}

export class Gateway {
  #session = null;
  #newSession;

  /* `newSession` asks the shop's server for { endpoint, token }; the token is kept in memory alone. */
  constructor(newSession) {
    this.#newSession = newSession;
  }

  language = "en";

  async start(options) {
    this.#session = await this.#newSession(options);
    return this.#session;
  }

  /* The answer's `data`. Where the session's time is over, a new one is fetched and the same is asked
     again: UNAUTHENTICATED means that nothing was done. Throws NoAnswer or Refused. */
  async ask(query, variables = {}) {
    try {
      return await this.#post(query, variables);
    } catch (error) {
      if (error.code !== "UNAUTHENTICATED") throw error;
      await this.start();
      return this.#post(query, variables);
    }
  }

  async #post(query, variables) {
    const { endpoint, token } = this.#session;
    let answer;
    try {
      const response = await fetch(endpoint, {
        method: "POST",
        headers: {
          "Accept": "application/json",
          "Accept-Language": this.language,
          "Authorization": `Bearer ${token}`,
          "Content-Type": "application/json",
        },
        body: JSON.stringify({ query, variables }),
      });
      answer = await response.json();
    } catch {
      throw new NoAnswer();
    }
    // A field that failed is null and the rest is whole; only where nothing came is it a failure.
    if (answer.errors && !holdsSomething(answer.data)) throw new Refused(answer.errors[0]);
    return answer.data;
  }

  /* Calls `tell` with the charge as it is now and at each change, and returns when it is final. By a
     socket where the network lets it through, else by questions whose answers are held. */
  async follow(id, tell) {
    let final = false;
    await this.#listen(id, (charge) => {
      final = charge.final;
      tell(charge);
    });
    while (!final) {
      try {
        const { charge } = await this.ask(WAIT, { by: { id }, waitSeconds: WAIT_SECONDS });
        final = charge.final;
        tell(charge);
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  /* graphql-transport-ws in thirty lines; a shop with a GraphQL client has it there already. */
  #listen(id, tell) {
    const { endpoint, token } = this.#session;
    return new Promise((resolve) => {
      const address = new URL(endpoint, location.href);
      address.protocol = address.protocol.replace("http", "ws");
      let socket;
      try {
        socket = new WebSocket(address, "graphql-transport-ws");
      } catch {
        resolve();
        return;
      }
      const send = (message) => socket.send(JSON.stringify(message));
      // Some proxies let a socket open and nothing through.
      const silence = setTimeout(() => { socket.close(); resolve(); }, SILENCE_MS);
      socket.onopen = () =>
        send({ type: "connection_init", payload: { Authorization: `Bearer ${token}` } });
      socket.onmessage = (event) => {
        const message = JSON.parse(event.data);
        if (message.type === "connection_ack") {
          send({ type: "subscribe", id: "1", payload: { query: WATCH, variables: { id } } });
        } else if (message.type === "ping") {
          send({ type: "pong" });
        } else if (message.type === "next" && message.payload.data) {
          clearTimeout(silence);
          tell(message.payload.data.chargeUpdated);
        } else if (message.type === "complete" || message.type === "error") {
          socket.close(1000);
        }
      };
      socket.onclose = () => { clearTimeout(silence); resolve(); };
    });
  }
}

function holdsSomething(data) {
  return data && Object.values(data).some((value) => value !== null);
}
