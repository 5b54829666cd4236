/* eslint-disable */
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
export type Maybe<T> = T | null;
export type InputMaybe<T> = T | null | undefined;
export type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
export type MakeOptional<T, K extends keyof T> = Omit<T, K> & { [SubKey in K]?: Maybe<T[SubKey]> };
export type MakeMaybe<T, K extends keyof T> = Omit<T, K> & { [SubKey in K]: Maybe<T[SubKey]> };
export type MakeEmpty<T extends { [key: string]: unknown }, K extends keyof T> = { [_ in K]?: never };
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** A whole number of any size, as text. */
  BigInt: { input: string; output: string; }
  /** An ISO 3166-1 alpha-2 country code, for example "DE". */
  CountryCode: { input: string; output: string; }
  /** An ISO 4217 currency code, for example "USD". */
  CurrencyCode: { input: string; output: string; }
  /** An instant in RFC 3339 form, with its zone. */
  DateTime: { input: string; output: string; }
  /** An exact decimal as text, for example "10.99"; never a float. */
  Decimal: { input: string; output: string; }
  /** A card's number, expiry and security code as ONE opaque value, given in variables only: {number, expMonth, expYear, securityCode}. MERCHANT only, and only where raw cards are enabled. No error, log line or trace ever repeats any part of it. */
  RawCard: { input: Record<string, string>; output: Record<string, string>; }
  /** An absolute URL; an app scheme is allowed where a return address is asked for. */
  URL: { input: string; output: string; }
};

/** A postal address. */
export type AddressInput = {
  /** Town or city. */
  city: Scalars['String']['input'];
  /** Country. */
  country: Scalars['CountryCode']['input'];
  /** Street and number. */
  line1: Scalars['String']['input'];
  /** Flat, floor or company. */
  line2?: InputMaybe<Scalars['String']['input']>;
  /** Postal code. */
  postalCode: Scalars['String']['input'];
  /** State, province or region. */
  state?: InputMaybe<Scalars['String']['input']>;
};

/** Who a card bills to, or who an order is shipped to. */
export type BillingInput = {
  /** Postal address. */
  address: AddressInput;
  /** E-mail address. */
  email: Scalars['String']['input'];
  /** Given name. */
  firstName: Scalars['String']['input'];
  /** Family name. */
  lastName: Scalars['String']['input'];
  /** Phone number. */
  phone?: InputMaybe<Scalars['String']['input']>;
};

/** A card's brand. */
export type CardBrand =
  | 'AMEX'
  | 'DINERS'
  | 'DISCOVER'
  | 'JCB'
  | 'MASTERCARD'
  | 'OTHER'
  | 'UNIONPAY'
  | 'VISA';

/** What may be done to a charge. */
export type ChargeAction =
  /** Take what is held: captureCharge. */
  | 'CAPTURE'
  /** Ask Asiabill what became of it: reconcileCharge. */
  | 'RECONCILE'
  /** Give money back: refundCharge. */
  | 'REFUND'
  /** Tell Asiabill where the parcel is. */
  | 'UPLOAD_SHIPMENT'
  /** Let go of what is held: voidCharge. */
  | 'VOID';

/** Which charges. */
export type ChargeFilter = {
  /** Made at this instant or later. */
  from: Scalars['DateTime']['input'];
  /** With this order number. */
  orderNo?: InputMaybe<Scalars['String']['input']>;
  /** In one of these states now; in any where absent. */
  status?: InputMaybe<Array<ChargeStatus>>;
  /** Made before this instant. */
  to: Scalars['DateTime']['input'];
};

/** Exactly one. */
export type ChargeLookup =
  /** The charge's own id. */
  { id: Scalars['ID']['input']; idempotencyKey?: never; orderNo?: never; tradeNo?: never; }
  |  /** The key that the caller gave when it charged. */
  { id?: never; idempotencyKey: Scalars['String']['input']; orderNo?: never; tradeNo?: never; }
  |  /** The order's number. */
  { id?: never; idempotencyKey?: never; orderNo: Scalars['String']['input']; tradeNo?: never; }
  |  /** Asiabill's serial. */
  { id?: never; idempotencyKey?: never; orderNo?: never; tradeNo: Scalars['String']['input']; };

