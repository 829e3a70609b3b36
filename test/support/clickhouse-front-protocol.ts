// What a test and the process of its ClickHouse front tell each other.

/** A user that the front lets in. */
export interface FrontUser {
  readonly name: string;
  readonly password: string;
  /** May only read, and change no setting but `max_execution_time`, as a workspace's user. */
  readonly readonly: boolean;
}

/** What the front does instead of answering well, until it is told otherwise. */
export type FrontFault =
  /** Nothing: it answers well. */
  | { readonly kind: 'none' }
  /** Nobody listens on the port, and connections break. */
  | { readonly kind: 'down' }
  /** Answers begin that late. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Every request fails with that error of the server, and does nothing. */
  | { readonly kind: 'error'; readonly code: number; readonly codeName: string }
  /** The request is carried out, and the connection breaks in the middle of the answer. */
  | { readonly kind: 'break' }
  /** Status 200, the beginning of the answer, then that error as text in it. */
  | { readonly kind: 'late-error'; readonly code: number; readonly codeName: string };

/** A request as it came in. */
export interface FrontRequest {
  readonly user: string;
  /** The statement, without the rows of an INSERT. */
  readonly statement: string;
  /** Settings in the address. */
  readonly settings: Readonly<Record<string, string>>;
  /** Value of `Accept-Encoding`. */
  readonly acceptEncoding: string;
}

export interface FrontOptions {
  readonly directory: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly users: readonly FrontUser[];
}

export type ToFront =
  | { readonly type: 'start'; readonly options: FrontOptions }
  | { readonly type: 'fault'; readonly fault: FrontFault }
  | { readonly type: 'requests' };

export type FromFront =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'done' }
  | { readonly type: 'requests'; readonly requests: readonly FrontRequest[] };
