// What a schema says about a setting beyond its type; read off the schema by catalogue.ts.

/** How a value is shown: not at all, or as a connection string without its password. */
export type Secrecy = 'hidden' | 'connection';

export interface SettingMeta {
  readonly secret?: Secrecy;
  /** Environment names beside the one derived from the path. */
  readonly aliases?: readonly string[];
  /** A Go-style duration. */
  readonly duration?: true;
  /** A text that may be empty and then means the empty text; other texts count as absent when empty. */
  readonly mayBeEmpty?: true;
}
