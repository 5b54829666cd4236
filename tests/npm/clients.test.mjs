// The clients that shops use, against the running gateway. Environment: GATEWAY_URL, GATEWAY_KEY.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, describe, test } from 'node:test';

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { getMainDefinition } from '@apollo/client/utilities';
import { Client, cacheExchange, fetchExchange, subscriptionExchange } from '@urql/core';
import { createClient as createSse } from 'graphql-sse';
import { createClient as createWs } from 'graphql-ws';
import WebSocket from 'ws';

const url = `${process.env.GATEWAY_URL}/graphql`;
const socketUrl = url.replace(/^http/, 'ws');
const merchant = process.env.GATEWAY_KEY;

const VIEWER = 'query Viewer { viewer { role customer { id savedCards { id brand last4 } } } }';
const UPDATED = 'subscription Updated($id: ID!) { chargeUpdated(id: $id) { id status final } }';
const RENAME = 'mutation Session { createCardSession { session { live } userErrors { code } } }';

let session;
let customerId;
let chargeId;

async function ask(query, variables = {}) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${merchant}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await answer.json();
  assert.equal(errors, undefined);
  return data;
}

before(async () => {
  const key = `clients-${Date.now()}`;
  const made = await ask(
    `mutation ($key: String!) { createCustomer(idempotencyKey: $key,
      input: {email: "ada@example.com", firstName: "Ada", lastName: "Byron"}) { customer { id } } }`,
    { key },
  );
  customerId = made.createCustomer.customer.id;
  const added = await ask(
    `mutation ($customer: ID!, $card: RawCard!, $billing: BillingInput!) {
      createPaymentMethod(customerId: $customer, card: $card, billing: $billing) { paymentMethod { id } } }`,
    {
      customer: customerId,
      card: { number: '4242424242424242', expMonth: 12, expYear: 2039, securityCode: '123' },
      billing: {
        firstName: 'Ada', lastName: 'Byron', email: 'ada@example.com',
        address: { line1: '1 High St', city: 'London', postalCode: 'N1', country: 'GB' },
      },
    },
  );
  const charged = await ask(
    `mutation ($customer: ID!, $card: ID!, $key: String!) {
      charge(customerId: $customer, paymentMethodId: $card, idempotencyKey: $key,
        order: {amount: {amount: "10.99", currency: "USD"}}) { charge { id status } } }`,
    { customer: customerId, card: added.createPaymentMethod.paymentMethod.id, key },
  );
  assert.equal(charged.charge.charge.status, 'SUCCEEDED');
  chargeId = charged.charge.charge.id;
  const minted = await ask(
    `mutation ($customer: ID!) { createClientSession(input: {customerId: $customer}) { session { token } } }`,
    { customer: customerId },
  );
  session = minted.createClientSession.session.token;
});

const ws = (token, more = {}) =>
  createWs({
    url: socketUrl,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: { Authorization: `Bearer ${token}` },
    ...more,
  });

const all = (client, operation) =>
  new Promise((resolve, reject) => {
    const heard = [];
    client.subscribe(operation, {
      next: (result) => heard.push(result),
      error: reject,
      complete: () => resolve(heard),
    });
  });

function isCharge({ data, errors }) {
  assert.equal(errors, undefined);
  assert.deepEqual(
    { ...data.chargeUpdated, __typename: undefined },
    { id: chargeId, status: 'SUCCEEDED', final: true, __typename: undefined },
  );
}

describe('graphql-ws', () => {
  test('hears of a charge, and the end', async () => {
    const client = ws(session);
    const heard = await all(client, { query: UPDATED, variables: { id: chargeId } });
    assert.equal(heard.length, 1);
    isCharge(heard[0]);
    await client.dispose();
  });

  test('runs several operations on one socket', async () => {
    const client = ws(session, { lazy: false });
    const operation = { query: UPDATED, variables: { id: chargeId } };
    const heard = await Promise.all(Array.from({ length: 8 }, () => all(client, operation)));
    heard.forEach(([result]) => isCharge(result));
    await client.dispose();
  });

  test('is told of a wrong document and goes on', async () => {
    const client = ws(session, { lazy: false });
    await assert.rejects(all(client, { query: 'subscription { nothing }' }), (errors) => {
      assert.equal(errors[0].extensions.code, 'BAD_USER_INPUT');
      return true;
    });
    const [result] = await all(client, { query: UPDATED, variables: { id: chargeId } });
    isCharge(result);
    await client.dispose();
  });

  test('is told that money is not moved over a socket', async () => {
    await assert.rejects(all(ws(session), { query: RENAME }));
  });

  test('is sent away without a credential, for good', async () => {
    await assert.rejects(all(ws('nonsense', { retryAttempts: 3 }), { query: UPDATED }), (event) => {
      assert.equal(event.code, 4403);
      return true;
    });
  });

  test('pings and is answered', async () => {
    let answered;
    const pong = new Promise((resolve) => (answered = resolve));
    const client = ws(session, {
      lazy: false,
      keepAlive: 50,
      on: { pong: (received) => received && answered() },
    });
    await pong;
    await client.dispose();
  });
});