/** How far a charge has come. */
export type ChargeStatus =
  /** Held, not taken. */
  | 'AUTHORIZED'
  /** Stored, not sent. */
  | 'CREATED'
  /** The bank or Asiabill said no; see decline. */
  | 'DECLINED'
  /** Certain that nothing was taken: it never reached Asiabill, or it lapsed. */
  | 'FAILED'
  /** Asiabill is working on it. */
  | 'PROCESSING'
  /** The buyer must act. */
  | 'REQUIRES_ACTION'
  /** Taken. */
  | 'SUCCEEDED'
  /** Sent, and the answer was lost; it is being looked up. Do not start another payment. */
  | 'UNKNOWN'
  /** Was held, and given back. */
  | 'VOIDED';

/** Whether the buyer is there, and whether a series of charges begins or goes on. */
export type ChargeUsage =
  /** The first of a series; the buyer is present and 3-D Secure is expected. */
  | 'INITIAL_RECURRING'
  /** The buyer is present. */
  | 'ON_SESSION'
  /** A later one of a series; no buyer; MERCHANT only. The first one of the same customer and card must have succeeded. */
  | 'RECURRING';

/** What a client session may do for its own customer. */
export type ClientPermission =
  /** Pay with a card. */
  | 'PAY'
  /** See the saved cards. */
  | 'READ_CARDS'
  /** Forget a saved card. */
  | 'REMOVE_CARD'
  /** Add cards, and change who they bill to. */
  | 'SAVE_CARD'
  /** Choose the card that is offered first. */
  | 'SET_DEFAULT';

/** Whose session, for how long, and what it may do. */
export type ClientSessionInput = {
  /** The only customer it is for. */
  customerId: Scalars['ID']['input'];
  /** The intent that it pays by default; `charge` then needs no amount. */
  paymentIntentId?: InputMaybe<Scalars['ID']['input']>;
  /** What it may do. */
  permissions?: Array<ClientPermission>;
  /** How long it is good for; at most a day. */
  ttlSeconds?: InputMaybe<Scalars['Int']['input']>;
};

/** A new customer. */
export type CustomerInput = {
  /** The shop's own note, at most 500 characters. */
  description?: InputMaybe<Scalars['String']['input']>;
  /** E-mail address. */
  email: Scalars['String']['input'];
  /** Given name, at most 50 characters. */
  firstName: Scalars['String']['input'];
  /** Family name, at most 50 characters. */
  lastName: Scalars['String']['input'];
  /** Phone number. */
  phone?: InputMaybe<Scalars['String']['input']>;
};

/** Why a charge was declined. */
export type DeclineCode =
  /** The bank could not confirm the buyer. */
  | 'AUTHENTICATION_FAILED'
  /** The buyer turned back. */
  | 'CANCELED_BY_BUYER'
  /** This kind of card is not taken. */
  | 'CARD_NOT_SUPPORTED'
  /** The bank gives no reason. */
  | 'DO_NOT_HONOR'
  /** The card is too old. */
  | 'EXPIRED_CARD'
  /** The security code is wrong. */
  | 'INCORRECT_CVC'
  /** Not enough money. */
  | 'INSUFFICIENT_FUNDS'
  /** The bank did not answer. */
  | 'ISSUER_UNAVAILABLE'
  /** Over a limit of the card or the shop. */
  | 'LIMIT_EXCEEDED'
  /** Another reason, or one not known yet. */
  | 'OTHER'
  /** Asiabill's fraud checks said no. Never tell the buyer. */
  | 'RISK_REJECTED';

/** What becomes of a card that the customer has already. */
export type DuplicatePolicy =
  /** It is stored once more. */
  | 'ALLOW'
  /** CARD_DUPLICATE; none is made. */
  | 'REJECT'
  /** The answer is the card that is there, unchanged; none is made. */
  | 'RETURN_EXISTING';

