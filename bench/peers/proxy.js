// The floor of Node: one signed read, answered as it came.
import { createServer } from 'node:http'
import { raw } from './asiabill.js'

createServer((request, response) => {
  request.resume().on('end', async () => {
    const body = JSON.stringify(await raw('cus_1'))
    response.writeHead(200, {
      'content-type': 'application/json', 'content-length': Buffer.byteLength(body)
    })
    response.end(body)
  })
}).listen({ port: Number(process.env.PORT), host: '127.0.0.1', backlog: 2048 })
