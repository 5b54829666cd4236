/* The shop's server: it has the key, knows the amount, and gives the page a token for one order. */

import { randomUUID } from "node:crypto";

import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";

import { graphql } from "./gql/gql.js";

const KEY = process.env.SHOP_KEY ?? "mk_simulator";

const NewCustomer = graphql(`
  mutation NewCustomer($input: CustomerInput!, $key: String!) {
    createCustomer(input: $input, idempotencyKey: $key) {
      customer {
        id
      }
      userErrors {
        message
      }
    }
  }
`);

const KeepCard = graphql(`
  mutation KeepCard($customerId: ID!, $card: RawCard!, $billing: BillingInput!) {
    createPaymentMethod(customerId: $customerId, card: $card, billing: $billing) {
      paymentMethod {
        id
      }
      userErrors {
        message
      }
    }
  }
`);

const NewIntent = graphql(`
  mutation NewIntent($input: PaymentIntentInput!, $key: String!) {
    createPaymentIntent(input: $input, idempotencyKey: $key) {
      paymentIntent {
        id
      }
      userErrors {
        message
      }
    }
  }
`);

const NewSession = graphql(`
  mutation NewSession($input: ClientSessionInput!) {
    createClientSession(input: $input) {
      session {
        token
      }
      userErrors {
        message
      }
    }
  }
`);

export interface Order {
  token: string;
  returnUrl: string;
}

/** A customer with one saved card, and a token with which its page may pay one order. */
export async function newOrder(endpoint: string): Promise<Order> {
  const returnUrl = new URL("/checkout/", endpoint).href;
  const { createCustomer } = await ask(endpoint, NewCustomer, {
    input: { email: "ada@example.com", firstName: "Ada", lastName: "Byron" },
    key: randomUUID(),
  });
  const customerId = given(createCustomer.customer).id;
  const address = { line1: "1 High St", city: "London", postalCode: "N1 1AA", country: "GB" };
  await ask(endpoint, KeepCard, {
    customerId,
    card: { number: "4242424242424242", expMonth: "12", expYear: "2039", securityCode: "123" },
    billing: { firstName: "Ada", lastName: "Byron", email: "ada@example.com", address },
  });
  const { createPaymentIntent } = await ask(endpoint, NewIntent, {
    input: { customerId, order: { amount: { amount: "61.90", currency: "EUR" } }, returnUrl },
    key: randomUUID(),
  });
  const { createClientSession } = await ask(endpoint, NewSession, {
    input: { customerId, paymentIntentId: given(createPaymentIntent.paymentIntent).id },
  });
  return { token: given(createClientSession.session).token, returnUrl };
}

async function ask<Data, Variables>(
  endpoint: string,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${KEY}` },
    body: JSON.stringify({ query: print(document), variables }),
  });
  const { data, errors } = (await response.json()) as { data: Data; errors?: { message: string }[] };
  if (errors?.[0]) throw new Error(errors[0].message);
  return data;
}

function given<Value>(value: Value | null | undefined): Value {
  if (value == null) throw new Error("the gateway refused: see userErrors");
  return value;
}
