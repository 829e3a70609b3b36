/** Where wrapped data keys are kept, as bytes under slash-separated names. Nothing in it is readable without a master key. */
export interface ObjectStore {
  /** undefined when there is no such object. */
  get(name: string): Promise<Uint8Array | undefined>;
  /** Writes an object whole or not at all, in place of an earlier one. */
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** The names that begin with `prefix`, in no order; none for an empty prefix. What is written meanwhile may be missing. */
  list(prefix: string): AsyncIterable<string>;
  /** Rejects when the store cannot be used. */
  check(): Promise<void>;
  /** Lets go of connections. */
  close(): void;
}
