import type { Endpoint, HttpRequest, HttpResponse } from '../pipeline/exchange.ts';

/** What answers the requests of an endpoint. */
export interface Mount {
  readonly endpoint: Pick<Endpoint, 'method' | 'path'>;
  /** Whether requests that name the path as it stands are served past hapi (hot-lane.ts). */
  readonly isHot?: boolean;
  /** Answers on the raw response. Never rejects. */
  serve(request: HttpRequest, response: HttpResponse): Promise<void>;
}
