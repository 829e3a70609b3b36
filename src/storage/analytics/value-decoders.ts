// What each ClickHouse type becomes on the wire, from the engine's own JSON of the value.
import { Numeral } from '../../lib/exact-json.ts';
import { isObject, toInteger } from '../../lib/json.ts';
import { memberType, parseColumnType, unquote } from './column-type.ts';
import { dateTimeToRfc3339, dateToRfc3339 } from './date-texts.ts';

/** Turns a value as parsed from the engine's JSON into what the wire holds. */
export type ValueDecoder = (value: unknown) => unknown;

const INTEGER = /^U?Int(?:8|16|32|64|128|256)$/;
const DECIMAL = /^Decimal(?:32|64|128|256)?$/;
const TEXT = /^(?:String|FixedString|UUID|IPv4|IPv6|Enum(?:8|16)?|Time|Time64)$/;
/** Types whose values carry no type of their own in JSON, or are made of floats alone. */
const FREE_FORM =
  /^(?:JSON|Object|Dynamic|Variant|Nothing|Point|Ring|LineString|MultiLineString|Polygon|MultiPolygon|Geometry|QBit)$/;

const same: ValueDecoder = (value) => value;

/**
 * The decoder of a type; undefined when the type, or one inside it, has no JSON form.
 *
 * @param type as in the header of an answer, e.g. `Nullable(DateTime64(3, 'UTC'))`.
 * @param zone IANA name of the zone of dates whose type names none.
 */
export function decoderFor(type: string, zone: string): ValueDecoder | undefined {
  const { name, parameters } = parseColumnType(type);
  const [first = '', second = ''] = parameters;
  if (INTEGER.test(name)) return decodeInteger;
  if (name === 'Bool' || TEXT.test(name)) return same;
  if (name === 'Float32' || name === 'Float64' || name === 'BFloat16') return decodeFloat;
  if (DECIMAL.test(name)) return decodeDecimal;
  if (FREE_FORM.test(name)) return decodeFreeForm;
  switch (name) {
    case 'Date':
    case 'Date32':
      return (value) => dateToRfc3339(String(value));
    case 'DateTime':
      return dateTimeDecoder(first, zone);
    case 'DateTime64':
      return dateTimeDecoder(second, zone);
    case 'LowCardinality':
      return decoderFor(first, zone);
    case 'SimpleAggregateFunction':
      return decoderFor(second, zone);
    case 'Nullable': {
      const inner = decoderFor(first, zone);
      return inner && ((value) => (value === null ? null : inner(value)));
    }
    case 'Array':
      return arrayDecoder(decoderFor(first, zone));
    case 'Nested':
      return arrayDecoder(tupleDecoder(parameters, zone));
    case 'Map':
      return mapDecoder(decoderFor(second, zone));
    case 'Tuple':
      return tupleDecoder(parameters, zone);
    default:
      // AggregateFunction, Interval…, and what the engine gains later.
      return undefined;
  }
}

/** A value of a kind that the engine's JSON of the type does not have. */
function unexpected(value: unknown): TypeError {
  return new TypeError(`unexpected ${value === null ? 'null' : typeof value} in an answer`);
}

/** Servers may be set to quote 64-bit integers. */
function decodeInteger(value: unknown): unknown {
  if (typeof value === 'number') return value;
  if (value instanceof Numeral) return toInteger(value.source);
  if (typeof value === 'string') return toInteger(value);
  throw unexpected(value);
}

/** JSON knows neither NaN nor infinities: the engine writes null, or quotes them where it is set to. */
function decodeFloat(value: unknown): number | null {
  const number =
    value instanceof Numeral ? Number(value.source) : typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

function decodeDecimal(value: unknown): string {
  return value instanceof Numeral ? value.source : String(value);
}

function decodeFreeForm(value: unknown): unknown {
  if (value instanceof Numeral) {
    return /^-?\d+$/.test(value.source) ? toInteger(value.source) : Number(value.source);
  }
  if (Array.isArray(value)) return value.map(decodeFreeForm);
  return isObject(value) ? mapObject(value, decodeFreeForm) : value;
}

function dateTimeDecoder(quotedZone: string, zone: string): ValueDecoder {
  const own = quotedZone === '' ? zone : unquote(quotedZone);
  return (value) => dateTimeToRfc3339(String(value), own);
}

function arrayDecoder(element: ValueDecoder | undefined): ValueDecoder | undefined {
  if (element === undefined) return undefined;
  return (value) => {
    if (!Array.isArray(value)) throw unexpected(value);
    return value.map(element);
  };
}

function mapDecoder(member: ValueDecoder | undefined): ValueDecoder | undefined {
  if (member === undefined) return undefined;
  return (value) => {
    if (!isObject(value)) throw unexpected(value);
    return mapObject(value, member);
  };
}

/** A tuple with named members is an object in the engine's JSON, another one an array. */
function tupleDecoder(parameters: readonly string[], zone: string): ValueDecoder | undefined {
  const members = parameters
    .map(memberType)
    .map(({ name, type }) => ({ name, decode: decoderFor(type, zone) }));
  const decoders = members.flatMap(({ decode }) => decode ?? []);
  if (decoders.length < members.length) return undefined;
  const byName = new Map(members.map(({ name }, index) => [name, decoders[index] ?? same]));
  return (value) => {
    if (Array.isArray(value)) return value.map((member, index) => (decoders[index] ?? same)(member));
    if (!isObject(value)) throw unexpected(value);
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, (byName.get(name) ?? same)(member)]),
    );
  };
}

function mapObject(value: Readonly<Record<string, unknown>>, decode: ValueDecoder): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, decode(member)]));
}
