// Questions to the DNS, against a server of this process that answers over UDP.

import { createSocket, type Socket } from 'node:dgram';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Dns, DnsError, systemDns } from '../../../src/control/domains/dns.ts';

const TYPES: Readonly<Record<number, string>> = { 1: 'A', 5: 'CNAME', 16: 'TXT', 28: 'AAAA' };
const NAME_ERROR = 3;
const SERVER_FAILURE = 2;

let server: Socket;
let dns: Dns;
/** Data of the one record of a name and type, or a code of failure. Names that are not listed have no records. */
let records: Record<string, Buffer | number>;

/** A name as it stands in a message. */
const encoded = (name: string) =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0]),
  ]);

/** The answer to a message with one question. */
function answer(query: Buffer): Buffer {
  let end = 12;
  const labels: string[] = [];
  for (let length = query[end] ?? 0; length > 0; length = query[end] ?? 0) {
    labels.push(query.subarray(end + 1, end + 1 + length).toString());
    end += 1 + length;
  }
  const type = query.readUInt16BE(end + 1);
  const record = records[`${TYPES[type]} ${labels.join('.')}`];
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(0x8180 | (typeof record === 'number' ? record : 0), 2);
  header.writeUInt16BE(Buffer.isBuffer(record) ? 1 : 0, 6);
  header.writeUInt32BE(0, 8);
  const question = query.subarray(12, end + 5);
  if (!Buffer.isBuffer(record)) return Buffer.concat([header, question]);
  const fixed = Buffer.alloc(12);
  // Its name is that of the question.
  fixed.writeUInt16BE(0xc00c, 0);
  fixed.writeUInt16BE(type, 2);
  fixed.writeUInt16BE(1, 4);
  fixed.writeUInt16BE(record.length, 10);
  return Buffer.concat([header, question, fixed, record]);
}

beforeEach(async () => {
  records = {};
  server = createSocket('udp4');
  server.on('message', (query, { port, address }) => server.send(answer(query), port, address));
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', () => resolve()));
  dns = systemDns([`127.0.0.1:${server.address().port}`]);
});
afterEach(() => {
  server.close();
});

describe('a name', () => {
  test('leads to what its CNAME record says, in lower case', async () => {
    records['CNAME shop.acme.com'] = encoded('K3N9.Apps.test');
    expect(await dns.cnames('shop.acme.com')).toEqual(['k3n9.apps.test']);
  });

  test('has texts, each in one piece', async () => {
    records['TXT _unkey.acme.com'] = Buffer.from('\x05unkey\x07-domain');
    expect(await dns.texts('_unkey.acme.com')).toEqual(['unkey-domain']);
  });

  test('leads to an address of either kind', async () => {
    records['A four.acme.com'] = Buffer.from([192, 0, 2, 1]);
    records['AAAA six.acme.com'] = Buffer.alloc(16, 1);
    expect(await dns.hasAddress('four.acme.com')).toBe(true);
    expect(await dns.hasAddress('six.acme.com')).toBe(true);
  });

  test('without records, or that does not exist, has none', async () => {
    records['TXT none.acme.com'] = NAME_ERROR;
    expect(await dns.texts('none.acme.com')).toEqual([]);
    expect(await dns.cnames('bare.acme.com')).toEqual([]);
    expect(await dns.hasAddress('bare.acme.com')).toBe(false);
  });

  test('that the server fails on is no name without records', async () => {
    records['CNAME shop.acme.com'] = SERVER_FAILURE;
    await expect(dns.cnames('shop.acme.com')).rejects.toBeInstanceOf(DnsError);
  });
});
