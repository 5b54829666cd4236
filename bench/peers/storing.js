// Mercurius with jit, and a durable ledger around the same call.
import Fastify from 'fastify'
import mercurius from 'mercurius'
import { confirm, context, newId, resolvers, typeDefs } from './asiabill.js'
import { begin, reported, sent } from './ledger.js'

async function charge (_, asked) {
  const { charge, twin } = begin(asked)
  if (!twin) {
    const requestId = newId()
    sent(charge.id, requestId)
    reported(charge.id, await confirm(charge.orderNo, asked, requestId))
    charge.status = 'SUCCEEDED'
  }
  return { charge }
}

const app = Fastify()
app.register(mercurius, {
  schema: typeDefs, resolvers: { ...resolvers, Mutation: { charge } }, context, jit: 1, graphiql: false
})
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1', backlog: 2048 })
