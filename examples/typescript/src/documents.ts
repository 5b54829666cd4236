/* What a buyer's page asks. Each is checked against the schema, and has its own types. */

import { graphql } from "./gql/gql.js";

export const Wallet = graphql(`
  query Wallet {
    viewer {
      live
      customer {
        id
        savedCards {
          id
          brand
          last4
          isDefault
          expired
        }
      }
      paymentIntent {
        id
        status
        amount {
          amount
          currency
        }
      }
    }
  }
`);

export const PayWithCard = graphql(`
  mutation PayWithCard($customerId: ID!, $paymentMethodId: ID!) {
    charge(customerId: $customerId, paymentMethodId: $paymentMethodId) {
      charge {
        id
        status
        final
        decline {
          customerMessage
          retry
        }
        nextAction {
          ... on RedirectAction {
            url
          }
        }
      }
      userErrors {
        code
        message
        path
      }
    }
  }
`);

export const WatchPayment = graphql(`
  subscription WatchPayment($id: ID!) {
    chargeUpdated(id: $id) {
      id
      status
      final
    }
  }
`);
