/* Not run: relay-compiler must accept the schema, with nodes, connections and a subscription. */

import { graphql } from "relay-runtime";

export const wallet = graphql`
  query WalletPageQuery($id: ID!) {
    customer(id: $id) {
      id
      savedCards {
        id
        brand
        last4
      }
    }
  }
`;

export const people = graphql`
  query WalletPageCustomersQuery($first: Int, $after: String) {
    customers(first: $first, after: $after) {
      edges {
        cursor
        node {
          id
          email
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`;

export const watch = graphql`
  subscription WalletPageSubscription($id: ID!) {
    chargeUpdated(id: $id) {
      id
      status
      final
    }
  }
`;
