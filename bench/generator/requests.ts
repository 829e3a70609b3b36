import type { Job } from './job.ts';

/** The requests of a job as the bytes that go over the wire. */
export function requestsOf({ url, path, authorization, bodies }: Job): readonly Buffer[] {
  const { host } = new URL(url);
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: ${host}`,
    `authorization: ${authorization}`,
    'content-type: application/json',
  ].join('\r\n');
  return bodies.map((body) =>
    Buffer.from(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`),
  );
}
