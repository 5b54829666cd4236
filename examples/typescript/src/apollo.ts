/* The same page with Apollo Client. Usage: node apollo.js URL */

import { ApolloClient, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { createClient } from "graphql-ws";
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
// Each document goes by its hash, as the manifest of trusted documents has it.
const persisted = new PersistedQueryLink({
  generateHash: (document) => (document as unknown as { __meta__: { hash: string } }).__meta__.hash,
});
const http = new HttpLink({ uri: endpoint, headers: { Authorization: `Bearer ${token}` } });
const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: persisted.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    http,
  ),
});

const wallet = await client.query({ query: Wallet });
const customer = wallet.data!.viewer.customer!;
const card = customer.savedCards![0]!;
console.log(`pays with ${card.brand} ending in ${card.last4}`);

const paid = await client.mutate({
  mutation: PayWithCard,
  variables: { customerId: customer.id, paymentMethodId: card.id },
});
const { charge, userErrors } = paid.data!.charge;
if (!charge) throw new Error(userErrors[0]?.message);

const status = await new Promise<string>((resolve, reject) => {
  client.subscribe({ query: WatchPayment, variables: { id: charge.id } }).subscribe({
    next: ({ data, error }) => {
      if (error) reject(error);
      if (data?.chargeUpdated.final) resolve(data.chargeUpdated.status);
    },
    error: reject,
  });
});
console.log(`apollo: ${status}`);
await socket.dispose();
client.stop();
