// A plain balancer in front of nodes, a process of its own: each connection goes to the next node, byte for byte.
// argv: ports of the nodes on 127.0.0.1; prints its URL as one JSON line.
import { type AddressInfo, connect, createServer } from 'node:net';

const ports = process.argv.slice(2).map(Number);
let turn = 0;

const server = createServer({ noDelay: true }, (client) => {
  const port = ports[turn++ % ports.length];
  if (port === undefined) throw new Error('a balancer without nodes');
  const node = connect({ port, host: '127.0.0.1', noDelay: true });
  // When either side is gone, so is the other: who is asked for the answer says so.
  client.on('error', () => node.destroy()).on('close', () => node.destroy());
  node.on('error', () => client.destroy()).on('close', () => client.destroy());
  client.pipe(node).pipe(client);
});

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});
process.on('SIGTERM', () => process.exit(0));