/** Why a mutation was not done. */
export type ErrorCode =
  /** The charge is in no state for it; allowedActions says what is. */
  | 'ACTION_NOT_ALLOWED'
  /** A client session can't name an amount. */
  | 'AMOUNT_NOT_ALLOWED_FOR_CALLER'
  /** More decimals than the currency has; amounts are never rounded. */
  | 'AMOUNT_PRECISION'
  /** Nothing says how much. */
  | 'AMOUNT_REQUIRED'
  /** The card is one of this customer's already. */
  | 'CARD_DUPLICATE'
  /** The card is not one of this customer's. */
  | 'CARD_NOT_OWNED'
  /** A charge of the intent is under way; wait for its end. */
  | 'CHARGE_IN_PROGRESS'
  /** Not a currency that can be charged. */
  | 'CURRENCY_NOT_SUPPORTED'
  /** This call needs an idempotencyKey. */
  | 'IDEMPOTENCY_KEY_REQUIRED'
  /** The key was used before with other arguments. */
  | 'IDEMPOTENCY_MISMATCH'
  /** The shop took the payment intent back. */
  | 'INTENT_CANCELED'
  /** The payment intent's time is over. */
  | 'INTENT_EXPIRED'
  /** The payment intent is paid; charge shows by what. */
  | 'INTENT_PAID'
  /** An argument makes no sense; path names it. */
  | 'INVALID_INPUT'
  /** There is nothing of that id that the caller may use. */
  | 'NOT_FOUND'
  /** Too many attempts in a short time; see retryAfterSeconds. */
  | 'RATE_LIMITED'
  /** Whole card numbers are not taken here; use the hosted fields. */
  | 'RAW_CARDS_DISABLED'
  /** More than is left to refund; doubtful refunds count as spent. */
  | 'REFUND_EXCEEDS_BALANCE'
  /** The charge is too old to be refunded. */
  | 'REFUND_WINDOW_CLOSED'
  /** The origin of returnUrl is not on this service's list. */
  | 'RETURN_URL_NOT_ALLOWED'
  /** Asiabill has not enabled saved cards for this shop. */
  | 'SAVED_CARDS_NOT_ENABLED'
  /** The payment intent has no attempts left. */
  | 'TOO_MANY_ATTEMPTS'
  /** Asiabill refused the request. */
  | 'UPSTREAM_REJECTED'
  /** Asiabill could not be reached, or its answer was lost. */
  | 'UPSTREAM_UNAVAILABLE';

/** Who brought the news that changed a charge. */
export type EventSource =
  /** This gateway asked Asiabill. */
  | 'LOOKUP'
  /** A person. */
  | 'OPERATOR'
  /** The call that made it. */
  | 'REQUEST'
  /** Asiabill's answer to the call. */
  | 'RESPONSE'
  /** The buyer came back. */
  | 'RETURN_PAGE'
  /** A notification of Asiabill's. */
  | 'WEBHOOK';

/** What happened. */
export type EventType =
  /** The buyer's bank disputes a charge; reply by chargeback.replyBy. */
  | 'CHARGEBACK'
  /** What a charge held was taken. */
  | 'PREAUTH_CAPTURED'
  /** What a charge held was let go of. */
  | 'PREAUTH_VOID'
  /** A refund ended without money going back. */
  | 'REFUND_FAIL'
  /** Money went back. */
  | 'REFUND_SUCCESS'
  /** A charge was settled to the shop. */
  | 'TRANSACTION_CLEAR'
  /** A charge ended without money. */
  | 'TRANSACTION_FAIL'
  /** Asiabill is working on a charge. */
  | 'TRANSACTION_PENDING'
  /** Money was taken. */
  | 'TRANSACTION_SUCCESS';

/** How a payment intent stands. */
export type IntentStatus =
  /** The shop took it back. */
  | 'CANCELED'
  /** Its time is over. */
  | 'EXPIRED'
  /** A charge of it is under way. */
  | 'IN_PROGRESS'
  /** It can be paid. */
  | 'OPEN'
  /** A charge of it took the money. */
  | 'PAID';

/** An amount of money. */
export type MoneyInput = {
  /** In major units, for example "10.99". Whole numbers only where the currency has no minor unit; never rounded: too many decimals are refused. */
  amount: Scalars['Decimal']['input'];
  /** The currency of the amount. */
  currency: Scalars['CurrencyCode']['input'];
};

