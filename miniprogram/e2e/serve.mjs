// Serves dist/h5 under /h5/ for the tests that mock the API at the network's edge.
import { createReadStream, existsSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(process.env.H5_DIR ?? fileURLToPath(new URL('../dist/h5', import.meta.url)))
const types = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css',
  '.wav': 'audio/wav', '.png': 'image/png', '.svg': 'image/svg+xml', '.json': 'application/json',
}

createServer((req, res) => {
  const path = new URL(req.url, 'http://x').pathname
  if (!path.startsWith('/h5/')) return void res.writeHead(404).end()
  let file = join(root, normalize(path.slice(4)))
  if (!file.startsWith(root) || !existsSync(file) || statSync(file).isDirectory()) file = join(root, 'index.html')
  const stream = createReadStream(file)
  stream.once('open', () => res.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream' }))
  // A build may be replacing the folder just now.
  stream.once('error', () => res.writeHead(404).end())
  stream.pipe(res)
}).listen(Number(process.env.PORT ?? 4179), '127.0.0.1')
