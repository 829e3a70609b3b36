// The flags that stand for the members of a request body, read off the schema that the route declares.
import type { JsonSchema } from '../../../server/validation/json-schema.ts';

/** How the text of a flag becomes a value: `list` is comma-separated, `secret` may come from a file or stdin. */
export type FlagKind = 'string' | 'integer' | 'boolean' | 'list' | 'json' | 'secret';

export interface BodyFlag {
  /** The member's name on the wire; undefined when the flag is the whole body. */
  readonly member: string | undefined;
  /** Without dashes: `api-id`, `meta-json`. */
  readonly flag: string;
  readonly kind: FlagKind;
  readonly description: string;
  readonly required: boolean;
  /** Whether `--unset` may name it. */
  readonly nullable: boolean;
  readonly choices: readonly string[] | undefined;
  /** What is sent when the flag is not given; undefined = nothing. */
  readonly fallback: boolean | undefined;
}

/** Members that are sent even when no flag names them: clients of the reference rely on it (CLI-2). */
const SENT_ALWAYS: Readonly<Record<string, Readonly<Record<string, boolean>>>> = {
  'apis.listKeys': { decrypt: false, revalidateKeysCache: false },
  'keys.createKey': { enabled: true, recoverable: false },
};

/** Bodies that are a list have no member that could name the flag. */
const LIST_BODY_FLAGS: Readonly<Record<string, string>> = { 'ratelimit.multiLimit': 'limits-json' };

/** `createKey` → `create-key` */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The flags of an operation, in the order of its schema. */
export function bodyFlags(operation: string, schema: JsonSchema | undefined): readonly BodyFlag[] {
  if (schema === undefined) return [];
  if (schema.properties === undefined) {
    return [
      {
        member: undefined,
        flag: LIST_BODY_FLAGS[operation] ?? 'items-json',
        kind: 'json',
        description: 'the whole request',
        required: true,
        nullable: false,
        choices: undefined,
        fallback: undefined,
      },
    ];
  }
  return Object.entries(schema.properties).map(([member, property]) => {
    const kind = kindOf(property);
    return {
      member,
      flag: kind === 'json' ? `${kebabCase(member)}-json` : kebabCase(member),
      kind,
      description: (property.description ?? `the member ${member}`).replace(/\.$/, ''),
      required: schema.required?.includes(member) ?? false,
      nullable: typesOf(property).includes('null'),
      choices: property.enum?.filter((value) => typeof value === 'string'),
      fallback: SENT_ALWAYS[operation]?.[member],
    };
  });
}

const typesOf = ({ type }: JsonSchema): readonly string[] => (type === undefined ? [] : [type].flat());

function kindOf(property: JsonSchema): FlagKind {
  const [type, ...others] = typesOf(property).filter((name) => name !== 'null');
  if (others.length > 0) return 'json';
  if (type === 'string') return property['x-unkey-redact'] === true ? 'secret' : 'string';
  if (type === 'integer' || type === 'boolean') return type;
  return type === 'array' && property.items?.type === 'string' ? 'list' : 'json';
}