/** What is paid for. MERCHANT only: a browser never names an amount. */
export type OrderInput = {
  /** What is taken. */
  amount: MoneyInput;
  /** The buyer's own address; the caller's where absent. */
  buyerIp?: InputMaybe<Scalars['String']['input']>;
  /** What is bought, at most 100 rows; Asiabill recommends it. */
  lines?: InputMaybe<Array<OrderLineInput>>;
  /** 1-50 characters, used once; made from the idempotency key where absent. */
  orderNo?: InputMaybe<Scalars['String']['input']>;
  /** The shop's note, at most 500 characters. */
  remark?: InputMaybe<Scalars['String']['input']>;
  /** Who it is shipped to. */
  shipping?: InputMaybe<BillingInput>;
  /** The shop's address. */
  website?: InputMaybe<Scalars['URL']['input']>;
};

/** One row of an order. */
export type OrderLineInput = {
  /** How many, at least 1. */
  quantity: Scalars['Int']['input'];
  /** What it is, at most 100 characters. */
  title: Scalars['String']['input'];
  /** The price of one, in the order's currency. */
  unitPrice: Scalars['Decimal']['input'];
};

/** What a browser may pay. */
export type PaymentIntentInput = {
  /** The only customer that may pay it; any customer where absent. */
  customerId?: InputMaybe<Scalars['ID']['input']>;
  /** How long it can be paid; at most 30 days. */
  expiresInSeconds?: InputMaybe<Scalars['Int']['input']>;
  /** How often a card may be tried, 1 to 20. */
  maxAttempts?: InputMaybe<Scalars['Int']['input']>;
  /** What is paid for. */
  order: OrderInput;
  /** Where the buyer may be sent back to; its origin must be on the allow-list. */
  returnUrl: Scalars['URL']['input'];
};

/** How far a refund has come. */
export type RefundStatus =
  /** Nothing went back; its money is refundable again. */
  | 'FAILED'
  /** About to be sent, or taken on by Asiabill, which needs hours or days. Its money is no longer refundable. */
  | 'PENDING'
  /** The money went back. */
  | 'SUCCEEDED'
  /** Sent, and no answer is known. It may have been made: do not ask for another in its place. Its money is not refundable until its end is known. */
  | 'UNKNOWN';

/** What the buyer can do after a decline. */
export type RetryAdvice =
  /** Ask the bank, or use another card. */
  | 'CONTACT_BANK'
  /** Stop trying: it is not the card. The shop must look. */
  | 'DO_NOT_RETRY'
  /** Use another card. */
  | 'OTHER_CARD'
  /** Try the same card again later. */
  | 'SAME_CARD_LATER';

/** Who may use a field. */
export type Role =
  /** A short-lived token tied to one customer, carried by a browser or an app. */
  | 'CUSTOMER'
  /** The shop's server key. */
  | 'MERCHANT'
  /** A reporting key that cannot move money. */
  | 'OPS';

/** The parcel of a charge. */
export type ShipmentInput = {
  /** Asiabill's code of the carrier, at most 50 characters. */
  carrierCode?: InputMaybe<Scalars['String']['input']>;
  /** The carrier's number, 2 to 50 characters. */
  trackingNumber: Scalars['String']['input'];
  /** Where the number can be looked up, 2 to 200 characters. */
  trackingSite: Scalars['String']['input'];
};

/** Which rows of the book. */
export type TransactionFilter = {
  /** Booked at this instant or later, to the second. */
  from: Scalars['DateTime']['input'];
  /** With this order number. */
  orderNo?: InputMaybe<Scalars['String']['input']>;
  /** Only rows that have a shipment (true) or have none (false). A page may then be shorter than first, even empty, while hasNextPage is true: go on with endCursor. */
  shipmentUploaded?: InputMaybe<Scalars['Boolean']['input']>;
  /** Booked at this instant or before, to the second. One that is over is best: what is booked while you page shifts the rows. */
  to: Scalars['DateTime']['input'];
  /** With this serial. */
  tradeNo?: InputMaybe<Scalars['String']['input']>;
};

/** Whether Asiabill can have acted. */
export type UpstreamOutcome =
  /** No: nothing reached it. Repeat the call with the same key. */
  | 'NOT_SENT'
  /** No: it refused the request. */
  | 'REJECTED'
  /** It may have. Look before you repeat: what is repeated may be made twice. */
  | 'UNKNOWN';

export type WalletQueryVariables = Exact<{ [key: string]: never; }>;


