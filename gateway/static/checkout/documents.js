/* Every operation of this page. Nothing else is ever sent, so a list of trusted documents can hold them. */

const CHARGE = `
  fragment ChargeParts on Charge {
    id
    orderNo
    status
    final
    maskedCard
    amount { amount currency }
    decline { customerMessage retry }
    nextAction { ... on RedirectAction { url } }
  }`;

/* The token alone says who pays, with which cards, and how much. */
export const START = `
  query Checkout {
    viewer {
      live
      customer {
        id
        firstName
        lastName
        email
        savedCards {
          id
          brand
          last4
          isDefault
          expired
          billing {
            firstName
            lastName
            email
            phone
            address { line1 line2 city state postalCode country }
          }
        }
      }
      paymentIntent {
        id
        orderNo
        status
        attemptsLeft
        amount { amount currency }
        charges { ...ChargeParts }
        paidBy { ...ChargeParts }
      }
    }
  }
  ${CHARGE}`;

export const CARD_SESSION = `
  mutation CardSession {
    createCardSession {
      session { sessionToken scriptUrl }
      userErrors { code message path }
    }
  }`;

export const ADD_CARD = `
  mutation AddHostedCard($id: ID!, $key: String!) {
    createPaymentMethod(hostedPaymentMethodId: $id, idempotencyKey: $key) {
      paymentMethod { id }
      userErrors { code message path }
    }
  }`;

export const PAY = `
  mutation PayOrder($customerId: ID!, $paymentMethodId: ID!) {
    charge(customerId: $customerId, paymentMethodId: $paymentMethodId) {
      charge { ...ChargeParts }
      userErrors { code message path }
    }
  }
  ${CHARGE}`;

export const WAIT = `
  query WaitForEnd($by: ChargeLookup!, $waitSeconds: Int) {
    charge(by: $by, waitSeconds: $waitSeconds) { ...ChargeParts }
  }
  ${CHARGE}`;

export const WATCH = `
  subscription WatchOrder($id: ID!) {
    chargeUpdated(id: $id) { id status final }
  }`;
