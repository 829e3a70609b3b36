// What settings may be beyond what their schema says. Source: the updateSettings section of the platform chapter.

import { foldAsciiCase } from '../../lib/ascii-case.ts';
import type { RegionRow } from '../../storage/sql/queries/placements.ts';
import type { InstanceLimits } from '../../storage/sql/queries/workspaces.ts';
import { invalidInput } from '../input-fault.ts';
import type { RegionSetting, RuntimePatch } from './settings-patch.ts';

/** What the columns hold at most, whatever a workspace may. */
const MAX_STORED = 2 ** 31 - 1;

/** Thousandths of a processor, which is what is stored. */
export function millicores(vCpus: number): number {
  return Math.round(vCpus * 1000);
}

/** Throws a Fault `invalid_input` for the first resource of which one instance would get more than it may. */
export function refuseExcess({ vCpus, memoryMib, storageMib }: RuntimePatch, limits: InstanceLimits): void {
  const refuse = (what: string, asked: number | undefined, most: number, unit: string): void => {
    if (asked === undefined || asked <= Math.min(most, MAX_STORED)) return;
    throw invalidInput(`${what} is more than an instance of this workspace may have: ${most}${unit}.`);
  };
  const cpu = vCpus === undefined ? undefined : millicores(vCpus);
  refuse('vCpus', cpu, limits.cpuCores * 1000, ' thousandths of a processor');
  refuse('memoryMib', memoryMib, limits.memoryMib, ' MiB');
  refuse('storageMib', storageMib, limits.storageMib, ' MiB');
}

/**
 * A folder of the repository: `.`, or a relative path without detours. Throws a Fault `invalid_input` for anything else.
 */
export function refuseBadDirectory(path: string): void {
  const parts = path.split('/');
  const isPlain = parts.every((part) => /^[A-Za-z0-9._-]+$/.test(part) && part !== '.' && part !== '..');
  if (path === '.' || isPlain) return;
  throw invalidInput(
    "rootDirectory must be '.' or a path such as services/api, without '.', '..' or empty parts.",
  );
}

/** A region to run in. */
export interface WantedRegion {
  readonly regionId: string;
  readonly min: number;
  readonly max: number;
}

/**
 * The regions that settings name. Throws a Fault `invalid_input` for the first entry that is wrong.
 * @param known the regions of the platform that have these names, at least
 * @param limit most instances in a region
 */
export function wantedRegions(
  settings: readonly RegionSetting[],
  known: readonly RegionRow[],
  limit: number,
): WantedRegion[] {
  const cap = Math.max(1, limit);
  const byName = new Map(known.map((region) => [foldAsciiCase(region.name), region]));
  const seen = new Set<string>();
  return settings.map(({ name, replicas }) => {
    const folded = foldAsciiCase(name);
    if (seen.has(folded)) throw invalidInput(`The region '${name}' is given more than once.`);
    seen.add(folded);
    const { min, max } = replicas;
    if (min < 1 || max > cap) {
      throw invalidInput(`The replicas of region '${name}' must be between 1 and ${cap}.`);
    }
    if (min > max) throw invalidInput(`The region '${name}' has a minimum of replicas above its maximum.`);
    const region = byName.get(folded);
    if (region === undefined) throw invalidInput(`There is no region '${name}'.`);
    if (!region.canSchedule) throw invalidInput(`The region '${name}' takes no deployments at present.`);
    const first = settings[0]?.replicas;
    if (first?.min !== min || first.max !== max) {
      throw invalidInput('Every region must have the same minimum and maximum of replicas.');
    }
    return { regionId: region.id, min, max };
  });
}