export type WalletQuery = { __typename?: 'Query', viewer: { __typename?: 'Viewer', live: boolean, customer?: { __typename?: 'Customer', id: string, savedCards?: Array<{ __typename?: 'SavedCard', id: string, brand?: CardBrand | null, last4?: string | null, isDefault: boolean, expired?: boolean | null }> | null } | null, paymentIntent?: { __typename?: 'PaymentIntent', id: string, status: IntentStatus, amount: { __typename?: 'Money', amount: string, currency: string } } | null } };

export type PayWithCardMutationVariables = Exact<{
  customerId: Scalars['ID']['input'];
  paymentMethodId: Scalars['ID']['input'];
}>;


export type PayWithCardMutation = { __typename?: 'Mutation', charge: { __typename?: 'ChargePayload', charge?: { __typename?: 'Charge', id: string, status: ChargeStatus, final: boolean, decline?: { __typename?: 'Decline', customerMessage: string, retry: RetryAdvice } | null, nextAction?: { __typename?: 'RedirectAction', url: string } | null } | null, userErrors: Array<
      | { __typename?: 'IdempotencyError', code: ErrorCode, message: string, path?: Array<string> | null }
      | { __typename?: 'InputError', code: ErrorCode, message: string, path?: Array<string> | null }
      | { __typename?: 'NotAllowedError', code: ErrorCode, message: string, path?: Array<string> | null }
      | { __typename?: 'RateLimitError', code: ErrorCode, message: string, path?: Array<string> | null }
      | { __typename?: 'UpstreamError', code: ErrorCode, message: string, path?: Array<string> | null }
    > } };

export type WatchPaymentSubscriptionVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type WatchPaymentSubscription = { __typename?: 'Subscription', chargeUpdated: { __typename?: 'Charge', id: string, status: ChargeStatus, final: boolean } };

export type NewCustomerMutationVariables = Exact<{
  input: CustomerInput;
  key: Scalars['String']['input'];
}>;


export type NewCustomerMutation = { __typename?: 'Mutation', createCustomer: { __typename?: 'CustomerPayload', customer?: { __typename?: 'Customer', id: string } | null, userErrors: Array<
      | { __typename?: 'IdempotencyError', message: string }
      | { __typename?: 'InputError', message: string }
      | { __typename?: 'NotAllowedError', message: string }
      | { __typename?: 'RateLimitError', message: string }
      | { __typename?: 'UpstreamError', message: string }
    > } };

export type KeepCardMutationVariables = Exact<{
  customerId: Scalars['ID']['input'];
  card: Scalars['RawCard']['input'];
  billing: BillingInput;
}>;


export type KeepCardMutation = { __typename?: 'Mutation', createPaymentMethod: { __typename?: 'PaymentMethodPayload', paymentMethod?: { __typename?: 'SavedCard', id: string } | null, userErrors: Array<
      | { __typename?: 'IdempotencyError', message: string }
      | { __typename?: 'InputError', message: string }
      | { __typename?: 'NotAllowedError', message: string }
      | { __typename?: 'RateLimitError', message: string }
      | { __typename?: 'UpstreamError', message: string }
    > } };

export type NewIntentMutationVariables = Exact<{
  input: PaymentIntentInput;
  key: Scalars['String']['input'];
}>;


export type NewIntentMutation = { __typename?: 'Mutation', createPaymentIntent: { __typename?: 'PaymentIntentPayload', paymentIntent?: { __typename?: 'PaymentIntent', id: string } | null, userErrors: Array<
      | { __typename?: 'IdempotencyError', message: string }
      | { __typename?: 'InputError', message: string }
      | { __typename?: 'NotAllowedError', message: string }
      | { __typename?: 'RateLimitError', message: string }
      | { __typename?: 'UpstreamError', message: string }
    > } };

export type NewSessionMutationVariables = Exact<{
  input: ClientSessionInput;
}>;


export type NewSessionMutation = { __typename?: 'Mutation', createClientSession: { __typename?: 'ClientSessionPayload', session?: { __typename?: 'ClientSession', token: string } | null, userErrors: Array<
      | { __typename?: 'IdempotencyError', message: string }
      | { __typename?: 'InputError', message: string }
      | { __typename?: 'NotAllowedError', message: string }
      | { __typename?: 'RateLimitError', message: string }
      | { __typename?: 'UpstreamError', message: string }
    > } };


