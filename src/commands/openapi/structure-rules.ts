import type { ErrorObject } from 'ajv';
import { isObject } from '../../lib/json.ts';
import type { DocumentPath } from './contract-file.ts';
import type { Complaint } from './findings.ts';
import { partAt, pathOfPointer, pointerOf } from './json-pointer.ts';
import { structuralParts } from './schema-walk.ts';

/** The document is OpenAPI 3.1. */
export async function structureComplaints(document: unknown): Promise<Complaint[]> {
  const complain = (message: string, path: DocumentPath = []): Complaint => ({
    severity: 'error',
    rule: 'structure',
    path,
    message,
  });
  if (!isObject(document)) return [complain('the document is not an object')];
  if (typeof document.openapi !== 'string' || !/^3\.1\.\d+$/.test(document.openapi)) {
    return [complain('the document is not OpenAPI 3.1', ['openapi'])];
  }
  const { Validator } = await import('@seriousme/openapi-schema-validator');
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  // A text instead of a list complains about references, also those inside examples: a rule of its own does that better.
  if (valid || errors === undefined || typeof errors === 'string') return [];
  return mostSpecific(errors).map((error) =>
    complain(
      `${error.message ?? error.keyword}${excess(error)} at ${pointerOf(stepsOf(error))}`,
      stepsOf(error),
    ),
  );
}

/** A wrong part also fails the choices and conditions around it; only the innermost complaint of each place helps. */
function mostSpecific(errors: readonly ErrorObject[]): ErrorObject[] {
  const outer = new Set(errors.flatMap(({ instancePath }) => placesAround(instancePath)));
  const innermost = errors.filter(({ instancePath }) => !outer.has(instancePath));
  return [
    ...new Map(
      innermost.map((error) => [`${error.instancePath} ${error.message}${excess(error)}`, error]),
    ).values(),
  ];
}

/** `/a/b/c` → ``, `/a`, `/a/b`. */
function placesAround(instancePath: string): string[] {
  const steps = instancePath.split('/');
  return steps.slice(1).map((_, index) => steps.slice(0, index + 1).join('/'));
}

function stepsOf({ instancePath }: ErrorObject): string[] {
  return pathOfPointer(`#${instancePath}`) ?? [];
}

function excess({ params }: ErrorObject): string {
  const name: unknown = params.unevaluatedProperty ?? params.additionalProperty;
  return typeof name === 'string' ? ` ('${name}')` : '';
}

/** Every reference leads somewhere inside the document. */
export function referenceComplaints(document: unknown): Complaint[] {
  return [...structuralParts(document)].flatMap(({ value, path }): Complaint[] => {
    if (typeof value.$ref !== 'string') return [];
    const target = pathOfPointer(value.$ref);
    if (target !== undefined && partAt(document, target) !== undefined) return [];
    const message =
      target === undefined ? `'${value.$ref}' leaves the document` : `'${value.$ref}' leads nowhere`;
    return [{ severity: 'error', rule: 'reference', path: [...path, '$ref'], message }];
  });
}

/** Components that nothing refers to. */
export function unusedComponentComplaints(document: unknown): Complaint[] {
  const used = new Set(
    [...structuralParts(document)].flatMap(({ value }) =>
      typeof value.$ref === 'string' ? [value.$ref] : [],
    ),
  );
  return [...structuralParts(document)].flatMap(({ path }): Complaint[] => {
    const [root, kind, name] = path;
    const isComponent = path.length === 3 && root === 'components' && kind !== 'securitySchemes';
    if (!isComponent || used.has(pointerOf(path))) return [];
    return [{ severity: 'warning', rule: 'unused-component', path, message: `nothing refers to '${name}'` }];
  });
}
