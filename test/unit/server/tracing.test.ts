import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { expect, it } from 'vitest';
import { Fault } from '../../../src/lib/fault.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { startTelemetry } from '../../../src/server/tracing.ts';
import { nameOperation, startServer } from '../../api/pipeline-harness.ts';

const identity = { version: '1.0.0', instanceId: 'ins_1', region: 'eu', log: silentLogger };

it('is off unless the environment names an endpoint', () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };
  expect(startTelemetry({ ...identity, sampleRate: 1, env: {} }).tracer).toBeUndefined();
  for (const off of [{ OTEL_SDK_DISABLED: 'true' }, { OTEL_TRACES_EXPORTER: 'none' }]) {
    expect(
      startTelemetry({ ...identity, sampleRate: 1, env: { ...endpoint, ...off } }).tracer,
    ).toBeUndefined();
  }
});

it('makes one server span per routed request, with errors on it', async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  let fail = false;
  const api = await startServer({
    tracer: provider.getTracer('main'),
    operations: [
      nameOperation(async () => {
        if (fail) throw new Fault('unkey:application:service_unavailable', { internal: 'redis is down' });
        return { data: { apiId: 'api_1' } };
      }),
    ],
  });
  const traceparent = '00-11111111111111111111111111111111-2222222222222222-01';
  const response = await api.post('/v2/apis.createApi', { headers: { traceparent } });
  const { meta } = (await response.json()) as { meta: { requestId: string } };
  fail = true;
  await api.post('/v2/apis.createApi');
  await api.server.stop(1000);

  const spans = exporter.getFinishedSpans().filter(({ name }) => name === 'POST /v2/apis.createApi');
  expect(spans).toHaveLength(2);
  expect(spans[0]?.attributes.request_id).toBe(meta.requestId);
  expect(spans[0]?.spanContext().traceId).not.toBe('1'.repeat(32));
  expect(spans[0]?.status.code).toBe(0);
  expect(spans[1]?.status).toEqual({ code: 2, message: 'redis is down' });
  expect(exporter.getFinishedSpans().map(({ name }) => name)).toContain('openapi.Validate');
});

it('exports compressed OTLP with the resource of the instance', async () => {
  const bodies: string[] = [];
  const collector = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(gunzipSync(Buffer.concat(chunks)).toString());
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = endpoint;
  try {
    const telemetry = startTelemetry({ ...identity, sampleRate: 1 });
    telemetry.tracer?.startSpan('POST /v2/x').end();
    await telemetry.shutdown();
  } finally {
    delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
    collector.close();
    trace.disable();
  }
  const text = bodies.join('');
  for (const part of ['POST /v2/x', 'service.namespace', 'unkey', 'ins_1', 'cloud.region']) {
    expect(text).toContain(part);
  }
});
