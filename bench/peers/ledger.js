// The rows that this gateway's ledger writes for one charge that succeeds, in as many transactions, on
// a file with the same tables, made by the gateway's own migrations.
import { createHash } from 'node:crypto'
import Database from 'better-sqlite3'
import { newId } from './asiabill.js'

const file = new Database('gateway.db', { fileMustExist: true })
// As ledger/sqlite.py sets them.
file.pragma('journal_mode = WAL')
file.pragma('synchronous = FULL')
file.pragma('foreign_keys = ON')

const ACCOUNT = 'default'
const OVERDUE_MS = 50_000

const insertCharge = file.prepare(`
  INSERT INTO charges (account, id, order_no, status, customer_id, payment_method_id, amount, currency,
    minor_units, usage, live, attempt, key_scope, idempotency_key, args_digest, send_no, heard,
    request_ids, webhook_count, empty_looks, late_success, looks, version, created_at, updated_at)
  VALUES ('${ACCOUNT}', $id, $orderNo, 'CREATED', $customerId, $paymentMethodId, $amount, $currency,
    $minorUnits, 'ON_SESSION', 0, 1, '', $key, $digest, 0, 0, '[]', 0, 0, 0, 0, 1, $now, $now)
  ON CONFLICT DO NOTHING`)
const insertEvent = file.prepare(`
  INSERT INTO charge_events (account, charge_id, seq, at, last_at, count, status, source, kind, applied,
    note, alarm)
  VALUES ('${ACCOUNT}', $id, $seq, $now, $now, 1, $status, $source, $kind, 1, $note, NULL)`)
const updateSent = file.prepare(`
  UPDATE charges SET status = 'PROCESSING', send_no = 1, sent_at = $now, heard = 0,
    request_ids = $requestIds, empty_looks = 0, looks = 1, next_look_at = $due, version = 2,
    updated_at = $now, lease_owner = NULL, lease_until = NULL, lease_token = lease_token + 1
  WHERE account = '${ACCOUNT}' AND id = $id AND version = 1`)
const updateReported = file.prepare(`
  UPDATE charges SET status = 'SUCCEEDED', trade_no = $tradeNo, heard = 1, masked_card = $maskedCard,
    upstream_message = $message, looks = 0, next_look_at = NULL, version = 3, updated_at = $now,
    lease_owner = NULL, lease_until = NULL, lease_token = lease_token + 1
  WHERE account = '${ACCOUNT}' AND id = $id AND version = 2`)
const selectTwin = file.prepare(`
  SELECT id, order_no AS orderNo, status FROM charges
  WHERE account = '${ACCOUNT}' AND key_scope = '' AND idempotency_key = ?`)

const instant = (ms) => new Date(ms).toISOString().replace('T', ' ').replace('Z', '000')
const sha256 = (text) => createHash('sha256').update(text).digest('hex')

function one (statement, values) {
  if (statement.run(values).changes !== 1) throw new Error('the charge was changed meanwhile')
}

// The charge as it is stored; `twin` is the one that the same key has begun before.
export const begin = file.transaction(({ customerId, paymentMethodId, order, idempotencyKey: key }) => {
  const { amount, currency } = order.amount
  const digest = sha256(JSON.stringify([customerId, paymentMethodId, order]))
  const charge = { id: `ch_${newId()}`, orderNo: order.orderNo ?? sha256(key).slice(0, 32), status: 'CREATED' }
  const now = instant(Date.now())
  const { changes } = insertCharge.run({
    ...charge, customerId, paymentMethodId, amount, currency,
    minorUnits: Math.round(Number(amount) * 100), key, digest, now
  })
  if (!changes) return { charge: selectTwin.get(key), twin: true }
  insertEvent.run({
    id: charge.id, seq: 1, status: 'CREATED', source: 'REQUEST', kind: 'Begun', note: 'stored', now
  })
  return { charge, twin: false }
}).immediate

export const sent = file.transaction((id, requestId) => {
  const time = Date.now()
  const now = instant(time)
  one(updateSent, { id, requestIds: JSON.stringify([requestId]), now, due: instant(time + OVERDUE_MS) })
  insertEvent.run({
    id, seq: 2, status: 'PROCESSING', source: 'REQUEST', kind: 'Sent', note: 'send 1', now
  })
}).immediate

export const reported = file.transaction((id, told) => {
  const now = instant(Date.now())
  one(updateReported, { id, tradeNo: told.tradeNo, maskedCard: told.maskCardNo, message: told.orderInfo, now })
  insertEvent.run({
    id, seq: 3, status: 'SUCCEEDED', source: 'RESPONSE', kind: 'Reported',
    note: `SUCCEEDED: ${told.orderInfo}`, now
  })
}).immediate
