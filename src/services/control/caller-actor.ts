import type { Caller } from '../audit/audit-log.ts';
import type { Principal } from '../auth/principal.ts';
import type { ControlActor } from './control-plane.ts';

const TYPES: Readonly<Record<Principal['type'], ControlActor['type']>> = {
  API_KEY: 'root_key',
  JWT: 'user',
  PORTAL_SESSION: 'unspecified',
};

/** The caller as the control plane writes it into its audit events. */
export function callerActor({ principal, client }: Caller): ControlActor {
  const { id, name } = principal.subject;
  return { id, name, type: TYPES[principal.type], remoteIp: client.ip, userAgent: client.userAgent };
}
