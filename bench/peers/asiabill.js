// The signed client that every peer uses: undici, node:crypto, dataloader.
import { createHmac, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import DataLoader from 'dataloader'
import { Pool } from 'undici'

const upstream = new URL(process.env.UPSTREAM)
const ca = process.env.SSL_CERT_FILE && readFileSync(process.env.SSL_CERT_FILE)
// As many calls in flight as the gateway allows itself.
const connections = Number(process.env.GATEWAY_UPSTREAM_LIMIT ?? 32)
const pool = new Pool(upstream.origin, { connections, connect: { ca } })
const GATEWAY_NO = '12246002'
const SIGN_KEY = '12H4567r'

export const newId = () => randomBytes(16).toString('hex')

async function call (method, path, pathValues, body, id = newId()) {
  const time = String(Date.now())
  const text = [GATEWAY_NO + id + time, pathValues, body].filter(Boolean).join('.')
  const answer = await pool.request({
    method,
    path: upstream.pathname + path,
    headers: {
      'gateway-no': GATEWAY_NO,
      'request-id': id,
      'request-time': time,
      'sign-info': createHmac('sha256', SIGN_KEY).update(text).digest('hex'),
      'content-type': 'application/json; charset=UTF-8'
    },
    body
  })
  const told = await answer.body.json()
  if (told.code !== '00000') throw new Error(`refused with code ${told.code}`)
  return told.data
}

export const raw = (customerId) =>
  call('GET', `/payment_methods/list/${customerId}`, customerId)

const card = (method) => ({
  id: method.customerPaymentMethodId,
  brand: method.card?.brand?.toUpperCase(),
  last4: method.card?.last4
})

export const context = () => ({
  savedCards: new DataLoader((ids) =>
    Promise.all(ids.map((id) => raw(id).then((methods) => methods.map(card), (error) => error)))
  )
})

export const typeDefs = `
  enum CardBrand { VISA MASTERCARD OTHER }
  type SavedCard { id: ID! brand: CardBrand last4: String }
  type Customer { id: ID! savedCards: [SavedCard!] }
  type Charge { id: ID! status: String! orderNo: String! }
  type ChargePayload { charge: Charge }
  type Query {
    customer(id: ID!): Customer
    customersByIds(ids: [ID!]!): [Customer]!
  }
  input MoneyInput { amount: String! currency: String! }
  input OrderInput { amount: MoneyInput! buyerIp: String! orderNo: String }
  type Mutation {
    charge(
      customerId: ID!, paymentMethodId: ID!, order: OrderInput, idempotencyKey: String
    ): ChargePayload
  }
`

export const confirm = (orderNo, { customerId, paymentMethodId, order }, requestId) =>
  call('POST', '/confirmCharge', undefined, JSON.stringify({
    callbackUrl: 'http://127.0.0.1/webhooks',
    customerId,
    customerPaymentMethodId: paymentMethodId,
    customerIp: order.buyerIp,
    orderAmount: order.amount.amount,
    orderCurrency: order.amount.currency,
    orderNo,
    returnUrl: 'http://127.0.0.1/return'
  }), requestId)

const charge = async (_, asked) => {
  const orderNo = asked.order.orderNo ?? asked.idempotencyKey
  const told = await confirm(orderNo, asked)
  return { charge: { id: told.tradeNo, status: told.orderStatus, orderNo } }
}

export const resolvers = {
  Query: {
    customer: (_, { id }) => ({ id }),
    customersByIds: (_, { ids }) => ids.map((id) => ({ id }))
  },
  Mutation: { charge },
  Customer: { savedCards: (customer, _, context) => context.savedCards.load(customer.id) }
}