export const WalletDocument = {"__meta__":{"hash":"46da7dd754dcf636d75a8a7943ca4b12c99077630a791c098bc8903d090dae40"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Wallet"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"viewer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"live"}},{"kind":"Field","name":{"kind":"Name","value":"customer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"savedCards"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"brand"}},{"kind":"Field","name":{"kind":"Name","value":"last4"}},{"kind":"Field","name":{"kind":"Name","value":"isDefault"}},{"kind":"Field","name":{"kind":"Name","value":"expired"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"paymentIntent"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"amount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}}]}}]}}]}}]} as unknown as DocumentNode<WalletQuery, WalletQueryVariables>;
export const PayWithCardDocument = {"__meta__":{"hash":"23d8d8c332e150f6e3220a87b9ab207f14420ed92d267de1d22ca1f5f2dc3665"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"PayWithCard"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"customerId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"paymentMethodId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"charge"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"customerId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"customerId"}}},{"kind":"Argument","name":{"kind":"Name","value":"paymentMethodId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"paymentMethodId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"charge"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"final"}},{"kind":"Field","name":{"kind":"Name","value":"decline"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"customerMessage"}},{"kind":"Field","name":{"kind":"Name","value":"retry"}}]}},{"kind":"Field","name":{"kind":"Name","value":"nextAction"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"RedirectAction"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"url"}}]}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"path"}}]}}]}}]}}]} as unknown as DocumentNode<PayWithCardMutation, PayWithCardMutationVariables>;
export const WatchPaymentDocument = {"__meta__":{"hash":"c1eb114353a809abb5fa4ea3ad76af2a22af71325924b9c5e915a07a22824f9b"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"WatchPayment"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"chargeUpdated"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"final"}}]}}]}}]} as unknown as DocumentNode<WatchPaymentSubscription, WatchPaymentSubscriptionVariables>;
export const NewCustomerDocument = {"__meta__":{"hash":"17f426117e63a3eacdb8daf1f2ecd44f40f8a13e979cf0290ac65c62cc1b1646"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"NewCustomer"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CustomerInput"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"key"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createCustomer"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}},{"kind":"Argument","name":{"kind":"Name","value":"idempotencyKey"},"value":{"kind":"Variable","name":{"kind":"Name","value":"key"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"customer"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]}}]} as unknown as DocumentNode<NewCustomerMutation, NewCustomerMutationVariables>;
export const KeepCardDocument = {"__meta__":{"hash":"4d7b857db00ae06ba8b9957a53a02476c8ee6a2404e9c720209d015676a02e9e"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"KeepCard"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"customerId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"card"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"RawCard"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"billing"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"BillingInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createPaymentMethod"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"customerId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"customerId"}}},{"kind":"Argument","name":{"kind":"Name","value":"card"},"value":{"kind":"Variable","name":{"kind":"Name","value":"card"}}},{"kind":"Argument","name":{"kind":"Name","value":"billing"},"value":{"kind":"Variable","name":{"kind":"Name","value":"billing"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"paymentMethod"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]}}]} as unknown as DocumentNode<KeepCardMutation, KeepCardMutationVariables>;
export const NewIntentDocument = {"__meta__":{"hash":"9bb8f6d5a8251e2deecfe44a8f2039ed87a6efd113dca16cc44465a4da194c61"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"NewIntent"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"PaymentIntentInput"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"key"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createPaymentIntent"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}},{"kind":"Argument","name":{"kind":"Name","value":"idempotencyKey"},"value":{"kind":"Variable","name":{"kind":"Name","value":"key"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"paymentIntent"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]}}]} as unknown as DocumentNode<NewIntentMutation, NewIntentMutationVariables>;
export const NewSessionDocument = {"__meta__":{"hash":"1085673b9a3128c515663568a19793343d6f5ae47ea683aedd2d5344c4cabde7"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"NewSession"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ClientSessionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createClientSession"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"token"}}]}},{"kind":"Field","name":{"kind":"Name","value":"userErrors"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]}}]} as unknown as DocumentNode<NewSessionMutation, NewSessionMutationVariables>;