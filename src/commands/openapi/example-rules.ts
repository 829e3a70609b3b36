import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { isObject } from '../../lib/json.ts';
import { toViolations } from '../../server/validation/violations.ts';
import type { DocumentPath } from './contract-file.ts';
import type { Complaint } from './findings.ts';
import { membersOf, pointerOf } from './json-pointer.ts';
import { schemasOf, structuralParts } from './schema-walk.ts';

interface Example {
  readonly value: unknown;
  readonly path: DocumentPath;
  readonly schemaPath: DocumentPath;
}

const DOCUMENT = 'https://unkey.invalid/contract';

/** Every example fits its schema: those of bodies and parameters, and those inside schemas. */
export function exampleComplaints(document: object): Complaint[] {
  const ajv = new Ajv2020({
    allErrors: true,
    verbose: true,
    messages: false,
    strict: false,
    validateFormats: false,
    validateSchema: false,
    logger: false,
  });
  ajv.addSchema(document, DOCUMENT);
  return [...bodyExamples(document), ...schemaExamples(document)].flatMap((example) => check(example, ajv));
}

function* bodyExamples(document: object): Generator<Example> {
  for (const { value, path } of structuralParts(document)) {
    if (!isObject(value.schema)) continue;
    const schemaPath = [...path, 'schema'];
    if ('example' in value) yield { value: value.example, path: [...path, 'example'], schemaPath };
    for (const [name, example] of membersOf(value.examples)) {
      if (!isObject(example) || !('value' in example)) continue;
      yield { value: example.value, path: [...path, 'examples', name, 'value'], schemaPath };
    }
  }
}

function* schemaExamples(document: object): Generator<Example> {
  for (const { value, path } of schemasOf(document)) {
    if ('example' in value) yield { value: value.example, path: [...path, 'example'], schemaPath: path };
    if (!Array.isArray(value.examples)) continue;
    for (const [index, example] of value.examples.entries()) {
      yield { value: example, path: [...path, 'examples', index], schemaPath: path };
    }
  }
}

function check({ value, path, schemaPath }: Example, ajv: Ajv2020): Complaint[] {
  const complain = (message: string): Complaint => ({
    severity: 'error',
    rule: 'example-schema',
    path,
    message,
  });
  let validate: ValidateFunction | undefined;
  try {
    validate = ajv.getSchema(`${DOCUMENT}${fragmentOf(schemaPath)}`);
  } catch (error) {
    return [complain(`its schema cannot be used: ${error instanceof Error ? error.message : String(error)}`)];
  }
  if (validate === undefined) return [complain('its schema cannot be found')];
  if (validate(value)) return [];
  return toViolations(validate.errors ?? []).map(({ location, message }) =>
    complain(`the example at ${pointerOf(path)} violates ${location || '/'}: ${message}`),
  );
}

/** The pointer as part of an address. */
function fragmentOf(path: DocumentPath): string {
  return pointerOf(path)
    .split('/')
    .map((step) => (step === '#' ? step : encodeURIComponent(step)))
    .join('/');
}
