import { createServer } from 'node:http'
import { createSchema, createYoga } from 'graphql-yoga'
import { context, resolvers, typeDefs } from './asiabill.js'

const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers }), context, graphiql: false, logging: false
})
createServer(yoga).listen({ port: Number(process.env.PORT), host: '127.0.0.1', backlog: 2048 })
