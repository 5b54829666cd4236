import Fastify from 'fastify'
import mercurius from 'mercurius'
import { context, resolvers, typeDefs } from './asiabill.js'

const app = Fastify()
app.register(mercurius, {
  schema: typeDefs, resolvers, context, jit: process.env.JIT ? 1 : 0, graphiql: false
})
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1', backlog: 2048 })
