import { describe, expect, test } from 'vitest';
import { deployabilityProblems, PROBLEM } from '../../../src/services/deployments/deployability.ts';
import { failureCode } from '../../../src/services/deployments/failure-code.ts';

const LEAST = { port: 1, cpuMillicores: 250, memoryMib: 256 };

describe('problems of an environment', () => {
  test('are none at the bounds', () => {
    expect(deployabilityProblems(LEAST, true)).toEqual([]);
    expect(deployabilityProblems({ ...LEAST, port: 65_535 }, true)).toEqual([]);
  });

  test.each([
    ['port', 0, 'port 0 is outside 1-65535'],
    ['port', 65_536, 'port 65536 is outside 1-65535'],
    ['cpuMillicores', 249, 'cpu 249 is below 250 millicores'],
    ['memoryMib', 255, 'memory 255 is below 256 MiB'],
  ])('name a %s of %i', (member, value, message) => {
    expect(deployabilityProblems({ ...LEAST, [member]: value }, true)).toEqual([message]);
  });

  test('are told all at once', () => {
    expect(deployabilityProblems({ port: 0, cpuMillicores: 0, memoryMib: 0 }, false)).toHaveLength(4);
    expect(deployabilityProblems(undefined, false)).toEqual(['no runtime settings', 'no regions configured']);
  });
});

describe('the code of a failure', () => {
  test.each([
    [PROBLEM.noRegion, 'no_schedulable_regions'],
    [PROBLEM.cpuQuota, 'cpu_quota_exceeded'],
    [PROBLEM.memoryQuota, 'memory_quota_exceeded'],
    [PROBLEM.storageQuota, 'storage_quota_exceeded'],
    ['the image could not be pulled', 'unknown'],
    ['', 'unknown'],
  ])('is read off %j', (message, code) => {
    expect(failureCode('deploying', `while deploying: ${message}.`)).toBe(code);
    expect(failureCode('deploying', message.toUpperCase())).toBe(code);
  });

  test('is that of the settings for whatever the settings were refused for', () => {
    for (const problem of deployabilityProblems({ port: 0, cpuMillicores: 0, memoryMib: 0 }, true)) {
      expect(failureCode('starting', problem), problem).toBe('invalid_runtime_settings');
    }
  });

  test('is that of the build when the build failed, whatever was recorded', () => {
    expect(failureCode('building', PROBLEM.cpuQuota)).toBe('build_failed');
  });
});
