// The floor of what is asked over HTTP, a process of its own: a bare node:http server that reads and parses each JSON body
// and answers bytes that were recorded from the subject. No server in this runtime that does real work can be faster.
// argv[2] is a file with the recorded answer; prints its URL as one JSON line.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RecordedAnswer } from '../subject.ts';

const recorded = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as RecordedAnswer;
const answer = Buffer.from(recorded.body);
// Without the length Node would send the answer in chunks, which costs it a third of its throughput.
const headers = { ...recorded.headers, 'content-length': answer.length };

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    JSON.parse(Buffer.concat(chunks).toString('utf8'));
    response.writeHead(200, headers);
    response.end(answer);
  });
});

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});
process.on('SIGTERM', () => process.exit(0));