describe('graphql-sse', () => {
  const sse = (token) =>
    createSse({ url, retryAttempts: 0, headers: { Authorization: `Bearer ${token}` } });

  test('hears of a charge, and the end', async () => {
    const client = sse(session);
    const heard = await all(client, { query: UPDATED, variables: { id: chargeId } });
    assert.equal(heard.length, 1);
    isCharge(heard[0]);
    client.dispose();
  });

  test('is told of a wrong document', async () => {
    const [result] = await all(sse(session), { query: 'subscription { nothing }' });
    assert.equal(result.errors[0].extensions.code, 'BAD_USER_INPUT');
  });

  test('is told of a credential that does not verify', async () => {
    await assert.rejects(all(sse('nonsense'), { query: UPDATED }), /401/);
  });
});

describe('urql', () => {
  const socket = () => ws(session);
  const client = (token, sockets = socket()) =>
    new Client({
      url,
      preferGetMethod: false,
      exchanges: [
        cacheExchange,
        fetchExchange,
        subscriptionExchange({
          forwardSubscription: ({ query, variables }) => ({
            subscribe: (sink) => ({
              unsubscribe: sockets.subscribe({ query: query ?? '', variables }, sink),
            }),
          }),
        }),
      ],
      fetchOptions: { headers: { authorization: `Bearer ${token}` } },
    });

  test('asks for the saved cards', async () => {
    const { data, error } = await client(session).query(VIEWER, {});
    assert.equal(error, undefined);
    assert.equal(data.viewer.customer.id, customerId);
    assert.equal(data.viewer.customer.savedCards[0].last4, '4242');
  });

  test('runs a mutation', async () => {
    const { data, error } = await client(merchant).mutation(RENAME, {});
    assert.equal(error, undefined);
    assert.deepEqual(data.createCardSession.userErrors, []);
  });

  test('is told what is wrong', async () => {
    const { error } = await client(session).query('{ customers { totalCount } }', {});
    assert.equal(error.graphQLErrors[0].extensions.code, 'FORBIDDEN');
    const { error: refused } = await client('nonsense').query(VIEWER, {});
    assert.equal(refused.response.status, 401);
  });

  test('subscribes', async () => {
    const sockets = socket();
    const result = await new Promise((resolve) =>
      client(session, sockets).subscription(UPDATED, { id: chargeId }).subscribe(resolve),
    );
    assert.equal(result.error, undefined);
    isCharge({ data: result.data });
    await sockets.dispose();
  });
});

describe('Apollo Client', () => {
  const client = (token, sockets) => {
    const http = new HttpLink({ uri: url, headers: { authorization: `Bearer ${token}` } });
    const link = sockets
      ? ApolloLink.split(
          ({ query }) => getMainDefinition(query).operation === 'subscription',
          new GraphQLWsLink(sockets),
          http,
        )
      : http;
    return new ApolloClient({ link, cache: new InMemoryCache() });
  };

  test('asks for the saved cards', async () => {
    const { data } = await client(session).query({ query: gql(VIEWER) });
    assert.equal(data.viewer.customer.id, customerId);
    assert.equal(data.viewer.customer.savedCards[0].brand, 'VISA');
  });

  test('runs a mutation', async () => {
    const { data } = await client(merchant).mutate({ mutation: gql(RENAME) });
    assert.deepEqual(data.createCardSession.userErrors, []);
  });

  test('is told what is wrong', async () => {
    await assert.rejects(client(session).query({ query: gql('{ customers { totalCount } }') }), (error) => {
      assert.equal(error.errors[0].extensions.code, 'FORBIDDEN');
      return true;
    });
    await assert.rejects(client('nonsense').query({ query: gql(VIEWER) }), (error) => {
      assert.equal(error.errors[0].extensions.code, 'UNAUTHENTICATED');
      return true;
    });
  });

  test('sends the text where the service keeps no documents', async () => {
    const sha256 = (text) => createHash('sha256').update(text).digest('hex');
    const link = new PersistedQueryLink({ sha256 }).concat(
      new HttpLink({ uri: url, headers: { authorization: `Bearer ${session}` } }),
    );
    const asking = new ApolloClient({ link, cache: new InMemoryCache() });
    const { data } = await asking.query({ query: gql(VIEWER) });
    assert.equal(data.viewer.role, 'CUSTOMER');
  });

  test('subscribes', async () => {
    const sockets = ws(session);
    const result = await new Promise((resolve, reject) =>
      client(session, sockets)
        .subscribe({ query: gql(UPDATED), variables: { id: chargeId } })
        .subscribe({ next: resolve, error: reject }),
    );
    isCharge({ data: result.data });
    await sockets.dispose();
  });
});
