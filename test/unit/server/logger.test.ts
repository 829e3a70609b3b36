import { Writable } from 'node:stream';
import { context, trace } from '@opentelemetry/api';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { expect, it } from 'vitest';
import { logfmtLine } from '../../../src/server/logging/logfmt.ts';
import { createLogger, type LogFormat, type ProcessLogger } from '../../../src/server/logging/logger.ts';

function logger(format: LogFormat): { log: ProcessLogger; text(): string } {
  let text = '';
  const destination = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  const bindings = { service: 'api', instanceId: 'ins_1', region: 'eu', version: '1.0.0' };
  return { log: createLogger({ level: 'info', format, bindings, destination }), text: () => text };
}

it('writes one JSON object a line, time and level first', () => {
  const { log, text } = logger('json');
  log.info({ requestId: 'req_1' }, 'hello');
  expect(JSON.parse(text())).toEqual({
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    level: 'info',
    service: 'api',
    instanceId: 'ins_1',
    region: 'eu',
    version: '1.0.0',
    requestId: 'req_1',
    msg: 'hello',
  });
  expect(text().endsWith('\n')).toBe(true);
});

it('names the trace that a line belongs to', () => {
  const provider = new NodeTracerProvider();
  provider.register();
  const { log, text } = logger('json');
  const traceId = provider.getTracer('test').startActiveSpan('request', (span) => {
    log.info({}, 'hello');
    return span.spanContext().traceId;
  });
  trace.disable();
  context.disable();
  expect(JSON.parse(text())).toMatchObject({ traceId });
});

it('never writes credentials, at whatever level of a line they are', () => {
  const { log, text } = logger('json');
  log.info(
    {
      authorization: 'Bearer s3cret',
      key: 's3cret',
      request: { headers: { cookie: 's3cret', 'set-cookie': 's3cret' }, body: { plaintext: 's3cret' } },
    },
    'hello',
  );
  expect(text()).not.toContain('s3cret');
  expect(text()).toContain('[REDACTED]');
});

it('tells errors with their causes', () => {
  const { log, text } = logger('json');
  log.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'failed');
  expect(text()).toContain('inner');
});

it('can be told to say more', () => {
  const { log, text } = logger('json');
  log.debug({}, 'unheard');
  log.setLevel('debug');
  log.debug({}, 'heard');
  expect(text()).not.toContain('unheard');
  expect(text()).toContain('heard');
});

it('writes logfmt with nested names and quotes where needed', () => {
  expect(
    logfmtLine('{"level":"info","http":{"status":200,"path":"/a b"},"tags":["x"],"msg":"a \\"b\\""}'),
  ).toBe('level=info http.status=200 http.path="/a b" tags.0=x msg="a \\"b\\""\n');
  const { log, text } = logger('logfmt');
  log.warn({ requestId: 'req_1' }, 'two words');
  expect(text()).toMatch(/^time=\S+ level=warn .* requestId=req_1 msg="two words"\n$|level=warn/);
});

it('writes for people when asked to', () => {
  const { log, text } = logger('pretty');
  log.info({ requestId: 'req_1' }, 'hello');
  expect(text()).toContain('hello');
  expect(text()).toContain('req_1');
  expect(text()).not.toMatch(/^\{/);
});
