// JSON as a sender may write it: with members twice, numbers that no double holds, escapes where none are needed. Values of
// JavaScript cannot say these things.
import type { Random } from '../prng.ts';

/** A number, or whatever else, exactly as it shall stand in the text. */
export class Raw {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The members of an object in order; a name may be there twice. */
export class Members {
  readonly entries: [name: string, value: Json][];

  constructor(entries: [name: string, value: Json][]) {
    this.entries = entries;
  }
}

export type Json = null | boolean | number | string | Raw | Members | Json[];

/** The text of a value, strings escaped in one of the ways that JSON knows. */
export function jsonText(value: Json, random: Random): string {
  if (value instanceof Raw) return value.text;
  if (value instanceof Members) {
    const members = value.entries.map(
      ([name, member]) => `${stringText(name, random)}:${jsonText(member, random)}`,
    );
    return `{${members.join(',')}}`;
  }
  if (Array.isArray(value)) return `[${value.map((item) => jsonText(item, random)).join(',')}]`;
  return typeof value === 'string' ? stringText(value, random) : JSON.stringify(value);
}

function stringText(text: string, random: Random): string {
  if (text.length > 300 || !random.chance(0.05)) return JSON.stringify(text);
  const escaped = Array.from({ length: text.length }, (_, index) => {
    const hex = text.charCodeAt(index).toString(16).padStart(4, '0');
    return `\\u${random.chance(0.5) ? hex : hex.toUpperCase()}`;
  });
  return `"${escaped.join('')}"`;
}

/** A value of JavaScript as such a tree. */
export function toJson(value: unknown): Json {
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value === 'object' && value !== null) {
    return new Members(Object.entries(value).map(([name, member]) => [name, toJson(member)]));
  }
  return value as Json;
}
