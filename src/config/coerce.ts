import type { SettingKind } from './catalogue.ts';

/**
 * Text from a flag, the environment or an expanded variable as a value of the kind that a setting has. A text that does
 * not fit comes back unchanged: the schema then names what is wrong with it.
 */
export function coerce(kind: SettingKind, text: string): unknown {
  switch (kind) {
    case 'integer':
      return /^[+-]?\d+$/.test(text.trim()) ? Number(text) : text;
    case 'number':
      return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
    case 'boolean':
      if (['1', 't', 'true'].includes(text.toLowerCase())) return true;
      return ['0', 'f', 'false'].includes(text.toLowerCase()) ? false : text;
    case 'list':
      return (
        fromJson(text) ??
        text
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== '')
      );
    case 'entries':
      return fromJson(text) ?? text;
    case 'string':
    case 'duration':
      return text;
  }
}

function fromJson(text: string): unknown[] | undefined {
  if (!text.trimStart().startsWith('[')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
