// The values that the control plane's messages carry under names of their own, in both directions. Source: the
// control-plane section of the analytics chapter, messages.

import { create } from '@bufbuild/protobuf';
import { type ActorInfo, ActorInfoSchema, ActorType } from '../../proto/ctrl/v1/actor_pb.ts';
import { DeploymentTrigger as Trigger } from '../../proto/ctrl/v1/deployment_pb.ts';
import type { ControlActor, DeploymentTrigger } from './control-plane.ts';

const ACTOR_TYPES: Readonly<Record<ControlActor['type'], ActorType>> = {
  unspecified: ActorType.UNSPECIFIED,
  user: ActorType.USER,
  root_key: ActorType.ROOT_KEY,
  system: ActorType.SYSTEM,
};

const TRIGGERS: Readonly<Record<DeploymentTrigger, Trigger>> = {
  unspecified: Trigger.UNSPECIFIED,
  github: Trigger.GITHUB,
  api: Trigger.API,
  cli: Trigger.CLI,
  dashboard: Trigger.DASHBOARD,
  unkey: Trigger.UNKEY,
};

export function actorMessage({ id, name, type, remoteIp, userAgent }: ControlActor): ActorInfo {
  return create(ActorInfoSchema, { id, name, type: ACTOR_TYPES[type], remoteIp, userAgent });
}

/** The actor of a message; undefined when it names none. */
export function readActor(message: ActorInfo | undefined): ControlActor | undefined {
  if (message === undefined) return undefined;
  const { id, name, type, remoteIp, userAgent } = message;
  return { id, name, type: nameOf(ACTOR_TYPES, type) ?? 'unspecified', remoteIp, userAgent };
}

export function triggerMessage(trigger: DeploymentTrigger): Trigger {
  return TRIGGERS[trigger];
}

export function readTrigger(trigger: Trigger): DeploymentTrigger {
  return nameOf(TRIGGERS, trigger) ?? 'unspecified';
}

/** Peers of a later version may send values that this one has no name for. */
function nameOf<Name extends string, Value>(
  names: Readonly<Record<Name, Value>>,
  value: Value,
): Name | undefined {
  return (Object.keys(names) as Name[]).find((name) => names[name] === value);
}
