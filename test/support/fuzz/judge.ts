// What is wrong with an answer, by the served document and by what holds for every answer.
import { isUtf8 } from 'node:buffer';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { ERROR_CODES, errorTypeUrl } from '../../../src/lib/error-codes.ts';
import type { FuzzAnswer } from './fuzz-client.ts';
import type { Caller, FuzzRequest } from './request-generator.ts';

interface Answered {
  readonly meta?: { readonly requestId?: unknown };
  readonly data?: unknown;
  readonly error?: { readonly status?: unknown; readonly type?: string; readonly errors?: unknown };
}

const ERROR_TYPES: ReadonlySet<string> = new Set(ERROR_CODES.map(errorTypeUrl));
const CONTENT_TYPES: ReadonlySet<string | undefined> = new Set([
  'application/json',
  'application/problem+json',
]);
const STATUSES_WITH_ERRORS: ReadonlySet<number> = new Set([400, 408, 413, 499]);

/** What callers without rights may hear; whoever has none at all hears of nothing but the lack of it. */
const STATUSES_OF: Readonly<Partial<Record<Caller, readonly number[]>>> = {
  nobody: [400],
  stranger: [400, 401],
  // 403 when another request has disabled or expired the key meanwhile: that is looked at before what kind of key it is.
  customer: [400, 401, 403],
};

/** Operations that answer 200 to a caller without permissions, with an empty or negative result. */
const HARMLESS_TO_ANYONE: ReadonlySet<string> = new Set(['keys.verifyKey', 'identities.listIdentities']);

export class Judge {
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false });
  readonly #document: DocumentView;
  readonly #validators = new Map<string, ValidateFunction | undefined>();

  /** @param document the served OpenAPI document, parsed */
  constructor(document: unknown) {
    this.#document = document as DocumentView;
    this.#ajv.addSchema(document as object, 'document');
  }

  /** Undefined when the answer is as it should be. */
  complaint(request: FuzzRequest, answer: FuzzAnswer, secrets: readonly string[]): string | undefined {
    const { status, body } = answer;
    if (status >= 500) return `answered ${status}`;
    if (!CONTENT_TYPES.has(answer.contentType)) return `has the content type ${answer.contentType}`;
    if (!isUtf8(body)) return 'is no UTF-8';
    const text = body.toString();
    const parsed = JSON.parse(text) as Answered;
    return (
      this.#breach(request, status, parsed) ??
      envelopeComplaint(status, parsed) ??
      callerComplaint(request, status, parsed) ??
      leak(text, secrets)
    );
  }

  /** How the answer differs from what the document declares for it. */
  #breach({ operation }: FuzzRequest, status: number, parsed: Answered): string | undefined {
    const validate = this.#validatorOf(operation.path, operation.method.toLowerCase(), status);
    if (validate === undefined) return `answered the undeclared status ${status}`;
    return validate(parsed)
      ? undefined
      : `does not fit the document: ${this.#ajv.errorsText(validate.errors)}`;
  }

  #validatorOf(path: string, method: string, status: number): ValidateFunction | undefined {
    const key = `${method} ${path} ${status}`;
    if (!this.#validators.has(key)) {
      const declared = this.#document.paths[path]?.[method]?.responses[String(status)];
      const pointer =
        declared?.$ref?.slice(1) ?? `/paths/${path.replaceAll('/', '~1')}/${method}/responses/${status}`;
      this.#validators.set(
        key,
        declared === undefined
          ? undefined
          : this.#ajv.compile({ $ref: `document#${pointer}/content/application~1json/schema` }),
      );
    }
    return this.#validators.get(key);
  }
}

interface DocumentView {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<Record<string, { readonly responses: Readonly<Record<string, { readonly $ref?: string }>> }>>
    >
  >;
}

function envelopeComplaint(status: number, { meta, error }: Answered): string | undefined {
  if (!/^req_[A-Za-z0-9]{9}$/.test(String(meta?.requestId))) return 'has no request id';
  if (status < 300) return error === undefined ? undefined : 'is a success with an error';
  if (error?.status !== status) return `repeats the status as ${error?.status}`;
  if (!ERROR_TYPES.has(error.type ?? '')) return `has the unknown error type ${error.type}`;
  if ('errors' in error !== STATUSES_WITH_ERRORS.has(status)) return 'has errors where none belong, or none';
  return undefined;
}

function callerComplaint(
  { caller, operation }: FuzzRequest,
  status: number,
  { data }: Answered,
): string | undefined {
  if (operation.auth === 'public') return undefined;
  const permitted = STATUSES_OF[caller];
  if (permitted !== undefined) return permitted.includes(status) ? undefined : `tells ${caller} ${status}`;
  if (caller !== 'nothing' || status >= 300) return undefined;
  if (!HARMLESS_TO_ANYONE.has(operation.name)) return 'lets in a key without permissions';
  const isNegative = Array.isArray(data) ? data.length === 0 : (data as { valid?: unknown }).valid === false;
  return isNegative ? undefined : 'tells a key without permissions more than nothing';
}

/** Something of the foreign workspace that no request ever brought along. */
function leak(answer: string, secrets: readonly string[]): string | undefined {
  const told = secrets.find((secret) => answer.includes(secret));
  return told === undefined ? undefined : `tells ${told} of another workspace`;
}
