/* A page with urql: the cards, a payment, and its end by a subscription. Usage: node urql.js URL */

import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { createClient } from "graphql-ws";
import { pipe, takeWhile, toPromise } from "wonka";
import WebSocket from "ws";

import { PayWithCard, Wallet, WatchPayment } from "./documents.js";
import { newOrder } from "./shop.js";

const endpoint = process.argv[2] ?? "http://127.0.0.1:8000/graphql";
const { token } = await newOrder(endpoint);

const socket = createClient({
  url: endpoint.replace("http", "ws"),
  webSocketImpl: WebSocket, // a browser has its own
  connectionParams: () => ({ Authorization: `Bearer ${token}` }),
});
const client = new Client({
  url: endpoint,
  preferGetMethod: false,
  fetchOptions: { headers: { Authorization: `Bearer ${token}` } },
  exchanges: [
    // Each document goes by its hash, as the manifest of trusted documents has it.
    persistedExchange({
      preferGetForPersistedQueries: false,
      enforcePersistedQueries: process.env.TRUSTED === "1",
      enableForMutation: true,
      enableForSubscriptions: true,
      generateHash: async (_text, document) =>
        (document as unknown as { __meta__: { hash: string } }).__meta__.hash,
    }),
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query, variables, extensions }) => ({
        subscribe: (sink) => ({
          unsubscribe: socket.subscribe({ query: query ?? "", variables, extensions }, sink),
        }),
      }),
    }),
  ],
});

const wallet = await client.query(Wallet, {}).toPromise();
if (wallet.error) throw wallet.error;
const customer = wallet.data!.viewer.customer!;
const card = customer.savedCards![0]!;
console.log(`pays with ${card.brand} ending in ${card.last4}`);

const paid = await client
  .mutation(PayWithCard, { customerId: customer.id, paymentMethodId: card.id })
  .toPromise();
if (paid.error) throw paid.error;
const { charge, userErrors } = paid.data!.charge;
if (!charge) throw new Error(userErrors[0]?.message);

const end = await pipe(
  client.subscription(WatchPayment, { id: charge.id }),
  takeWhile((news) => !news.error && !news.data?.chargeUpdated.final, true),
  toPromise,
);
if (end.error) throw end.error;
console.log(`urql: ${end.data!.chargeUpdated.status}`);
await socket.dispose();
