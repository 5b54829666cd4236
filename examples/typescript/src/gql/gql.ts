/* eslint-disable */
import * as types from './graphql.js';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query Wallet {\n    viewer {\n      live\n      customer {\n        id\n        savedCards {\n          id\n          brand\n          last4\n          isDefault\n          expired\n        }\n      }\n      paymentIntent {\n        id\n        status\n        amount {\n          amount\n          currency\n        }\n      }\n    }\n  }\n": typeof types.WalletDocument,
    "\n  mutation PayWithCard($customerId: ID!, $paymentMethodId: ID!) {\n    charge(customerId: $customerId, paymentMethodId: $paymentMethodId) {\n      charge {\n        id\n        status\n        final\n        decline {\n          customerMessage\n          retry\n        }\n        nextAction {\n          ... on RedirectAction {\n            url\n          }\n        }\n      }\n      userErrors {\n        code\n        message\n        path\n      }\n    }\n  }\n": typeof types.PayWithCardDocument,
    "\n  subscription WatchPayment($id: ID!) {\n    chargeUpdated(id: $id) {\n      id\n      status\n      final\n    }\n  }\n": typeof types.WatchPaymentDocument,
    "\n  mutation NewCustomer($input: CustomerInput!, $key: String!) {\n    createCustomer(input: $input, idempotencyKey: $key) {\n      customer {\n        id\n      }\n      userErrors {\n        message\n      }\n    }\n  }\n": typeof types.NewCustomerDocument,
    "\n  mutation KeepCard($customerId: ID!, $card: RawCard!, $billing: BillingInput!) {\n    createPaymentMethod(customerId: $customerId, card: $card, billing: $billing) {\n      paymentMethod {\n        id\n      }\n      userErrors {\n        message\n      }\n    }\n  }\n": typeof types.KeepCardDocument,
    "\n  mutation NewIntent($input: PaymentIntentInput!, $key: String!) {\n    createPaymentIntent(input: $input, idempotencyKey: $key) {\n      paymentIntent {\n        id\n      }\n      userErrors {\n        message\n      }\n    }\n  }\n": typeof types.NewIntentDocument,
    "\n  mutation NewSession($input: ClientSessionInput!) {\n    createClientSession(input: $input) {\n      session {\n        token\n      }\n      userErrors {\n        message\n      }\n    }\n  }\n": typeof types.NewSessionDocument,
};
const documents: Documents = {
    "\n  query Wallet {\n    viewer {\n      live\n      customer {\n        id\n        savedCards {\n          id\n          brand\n          last4\n          isDefault\n          expired\n        }\n      }\n      paymentIntent {\n        id\n        status\n        amount {\n          amount\n          currency\n        }\n      }\n    }\n  }\n": types.WalletDocument,
    "\n  mutation PayWithCard($customerId: ID!, $paymentMethodId: ID!) {\n    charge(customerId: $customerId, paymentMethodId: $paymentMethodId) {\n      charge {\n        id\n        status\n        final\n        decline {\n          customerMessage\n          retry\n        }\n        nextAction {\n          ... on RedirectAction {\n            url\n          }\n        }\n      }\n      userErrors {\n        code\n        message\n        path\n      }\n    }\n  }\n": types.PayWithCardDocument,
    "\n  subscription WatchPayment($id: ID!) {\n    chargeUpdated(id: $id) {\n      id\n      status\n      final\n    }\n  }\n": types.WatchPaymentDocument,
    "\n  mutation NewCustomer($input: CustomerInput!, $key: String!) {\n    createCustomer(input: $input, idempotencyKey: $key) {\n      customer {\n        id\n      }\n      userErrors {\n        message\n      }\n    }\n  }\n": types.NewCustomerDocument,
    "\n  mutation KeepCard($customerId: ID!, $card: RawCard!, $billing: BillingInput!) {\n    createPaymentMethod(customerId: $customerId, card: $card, billing: $billing) {\n      paymentMethod {\n        id\n      }\n      userErrors {\n        message\n      }\n    }\n  }\n": types.KeepCardDocument,
    "\n  mutation NewIntent($input: PaymentIntentInput!, $key: String!) {\n    createPaymentIntent(input: $input, idempotencyKey: $key) {\n      paymentIntent {\n        id\n      }\n      userErrors {\n        message\n      }\n    }\n  }\n": types.NewIntentDocument,
    "\n  mutation NewSession($input: ClientSessionInput!) {\n    createClientSession(input: $input) {\n      session {\n        token\n      }\n      userErrors {\n        message\n      }\n    }\n  }\n": types.NewSessionDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Wallet {\n    viewer {\n      live\n      customer {\n        id\n        savedCards {\n          id\n          brand\n          last4\n          isDefault\n          expired\n        }\n      }\n      paymentIntent {\n        id\n        status\n        amount {\n          amount\n          currency\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query Wallet {\n    viewer {\n      live\n      customer {\n        id\n        savedCards {\n          id\n          brand\n          last4\n          isDefault\n          expired\n        }\n      }\n      paymentIntent {\n        id\n        status\n        amount {\n          amount\n          currency\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation PayWithCard($customerId: ID!, $paymentMethodId: ID!) {\n    charge(customerId: $customerId, paymentMethodId: $paymentMethodId) {\n      charge {\n        id\n        status\n        final\n        decline {\n          customerMessage\n          retry\n        }\n        nextAction {\n          ... on RedirectAction {\n            url\n          }\n        }\n      }\n      userErrors {\n        code\n        message\n        path\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation PayWithCard($customerId: ID!, $paymentMethodId: ID!) {\n    charge(customerId: $customerId, paymentMethodId: $paymentMethodId) {\n      charge {\n        id\n        status\n        final\n        decline {\n          customerMessage\n          retry\n        }\n        nextAction {\n          ... on RedirectAction {\n            url\n          }\n        }\n      }\n      userErrors {\n        code\n        message\n        path\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription WatchPayment($id: ID!) {\n    chargeUpdated(id: $id) {\n      id\n      status\n      final\n    }\n  }\n"): (typeof documents)["\n  subscription WatchPayment($id: ID!) {\n    chargeUpdated(id: $id) {\n      id\n      status\n      final\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation NewCustomer($input: CustomerInput!, $key: String!) {\n    createCustomer(input: $input, idempotencyKey: $key) {\n      customer {\n        id\n      }\n      userErrors {\n        message\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation NewCustomer($input: CustomerInput!, $key: String!) {\n    createCustomer(input: $input, idempotencyKey: $key) {\n      customer {\n        id\n      }\n      userErrors {\n        message\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation KeepCard($customerId: ID!, $card: RawCard!, $billing: BillingInput!) {\n    createPaymentMethod(customerId: $customerId, card: $card, billing: $billing) {\n      paymentMethod {\n        id\n      }\n      userErrors {\n        message\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation KeepCard($customerId: ID!, $card: RawCard!, $billing: BillingInput!) {\n    createPaymentMethod(customerId: $customerId, card: $card, billing: $billing) {\n      paymentMethod {\n        id\n      }\n      userErrors {\n        message\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation NewIntent($input: PaymentIntentInput!, $key: String!) {\n    createPaymentIntent(input: $input, idempotencyKey: $key) {\n      paymentIntent {\n        id\n      }\n      userErrors {\n        message\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation NewIntent($input: PaymentIntentInput!, $key: String!) {\n    createPaymentIntent(input: $input, idempotencyKey: $key) {\n      paymentIntent {\n        id\n      }\n      userErrors {\n        message\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation NewSession($input: ClientSessionInput!) {\n    createClientSession(input: $input) {\n      session {\n        token\n      }\n      userErrors {\n        message\n      }\n    }\n  }\n"): (typeof documents)["\n  mutation NewSession($input: ClientSessionInput!) {\n    createClientSession(input: $input) {\n      session {\n        token\n      }\n      userErrors {\n        message\n      }\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;